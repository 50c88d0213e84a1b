"""The advice and the chart as JSON, the shapes docs/advice.md documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui.advice.model import Advice, Change, Chart, Criterion, Finding, Outcome, Reason, Source


def advice_json(advice: Advice) -> dict[str, Any]:
    """`{state, outcome, outcomes, answers, reasons, against, measured, changes, …}`."""
    cited = advice.without_figures
    return {
        "state": str(advice.state),
        "outcome": advice.leaders[0].id if len(advice.leaders) == 1 else None,
        "outcomes": _ids(advice.leaders),
        "answers": dict(advice.answers),
        "questions": advice.asked,
        "without_figures": None if cited is None else _ids(cited),
        "reasons": [_reason(one) for one in advice.reasons],
        "against": [_reason(one) for one in advice.doubts],
        "measured": [_finding(one) for one in advice.findings],
        "conflicts": [
            {"answers": ["=".join(one.first), "=".join(one.second)], "says": one.says}
            for one in advice.conflicts
        ],
        "changes": [_change(one) for one in advice.changes],
        "standings": [
            {
                "outcome": one.outcome.id,
                "name": one.outcome.name,
                "points": one.points,
                "ruled_out_by": ["=".join(veto) for veto in one.ruled_out_by],
            }
            for one in advice.standings
        ],
    }


def chart_json(chart: Chart) -> list[dict[str, Any]]:
    """The questions: `{id, question, why, weight, cited, sources, answers}` each."""
    return [_criterion(one) for one in chart.criteria]


def _ids(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.id for outcome in outcomes]


def _criterion(criterion: Criterion) -> dict[str, Any]:
    return {
        "id": criterion.id,
        "question": criterion.question,
        "why": criterion.why,
        "weight": criterion.weight,
        "cited": criterion.cited,
        "sources": [_source(one) for one in criterion.sources],
        "answers": [
            {
                "id": one.id,
                "text": one.text,
                "because": one.because,
                "speaks": dict(one.speaks),
                "vetoes": list(one.vetoes),
                "metric": one.measured.metric if one.measured else None,
            }
            for one in criterion.answers
        ],
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "by": source.by,
        "title": source.title,
        "year": source.year,
        "address": source.address,
        "read": source.read,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    counts = reason.finding is not None and reason.finding.counts
    return {
        "criterion": reason.criterion.id,
        "answer": reason.answer.id,
        "points": reason.points,
        "because": reason.answer.because,
        "basis": "measured" if counts else "cited",
        "cited": reason.criterion.cited,
        "measured": _finding(reason.finding) if reason.finding else None,
        "sources": [_source(one) for one in reason.criterion.sources],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    figure = finding.figure
    return {
        "criterion": finding.criterion,
        "answer": finding.answer,
        "metric": figure.metric,
        "unit": figure.unit,
        "vm": figure.vm,
        "container": figure.container,
        "ratio": figure.ratio,
        "readings": figure.readings,
        "run": figure.run_id,
        "accelerator": figure.accelerator or None,
        "counts": finding.counts,
        "why_not": figure.unfit or None,
        "meets": dict(finding.passes),
        "says": finding.says,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "criterion": change.criterion.id,
        "before": change.before.id if change.before else None,
        "after": change.after.id,
        "state": str(change.state),
        "outcomes": _ids(change.leaders),
        "size": change.size,
    }
