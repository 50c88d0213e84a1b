"""What this host measured, as figures the chart can use: from the newest finished runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from tui.advice.model import Chart, Figure
from tui.errors import StoreError, UsageError
from tui.lab.table import make_table
from tui.results import Arm, Better, Line, Outcome, Run, RunState, Study

EMULATED = (
    "the VM ran under software emulation (tcg), which says nothing of the speed of VMs on hardware"
)
_MOST_RUNS = 50
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
        if run.state is not RunState.DONE or wanted <= fit.keys():
            continue
        try:
            study = history.study(run.id)
        except (StoreError, UsageError):
            # Damaged, or forgotten meanwhile: `twindeck runs` tells of it.
            continue
        for figure in figures_of(study, wanted, here):
            (unfit if figure.unfit else fit).setdefault(figure.metric, figure)
    return {**unfit, **fit}


def figures_of(
    study: Study, wanted: AbstractSet[str], here: Mapping[str, str]
) -> Iterator[Figure]:
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
    ratio = line.ratio
    return Figure(
        metric=line.metric.id,
        title=line.metric.title,
        unit=line.metric.unit,
        is_more_better=line.metric.better is Better.MORE,
        vm=vm.median,
        container=container.median,
        ratio=ratio.median if ratio is not None and ratio.median > 0 else None,
        is_alike=ratio is not None and ratio.outcome in (Outcome.NONE, Outcome.UNSURE),
        readings=min(vm.n, container.n),
        run_id=run.id,
        accelerator=run.accelerator or "",
        unfit=elsewhere or _unfit(line),
    )


def _unfit(line: Line) -> str:
    """Why the figure is no evidence."""
    ratio = line.ratio
    if ratio is None:
        return "no reading of one side has one of the other beside it"
    if ratio.is_emulated:
        return EMULATED
    if ratio.outcome is Outcome.CACHED:
        return "a side was quicker than the host's own disk, so a cache answered"
    return ""


def _elsewhere(run: Run, here: Mapping[str, str]) -> str:
    """Why the run is of another host; "" when nothing says so."""
    for label, ours in here.items():
        theirs = run.host.get(label)
        if theirs is not None and theirs != ours:
            return f"it was measured on another host ({label}: {theirs})"
    return ""
