"""Pure arithmetic of charts: thinning a series to a width, choosing ticks, sharing out cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
"""x in seconds, y in the unit of the axis."""

_DECIMAL = (1.0, 2.0, 5.0)
_IEC_STEPS = tuple(2.0**power for power in range(10))
_IEC_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark on an axis."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Thinned:
    """A series fit to draw: at most two points a column, and where the line is broken."""

    points: tuple[Point, ...]
    breaks: frozenset[int]
    """Indices of points with a gap before them."""


def thin(
    xs: Sequence[float],
    ys: Sequence[float | None],
    *,
    start: float,
    end: float,
    columns: int,
    gap: float,
) -> Thinned:
    """Keep the lowest and the highest point of each column, in the order they happened.

    `xs` ascends. Points outside `start`..`end` are left out. The line breaks where a y is None or
    two points lie more than `gap` apart; gaps narrower than a column are not shown.
    """
    if columns < 1 or end <= start:
        return Thinned((), frozenset())
    width = (end - start) / columns
    buckets: list[list[Point]] = []
    breaks: set[int] = set()
    current, previous_x, is_broken = -1, -math.inf, True
    for x, y in zip(xs, ys, strict=True):
        if not start <= x <= end:
            continue
        if y is None:
            is_broken = True
            continue
        column = min(columns - 1, int((x - start) / width))
        if column != current:
            if is_broken or x - previous_x > gap:
                breaks.add(len(buckets))
            buckets.append([])
            current = column
        buckets[-1].append((x, y))
        previous_x, is_broken = x, False
    return _flatten(buckets, breaks)


def _flatten(buckets: list[list[Point]], broken_buckets: set[int]) -> Thinned:
    points: list[Point] = []
    breaks: set[int] = set()
    for index, bucket in enumerate(buckets):
        if index in broken_buckets:
            breaks.add(len(points))
        low = min(bucket, key=lambda point: point[1])
        high = max(bucket, key=lambda point: point[1])
        points.extend(sorted({low, high}))
    return Thinned(tuple(points), frozenset(breaks))


def percent_ticks(highest: float, count: int) -> tuple[Tick, ...]:
    """Ticks from 0 to at least `highest` per cent in steps of 1, 2 or 5 times a power of ten."""
    step = _step(max(highest, 1.0), count, _DECIMAL, 10.0)
    digits = max(0, -math.floor(math.log10(step)))
    return tuple(Tick(v, f"{v:.{digits}f}%") for v in _values(highest, step))


def byte_ticks(highest: float, count: int) -> tuple[Tick, ...]:
    """Ticks from 0 to at least `highest` bytes in steps of a power of two, IEC labels."""
    step = _step(max(highest, 4.0), count, _IEC_STEPS, 1024.0)
    values = _values(highest, step)
    power = min(len(_IEC_UNITS) - 1, int(math.log(max(values[-1], 1.0), 1024) + 1e-9))
    if step < 1024.0**power / 8:
        power -= 1
    unit, divisor = _IEC_UNITS[power], 1024.0**power
    return tuple(Tick(v, f"{v / divisor:g} {unit}" if v else "0") for v in _values(highest, step))


def second_ticks(highest: float, count: int) -> tuple[Tick, ...]:
    """At most `count` steps of 1, 2 or 5 times a power of ten from 0 on, none above `highest`."""
    if highest <= 0 or count < 1:
        return ()
    step = _step(highest, count, _DECIMAL, 10.0)
    steps = math.floor(highest / step + 1e-9)
    return tuple(Tick(step * n, f"{step * n:g} s") for n in range(steps + 1))


def _step(highest: float, count: int, multiples: Sequence[float], base: float) -> float:
    """The smallest allowed step that needs no more than `count` steps (at least one)."""
    least = highest / max(1, count)
    power = base ** math.floor(math.log(least, base))
    for multiple in (*multiples, base, base * multiples[0]):
        if power * multiple >= least * (1 - 1e-12):
            return power * multiple
    return power * base


def _values(highest: float, step: float) -> list[float]:
    steps = max(1, math.ceil(highest / step - 1e-9))
    return [step * index for index in range(steps + 1)]


def share(cells: int, parts: Sequence[float]) -> tuple[int, ...]:
    """Divide `cells` in proportion to `parts` by largest remainder; the sum is exactly `cells`.

    All zero when `parts` sums to nothing.
    """
    total = sum(parts)
    if total <= 0 or cells <= 0:
        return (0,) * len(parts)
    exact = [cells * part / total for part in parts]
    widths = [math.floor(value) for value in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (widths[i] - exact[i], i))
    for index in by_remainder[: cells - sum(widths)]:
        widths[index] += 1
    return tuple(widths)
