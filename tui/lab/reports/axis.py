"""Where a value stands on a chart's axis, and which round values are written under it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LOG_FROM = 20.0
"""Values further apart than this share no linear axis."""
_MOST_TICKS = 4
_ZERO_SHARE = 0.8
"""An axis starts at zero where its least value is below this share of its greatest."""
_LEAST_SPAN = 0.04
"""An axis shows no less than this share of its greatest value: less is beyond three digits."""
_MARGIN = 0.04


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, linear or logarithmic."""

    low: float
    high: float
    is_log: bool
    ticks: tuple[float, ...]

    @property
    def is_cut(self) -> bool:
        """Whether it is linear and does not start at zero."""
        return not self.is_log and self.low > 0

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high end; nothing is outside."""
        low, high = self.low, self.high
        if self.is_log:
            value, low, high = (math.log(max(x, self.low)) for x in (value, low, high))
        return min(1.0, max(0.0, (value - low) / (high - low)))


def make_axis(values: Sequence[float], unit: str) -> Axis:
    """For these values, one at least; those that are no numbers have no place."""
    finite = [x for x in values if math.isfinite(x)] or [0.0]
    low, high = min(finite), max(finite)
    base = 1024.0 if unit in ("B", "B/s") else 10.0
    if low > 0 and high / low > LOG_FROM:
        margin = (high / low) ** _MARGIN
        low, high = low / margin, high * margin
        return Axis(low, high, True, _log_ticks(low, high, base))
    if 0 <= low <= _ZERO_SHARE * high or low == high:
        # One value stands at its distance from zero, on whichever side.
        low, high = min(0.0, low), max(0.0, high)
        margin = _MARGIN * (high - low)
        low, high = low - (margin if low < 0 else 0.0), high + (margin if high > 0 else 0.0)
        high = high if high > low else 1.0
    else:
        middle, size = (low + high) / 2, max(abs(low), abs(high))
        span = max(high - low, _LEAST_SPAN * size) * (1 + 2 * _MARGIN)
        low, high = middle - span / 2, middle + span / 2
    return Axis(low, high, False, _linear_ticks(low, high, base))


def zero_axis(high: float, unit: str) -> Axis:
    """From zero to exactly `high`, for bars."""
    high = high if math.isfinite(high) and high > 0 else 1.0
    return Axis(0.0, high, False, _linear_ticks(0.0, high, 1024.0 if unit == "B" else 10.0))


def _linear_ticks(low: float, high: float, base: float) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5, in the unit's own prefix."""
    prefix = 1.0
    if base != 10.0:
        prefix = base ** max(0, math.floor(math.log(max(abs(high), 1.0), base)))
    span = (high - low) / prefix
    power = 10.0 ** math.floor(math.log10(span / _MOST_TICKS))
    steps = (power * n for n in (1, 2, 5, 10, 20, 50))
    step = next(s for s in steps if span / s < _MOST_TICKS)
    first = math.ceil(low / prefix / step - 1e-9)
    last = math.floor(high / prefix / step + 1e-9)
    return tuple(round(n * step, 12) * prefix for n in range(first, last + 1))


def _log_ticks(low: float, high: float, base: float) -> tuple[float, ...]:
    """Powers of ten (in binary prefixes for bytes), every so many of them as fit."""
    decades = _decades(low, high, base)
    if len(decades) < 2:
        decades = [n * x for x in _decades(low / 10, high, base) for n in (1.0, 2.0, 5.0)]
        decades = [x for x in decades if low <= x <= high]
    every = max(1, math.ceil(len(decades) / _MOST_TICKS))
    return tuple(decades[::every])


def _decades(low: float, high: float, base: float) -> list[float]:
    if base == 10.0:
        first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
        return [10.0**n for n in range(first, last + 1)]
    first, last = math.floor(math.log(low, base)), math.floor(math.log(high, base))
    found = [base**n * factor for n in range(first, last + 1) for factor in (1.0, 10.0, 100.0)]
    return [x for x in found if low <= x <= high]
