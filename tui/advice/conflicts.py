"""Which of the answers given fight: pairs the chart names, and pairs its vetoes show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from tui.advice.model import Answer, Answers, Chart, Conflict, Criterion

_CALLED_FOR = 3
"""The strength at which an answer calls for an outcome; a weaker one leaves room."""


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
            yield Conflict(
                first, second, f"{ends}: one calls for {names}, the other rules that out."
            )


def _lost(asking: tuple[Criterion, Answer], refusing: tuple[Criterion, Answer]) -> list[str]:
    """What `asking` speaks for, when it calls for some of it and `refusing` rules all out."""
    wanted = [name for name, strength in asking[1].speaks.items() if strength > 0]
    is_called_for = _CALLED_FOR in asking[1].speaks.values()
    return wanted if is_called_for and set(wanted) <= set(refusing[1].vetoes) else []
