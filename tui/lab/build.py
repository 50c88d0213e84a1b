"""Puts the lab together from this host's project and history."""

from __future__ import annotations

from pathlib import Path

from tui.core.guard import Guard
from tui.engines.docker.resolver import Resolver
from tui.lab.lab import Lab
from tui.project import find_project
from tui.run_store import Runs
from tui.store import Store
from tui.workloads import load_all


def open_lab(
    project: Path | None = None,
    *,
    guard: Guard = Guard(),  # noqa: B008 (frozen)
    density: int | None = None,
    docker: Resolver | None = None,
) -> Lab:
    """The lab of this host. Raises UsageError, StoreError: without a history nothing is run.

    `docker`: the engine the rest of the session speaks to.
    """
    root = find_project(project)
    workloads, _errors = load_all(root)
    return Lab(
        project=root,
        workloads=workloads,
        runs=Runs(Store(guard=guard)),
        guard=guard,
        density=density,
        docker=docker,
    )
