"""Where a local container's cgroup files are: v1, v2 and hybrid hosts, any cgroup driver.

The path comes from /proc/PID/cgroup and not from a pattern, so `docker/ID` (cgroupfs),
`system.slice/docker-ID.scope` (systemd) and `user.slice/…/docker-ID.scope` (rootless) are all one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted cgroup hierarchy."""

    point: str
    """Where it is mounted."""
    root: str
    """Which of its directories is mounted there: `/` but for a process in a container."""
    controllers: frozenset[str]
    """Empty for the unified hierarchy (v2)."""


@dataclass(frozen=True, slots=True)
class CgroupFiles:
    """The files of one container; None where the controller is not there.

    Paths are text: a hundred containers have two thousand of them, and they are looked up each
    second.
    """

    version: int
    """1 or 2, of the CPU and memory controllers."""
    cpu: str
    memory: str
    memory_stat: str
    memory_limit: str
    pids: str | None
    block: tuple[str, ...]
    """Best first."""


def read_mounts(mountinfo: str) -> tuple[Mount, ...]:
    """The cgroup mounts of a /proc/self/mountinfo, see proc(5)."""
    mounts: list[Mount] = []
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        head, tail = before.split(), after.split()
        if not dash or len(head) < 5 or len(tail) < 3 or tail[0] not in ("cgroup", "cgroup2"):
            continue
        options = frozenset(tail[2].split(",")) if tail[0] == "cgroup" else frozenset[str]()
        mounts.append(Mount(point=_plain(head[4]), root=_plain(head[3]), controllers=options))
    return tuple(mounts)


def read_memberships(text: str) -> Mapping[str, str]:
    """/proc/PID/cgroup as controller -> path; the unified hierarchy's controller is ""."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if colon and number.isdigit() and path.startswith("/"):
            for controller in controllers.split(","):
                found[controller] = path
    return found


def locate(
    memberships: Mapping[str, str], mounts: tuple[Mount, ...], container_id: str, top: Path
) -> CgroupFiles | None:
    """The files of `container_id`; None when the process is not in a cgroup of that id.

    That also tells a container of another host whose pid some process here happens to have.
    `top` stands for `/`.
    """

    def folder(controller: str) -> str | None:
        path = _own_path(memberships.get(controller, ""), container_id)
        return _folder(path, controller, mounts, top) if path else None

    cpu, memory = folder("cpuacct"), folder("memory")
    if cpu and memory:
        return _v1(cpu, memory, folder("pids"), folder("blkio"))
    unified = folder("")
    return _v2(unified) if unified else None


def _own_path(path: str, container_id: str) -> str | None:
    """The part of `path` up to the container's own cgroup: its processes may sit deeper."""
    at = path.find(container_id) if container_id else -1
    if at < 0:
        return None
    end = path.find("/", at)
    return path if end < 0 else path[:end]


def _folder(path: str, controller: str, mounts: tuple[Mount, ...], top: Path) -> str | None:
    for mount in mounts:
        is_right = controller in mount.controllers if controller else not mount.controllers
        root = mount.root.rstrip("/")
        if is_right and f"{path}/".startswith(f"{root}/"):
            return f"{top}/".rstrip("/") + mount.point.rstrip("/") + path[len(root) :]
    return None


def _v1(cpu: str, memory: str, pids: str | None, block: str | None) -> CgroupFiles:
    # The throttle layer counts all I/O, whichever scheduler the disk has.
    names = ("blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_service_bytes")
    return CgroupFiles(
        version=1,
        cpu=f"{cpu}/cpuacct.usage",
        memory=f"{memory}/memory.usage_in_bytes",
        memory_stat=f"{memory}/memory.stat",
        memory_limit=f"{memory}/memory.limit_in_bytes",
        pids=f"{pids}/pids.current" if pids else None,
        block=tuple(f"{block}/{name}" for name in names) if block else (),
    )


def _v2(folder: str) -> CgroupFiles:
    return CgroupFiles(
        version=2,
        cpu=f"{folder}/cpu.stat",
        memory=f"{folder}/memory.current",
        memory_stat=f"{folder}/memory.stat",
        memory_limit=f"{folder}/memory.max",
        pids=f"{folder}/pids.current",
        block=(f"{folder}/io.stat",),
    )


def _plain(word: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), word)
