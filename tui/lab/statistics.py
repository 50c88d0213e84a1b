"""The statistics of the comparison: robust, free of assumptions on the distribution.

Medians with intervals by order statistics, ratios paired within blocks, outliers marked and kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from tui.results import Estimate

CONFIDENCE = 0.95
OUTLIER_MADS = 14.826
"""A modified z-score of 10 (1.4826 x MAD estimates a standard deviation): hyperfine's bound."""
SETTLED_SHARE = 0.05
LEAST_SAMPLES = 6
"""Five cannot carry a 95 % interval of the median: P(all on one side) = 2 / 2**5 > 5 %."""


def interval_ranks(n: int, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """Ranks (from 1) of the order statistics that enclose the median; None when n is too small.

    The narrowest symmetric pair with coverage 1 - 2 P(B < low), B ~ Binomial(n, 1/2), at least
    `confidence` (Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2).
    """
    best = None
    tail = 0.0
    for low in range(1, n // 2 + 1):
        tail += math.comb(n, low - 1) / 2**n
        if 1 - 2 * tail < confidence:
            break
        best = (low, n + 1 - low)
    return best


def interval(samples: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of the median; None for fewer than six samples."""
    ranks = interval_ranks(len(samples))
    if ranks is None:
        return None
    ordered = sorted(samples)
    return ordered[ranks[0] - 1], ordered[ranks[1] - 1]


def mad(samples: Sequence[float]) -> float:
    """Median absolute deviation from the median, not scaled."""
    middle = median(samples)
    return median(abs(x - middle) for x in samples)


def outliers(samples: Sequence[float]) -> tuple[int, ...]:
    """Indices of samples further than 14.826 MAD from the median.

    None where the MAD is 0, nor among fewer than six: two that agree make any third one.
    """
    spread = mad(samples)
    if not spread or len(samples) < LEAST_SAMPLES:
        return ()
    middle = median(samples)
    return tuple(n for n, x in enumerate(samples) if abs(x - middle) > OUTLIER_MADS * spread)


def estimate(samples: Sequence[float], n_failed: int = 0) -> Estimate:
    """All of it; `samples` must not be empty."""
    ends = interval(samples)
    return Estimate(
        n=len(samples),
        n_failed=n_failed,
        median=median(samples),
        low=None if ends is None else ends[0],
        high=None if ends is None else ends[1],
        mad=mad(samples),
        least=min(samples),
        most=max(samples),
        samples=tuple(samples),
        outliers=outliers(samples),
    )


def is_settled(samples: Sequence[float], share: float = SETTLED_SHARE) -> bool:
    """Whether the interval of the median reaches no further than `share` of it to either side."""
    ends = interval(samples)
    if ends is None:
        return False
    middle = median(samples)
    return max(middle - ends[0], ends[1] - middle) <= share * abs(middle)


def ratios(pairs: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """First over second of each pair. Empty where one value is not above zero: to leave out the
    pairs that have no ratio would be to choose among the readings."""
    if any(one <= 0 or other <= 0 for one, other in pairs):
        return ()
    return tuple(one / other for one, other in pairs)


def median_ratio(values: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Median of ratios with its interval, by way of their logarithms: turning the ratio round
    turns the answer round."""
    logs = [math.log(value) for value in values]
    ends = interval(logs)
    low, high = (None, None) if ends is None else (math.exp(ends[0]), math.exp(ends[1]))
    return math.exp(median(logs)), low, high


def noise_floor(pairs: Sequence[tuple[float, float]]) -> float | None:
    """How far an arm is from itself: the largest |ratio - 1| of its A/A pairs, larger over
    smaller. With few pairs nothing less is safe; None without any."""
    found = ratios(pairs)
    if not found:
        return None
    return max(max(r, 1 / r) - 1 for r in found)


def carries_percentile(n: int, percent: float) -> bool:
    """Whether n samples can carry that percentile at 95 %: one sample at least lies above it,
    1 - (percent/100)**n >= 0.95; 59 for the 95th, 299 for the 99th."""
    return 1 - (percent / 100) ** n >= CONFIDENCE
