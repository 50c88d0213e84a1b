"""Figures and words as HTML: the number stands out from what belongs to it.

Whatever an engine, a user or an imported file may have written passes through `safe`.
"""

from __future__ import annotations

import re
from html import escape

from tui.lab.reports.words import floor_text, ratio_number, without_winner
from tui.results import Arm, Cell, Line, Ratio
from tui.text import clean
from tui.units import DASH, figure, interval

_CODE = re.compile(r"`([^`<>]+)`")
_PERCENT = "\u00a0%"
"""A number and its sign stay on one line."""


def safe(text: str) -> str:
    """As text of the page, or of an attribute in double quotes."""
    return escape(clean(text))


def with_code(text: str) -> str:
    """As `safe`, with what stands in backticks as code."""
    return _CODE.sub(r"<code>\1</code>", safe(text))


def cell_html(cell: Cell) -> str:
    """One side of a row."""
    if cell.value is None:
        return _missing(cell.reason)
    if isinstance(cell.value, str):
        return f'<span class="fact">{safe(cell.value)}</span>'
    ends = interval(cell.low, cell.high, cell.unit)
    return _number(cell.value, cell.unit) + _beside(ends, f"n = {len(cell.samples)}")


def arm_html(line: Line, arm: Arm) -> str:
    """What a line has on one arm; empty where it was not measured."""
    if arm in line.estimates:
        found = line.estimates[arm]
        unit = line.metric.unit
        ends = interval(found.low, found.high, unit)
        count = f"n = {found.n}"
        if found.n_failed:
            count += f", {found.n_failed} of {found.n + found.n_failed} failed"
        spread = f"MAD {figure(found.mad, unit)}" if found.n > 2 else ""
        return _number(found.median, unit) + _beside(ends, count, spread)
    if arm in line.facts:
        return f'<span class="fact">{safe(line.facts[arm])}</span>'
    return _missing(line.reasons[arm]) if arm in line.reasons else ""


def ratio_html(ratio: Ratio | None) -> str:
    """How many times more or less the VM has, or in words that there is no difference."""
    if ratio is None:
        return ""
    floor = "" if ratio.floor is None else floor_text(ratio.floor)
    words = without_winner(ratio)
    if words:
        return f'<span class="none">{safe(words)}</span>' + _beside(ratio_number(ratio), floor)
    number = ratio_number(ratio)
    pairs = "1 pair" if ratio.n == 1 else f"{ratio.n} pairs"
    times, _, word = ratio.size.partition("x ")
    words = f'<strong>{times}×</strong><span class="unit"> {safe(word)}</span>'
    return words + _beside("", f"ratio {number}", pairs, floor)


def _number(value: float, unit: str) -> str:
    text = figure(value, unit)
    number, space, rest = text.partition(" ")
    if " " in rest and unit == "s":  # 2 m 05 s
        return f"<strong>{safe(text)}</strong>"
    unit_html = f'<span class="unit">{safe(space + rest)}</span>' if rest else ""
    return f'<span class="whole"><strong>{safe(number)}</strong>{unit_html}</span>'


def _beside(*texts: str) -> str:
    told = [
        text if n or not text or text[0] == "[" else f"[{text}]" for n, text in enumerate(texts)
    ]
    line = " · ".join(text for text in told if text)
    return f"<small>{safe(line.replace(' %', _PERCENT))}</small>"


def _missing(reason: str) -> str:
    return f'<span class="none">{DASH}</span><small>{safe(reason)}</small>'
