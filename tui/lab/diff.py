"""Two runs side by side, and one metric over many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.lab.table import make_table
from tui.results import Arm, Estimate, Metric, Run, Study


@dataclass(frozen=True, slots=True)
class Pair:
    """One metric on one arm, in two runs."""

    metric: Metric
    arm: Arm
    first: Estimate | None
    second: Estimate | None

    @property
    def change(self) -> float | None:
        """Second median over first; None unless both are above zero."""
        if self.first is None or self.second is None or not self.first.median:
            return None
        return self.second.median / self.first.median


def differ(first: Study, second: Study) -> list[Pair]:
    """Every figure either has, in the order of the table."""
    found: dict[tuple[str, Arm], list[Estimate | None]] = {}
    metrics: dict[str, Metric] = {}
    for n, study in enumerate((first, second)):
        for row in make_table(study).rows:
            for line in row.lines:
                metrics[line.metric.id] = line.metric
                for arm, estimate in line.estimates.items():
                    found.setdefault((line.metric.id, arm), [None, None])[n] = estimate
    return [Pair(metrics[m], arm, one, two) for (m, arm), (one, two) in found.items()]


def unlike(first: Run, second: Run) -> list[str]:
    """Why the two are not before and after of one thing, a line each."""
    told = []
    if first.workload != second.workload:
        told.append(f"not the same workload: {first.workload}, {second.workload}")
    if first.host_hash != second.host_hash:
        told.append(f"not the same host: {first.host_hash}, {second.host_hash}")
    if first.accelerator != second.accelerator:
        told.append(f"not the same accelerator: {first.accelerator}, {second.accelerator}")
    if first.method_version != second.method_version:
        told.append("not the same method")
    return told


def trend(studies: Sequence[Study], metric: str) -> list[tuple[Run, dict[Arm, Estimate]]]:
    """A metric in each run that has it, oldest first."""
    found = []
    for study in sorted(studies, key=lambda s: s.run.started_at):
        for row in make_table(study).rows:
            for line in row.lines:
                if line.metric.id == metric and line.estimates:
                    found.append((study.run, dict(line.estimates)))
    return found
