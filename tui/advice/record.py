"""The advice as a Markdown decision record: context, decision, reasons, consequences, answers."""

from __future__ import annotations

from collections.abc import Iterator

from tui.advice.model import Advice, Chart, Reason, State
from tui.advice.words import (
    against,
    answered,
    basis,
    by_figures,
    changes,
    names,
    ruled_out,
    why,
)
from tui.lab.reports.markdown import safe

_ALL = 10_000


def record(chart: Chart, advice: Advice, day: str) -> str:
    """The whole record; `day` is the date it bears, as `2026-01-31`."""
    return "\n".join(_lines(chart, advice, day)) + "\n"


def _lines(chart: Chart, advice: Advice, day: str) -> Iterator[str]:
    yield f"# {_title(advice)}"
    yield from ("", f"Date: {day}", "", f"Status: {_status(advice)}")
    yield from ("", "## Context", "")
    yield safe(
        f"Where the software is to run was asked of the chart of Twindeck. {answered(advice)}"
    )
    for one in advice.conflicts:
        yield from ("", f"Two answers fight: {safe(one.says)}")
    yield from ("", "## Decision", "")
    yield from _decision(advice)
    yield from _reasons("Reasons" if why(advice) == "Why" else why(advice), advice.reasons)
    yield from _reasons(against(advice), advice.doubts)
    yield from _list("Ruled out", ruled_out(chart, advice))
    yield from _list("Measured on this host", [one.says for one in advice.findings])
    kept = [text for outcome in advice.leaders for text in outcome.consequences]
    yield from _list("Consequences", list(dict.fromkeys(kept)))
    yield from _list("What would change it", changes(advice, _ALL))
    yield from _answers(chart, advice)


def _title(advice: Advice) -> str:
    if advice.state is State.DECIDED:
        return safe(f"Run it in: {advice.leaders[0].name}")
    if advice.state is State.TIED:
        return safe(f"Undecided between {names(advice.leaders)}")
    return "Undecided"


def _status(advice: Advice) -> str:
    return "proposed" if advice.state is State.DECIDED else f"open ({advice.state})"


def _decision(advice: Advice) -> Iterator[str]:
    match advice.state:
        case State.NOT_ENOUGH:
            yield "None: the answers given speak for no outcome."
        case State.ALL_VETOED:
            yield "None: the answers given rule out every outcome. One of them has to be given up."
        case _:
            yield from (f"- **{safe(one.name)}**: {safe(one.title)}" for one in advice.leaders)
    if (told := by_figures(advice)) is not None:
        yield from ("", safe(told))


def _reasons(title: str, found: tuple[Reason, ...]) -> Iterator[str]:
    if not found:
        return
    yield from ("", f"## {title}", "", "Heaviest first, with the points each gives.", "")
    for reason in found:
        yield f"- **{reason.points:+}** {safe(reason.answer.because)} {safe(basis(reason))}"
        for one in reason.criterion.sources:
            yield f"  - {safe(one.by)}: [{safe(one.title)}]({one.address}), {one.year}"


def _list(title: str, items: list[str]) -> Iterator[str]:
    if items:
        yield from ("", f"## {title}", "")
        yield from (f"- {safe(item)}" for item in items)


def _answers(chart: Chart, advice: Advice) -> Iterator[str]:
    yield from ("", "## Answers given", "")
    if not advice.answers:
        yield "None."
        return
    yield from ("| question | answer |", "| --- | --- |")
    for criterion in chart.criteria:
        answer = criterion.answer(advice.answers.get(criterion.id, ""))
        if answer is not None:
            key = f"`{criterion.id}={answer.id}`"
            yield f"| {safe(criterion.question)} | {safe(answer.text)} ({key}) |"
    yield from ("", "As a file for `twindeck advise --answers FILE`:", "", "```toml")
    yield from (f'{name} = "{value}"' for name, value in advice.answers.items())
    yield "```"
