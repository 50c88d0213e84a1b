"""What stands for one instance on the host: its cgroup, its processes, and their CPU time."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from tui.core.reasons import reason_of
from tui.errors import ActionFailed
from tui.lab.instrument import Rig, side_of
from tui.lab.instruments.paths import listeners
from tui.meters.cgroup_paths import CgroupFiles, locate, read_memberships, read_mounts
from tui.meters.cgroup_text import cpu_ns_v1, cpu_ns_v2
from tui.model import Instance
from tui.results import Arm

_ROOT = Path("/")
_FORWARDERS = frozenset({"docker-proxy", "ssh"})
_HELPERS = frozenset({"virtiofsd", "swtpm", "passt", "passt.avx2"})
_GUEST_NAME = re.compile(r"guest=([^,]+)")


def attendants(rig: Rig, arm: Arm, instance: Instance) -> list[psutil.Process]:
    """What runs on the host beside it for this one instance: shim, helpers, what forwards its
    port.

    Daemons that serve all instances (dockerd, containerd, libvirtd) are not among it. Raises
    psutil.Error.
    """
    listening = listeners(rig.workload.port_on(side_of(arm)))
    found = {p.pid: p for p in listening if p.name() in _FORWARDERS}
    if instance.pid is not None:
        own = psutil.Process(instance.pid)
        if arm is Arm.CONTAINER:
            found |= {p.pid: p for p in own.parents() if "shim" in p.name()}
        else:
            found |= {p.pid: p for p in _helpers(own)}
    return [found[pid] for pid in sorted(found)]


def _helpers(hypervisor: psutil.Process) -> Iterator[psutil.Process]:
    """virtiofsd, swtpm and passt of a VM: children of it, or libvirt's that name it."""
    name = _GUEST_NAME.search(" ".join(hypervisor.cmdline()))
    for process in psutil.process_iter(["name", "ppid", "cmdline"]):
        if process.info["name"] not in _HELPERS:
            continue
        words = " ".join(process.info["cmdline"] or ())
        if process.info["ppid"] == hypervisor.pid or (name and name[1] in words):
            yield process


def cgroup_of(instance: Instance) -> CgroupFiles | None:
    """The container's own cgroup on this host; None when it is not here. Raises OSError."""
    if instance.pid is None or instance.id is None:
        return None
    memberships = read_memberships(Path(f"/proc/{instance.pid}/cgroup").read_text("ascii"))
    mounts = read_mounts(Path("/proc/self/mountinfo").read_text("utf-8"))
    return locate(memberships, mounts, instance.id, _ROOT)


def cpu_clock(rig: Rig, arm: Arm) -> Callable[[], float]:
    """Gives the CPU seconds so far of everything that stands for that side on the host.

    Both raise ActionFailed: when it is not on this host, and when it went away meanwhile.
    """
    instance = rig.instance(arm)
    if instance.pid is None:
        raise ActionFailed("its process is not on this host, or was not found")
    try:
        files = cgroup_of(instance) if arm is Arm.CONTAINER else None
        pids = [process.pid for process in attendants(rig, arm, instance)]
    except (OSError, psutil.Error) as error:
        raise ActionFailed(f"its processes cannot be looked at: {reason_of(error)}") from error
    if arm is Arm.VM:
        pids.append(instance.pid)
    elif files is None:
        raise ActionFailed("its cgroup cannot be read on this host")

    def read() -> float:
        try:
            own = _cgroup_seconds(files) if files else 0.0
            return own + sum(process_seconds(pid) for pid in pids)
        except OSError as error:
            raise ActionFailed(f"what stands for it ended meanwhile: {reason_of(error)}") from error

    return read


def process_seconds(pid: int) -> float:
    """CPU seconds of a process so far, all its threads, those that ended among them.

    To the nanosecond, where /proc counts in ticks of 10 ms; see clock_getcpuclockid(3). Raises
    OSError when there is no such process.
    """
    return time.clock_gettime(~pid << 3 | 2)


def _cgroup_seconds(files: CgroupFiles) -> float:
    content = Path(files.cpu).read_bytes()
    used = cpu_ns_v1(content) if files.version == 1 else cpu_ns_v2(content)
    if used is None:
        raise OSError(f"{files.cpu} holds no CPU time")
    return used / 1e9
