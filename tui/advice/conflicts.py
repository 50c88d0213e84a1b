"""Which of the answers given fight: pairs the chart names, and pairs its vetoes show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from tui.advice.model import Answer, Answers, Chart, Conflict, Criterion

_CALLED_FOR = 3
"""The strength at which an answer calls for an outcome."""


def fighting(chart: Chart, answers: Answers) -> tuple[Conflict, ...]:
    """The conflicts among these answers, those the chart has words for first; each pair once."""
    given = set(answers.items())
    named = [one for one in chart.conflicts if {one.first, one.second} <= given]
    told = {frozenset((one.first, one.second)) for one in named}
    shown = [
        one for one in _by_veto(chart, answers) if frozenset((one.first, one.second)) not in told
    ]
    return (*named, *shown)


def _by_veto(chart: Chart, answers: Answers) -> Iterator[Conflict]:
    chosen = [
        (criterion, answer)
        for criterion in chart.criteria
        if (answer := criterion.answer(answers.get(criterion.id, ""))) is not None
    ]
    everything = {outcome.id for outcome in chart.outcomes}
    for one, other in combinations(chosen, 2):
        first, second = (one[0].id, one[1].id), (other[0].id, other[1].id)
        ends = f"`{first[0]}={first[1]}` and `{second[0]}={second[1]}`"
        if {*one[1].vetoes, *other[1].vetoes} == everything:
            yield Conflict(first, second, f"{ends} rule out every outcome between them.")
        elif lost := _lost(one, other) or _lost(other, one):
            names = " or ".join(chart.outcome(name).name for name in lost)
            yield Conflict(first, second, f"{ends}: one calls for {names}, the other rules it out.")


def _lost(asking: tuple[Criterion, Answer], refusing: tuple[Criterion, Answer]) -> list[str]:
    """What `asking` calls for, when `refusing` rules all of it out; else []."""
    wanted = [name for name, strength in asking[1].speaks.items() if strength >= _CALLED_FOR]
    return wanted if set(wanted) <= set(refusing[1].vetoes) else []
