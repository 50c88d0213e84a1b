"""What a guest says of itself, in one call: its kernel, its userland, its processes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tui.text import clean

SERVICES = " || ".join(
    f"{who}systemctl list-units --type=service --state=running --no-legend --plain"
    for who in ("sudo -n ", "")
)
"""A guest without D-Bus tells them to root alone."""
SCRIPT = (
    "echo kernel $(uname -r); echo boot_id $(cat /proc/sys/kernel/random/boot_id); "
    "echo system $(. /etc/os-release && echo $PRETTY_NAME); echo init $(cat /proc/1/comm); "
    "echo cores $(nproc); "
    f's=$({{ {SERVICES}; }} 2>/dev/null) && echo services $(echo "$s" | grep -c .); '
    "ps -eo pid=,ppid=,comm= | sed 's/^ */process /'; "
    "sudo -n ss -ltnpH 2>/dev/null | sed 's/^/listening /'"
)
"""Runs in any shell; what a guest lacks is an empty line, or none."""
_LISTENER = re.compile(r'"([^"]+)",pid=\d+')
_PORT = re.compile(r":(\d+)$")
_KTHREADD = 2


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest at one moment."""

    kernel: str = ""
    boot_id: str = ""
    system: str = ""
    init: str = ""
    cores: int = 0
    services: int | None = None
    """How many run; None where nobody tells."""
    processes: tuple[str, ...] = ()
    """Names, without the kernel's own threads."""
    listeners: tuple[tuple[int, str], ...] = ()
    """TCP port and the name of who listens there."""


def parse_guest(text: str) -> Guest:
    """Out of what SCRIPT printed; other lines are left out."""
    told: dict[str, str] = {}
    processes, listeners = [], []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "process":
            processes += _process(rest)
        elif word == "listening":
            listeners += _listening(rest)
        elif word in ("kernel", "boot_id", "system", "init", "cores", "services"):
            told[word] = clean(rest.strip())
    return Guest(
        kernel=told.get("kernel", ""),
        boot_id=told.get("boot_id", ""),
        system=told.get("system", ""),
        init=told.get("init", ""),
        cores=_count(told.get("cores")),
        services=_count(told["services"]) if "services" in told else None,
        processes=tuple(processes),
        listeners=tuple(listeners),
    )


def workload_names(guest: Guest, ports: Sequence[str]) -> list[str]:
    """The processes behind the instance's forwarded ports (`…->80/tcp`), by name."""
    inside = {_count(port.rpartition("->")[2].partition("/")[0]) for port in ports}
    names = {name for port, name in guest.listeners if port in inside}
    return [name for name in guest.processes if name in names]


def _process(rest: str) -> list[str]:
    """Its name; nothing for a thread of the kernel."""
    fields = rest.split(None, 2)
    if len(fields) != 3 or not fields[0].isdigit() or not fields[1].isdigit():
        return []
    pid, parent = int(fields[0]), int(fields[1])
    return [] if _KTHREADD in (pid, parent) else [clean(fields[2].strip())]


def _listening(rest: str) -> list[tuple[int, str]]:
    """A line of ss(8): state, two queues, local address, peer, who."""
    fields = rest.split(None, 5)
    if len(fields) < 6 or not (port := _PORT.search(fields[3])):
        return []
    return [(int(port[1]), clean(name)) for name in _LISTENER.findall(fields[5])]


def _count(text: str | None) -> int:
    # Digits of other scripts are no numbers here.
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
