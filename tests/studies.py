"""Runs as they come out of the lab, made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tui.lab.plan import make_plan
from tui.model import Probe, Workload
from tui.results import Arm, Measurement, Row, Run, RunState, Study


def workload(tmp: Any, kind: str = "http", name: str = "nginx") -> Workload:
    return Workload(
        name=name,
        title="nginx serving one static page",
        folder=tmp,
        guest_port=80,
        container_port=8080,
        vm_port=18080,
        probe=Probe(kind=kind, contains="twindeck" if kind == "http" else ""),
        memory_mib=512,
        cpus=1,
    )


def taken(
    metric: str, arm: Arm, *values: float, stream: str = "", text: str = "", **other: Any
) -> list[Measurement]:
    """Readings of one arm, a block each; a fact when there is a text."""
    if text:
        return [Measurement(metric, arm, 0, text=text, **other)]
    return [
        Measurement(metric, arm, block, value, seconds=1.0, stream=stream, **other)
        for block, value in enumerate(values)
    ]


def study(tmp: Any, *groups: list[Measurement], **changes: Any) -> Study:
    """A run of nginx with those readings."""
    metrics = [m for i in make_plan(workload(tmp), is_quick=True, seed=1).all for m in i.metrics]
    run = Run(
        id="nginx-20260131-093000",
        workload="nginx",
        title="nginx serving one static page",
        started_at=1_769_851_800.0,
        state=RunState.DONE,
        is_quick=True,
        rows=tuple(Row),
        seed=1,
        metrics=tuple(metrics),
        host={"CPU": "Some CPU, 2 threads", "Accelerator": "tcg"},
        host_hash="0123456789ab",
        accelerator="tcg",
        busy_seconds=600.0,
    )
    return Study(replace(run, **changes), tuple(m for group in groups for m in group))
