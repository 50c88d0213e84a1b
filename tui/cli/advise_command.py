"""`twindeck advise`: asks what the software needs, and says which of VM and container fits."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from tui.cli.session import Settings, say
from tui.cli.tables import print_json, put
from tui.core.files import replace_file
from tui.core.guard import Guard
from tui.errors import ChartError, StoreError, UsageError

if TYPE_CHECKING:
    from tui.advice.decide import Figures
    from tui.advice.interview import Interview
    from tui.advice.model import Chart, Criterion

_STDOUT = "-"
_MOVES = "a number, s to skip, b to go back, w for why it is asked, f to finish"


def _complete_answer(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Every `ID=ANSWER` that begins so."""
    from tui.advice.chart import load_chart

    try:
        criteria = load_chart().criteria
    except ChartError:
        return []
    pairs = ((f"{one.id}={answer.id}", answer.text) for one in criteria for answer in one.answers)
    return [CompletionItem(pair, help=text) for pair, text in pairs if pair.startswith(incomplete)]


@click.command()
@click.option(
    "--answers",
    "answers_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='Answers from a TOML file of ID = "ANSWER".',
)
@click.option(
    "--answer",
    "answer",
    multiple=True,
    metavar="ID=ANSWER",
    shell_complete=_complete_answer,
    help="One answer, which counts before the file's; may be given more than once.",
)
@click.option("--questions", is_flag=True, help="List the questions with their answers.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--adr",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Write a decision record in Markdown; - for stdout.",
)
@click.pass_obj
def advise(
    settings: Settings,
    answers_file: Path | None,
    answer: Sequence[str],
    questions: bool,
    as_json: bool,
    adr: Path | None,
) -> None:
    """Say whether a VM, a container or something between fits, and why.

    Asks one question at a time on a terminal, unless answers are given. Where this host has
    compared a workload before, its own figures count in place of cited ones.
    """
    from tui.advice.chart import load_chart

    if adr is not None and str(adr) != _STDOUT:
        settings.guard.refuse(f"write {adr}")
    if as_json and str(adr) == _STDOUT:
        raise UsageError("--json and --adr - both want stdout", "name a file: --adr FILE")
    chart = load_chart()
    if questions:
        _list_questions(chart, as_json)
        return
    given = _given(chart, answers_file, answer)
    _conclude(chart, given, _figures(chart, settings.guard), as_json, adr)


def _list_questions(chart: Chart, as_json: bool) -> None:
    from tui.advice.as_json import chart_json
    from tui.advice.words import questions

    if as_json:
        print_json(chart_json(chart))
        return
    for line in questions(chart):
        put(line)


def _given(chart: Chart, file: Path | None, pairs: Sequence[str]) -> dict[str, str]:
    """The answers: of the file and the options, else asked for. Raises UsageError."""
    from tui.advice.answers import read_answers, read_pairs

    if file is not None or pairs:
        return {**(read_answers(file, chart) if file else {}), **read_pairs(pairs, chart)}
    if not _has_terminal():
        raise UsageError(
            "there is no terminal to ask on, and no answer is given",
            "give --answers FILE or --answer ID=ANSWER; --questions lists them",
        )
    from tui.advice.interview import Interview

    return _ask(Interview(chart))


def _has_terminal() -> bool:
    return sys.stdin.isatty()


def _figures(chart: Chart, guard: Guard) -> Figures:
    """What this host measured; nothing where the history cannot be read, which is told."""
    from tui.advice.evidence import gather, wanted_metrics
    from tui.lab.hardware import hardware
    from tui.run_store import Runs
    from tui.store import Store

    try:
        store = Store(guard=guard)
        try:
            return gather(Runs(store), wanted_metrics(chart), hardware())
        finally:
            store.close()
    except StoreError as error:
        say(f"twindeck: {error.line}")
        say("the cited figures alone are used")
        return {}


def _conclude(
    chart: Chart, given: dict[str, str], figures: Figures, as_json: bool, adr: Path | None
) -> None:
    from tui.advice.as_json import advice_json
    from tui.advice.decide import decide
    from tui.advice.words import lines

    advice = decide(chart, given, figures)
    if adr is not None:
        from tui.advice.record import record

        text = record(chart, advice, time.strftime("%Y-%m-%d"))
        if str(adr) == _STDOUT:
            put(text, nl=False)
            return
        replace_file(adr, text)
        say(f"wrote {adr}")
    if as_json:
        print_json(advice_json(advice))
        return
    for line in lines(chart, advice):
        put(line)


def _ask(interview: Interview) -> dict[str, str]:
    """One question after another on stderr, so that stdout carries the result alone."""
    say(f"{len(interview.chart.criteria)} questions; enter skips one. Answer with {_MOVES}.")
    while (criterion := interview.question) is not None:
        _show(criterion, interview)
        interview = _move(criterion, interview)
    return dict(interview.answers)


def _show(criterion: Criterion, interview: Interview) -> None:
    say("")
    say(f"[{interview.at + 1}/{len(interview.chart.criteria)}] {criterion.question}")
    for number, answer in enumerate(criterion.answers, 1):
        mark = "*" if answer.id == interview.given else " "
        say(f" {mark}{number}  {answer.text}")
    if criterion.by_accelerator:
        _tell_of_this_host(criterion)


def _tell_of_this_host(criterion: Criterion) -> None:
    """What this host would answer, for whoever means to run it here; nothing when it is not known.

    Never an answer by itself: the software may be meant for another host.
    """
    from tui import accelerator

    seen = accelerator.read() or ""
    found = criterion.answer(criterion.by_accelerator.get(seen, ""))
    if found is not None:
        number = criterion.answers.index(found) + 1
        say(f"   on this host: {number}, as a guest was last booted with {seen}")


def _move(criterion: Criterion, interview: Interview) -> Interview:
    """Ask until an answer moves the interview."""
    while True:
        word = click.prompt("answer", default="s", show_default=False, err=True).strip().lower()
        match word:
            case "s" | "skip":
                return interview.skip()
            case "b" | "back":
                return interview.back()
            case "f" | "finish":
                return interview.finish()
            case "w" | "why" | "?":
                _explain(criterion)
            case _:
                chosen = _chosen(criterion, word)
                if chosen is not None:
                    return interview.answer(chosen)
                say(f"{word}: not one of 1 to {len(criterion.answers)} → answer with {_MOVES}")


def _chosen(criterion: Criterion, word: str) -> str | None:
    """The id of the answer of that number or id."""
    if word.isdecimal() and word.isascii() and 1 <= int(word[:4]) <= len(criterion.answers):
        return criterion.answers[int(word[:4]) - 1].id
    found = criterion.answer(word)
    return found.id if found else None


def _explain(criterion: Criterion) -> None:
    say(f"   {criterion.why}")
    say(f"   {criterion.cited}")
    for source in criterion.sources:
        say(f"   {source.citation}")


COMMANDS: dict[str, click.Command] = {"advise": advise}
