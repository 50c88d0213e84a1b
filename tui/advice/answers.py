"""Answers given beforehand: a TOML file of `id = "answer"`, and `ID=VALUE` on a command line."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from tui.advice.model import Chart
from tui.core.reading import MIB, read_bounded
from tui.core.reasons import place_in, reason_of
from tui.errors import UsageError
from tui.text import clean

_LIST = "see twindeck advise --questions"


def read_answers(file: Path, chart: Chart) -> dict[str, str]:
    """What the file answers, in its order. Raises UsageError, which names file and key."""
    shown = clean(str(file))
    try:
        values = tomllib.loads(read_bounded(file, MIB, is_plain=True).decode())
    except OSError as error:
        raise UsageError(f"{shown}: cannot be read: {reason_of(error)}", _LIST) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown}: expected UTF-8 text, byte {error.start} is not") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{shown}: malformed TOML{place_in(error)}", 'write lines as guest = "host-kernel"'
        ) from error
    for name, value in values.items():
        if not isinstance(value, str):
            raise UsageError(f"{shown}: {clean(name)}: expected a text in quotes", _LIST)
        _check(name, value, chart, f"{shown}: ")
    return values


def read_pairs(pairs: Sequence[str], chart: Chart) -> dict[str, str]:
    """`("guest=other-os",)` as `{"guest": "other-os"}`; the last one counts. Raises UsageError."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{clean(pair)}: expected ID=ANSWER, as guest=other-os", _LIST)
        _check(name, value, chart)
        found[name] = value
    return found


def _check(name: str, value: str, chart: Chart, place: str = "") -> None:
    criterion = chart.criterion(name)
    if criterion is None:
        near = _nearest(name, [one.id for one in chart.criteria])
        raise UsageError(f"{place}no question {clean(name)}{near}", _LIST)
    if criterion.answer(value) is None:
        known = ", ".join(answer.id for answer in criterion.answers)
        raise UsageError(f"{place}{name}: no answer {clean(value)}", f"answers are {known}")


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f", did you mean {near[0]}?" if near else ""
