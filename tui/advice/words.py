"""The advice in whole sentences, as lines of plain text; the record and the prompt share them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui.advice.model import Advice, Change, Chart, Outcome, Reason, State

_MOST_CHANGES = 8
_THIN = 5
"""Fewer answers than this are a leaning more than an answer."""


def lines(chart: Chart, advice: Advice) -> Iterator[str]:
    """The whole result for a terminal."""
    yield headline(advice)
    yield from (f"  {outcome.title}" for outcome in advice.leaders)
    yield answered(advice)
    if (told := by_figures(advice)) is not None:
        yield told
    for title, found in ((why(advice), advice.reasons), (against(advice), advice.doubts)):
        if found:
            yield from ("", f"{title}:")
            yield from (line for reason in found for line in _reason(reason))
    yield from _section("Ruled out", ruled_out(chart, advice))
    yield from _section("Measured on this host", [one.says for one in advice.findings])
    yield from _section("Answers that fight", [one.says for one in advice.conflicts])
    yield from _section("What would change the answer", changes(advice))
    yield from ("", "Points:")
    yield from (f"  {line}" for line in standings(advice))


def why(advice: Advice) -> str:
    """The heading of the reasons, which are those of the first outcome of a tie."""
    return f"Why {advice.leaders[0].name}" if advice.state is State.TIED else "Why"


def against(advice: Advice) -> str:
    """The heading of what speaks against the same outcome."""
    it = advice.leaders[0].name if advice.state is State.TIED else "it"
    return f"What speaks against {it}"


def _section(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield from ("", f"{title}:")
        yield from (f"  - {item}" for item in items)


def headline(advice: Advice) -> str:
    """The answer in one line."""
    match advice.state:
        case State.DECIDED:
            return f"Answer: {advice.leaders[0].name}"
        case State.TIED:
            return f"Answer: a tie between {names(advice.leaders)}"
        case State.ALL_VETOED:
            return "No answer: your answers rule out every outcome"
        case State.NOT_ENOUGH:
            return "No answer: not enough answers to choose by"


def answered(advice: Advice) -> str:
    """How much the answer rests on."""
    count = len(advice.answers)
    told = f"{count} of {advice.asked} questions answered"
    if advice.state is State.NOT_ENOUGH:
        return f"{told}; nothing in them speaks for an outcome."
    return f"{told}; take it as a leaning." if count < _THIN else f"{told}."


def by_figures(advice: Advice) -> str | None:
    """What this host's figures turned; None when they turned nothing."""
    if advice.without_figures is None:
        return None
    other = names(advice.without_figures) if advice.without_figures else "no answer"
    return f"This host's own figures decide it: by the cited ones alone it would be {other}."


def names(outcomes: Sequence[Outcome]) -> str:
    """`VM`, `VM and Kata Containers`, `VM, microVM and gVisor`."""
    told = [outcome.name for outcome in outcomes]
    return " and ".join((", ".join(told[:-1]), told[-1])) if len(told) > 1 else "".join(told)


def _reason(reason: Reason) -> Iterator[str]:
    yield f"  {reason.points:+} {reason.answer.because} ({reason.criterion.id}={reason.answer.id})"
    yield f"      {basis(reason)}"
    yield from (f"      {source.citation}" for source in reason.criterion.sources[:1])


def basis(reason: Reason) -> str:
    """The figure of this host where one counts, else what the sources say."""
    if reason.finding is not None and reason.finding.counts:
        return reason.finding.says
    return f"Cited: {reason.criterion.cited}"


def ruled_out(chart: Chart, advice: Advice) -> list[str]:
    """A line for each outcome that answers veto, with which."""
    return [
        f"{one.outcome.name}: {' '.join(_because(chart, veto) for veto in one.ruled_out_by)}"
        for one in advice.standings
        if one.ruled_out_by
    ]


def _because(chart: Chart, veto: tuple[str, str]) -> str:
    criterion = chart.criterion(veto[0])
    answer = criterion.answer(veto[1]) if criterion else None
    return f"{answer.because if answer else ''} ({veto[0]}={veto[1]})"


def changes(advice: Advice, most: int = _MOST_CHANGES) -> list[str]:
    """The smallest single changes, a line each; how many more there are is told."""
    told = [_change(one) for one in advice.changes[:most]]
    left = len(advice.changes) - len(told)
    return [*told, f"and {left} more, all of them in --json"] if left > 0 else told


def _change(change: Change) -> str:
    before = f" instead of {change.before.id}" if change.before is not None else ""
    match change.state:
        case State.ALL_VETOED:
            after = "every outcome is ruled out"
        case State.NOT_ENOUGH:
            after = "there is no answer left"
        case State.TIED:
            after = f"a tie between {names(change.leaders)}"
        case State.DECIDED:
            after = names(change.leaders)
    return f"{change.criterion.id}={change.after.id}{before} ({change.after.text}): {after}"


def standings(advice: Advice) -> list[str]:
    """Points of all outcomes on one line each."""
    wide = max(len(one.outcome.name) for one in advice.standings)
    return [
        f"{one.outcome.name:<{wide}}  {one.points:>4}{'  ruled out' if one.ruled_out_by else ''}"
        for one in advice.standings
    ]


def questions(chart: Chart) -> Iterator[str]:
    """Every question with its answers, for a list."""
    for criterion in chart.criteria:
        yield f"{criterion.id}: {criterion.question}"
        wide = max(len(answer.id) for answer in criterion.answers)
        yield from (f"  {answer.id:<{wide}}  {answer.text}" for answer in criterion.answers)
