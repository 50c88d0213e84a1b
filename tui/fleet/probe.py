"""The readiness probe: the same request, from the same prober, on both sides."""

from __future__ import annotations

import http.client
import socket
import time
from threading import Event

from tui.model import Probe

INTERVAL_SECONDS = 0.02
_FIRST_PATIENCE_SECONDS = 0.1
_LAST_PATIENCE_SECONDS = 5.0
_BODY_BYTES = 1 << 20


LOOPBACK = "127.0.0.1"


def answers(
    probe: Probe,
    port: int,
    patience_seconds: float = _LAST_PATIENCE_SECONDS,
    *,
    host: str = LOOPBACK,
) -> bool:
    """Whether the workload on `host`:`port` gives the expected reply now.

    A TCP connect proves nothing for HTTP: proxies and tunnels accept before the service listens.
    Raises TimeoutError when nothing comes for `patience_seconds`.
    """
    try:
        if probe.kind == "tcp":
            return _replies(probe, host, port, patience_seconds)
        connection = http.client.HTTPConnection(host, port, timeout=patience_seconds)
        try:
            connection.request("GET", probe.path, headers={"Connection": "close"})
            reply = connection.getresponse()
            body = reply.read(_BODY_BYTES).decode("utf-8", "replace")
        finally:
            connection.close()
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException):
        return False
    return reply.status == probe.status and probe.contains in body


def _replies(probe: Probe, host: str, port: int, patience_seconds: float) -> bool:
    """Connects, sends, and reads until the expected text has come or the peer has closed."""
    with socket.create_connection((host, port), timeout=patience_seconds) as connection:
        if probe.send:
            connection.sendall(probe.send.encode("latin-1"))
        wanted, got = probe.contains.encode("latin-1"), b""
        while wanted not in got and len(got) < _BODY_BYTES:
            chunk = connection.recv(4096)
            if not chunk:
                return False
            got += chunk
        return wanted in got


def wait_answer(probe: Probe, port: int, stop: Event, *, host: str = LOOPBACK) -> int | None:
    """CLOCK_MONOTONIC nanoseconds of the first good reply; None when `stop` came first.

    A proxy that dials a container whose interface is not up yet loses its first packet and tries
    again a whole second later (RFC 6298). So an attempt that hears nothing is soon given up for a
    fresh one; only a workload that stays silent is given more time.
    """
    patience_seconds = _FIRST_PATIENCE_SECONDS
    while not stop.is_set():
        try:
            if answers(probe, port, patience_seconds, host=host):
                return time.monotonic_ns()
        except TimeoutError:
            patience_seconds = min(_LAST_PATIENCE_SECONDS, patience_seconds * 1.5)
        else:
            patience_seconds = _FIRST_PATIENCE_SECONDS
            stop.wait(INTERVAL_SECONDS)
    return None
