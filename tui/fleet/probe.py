"""The readiness probe: the same request, from the same prober, on both sides."""

from __future__ import annotations

import http.client
import socket
import time
from threading import Event

from tui.model import Probe

INTERVAL_SECONDS = 0.02
_REPLY_SECONDS = 5.0
_BODY_BYTES = 1 << 20


def answers(probe: Probe, port: int) -> bool:
    """Whether the workload on 127.0.0.1:`port` gives the expected reply now.

    A TCP connect proves nothing for HTTP: proxies and tunnels accept before the service listens.
    """
    try:
        if probe.kind == "tcp":
            with socket.create_connection(("127.0.0.1", port), timeout=_REPLY_SECONDS):
                return True
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_REPLY_SECONDS)
        try:
            connection.request("GET", probe.path, headers={"Connection": "close"})
            reply = connection.getresponse()
            body = reply.read(_BODY_BYTES).decode("utf-8", "replace")
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return False
    return reply.status == probe.status and probe.contains in body


def wait_answer(probe: Probe, port: int, stop: Event) -> int | None:
    """CLOCK_MONOTONIC nanoseconds of the first good reply; None when `stop` came first."""
    while not stop.is_set():
        if answers(probe, port):
            return time.monotonic_ns()
        stop.wait(INTERVAL_SECONDS)
    return None
