"""What holds for any answers at all: it ends, never raises, is the same again, and is monotone."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import escaped
from tui.advice.as_json import advice_json
from tui.advice.chart import load_chart
from tui.advice.decide import decide
from tui.advice.evidence import wanted_metrics
from tui.advice.interview import Interview
from tui.advice.model import Advice, Chart, Figure, State
from tui.advice.record import record
from tui.advice.words import lines

CHART = load_chart()
any_answers = st.fixed_dictionaries(
    {}, optional={c.id: st.sampled_from([a.id for a in c.answers]) for c in CHART.criteria}
)
values = st.floats(1e-6, 1e12)
any_figure = st.builds(
    Figure,
    metric=st.just(""),
    title=st.just("a figure"),
    unit=st.sampled_from(["s", "B", "IOPS", ""]),
    is_more_better=st.booleans(),
    vm=values,
    container=values,
    ratio=st.none() | values,
    is_alike=st.booleans(),
    readings=st.integers(1, 99),
    run_id=st.just("nginx-1"),
    accelerator=st.sampled_from(["kvm", "tcg", ""]),
    unfit=st.sampled_from(["", "", "it was emulated"]),
)
any_figures = st.dictionaries(st.sampled_from(sorted(wanted_metrics(CHART))), any_figure)


def points(advice: Advice) -> dict[str, int]:
    return {one.outcome.id: one.points for one in advice.standings}


def heavier(chart: Chart, criterion_id: str, by: int) -> Chart:
    criteria = tuple(
        replace(one, weight=one.weight + by) if one.id == criterion_id else one
        for one in chart.criteria
    )
    return replace(chart, criteria=criteria)


@given(any_answers, any_figures)
def test_it_ends_without_raising_and_is_the_same_again(
    answers: dict[str, str], figures: dict[str, Figure]
) -> None:
    advice = decide(CHART, answers, figures)
    assert advice == decide(CHART, dict(reversed(answers.items())), figures)
    told = "\n".join([*lines(CHART, advice), record(CHART, advice, "2026-01-31")])
    assert escaped(told) == []
    json.dumps(advice_json(advice), allow_nan=False)


@given(any_answers, any_figures)
def test_what_is_vetoed_never_leads(answers: dict[str, str], figures: dict[str, Figure]) -> None:
    advice = decide(CHART, answers, figures)
    vetoed = {one.outcome for one in advice.standings if one.ruled_out_by}
    assert vetoed.isdisjoint(advice.leaders)
    assert (advice.state is State.ALL_VETOED) == (len(vetoed) == len(CHART.outcomes))
    assert bool(advice.leaders) == (advice.state in (State.DECIDED, State.TIED))


@given(any_answers, any_figures, st.sampled_from(CHART.criteria), st.integers(1, 50))
def test_a_heavier_criterion_never_lowers_what_it_speaks_for(
    answers: dict[str, str], figures: dict[str, Figure], criterion: object, by: int
) -> None:
    name = criterion.id  # type: ignore[attr-defined]
    light = points(decide(CHART, answers, figures))
    heavy = points(decide(heavier(CHART, name, by), answers, figures))
    gained = {outcome: (heavy[outcome] - light[outcome]) // by for outcome in light}
    for_it = [outcome for outcome, strength in gained.items() if strength > 0]
    not_for_it = [outcome for outcome, strength in gained.items() if strength <= 0]
    if name not in answers:
        assert heavy == light
    for one in for_it:
        for other in not_for_it:
            assert heavy[one] - heavy[other] > light[one] - light[other]


@given(any_answers, any_figures)
def test_a_heavier_criterion_never_takes_the_lead_from_what_it_speaks_for_alone(
    answers: dict[str, str], figures: dict[str, Figure]
) -> None:
    advice = decide(CHART, answers, figures)
    for reason in advice.reasons:
        after = decide(heavier(CHART, reason.criterion.id, 7), answers, figures)
        against = {
            outcome.id for outcome in CHART.outcomes if reason.answer.speaks.get(outcome.id, 0) <= 0
        } - {"vm", "container"}
        assert not against & {one.id for one in after.leaders} - {
            one.id for one in advice.leaders
        }, reason.criterion.id


@given(any_answers)
def test_figures_that_do_not_count_change_nothing(answers: dict[str, str]) -> None:
    unfit = Figure("", "x", "s", False, 1.0, 9.0, 0.1, False, 3, "nginx-1", "tcg", "emulated")
    figures = dict.fromkeys(wanted_metrics(CHART), unfit)
    assert decide(CHART, answers, figures).standings == decide(CHART, answers).standings


@given(any_answers)
def test_every_single_change_told_does_turn_the_answer(answers: dict[str, str]) -> None:
    advice = decide(CHART, answers)
    for change in advice.changes:
        after = decide(CHART, {**answers, change.criterion.id: change.after.id})
        assert (after.state, after.leaders) == (change.state, change.leaders)
        assert (after.state, after.leaders) != (advice.state, advice.leaders)


@given(st.lists(st.sampled_from(["answer", "skip", "back"]), max_size=200))
def test_an_interview_stays_within_its_questions_and_skipping_ends_it(moves: list[str]) -> None:
    interview = Interview(CHART)
    for move in moves:
        match move:
            case "answer" if interview.question is not None:
                interview = interview.answer(interview.question.answers[0].id)
            case "skip":
                interview = interview.skip()
            case "back":
                interview = interview.back()
        assert 0 <= interview.at <= len(CHART.criteria)
    for _ in CHART.criteria:
        interview = interview.skip()
    assert interview.question is None
