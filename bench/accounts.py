"""CPU and memory as the operating system accounts for them: a command's tree, and the daemons."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

DAEMONS = frozenset({"dockerd", "containerd", "libvirtd", "virtqemud", "virtlogd"})


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU seconds so far."""

    own: float
    daemons: float


def tree_of(pid: int) -> list[psutil.Process]:
    """The command and all that it started."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def read(pid: int | None) -> Reading:
    """CPU seconds of the tree, its ended children among it, and of the daemons."""
    own = sum(_seconds(p, with_children=True) for p in tree_of(pid)) if pid else 0.0
    daemons = sum(
        _seconds(p, with_children=False)
        for p in psutil.process_iter(["name"])
        if p.info["name"] in DAEMONS
    )
    return Reading(own, daemons)


def memory_bytes(pid: int) -> int:
    """Proportional set size of the tree: pages it shares with others count by their share."""
    total = 0
    for process in tree_of(pid):
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def _seconds(process: psutil.Process, *, with_children: bool) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    waited = times.children_user + times.children_system if with_children else 0.0
    return float(times.user + times.system + waited)
