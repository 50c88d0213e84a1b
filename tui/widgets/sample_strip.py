"""Samples as dots on a line: how often, how far apart; pure functions, no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

# Dots of a braille cell from the bottom up, its left column, then its right one.
_LEFT = (0x40, 0x04, 0x02, 0x01)
_RIGHT = (0x80, 0x20, 0x10, 0x08)
_TALLEST = 4
_ASCII = "_.:|#"
_SAME_AXIS = 4.0


@dataclass(frozen=True, slots=True)
class Axis:
    """What the ends of a strip mean."""

    least: float
    most: float

    def place(self, value: float, places: int) -> int:
        """0 … `places` - 1; the middle where all values are one."""
        if self.most <= self.least:
            return places // 2
        share = (value - self.least) / (self.most - self.least)
        return max(0, min(places - 1, round(share * (places - 1))))


def common_axis(series: Sequence[Sequence[float]]) -> Axis | None:
    """One axis for all where they lie near enough to one another, so that the eye may compare."""
    values = [value for samples in series for value in samples]
    if len(series) < 2 or not values or min(values) <= 0:
        return None
    least, most = min(values), max(values)
    return Axis(least, most) if most / least <= _SAME_AXIS else None


def strip(
    samples: Sequence[float],
    axis: Axis,
    width: int,
    style: str,
    *,
    outliers: Sequence[int] = (),
    is_ascii: bool = False,
) -> Content:
    """`width` cells on a base line; the more samples in one place the taller, outliers marked."""
    if width < 1 or not samples:
        return Content(" " * max(0, width))
    across = 1 if is_ascii else 2
    counts = [0] * (width * across)
    odd: set[int] = set()
    for index, value in enumerate(samples):
        place = axis.place(value, len(counts))
        counts[place] += 1
        if index in outliers:
            odd.add(place // across)
    tallest = max(counts)
    steps = [_step(count, tallest) for count in counts]
    parts = []
    for cell in range(width):
        at = cell * across
        sign = _ASCII[steps[at]] if is_ascii else _braille(steps[at], steps[at + 1])
        is_bare = not any(steps[at : at + across])
        tone = "$rule" if is_bare else "$warning bold" if cell in odd else style
        parts.append(Content.styled(sign, tone))
    return Content.assemble(*parts)


def _step(count: int, tallest: int) -> int:
    """Dots above the base line: one a sample while they fit, else in proportion."""
    if count == 0 or tallest < _TALLEST:
        return count
    return max(1, round(count / tallest * (_TALLEST - 1)))


def _braille(left: int, right: int) -> str:
    return chr(0x2800 + sum(_LEFT[: left + 1]) + sum(_RIGHT[: right + 1]))
