"""The table: a pure function of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tui.lab.claims import CLAIMS, judge
from tui.lab.statistics import estimate, median_ratio, noise_floor, ratios
from tui.results import (
    Arm,
    Better,
    Cell,
    Estimate,
    Line,
    Measurement,
    Metric,
    Outcome,
    Ratio,
    Row,
    Study,
    Table,
    TableRow,
)

LEAST_FLOOR = 0.01
"""A difference below one per cent is none, however quiet the host."""
CACHED_SHARE = 1.05
"""A disk quicker than the host's own by more than this was not asked, a cache was."""
_WORDS = {"s": ("longer", "shorter"), "B": ("larger", "smaller"), "count": ("more", "fewer")}
OF_EMULATION = frozenset(
    {Row.BOOT, Row.PERFORMANCE, Row.RESOURCES, Row.DENSITY, Row.NETWORKING, Row.STORAGE}
)
"""Rows whose VM figures are those of the emulator, where one ran the VM."""
_BESIDE_HOST = frozenset({Row.PERFORMANCE, Row.STORAGE})


@dataclass(frozen=True, slots=True)
class _Context:
    emulated: bool
    floors: Mapping[str, float]


def make_table(study: Study) -> Table:
    """One row each of the run's rows, from whatever was measured so far."""
    by_metric: dict[str, list[Measurement]] = {}
    for measurement in study.measurements:
        by_metric.setdefault(measurement.metric, []).append(measurement)
    floors = {
        metric: floor
        for metric, taken in by_metric.items()
        if (floor := noise_floor(_against_itself(taken))) is not None
    }
    context = _Context(study.run.accelerator == "tcg", floors)
    lines: dict[Row, list[Line]] = {row: [] for row in study.run.rows}
    for metric in study.run.metrics:
        if metric.row in lines:
            lines[metric.row].append(_line(metric, by_metric.get(metric.id, ()), context))
    rows = tuple(_row(row, found, study) for row, found in lines.items())
    return Table(study.run, rows, floors)


def _row(row: Row, lines: Sequence[Line], study: Study) -> TableRow:
    ordered = sorted(lines, key=lambda line: not line.metric.is_headline)
    headline = next((line for line in ordered if line.metric.is_headline), None)
    claim = CLAIMS[row]
    verdict, why = judge(row, ordered, study.run.accelerator)
    return TableRow(
        row=row,
        title=claim.title,
        claim_vm=claim.vm,
        claim_container=claim.container,
        verdict=verdict,
        why=why,
        method=headline.metric.method if headline else "",
        vm=_cell(headline, Arm.VM, study),
        container=_cell(headline, Arm.CONTAINER, study),
        ratio=headline.ratio if headline else None,
        lines=tuple(ordered),
    )


def _cell(line: Line | None, arm: Arm, study: Study) -> Cell:
    if line is None:
        return Cell(None, reason="not measured in this run")
    label = study.run.accelerator if arm is Arm.VM else None
    told = "tcg, software emulation" if label == "tcg" else label or ""
    note = "; ".join(part for part in (told, line.notes.get(arm, "")) if part)
    if arm in line.estimates:
        found = line.estimates[arm]
        return Cell(
            value=found.median,
            unit=line.metric.unit,
            low=found.low,
            high=found.high,
            samples=found.samples,
            note=note,
        )
    if arm in line.facts:
        return Cell(line.facts[arm], note=note)
    return Cell(None, reason=line.reasons.get(arm, "not measured yet"), note=note)


def _line(metric: Metric, taken: Sequence[Measurement], context: _Context) -> Line:
    counted = [m for m in taken if not m.is_warmup and not m.stream]
    estimates: dict[Arm, Estimate] = {}
    facts: dict[Arm, str] = {}
    reasons: dict[Arm, str] = {}
    notes: dict[Arm, str] = {}
    for arm in Arm:
        of_arm = [m for m in counted if m.arm is arm]
        values = [m.value for m in of_arm if m.value is not None and not m.error]
        failed = [m for m in of_arm if m.error]
        if values:
            estimates[arm] = estimate(values, len(failed))
        texts = [m.text for m in of_arm if m.text]
        if texts:
            facts[arm] = texts[-1]
        if failed and not values and not texts:
            reasons[arm] = failed[-1].error
        told = [m.note for m in of_arm if m.note][-1:]
        if failed and values:
            told.append(f"{len(failed)} of {len(of_arm)} readings failed: {failed[-1].error}")
        if told:
            notes[arm] = "; ".join(told)
    cached = _beats_host(metric, estimates)
    return Line(
        metric=metric,
        estimates=estimates,
        facts=facts,
        reasons=reasons,
        notes=notes,
        ratio=_ratio(metric, counted, context, is_cached=bool(cached)),
        remark=_remark(metric, counted, cached, context),
    )


def _ratio(
    metric: Metric, counted: Sequence[Measurement], context: _Context, *, is_cached: bool
) -> Ratio | None:
    pairs = ratios(_pairs(counted, Arm.VM, Arm.CONTAINER))
    if not pairs:
        return None
    middle, low, high = median_ratio(pairs)
    floor = context.floors.get(metric.id)
    if is_cached:
        outcome = Outcome.CACHED
    elif max(middle, 1 / middle) - 1 <= max(floor or 0.0, LEAST_FLOOR):
        outcome = Outcome.NONE
    elif low is not None and high is not None and low <= 1 <= high:
        outcome = Outcome.UNSURE
    else:
        outcome = Outcome.DIFFERENT
    return Ratio(
        median=middle,
        low=low,
        high=high,
        n=len(pairs),
        floor=floor,
        outcome=outcome,
        word=_word(metric, middle) if outcome is Outcome.DIFFERENT else "",
        is_emulated=context.emulated and metric.row in OF_EMULATION,
    )


def _word(metric: Metric, ratio: float) -> str:
    usual = ("faster", "slower") if metric.better is Better.MORE else ("more", "less")
    above, below = _WORDS.get(metric.unit, usual)
    return above if ratio > 1 else below


def _remark(
    metric: Metric, counted: Sequence[Measurement], cached: Sequence[Arm], context: _Context
) -> str:
    """How the sides stand to the host itself, block by block, where it was measured too."""
    if metric.row not in _BESIDE_HOST:
        return ""
    parts = []
    for arm in (Arm.VM, Arm.CONTAINER, Arm.VOLUME):
        pairs = ratios(_pairs(counted, arm, Arm.HOST))
        if not pairs:
            continue
        share, low, high = median_ratio(pairs)
        says = ""
        if abs(share - 1) <= max(context.floors.get(metric.id, 0.0), LEAST_FLOOR):
            says = f", {Outcome.NONE}"
        elif low is not None and high is not None and low <= 1 <= high:
            says = f", {Outcome.UNSURE}"
        parts.append(f"{arm}/host {share:.3g}{says}")
    if cached:
        parts.append(f"host cache suspected: {', '.join(cached)} beat the host's own disk")
    return "; ".join(parts)


def _beats_host(metric: Metric, estimates: Mapping[Arm, Estimate]) -> list[Arm]:
    host = estimates.get(Arm.HOST)
    if metric.row is not Row.STORAGE or host is None:
        return []
    arms = (Arm.VM, Arm.CONTAINER, Arm.VOLUME)
    return [a for a in arms if a in estimates and estimates[a].median > CACHED_SHARE * host.median]


def _pairs(counted: Sequence[Measurement], one: Arm, other: Arm) -> list[tuple[float, float]]:
    """Values of both arms in the same block."""
    values: dict[Arm, dict[int, float]] = {one: {}, other: {}}
    for m in counted:
        if m.arm in values and m.value is not None and not m.error:
            values[m.arm][m.block] = m.value
    both = sorted(values[one].keys() & values[other].keys())
    return [(values[one][block], values[other][block]) for block in both]


def _against_itself(taken: Sequence[Measurement]) -> list[tuple[float, float]]:
    """The container's pairs of the A/A run, and what it was then beside what it is since: a host
    that drifts is as little to be told from a difference as one that jumps."""
    valid = [m for m in taken if not (m.is_warmup or m.error) and m.value is not None]
    blocks: dict[int, dict[str, float]] = {}
    for m in valid:
        if m.stream:
            blocks.setdefault(m.block, {})[m.stream] = m.value or 0.0
    pairs = [(b["a"], b["b"]) for b in blocks.values() if "a" in b and "b" in b]
    then = [value for pair in pairs for value in pair]
    since = [m.value or 0.0 for m in valid if not m.stream and m.arm is Arm.CONTAINER]
    return [*pairs, (median(then), median(since))] if then and since else pairs
