"""Weighs answers: pure functions from the chart, the answers and this host's figures to advice.

An outcome's points are the sum, over the answers, of the criterion's weight times what the answer
says of it. An outcome that any answer vetoes cannot win, whatever its points.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tui.advice.conflicts import fighting
from tui.advice.judge import find
from tui.advice.model import (
    Advice,
    Answer,
    Answers,
    Change,
    Chart,
    Criterion,
    Figure,
    Finding,
    Outcome,
    Reason,
    Standing,
    State,
)

Figures = Mapping[str, Figure]
"""Metric id -> what this host measured of it."""
_NONE: Figures = {}


@dataclass(frozen=True, slots=True)
class _Voice:
    """One answer with what it says once this host's figures are in."""

    criterion: Criterion
    answer: Answer
    speaks: Mapping[str, int]
    finding: Finding | None

    def points(self, outcome_id: str) -> int:
        return self.criterion.weight * self.speaks.get(outcome_id, 0)


@dataclass(frozen=True, slots=True)
class _Verdict:
    state: State
    leaders: tuple[Outcome, ...]
    standings: tuple[Standing, ...]

    def is_other_than(self, other: _Verdict) -> bool:
        return (self.state, self.leaders) != (other.state, other.leaders)


def decide(chart: Chart, answers: Answers, figures: Figures = _NONE) -> Advice:
    """The advice for these answers. Never raises; ids that the chart has not are not looked at."""
    known = {
        criterion.id: answers[criterion.id]
        for criterion in chart.criteria
        if criterion.answer(answers.get(criterion.id, "")) is not None
    }
    voices = list(_voices(chart, known, figures))
    verdict = _weigh(chart, voices)
    cited = _weigh(chart, list(_voices(chart, known, _NONE)))
    reasons = _reasons(voices, verdict)
    return Advice(
        state=verdict.state,
        leaders=verdict.leaders,
        standings=verdict.standings,
        reasons=tuple(one for one in reasons if one.points > 0),
        doubts=tuple(one for one in reasons if one.points < 0),
        findings=tuple(voice.finding for voice in voices if voice.finding is not None),
        changes=_changes(chart, known, figures, verdict),
        conflicts=fighting(chart, known),
        answers=known,
        asked=len(chart.criteria),
        without_figures=cited.leaders if cited.is_other_than(verdict) else None,
    )


def _voices(chart: Chart, answers: Answers, figures: Figures) -> Iterator[_Voice]:
    for criterion in chart.criteria:
        answer = criterion.answer(answers.get(criterion.id, ""))
        if answer is not None:
            yield _voice(criterion, answer, figures)


def _voice(criterion: Criterion, answer: Answer, figures: Figures) -> _Voice:
    rule = answer.measured
    figure = figures.get(rule.metric) if rule is not None else None
    if rule is None or figure is None:
        return _Voice(criterion, answer, answer.speaks, None)
    finding = find(criterion, answer, rule, figure)
    return _Voice(criterion, answer, _measured(answer, finding), finding)


def _measured(answer: Answer, finding: Finding) -> Mapping[str, int]:
    """What the answer says by the figures: a side that meets the need has all the support that
    either side is cited for, one that does not meet it has none."""
    if not finding.counts:
        return answer.speaks
    best = max(0, *(answer.speaks.get(side, 0) for side in finding.passes))
    measured = {
        side: best if is_met else min(0, answer.speaks.get(side, 0))
        for side, is_met in finding.passes.items()
    }
    return {**answer.speaks, **measured}


def _weigh(chart: Chart, voices: list[_Voice]) -> _Verdict:
    standings = [
        Standing(
            outcome,
            sum(voice.points(outcome.id) for voice in voices),
            tuple(
                (voice.criterion.id, voice.answer.id)
                for voice in voices
                if outcome.id in voice.answer.vetoes
            ),
        )
        for outcome in chart.outcomes
    ]
    ordered = tuple(sorted(standings, key=lambda one: (bool(one.ruled_out_by), -one.points)))
    state, leaders = _leaders([one for one in ordered if not one.ruled_out_by])
    return _Verdict(state, leaders, ordered)


def _leaders(still_open: list[Standing]) -> tuple[State, tuple[Outcome, ...]]:
    if not still_open:
        return State.ALL_VETOED, ()
    best = still_open[0].points
    first = tuple(one.outcome for one in still_open if one.points == best)
    if len(still_open) == 1:
        return State.DECIDED, first
    if best <= 0:
        return State.NOT_ENOUGH, ()
    return (State.DECIDED if len(first) == 1 else State.TIED), first


def _reasons(voices: list[_Voice], verdict: _Verdict) -> list[Reason]:
    """What was said of the first of the leaders, heaviest first; of equals as asked."""
    if not verdict.leaders:
        return []
    leader = verdict.leaders[0].id
    found = [
        Reason(voice.criterion, voice.answer, voice.points(leader), voice.finding)
        for voice in voices
    ]
    return sorted(found, key=lambda one: -abs(one.points))


def _changes(
    chart: Chart, answers: Answers, figures: Figures, verdict: _Verdict
) -> tuple[Change, ...]:
    """Each single answer that would turn the outcome, found by trying all of them."""
    if verdict.state is State.NOT_ENOUGH:
        # Every answer would turn it: that says nothing.
        return ()
    voices = {voice.criterion.id: voice for voice in _voices(chart, answers, figures)}
    found = []
    for criterion in chart.criteria:
        before = voices.get(criterion.id)
        for answer in criterion.answers:
            if before is not None and before.answer.id == answer.id:
                continue
            after = _voice(criterion, answer, figures)
            tried = {**voices, criterion.id: after}
            turned = _weigh(chart, [tried[c.id] for c in chart.criteria if c.id in tried])
            if turned.is_other_than(verdict):
                old = before.answer if before is not None else None
                size = _size(chart, before, after)
                found.append(Change(criterion, old, answer, turned.state, turned.leaders, size))
    return tuple(sorted(found, key=lambda one: one.size))


def _size(chart: Chart, before: _Voice | None, after: _Voice) -> int:
    """Points that move, over all outcomes; a veto that comes or goes counts as the strongest."""
    total = 0
    for outcome in chart.outcomes:
        was = before.points(outcome.id) if before is not None else 0
        total += abs(after.points(outcome.id) - was)
        had = before is not None and outcome.id in before.answer.vetoes
        if had is not (outcome.id in after.answer.vetoes):
            total += 3 * after.criterion.weight
    return total
