"""Puts the fleet together from the real engines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui.fleet.engines import Engines
from tui.fleet.fleet import Fleet
from tui.model import Workload
from tui.store import Store
from tui.workloads import find_project, load_all


def open_fleet(
    project: Path | None = None, interval_seconds: float = 1.0, read_only: bool = False
) -> Fleet:
    """The fleet of this host; not started yet. Raises UsageError, StoreError."""
    root = find_project(project)
    workloads, errors = load_all(root)
    return Fleet(
        connect=lambda: _connect(root, workloads, read_only),
        store=Store(),
        workloads=workloads,
        interval_seconds=interval_seconds,
        read_only=read_only,
        problems=[error.line for error in errors],
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
