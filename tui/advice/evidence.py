"""What this host measured, as figures the chart can use: from the newest finished runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from tui.accelerator import TCG
from tui.advice.model import Chart, Figure
from tui.errors import StoreError, UsageError
from tui.lab.table import OF_EMULATION, make_table
from tui.results import Arm, Better, Line, Outcome, Run, RunState, Study

EMULATED = (
    "the VM ran under software emulation (tcg), which says nothing of the speed of VMs on hardware"
)
_MOST_RUNS = 30
"""Looked at from the newest on: what is older than so many runs is no figure of today."""


class History(Protocol):
    """What is asked of the history; `tui.run_store.Runs` is one."""

    def read(
        self, workload: str | None = None, limit: int = 50
    ) -> tuple[tuple[Run, ...], tuple[str, ...]]:
        """The runs, newest first, and a line for each that cannot be read."""

    def study(self, run_id: str) -> Study:
        """A run with its readings. Raises UsageError, StoreError."""


def wanted_metrics(chart: Chart) -> frozenset[str]:
    """Ids of the metrics that some answer of the chart can be decided by."""
    rules = (answer.measured for criterion in chart.criteria for answer in criterion.answers)
    return frozenset(rule.metric for rule in rules if rule is not None)


def gather(
    history: History, wanted: AbstractSet[str], here: Mapping[str, str]
) -> dict[str, Figure]:
    """Metric id -> the figure of the newest finished run that has it on both sides.

    `here` is this host's part of a run's fingerprint (`CPU`, `Memory`). A run that names another
    counts for nothing, as it was measured elsewhere. Of a metric that only unfit runs have, the
    newest of those is told, with why. Raises StoreError when the history cannot be read at all.
    """
    fit: dict[str, Figure] = {}
    unfit: dict[str, Figure] = {}
    for run in history.read(None, _MOST_RUNS)[0]:
        missing = wanted - fit.keys()
        is_unfit = run.accelerator == TCG or bool(_elsewhere(run, here))
        if run.state is not RunState.DONE or not missing:
            continue
        if is_unfit and missing <= unfit.keys():
            # Could add nothing, and a run with all its readings takes long to read.
            continue
        try:
            study = history.study(run.id)
        except (StoreError, UsageError):
            # Damaged, or forgotten meanwhile: `twindeck runs` tells of it.
            continue
        for figure in figures_of(study, wanted, here):
            (unfit if figure.unfit else fit).setdefault(figure.metric, figure)
    return {**unfit, **fit}


def figures_of(study: Study, wanted: AbstractSet[str], here: Mapping[str, str]) -> Iterator[Figure]:
    """The run's figures of those metrics that both sides have."""
    elsewhere = _elsewhere(study.run, here)
    for row in make_table(study).rows:
        for line in row.lines:
            if line.metric.id in wanted and (figure := _figure(line, study.run, elsewhere)):
                yield figure


def _figure(line: Line, run: Run, elsewhere: str) -> Figure | None:
    vm, container = line.estimates.get(Arm.VM), line.estimates.get(Arm.CONTAINER)
    if vm is None or container is None:
        return None
    paired = line.ratio.median if line.ratio is not None else None
    return Figure(
        metric=line.metric.id,
        title=line.metric.title,
        unit=line.metric.unit,
        is_more_better=line.metric.better is Better.MORE,
        vm=vm.median,
        container=container.median,
        ratio=paired or _over(vm.median, container.median),
        is_alike=line.ratio is not None and line.ratio.outcome in (Outcome.NONE, Outcome.UNSURE),
        readings=min(vm.n, container.n),
        run_id=run.id,
        accelerator=run.accelerator or "",
        unfit=elsewhere or _unfit(line, run),
    )


def _over(vm: float, container: float) -> float | None:
    return vm / container if vm > 0 and container > 0 else None


def _unfit(line: Line, run: Run) -> str:
    """Why the figure is no evidence; "" when it is."""
    if run.accelerator == TCG and line.metric.row in OF_EMULATION:
        return EMULATED
    if line.ratio is not None and line.ratio.outcome is Outcome.CACHED:
        return "a side was quicker than the host's own disk, so a cache answered"
    if any(line.estimates[arm].median <= 0 for arm in (Arm.VM, Arm.CONTAINER)):
        return "a side reads 0, which no ratio can be made of"
    return ""


def _elsewhere(run: Run, here: Mapping[str, str]) -> str:
    """Why the run is of another host; "" when nothing says so."""
    for label, ours in here.items():
        theirs = run.host.get(label)
        if theirs is not None and theirs != ours:
            return f"it was measured on another host ({label}: {theirs})"
    return ""
