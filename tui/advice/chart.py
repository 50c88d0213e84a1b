"""Reads the decision chart from its TOML files, strictly: an error names the file and the key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui.accelerator import KNOWN
from tui.advice.model import Answer, Chart, Conflict, Criterion, Outcome, Rule, Source
from tui.core.reading import MIB, read_bounded
from tui.core.reasons import place_in, reason_of
from tui.errors import ChartError

SHIPPED = Path(__file__).resolve().parent
QUESTIONS = ("kernel.toml", "trust.toml", "load.toml", "operation.toml")
"""In the order they are asked."""
STRONGEST = 3
_HEAVIEST = 100
_READ = ("text", "abstract", "quoted", "title")


class Table:
    """One table of a file: every value is asked for by name and type."""

    def __init__(self, file: Path, place: str, values: object, keys: Sequence[str]) -> None:
        self._file = file
        self._place = place
        if not isinstance(values, dict):
            raise ChartError(f"{file}: {place}: expected a table")
        self._values: Mapping[str, Any] = values
        for key in values:
            if key not in keys:
                raise self.error(key, f"unknown key; known are {', '.join(keys)}")

    def error(self, key: str, problem: str) -> ChartError:
        """The error to raise for that key."""
        return ChartError(f"{self._file}: {self._place}.{key}: {problem}")

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._values

    def text(self, key: str) -> str:
        """A text that is not empty. Raises ChartError."""
        value = self._values.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "expected a text")
        return value

    def whole(self, key: str, least: int, most: int) -> int:
        """A whole number in that range. Raises ChartError."""
        value = self._values.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.error(key, f"expected a whole number from {least} to {most}")
        return value

    def number(self, key: str) -> float | None:
        """A number above 0, or None when the key is missing. Raises ChartError."""
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e15:
            raise self.error(key, "expected a number above 0")
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, () when the key is missing. Raises ChartError."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.error(key, "expected a list of texts")
        return tuple(value)

    def inner(self, key: str, keys: Sequence[str]) -> Table:
        """The table of that key. Raises ChartError."""
        return Table(self._file, f"{self._place}.{key}", self._values.get(key), keys)

    def tables(self, key: str, keys: Sequence[str]) -> Iterator[Table]:
        """The tables of an array of tables, of which there must be one. Raises ChartError."""
        value = self._values.get(key)
        if not isinstance(value, list) or not value:
            raise self.error(key, f"expected [[{key}]]")
        for number, one in enumerate(value):
            name = one.get("id") if isinstance(one, dict) else None
            told = name if isinstance(name, str) else str(number)
            yield Table(self._file, f"{self._place}.{key}[{told}]", one, keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are there."""
        return tuple(self._values)


def load_chart(folder: Path = SHIPPED) -> Chart:
    """The chart of that folder. Raises ChartError."""
    outcomes = tuple(_outcomes(_file(folder / "outcomes.toml", "outcome")))
    sources = {one.id: one for one in _sources(_file(folder / "sources.toml", "source"))}
    names = tuple(one.id for one in outcomes)
    criteria = tuple(
        criterion
        for file in QUESTIONS
        for criterion in _criteria(_file(folder / file, "criterion"), names, sources)
    )
    ids = [one.id for one in criteria]
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise ChartError(f"{folder}: criterion[{twice}].id: stands there twice")
    chart = Chart(outcomes, criteria, ())
    conflicts = tuple(_conflicts(_file(folder / "conflicts.toml", "conflict"), chart))
    return Chart(outcomes, criteria, conflicts)


def _file(file: Path, key: str) -> Table:
    try:
        values = tomllib.loads(read_bounded(file, MIB, is_plain=True).decode())
    except OSError as error:
        raise ChartError(f"{file}: cannot be read: {reason_of(error)}") from error
    except (ValueError, RecursionError) as error:
        raise ChartError(f"{file}: malformed TOML{place_in(error)}") from error
    return Table(file, "", values, (key,))


def _outcomes(file: Table) -> Iterator[Outcome]:
    for one in file.tables("outcome", ("id", "name", "title", "consequences")):
        yield Outcome(
            one.text("id"), one.text("name"), one.text("title"), one.texts("consequences")
        )


def _sources(file: Table) -> Iterator[Source]:
    for one in file.tables("source", ("id", "by", "title", "year", "address", "read")):
        address, read = one.text("address"), one.text("read")
        if not address.startswith("https://"):
            raise one.error("address", "expected https://…")
        if read not in _READ:
            raise one.error("read", f"expected {', '.join(_READ)}")
        yield Source(
            one.text("id"),
            one.text("by"),
            one.text("title"),
            one.whole("year", 1990, 2100),
            address,
            read,
        )


def _criteria(
    file: Table, outcomes: Sequence[str], sources: Mapping[str, Source]
) -> Iterator[Criterion]:
    keys = ("id", "question", "why", "weight", "cited", "sources", "answer", "by_accelerator")
    for one in file.tables("criterion", keys):
        named = one.texts("sources")
        unknown = next((name for name in named if name not in sources), None)
        if unknown is not None or not named:
            raise one.error("sources", f"no source {unknown}" if unknown else "expected a source")
        answers = tuple(_answers(one, outcomes))
        yield Criterion(
            id=one.text("id"),
            question=one.text("question"),
            why=one.text("why"),
            weight=one.whole("weight", 1, _HEAVIEST),
            cited=one.text("cited"),
            sources=tuple(sources[name] for name in named),
            answers=answers,
            by_accelerator=_by_accelerator(one, [answer.id for answer in answers]),
        )


def _by_accelerator(criterion: Table, answers: Sequence[str]) -> Mapping[str, str]:
    if not criterion.has("by_accelerator"):
        return {}
    table = criterion.inner("by_accelerator", KNOWN)
    found = {key: table.text(key) for key in table.keys}
    for key, answer in found.items():
        if answer not in answers:
            raise table.error(key, f"no answer {answer}")
    return found


def _answers(criterion: Table, outcomes: Sequence[str]) -> Iterator[Answer]:
    keys = ("id", "text", "because", "speaks", "vetoes", "measured")
    for one in criterion.tables("answer", keys):
        speaks = one.inner("speaks", outcomes)
        vetoes = one.texts("vetoes")
        unknown = next((name for name in vetoes if name not in outcomes), None)
        if unknown is not None:
            raise one.error("vetoes", f"no outcome {unknown}")
        yield Answer(
            id=one.text("id"),
            text=one.text("text"),
            because=one.text("because"),
            speaks={key: speaks.whole(key, -STRONGEST, STRONGEST) for key in speaks.keys},
            vetoes=vetoes,
            measured=_rule(one) if one.has("measured") else None,
        )


def _rule(answer: Table) -> Rule:
    rule = answer.inner("measured", ("metric", "limit", "share"))
    found = Rule(rule.text("metric"), rule.number("limit"), rule.number("share"))
    if (found.limit is None) == (found.share is None):
        raise answer.error("measured", "expected either limit or share")
    return found


def _conflicts(file: Table, chart: Chart) -> Iterator[Conflict]:
    for one in file.tables("conflict", ("answers", "says")):
        pair = [_known(one, text, chart) for text in one.texts("answers")]
        if len(pair) != 2:
            raise one.error("answers", 'expected two, as in ["guest=other-os", "code=own"]')
        yield Conflict(pair[0], pair[1], one.text("says"))


def _known(table: Table, text: str, chart: Chart) -> tuple[str, str]:
    name, _, value = text.partition("=")
    criterion = chart.criterion(name)
    if criterion is None or criterion.answer(value) is None:
        raise table.error("answers", f"no answer {text}")
    return name, value
