"""Isolation, shown: which kernel each side runs on and what of the host it sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psutil

from tui.core.architecture import NAMESPACES
from tui.lab.instrument import ONCE, Instrument, Need, Reading, Rig
from tui.lab.instruments.probes import look
from tui.model import Workload
from tui.results import Arm, Metric, Row
from tui.units import iec

_ARMS = (Arm.HOST, Arm.CONTAINER, Arm.VM)


def _fact(name: str, title: str, method: str, *, is_headline: bool = False) -> Metric:
    return Metric(
        id=f"isolation.{name}",
        row=Row.ISOLATION,
        title=title,
        unit="",
        method=method,
        is_headline=is_headline,
    )


KERNEL = _fact("kernel", "kernel", "`uname -r` on each", is_headline=True)
BOOT_ID = _fact(
    "boot_id", "boot id", "/proc/sys/kernel/random/boot_id: the same id is the same running kernel"
)
PROCESSES = _fact(
    "processes",
    "the host sees its processes",
    "main process of the container, and of the hypervisor, looked up in the host's process table",
)
SPACES = _fact(
    "namespaces",
    "namespaces of its own",
    "inodes of /proc/self/ns compared with those of a process on the host",
)
CGROUP = _fact("cgroup", "control group", "/proc/self/cgroup")
PROC = _fact("proc", "what /proc tells of the machine", "MemTotal, processors and uptime there")


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """Facts: taken once."""
    return (
        Instrument(
            name="isolation",
            metrics=(KERNEL, BOOT_ID, PROCESSES, SPACES, CGROUP, PROC),
            arms=_ARMS,
            need=Need.TOGETHER,
            seconds=2.0,
            measure=_measure,
            repeats=ONCE,
        ),
    )


def _measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
    seen = look(rig, arm)
    host = seen if arm is Arm.HOST else look(rig, Arm.HOST)
    memory = iec(int(seen.get("memory_kib") or 0) * 1024)
    return (
        Reading(KERNEL.id, text=seen.get("kernel", "")),
        Reading(BOOT_ID.id, text=seen.get("boot_id", "")),
        Reading(PROCESSES.id, text=_visible(rig, arm, seen.get("processes", "?"))),
        Reading(SPACES.id, text=_spaces(arm, seen, host)),
        Reading(CGROUP.id, text=seen.get("cgroup", "")),
        Reading(
            PROC.id,
            text=f"{memory}, {seen.get('cpus', '?')} CPUs, up {seen.get('uptime', '?')} s",
        ),
    )


def _spaces(arm: Arm, seen: Mapping[str, str], host: Mapping[str, str]) -> str:
    if arm is Arm.HOST:
        return "the host's"
    if arm is Arm.VM:
        return "all: another kernel's"
    own = [n for n in NAMESPACES if seen.get(f"ns.{n}") != host.get(f"ns.{n}")]
    shared = [n for n in NAMESPACES if n not in own]
    return f"{len(own)} of {len(NAMESPACES)}: {', '.join(own)}; shared: {', '.join(shared)}"


def _visible(rig: Rig, arm: Arm, count: str) -> str:
    if arm is Arm.HOST:
        return f"{count} processes"
    pid = rig.instance(arm).pid
    if pid is None or not psutil.pid_exists(pid):
        return "not found"
    process = psutil.Process(pid)
    if arm is Arm.VM:
        return f"only the hypervisor: {process.name()}, pid {pid}; {count} processes inside"
    children = len(process.children(recursive=True))
    return f"all of them: {process.name()}, pid {pid}, and {children} children; {count} seen inside"
