"""Puts the fleet together from the real engines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui.errors import StoreError
from tui.fleet.engines import Engines
from tui.fleet.fleet import Fleet
from tui.model import Workload
from tui.store import Store
from tui.workloads import find_project, load_all


def open_fleet(
    project: Path | None = None, interval_seconds: float = 1.0, read_only: bool = False
) -> Fleet:
    """The fleet of this host; not started yet. Raises UsageError."""
    root = find_project(project)
    workloads, errors = load_all(root)
    problems = [error.line for error in errors]
    try:
        store = Store()
    except StoreError as error:
        # The file is not touched; this session's history is kept for as long as it lasts.
        problems.append(error.line)
        store = Store(Path(":memory:"))
    return Fleet(
        connect=lambda: _connect(root, workloads, read_only),
        store=store,
        workloads=workloads,
        interval_seconds=interval_seconds,
        read_only=read_only,
        problems=problems,
    )


def _connect(root: Path, workloads: Sequence[Workload], read_only: bool) -> Engines:
    # Their libraries take longer to import than the first frame takes to paint.
    from tui.meters.containers import ContainerMeter
    from tui.meters.guest import Guests
    from tui.meters.host import HostMeter
    from tui.meters.machines import MachineMeter
    from tui.sides.containers import Containers
    from tui.sides.machines import Machines

    return Engines(
        sides=(Machines(root, workloads), Containers(root, workloads)),
        meters=(MachineMeter(Guests(read_only=read_only)), ContainerMeter()),
        host_meter=HostMeter(),
    )
