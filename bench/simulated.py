"""The console on more containers than a host can run: a tree of files in cgroup v2's shape.

    python -m bench.simulated COUNT

The meter reads real files of /dev/shm through its usual code; what the kernel takes to make such a
file is not in it. Every container is idle; names and console are those of the other benchmarks.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from bench.containers import PREFIX
from tui.app import TwindeckApp
from tui.fleet.fleet import Fleet
from tui.fleet.meters import Meters
from tui.meters.cgroup import CgroupMeter
from tui.meters.containers import ContainerMeter
from tui.meters.host import HostMeter
from tui.model import Instance, SideName, State
from tui.snapshot import Health
from tui.store import Store

_MOUNT = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
_NET = "Inter-|\n face |\n lo: 5 0 0 0 0 0 0 0 5 0\n eth0: 300 1 0 0 0 0 0 0 40 1\n"
_STATISTICS = "".join(f"{name} 4096\n" for name in ("anon", "file", "kernel", "inactive_file"))


class Simulated:
    """A side that lists the same containers for ever."""

    name = SideName.CONTAINER

    def __init__(self, instances: list[Instance]) -> None:
        self._instances = instances

    def health(self) -> Health:
        """Always well."""
        return Health(self.name, ok=True, version="simulated")

    def list(self) -> list[Instance]:
        """All of them."""
        return self._instances

    def watch(self, changed: Callable[[], None], stop: Event) -> None:
        """Nothing ever happens."""
        stop.wait()

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)


def build(top: Path, count: int) -> list[Instance]:
    """Write the files of that many containers and of their host."""
    _write(top / "proc/self/mountinfo", _MOUNT)
    _write(top / "proc/self/net/dev", "Inter-|\n lo: 5 0 0 0 0 0 0 0 5 0\n")
    _write(top / "proc/meminfo", "MemTotal:        8000000 kB\n")
    return [_container(top, number) for number in range(count)]


def _container(top: Path, number: int) -> Instance:
    identity, pid = f"{number:064x}", 100_000 + number
    _write(top / f"proc/{pid}/cgroup", f"0::/docker/{identity}\n")
    _write(top / f"proc/{pid}/net/dev", _NET)
    folder = top / f"sys/fs/cgroup/docker/{identity}"
    for name, text in {
        "cpu.stat": "usage_usec 81234\nuser_usec 4000\nsystem_usec 4000\n",
        "memory.current": "5242880\n",
        "memory.stat": _STATISTICS,
        "memory.max": "max\n",
        "io.stat": "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n",
        "pids.current": "3\n",
    }.items():
        _write(folder / name, text)
    return Instance(
        side=SideName.CONTAINER,
        name=f"{PREFIX}{number:03d}",
        state=State.RUNNING,
        id=identity,
        pid=pid,
        started_at=time.time() - 120,
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main() -> None:
    """Open the console on them."""
    with tempfile.TemporaryDirectory(prefix="twindeck-bench-", dir="/dev/shm") as folder:
        instances = build(Path(folder), int(sys.argv[1]))
        meter = ContainerMeter(CgroupMeter(Path(folder)))
        fleet = Fleet(
            connect=lambda: (Simulated(instances),),
            open_meters=lambda: Meters((meter,), HostMeter()),
            store=Store(Path(":memory:")),
            workloads=(),
        )
        try:
            TwindeckApp(fleet).run()
        finally:
            fleet.stop()


if __name__ == "__main__":
    main()
