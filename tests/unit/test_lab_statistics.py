"""Statistics against tables and data sets that others published."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.lab.statistics import (
    carries_percentile,
    estimate,
    interval,
    interval_ranks,
    is_settled,
    mad,
    median_ratio,
    noise_floor,
    outliers,
    ratios,
)

# Michelson 1879, first series of 20, km/s less 299,000 (R: morley, Expt 1); its median is 940.
MICHELSON = (850, 740, 900, 1070, 930, 850, 950, 980, 980, 880,
             1000, 980, 930, 650, 760, 810, 1000, 1000, 960, 960)  # fmt: skip

samples = st.lists(st.floats(1e-6, 1e9), min_size=6, max_size=60)


@pytest.mark.parametrize(
    ("n", "ranks"),
    [(5, None), (6, (1, 6)), (8, (1, 8)), (10, (2, 9)), (20, (6, 15)), (30, (10, 21))],
)
def test_the_interval_of_the_median_has_the_ranks_of_the_binomial_tables(
    n: int, ranks: tuple[int, int] | None
) -> None:
    assert interval_ranks(n) == ranks


def test_a_known_series_has_its_known_median_and_interval() -> None:
    found = estimate(MICHELSON)
    assert found.median == 940
    ordered = sorted(MICHELSON)
    assert (found.low, found.high) == (ordered[5], ordered[14])
    assert found.mad == statistics.median(abs(x - 940) for x in MICHELSON)


@given(samples)
def test_the_interval_encloses_the_median_and_lies_within_the_samples(values: list[float]) -> None:
    found = interval(values)
    assert found is not None
    assert min(values) <= found[0] <= statistics.median(values) <= found[1] <= max(values)


@given(samples, st.floats(0.1, 100))
def test_estimates_scale_with_their_samples(values: list[float], factor: float) -> None:
    one, other = estimate(values), estimate([factor * v for v in values])
    assert other.median == pytest.approx(factor * one.median)
    assert other.mad == pytest.approx(factor * one.mad, rel=1e-6, abs=1e-6 * factor * one.median)


def test_an_outlier_is_marked_and_kept() -> None:
    values = [10.0, 10.1, 9.9, 10.0, 10.2, 9.8, 30.0]
    assert outliers(values) == (6,)
    assert estimate(values).samples == tuple(values)


def test_equal_samples_have_no_outliers() -> None:
    assert outliers([1.0] * 9 + [2.0]) == ()
    assert mad([1.0] * 9) == 0


def test_among_fewer_than_six_nothing_is_an_outlier() -> None:
    assert outliers([10.0, 10.0001, 30.0]) == ()


def test_five_samples_carry_no_interval_and_are_not_settled() -> None:
    assert interval([1, 2, 3, 4, 5]) is None
    assert not is_settled([1.0] * 5)
    assert is_settled([100.0, 100.1, 99.9, 100.2, 99.8, 100.0])
    assert not is_settled([100.0, 120.0, 80.0, 100.0, 90.0, 110.0])


@given(st.lists(st.tuples(st.floats(0.01, 1e4), st.floats(0.01, 1e4)), min_size=1, max_size=30))
def test_turning_a_ratio_round_turns_the_answer_round(pairs: list[tuple[float, float]]) -> None:
    one = median_ratio(ratios(pairs))
    other = median_ratio(ratios([(b, a) for a, b in pairs]))
    assert one[0] == pytest.approx(1 / other[0])
    if one[1] is not None and other[2] is not None:
        assert one[1] == pytest.approx(1 / other[2])


def test_ratios_are_paired_not_pooled() -> None:
    """A host that halves its speed in between changes both sides and no ratio."""
    pairs = [(10.0, 5.0), (20.0, 10.0), (40.0, 20.0)]
    assert median_ratio(ratios(pairs))[0] == pytest.approx(2.0)


def test_no_ratio_is_made_of_the_pairs_that_happen_to_have_one() -> None:
    """CPU of an idle container is often 0 to the clock's tick: the other pairs prove nothing."""
    assert ratios([(0.4, 0.0), (0.4, 0.0), (0.5, 0.05)]) == ()


def test_the_noise_floor_is_the_widest_pair_either_way() -> None:
    assert noise_floor([(100.0, 104.0), (100.0, 98.0)]) == pytest.approx(0.04)
    assert noise_floor([]) is None


def test_percentiles_need_their_samples() -> None:
    assert not carries_percentile(58, 95)
    assert carries_percentile(59, 95)
    assert not carries_percentile(298, 99)
    assert carries_percentile(299, 99)
    assert math.isclose(1 - 0.95**59, 0.9515, abs_tol=1e-3)
