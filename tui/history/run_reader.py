"""A run and its readings out of JSON, every field checked: type, range, size, length.

The types are those the dataclasses of `tui.results` declare: msgspec reads them from there, so that
a field added there is checked without a word here. What types cannot say follows below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tui.results import Measurement, Run
from tui.text import clean

if TYPE_CHECKING:
    import msgspec

MOST_ITEMS = 10_000
"""In a list or table of one run; a real one has some dozens."""
_LARGEST, _LEAST = 1e18, 1e-18
"""Beyond them no figure of a computer lies, and ratios of two leave the range of a float."""
_LARGEST_WHOLE = 2**53
_LAST_SECOND = 253_402_214_400.0
"""The last day of the year 9999, which no calendar here goes beyond."""
_MOMENTS = frozenset({"at", "started_at", "finished_at"})
_LENGTHS = frozenset({"seconds", "busy_seconds"})
_NAMES = frozenset({"id", "metric", "workload"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""A part of a file's name, whatever the file system, and nothing to a shell or a terminal."""
_PLACE = re.compile(r" - at `\$(.*)`")

_QUOTED = re.compile(r"`([^`]*)`")
_WORDS = {
    "float": "number",
    "int": "whole number",
    "str": "text",
    "bool": "true or false",
    "null": "nothing",
    "array": "list",
    "object": "table",
}


class Unreadable(ValueError):
    """One line: which field is wrong, and what was expected there."""


def read_run(text: bytes | str) -> Run:
    """The run in that JSON, its texts cleaned. Raises Unreadable."""
    run: Run = _read(text, Run)
    if len({metric.id for metric in run.metrics}) < len(run.metrics):
        raise Unreadable("metrics: the same id twice")
    return replace(run, rows=tuple(dict.fromkeys(run.rows)))


def read_measurement(text: bytes | str) -> Measurement:
    """The reading in that JSON, its texts cleaned. Raises Unreadable."""
    taken: Measurement = _read(text, Measurement)
    return taken


def _read(text: bytes | str, kind: Any) -> Any:
    # With it come two thousand lines, which a console that opens no run does without.
    import msgspec

    try:
        found = _decoder(kind).decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Unreadable(said(error)) from error
    return _checked(found, "", "")


@lru_cache(8)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    import msgspec

    return msgspec.json.Decoder(kind)


def said(error: Exception) -> str:
    """What is wrong, in one plain line: `started_at: expected number, got text`."""
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeError):
        return "not UTF-8 text"
    text = str(error)
    place = _PLACE.search(text)
    problem = _QUOTED.sub(_in_words, _PLACE.sub("", text))
    if problem.startswith(("Expected", "Object", "Invalid", "Number", "Input")):
        problem = problem[0].lower() + problem[1:]
    return clean(f"{place[1].lstrip('.')}: {problem}" if place and place[1] else problem)


def _in_words(quoted: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(word, word) for word in quoted[1].split(" | "))


def _checked(value: Any, place: str, name: str) -> Any:
    """The value, its texts cleaned. `name` is the field's, whose meaning bounds it."""
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, str):
        return _checked_text(value, place, name)
    if isinstance(value, int | float):
        return _checked_number(value, place, name)
    if isinstance(value, tuple):
        _check_count(value, place)
        return tuple(_checked(one, f"{place}[{n}]", name) for n, one in enumerate(value))
    if isinstance(value, Mapping):
        _check_count(value, place)
        return {clean(k): _checked(one, f"{place}[…]", "") for k, one in value.items()}
    changes = {}
    for field in fields(value):
        before = getattr(value, field.name)
        where = f"{place}.{field.name}" if place else field.name
        after = _checked(before, where, field.name)
        if after is not before:
            changes[field.name] = after
    return replace(value, **changes) if changes else value


def _checked_text(value: str, place: str, name: str) -> str:
    if name in _NAMES and not _NAME.fullmatch(value):
        raise Unreadable(
            f"{place}: expected letters, digits and . _ - only, found {clean(ascii(value))[:60]}"
        )
    return clean(value)


def _checked_number(value: float, place: str, name: str) -> float:
    low, high = -_LARGEST, _LARGEST
    if isinstance(value, int):
        low, high = 0, _LARGEST_WHOLE
    elif name in _MOMENTS:
        low, high = 0.0, _LAST_SECOND
    elif name in _LENGTHS:
        low = 0.0
    is_too_small = isinstance(value, float) and value != 0 and abs(value) < _LEAST
    if not low <= value <= high or is_too_small:
        raise Unreadable(
            f"{place}: expected a number from {low:g} to {high:g}, found {value!r:.40}"
        )
    return value


def _check_count(value: tuple[Any, ...] | Mapping[str, Any], place: str) -> None:
    if len(value) > MOST_ITEMS:
        raise Unreadable(f"{place}: expected at most {MOST_ITEMS:,} entries, found {len(value):,}")
