"""Who holds a port on this host's loopback."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Iterable, Mapping
from typing import Any

from tui.errors import ActionFailed
from tui.sides.docker_rows import name_of
from tui.text import clean

LOOPBACK = "127.0.0.1"
_REFUSED = re.compile(
    r"port is already allocated|address already in use|ports are not available", re.IGNORECASE
)


def is_port_refusal(reason: str) -> bool:
    """Whether the engine's words mean that a published port is taken."""
    return _REFUSED.search(reason) is not None


def is_taken(port: int) -> bool:
    """Whether somebody listens on 127.0.0.1:port of this host."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
        return False


def taken_error(port: int, name: str, entries: Iterable[Mapping[str, Any]]) -> ActionFailed:
    """The error that names the port and, where it can be known, its holder.

    `entries`: the engine's container list.
    """
    holder = _container_on(port, entries) or _process_on(port)
    by = f", held by {holder}" if holder else ""
    return ActionFailed(
        f"Port {port} on {LOOPBACK} is already taken{by}, so {name} cannot be published there",
        "stop the holder, or change ports.container in the workload's workload.toml",
    )


def _container_on(port: int, entries: Iterable[Mapping[str, Any]]) -> str:
    for entry in entries:
        if any(p.get("PublicPort") == port for p in entry.get("Ports") or ()):
            return f"container {clean(name_of(entry))}"
    return ""


def _process_on(port: int) -> str:
    import psutil

    try:
        # Other users' sockets have no pid without root; then nobody is named.
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.pid:
                continue
            if connection.laddr and connection.laddr.port == port:
                process = psutil.Process(connection.pid)
                return f"{clean(process.name())} (pid {connection.pid})"
    except (psutil.Error, OSError):
        return ""
    return ""
