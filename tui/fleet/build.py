"""Puts the fleet together from the real engines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui.core.guard import Guard
from tui.engines.docker.resolver import Resolver
from tui.errors import FileFailed
from tui.fleet.engines import DockerEngines
from tui.fleet.fleet import Fleet
from tui.fleet.memory import open_store
from tui.fleet.meters import Meters
from tui.meters.base import Meter
from tui.meters.cgroup import CgroupMeter
from tui.model import Sampler, Workload
from tui.project import find_project, settled
from tui.sides.base import Side
from tui.store import history_path
from tui.workloads import load_all

if TYPE_CHECKING:
    from tui.engines.vagrant.environments import Environments


def open_fleet(
    project: Path | None = None,
    interval_seconds: float = 1.0,
    guard: Guard = Guard(),  # noqa: B008 (frozen)
    sampler: Sampler = Sampler.AUTO,
    docker: Resolver | None = None,
    vagrant: Sequence[Path] = (),
) -> Fleet:
    """The fleet of this host; not started yet. Raises UsageError.

    `vagrant`: folders whose Vagrantfile the user vouches for, beside the working folder's.
    """
    root, workloads, problems = _load(project, guard)
    store, faults = open_store(guard)
    cgroup = CgroupMeter()
    # One for all that speaks to Docker: rows, figures and actions are of the same engine.
    docker = docker or Resolver()
    first = docker.pinned()

    def open_one(engine: Resolver) -> tuple[Side, Meter]:
        from tui.meters.containers import ContainerMeter

        meter = ContainerMeter(sampler=sampler, docker=engine)
        return _containers(root, workloads, engine), meter

    return Fleet(
        connect=lambda: _connect(root, workloads, first, _environments(vagrant, guard)),
        open_meters=lambda: _open_meters(cgroup, sampler, guard, first),
        engines=DockerEngines(docker, open_one),
        # No engine is asked, and a container that is no more has no cgroup of its id.
        quick=None if sampler is Sampler.ENGINE else cgroup,
        store=store,
        workloads=workloads,
        interval_seconds=interval_seconds,
        guard=guard,
        problems=problems,
        faults=faults,
    )


def _load(project: Path | None, guard: Guard) -> tuple[Path, tuple[Workload, ...], list[str]]:
    """The project, its workloads, and what is to be told of it. Raises WorkloadError."""
    root, told = find_project(project), list[str]()
    if not guard.is_read_only:
        try:
            root, told = settled(root)
        except FileFailed as error:
            # Nothing of it can be brought up; what the user has can be acted on all the same.
            return root, (), [error.line]
    workloads, errors = load_all(root)
    return root, workloads, [*told, *(error.line for error in errors)]


def _environments(named: Sequence[Path], guard: Guard) -> Environments:
    # Likewise.
    from tui.engines.vagrant.definitions import Definitions
    from tui.engines.vagrant.environments import Environments, working_folder

    data = history_path().parent
    kept = None if guard.is_read_only else data / "vagrantfiles.json"
    return Environments(Definitions(kept), working_folder(), named, left_out=data)


def _connect(
    root: Path, workloads: Sequence[Workload], docker: Resolver, environments: Environments
) -> tuple[Side, ...]:
    # Their libraries take longer to import than the first frame takes to paint.
    from tui.sides.machines import Machines

    machines = Machines(root, workloads, environments=environments)
    return machines, _containers(root, workloads, docker)


def _containers(root: Path, workloads: Sequence[Workload], docker: Resolver) -> Side:
    from tui.sides.containers import Containers
    from tui.sides.docker_link import Link

    return Containers(root, workloads, Link(docker))


def _open_meters(cgroup: CgroupMeter, sampler: Sampler, guard: Guard, docker: Resolver) -> Meters:
    # Likewise.
    from tui.engines.libvirt.virsh import Virsh
    from tui.meters.containers import ContainerMeter
    from tui.meters.guest import Guests
    from tui.meters.host import HostMeter
    from tui.meters.machines import MachineMeter

    machines = MachineMeter(lambda uri: Guests(Virsh(uri), read_only=guard.is_read_only))
    containers = ContainerMeter(cgroup, sampler=sampler, docker=docker)
    return Meters(each=(machines, containers), host=HostMeter())
