"""Thinning, ticks and shares: the arithmetic under the charts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.scale import Tick, byte_ticks, percent_ticks, second_ticks, share, thin

SERIES = st.lists(
    st.one_of(st.none(), st.floats(0, 1e12, allow_nan=False)), min_size=0, max_size=400
)


@given(SERIES, st.integers(1, 120))
def test_thinning_keeps_extremes_order_and_the_bound(ys: list[float | None], columns: int) -> None:
    xs = [float(i) for i in range(len(ys))]
    end = max(1.0, float(len(ys)))
    thinned = thin(xs, ys, start=0.0, end=end, columns=columns, gap=1.5)
    kept = [y for _, y in thinned.points]
    present = [y for y in ys if y is not None]
    assert len(thinned.points) <= 2 * columns
    assert list(thinned.points) == sorted(thinned.points)
    assert set(thinned.points) <= set(zip(xs, ys, strict=True))
    if present:
        assert min(kept) == min(present)
        assert max(kept) == max(present)
    else:
        assert not kept


def test_a_missing_value_breaks_the_line() -> None:
    ys = [1.0, 2.0, None, None, 3.0, 4.0]
    thinned = thin(range(6), ys, start=0, end=6, columns=6, gap=10)
    assert thinned.points == ((0, 1.0), (1, 2.0), (4, 3.0), (5, 4.0))
    assert thinned.breaks == {0, 2}


def test_a_pause_in_time_breaks_the_line() -> None:
    thinned = thin([0, 1, 50, 51], [1.0] * 4, start=0, end=60, columns=60, gap=3.5)
    assert thinned.breaks == {0, 2}


def test_points_outside_the_window_are_left_out() -> None:
    thinned = thin([-5, 0, 5, 11], [1.0, 2.0, 3.0, 4.0], start=0, end=10, columns=10, gap=99)
    assert [y for _, y in thinned.points] == [2.0, 3.0]


@given(st.floats(0, 1e5, allow_nan=False), st.integers(1, 8))
def test_percent_ticks_are_few_and_reach_the_highest(highest: float, count: int) -> None:
    ticks = percent_ticks(highest, count)
    assert ticks[0].value == 0
    assert ticks[-1].value >= highest * (1 - 1e-6)
    assert 2 <= len(ticks) <= count + 1
    mantissa = ticks[1].value / 10 ** math.floor(math.log10(ticks[1].value) + 1e-9)
    assert round(mantissa, 6) in (1, 2, 5)


@given(st.floats(0, 2.0**45, allow_nan=False), st.integers(1, 8))
def test_byte_ticks_are_powers_of_two_and_reach_the_highest(highest: float, count: int) -> None:
    ticks = byte_ticks(highest, count)
    assert ticks[-1].value >= highest * (1 - 1e-6)
    assert 2 <= len(ticks) <= count + 1
    assert math.log2(ticks[1].value).is_integer()
    assert all(len(tick.label) <= 9 for tick in ticks)


@pytest.mark.parametrize(
    ("highest", "count", "labels"),
    [
        (3.1 * 2**20, 2, ["0", "2 MiB", "4 MiB"]),
        (612 * 2**20, 3, ["0", "256 MiB", "512 MiB", "768 MiB"]),
        (1.5 * 2**30, 2, ["0", "1 GiB", "2 GiB"]),
        (2**31, 4, ["0", "0.5 GiB", "1 GiB", "1.5 GiB", "2 GiB"]),
    ],
)
def test_byte_labels(highest: float, count: int, labels: list[str]) -> None:
    assert [tick.label for tick in byte_ticks(highest, count)] == labels


@given(st.integers(0, 300), st.lists(st.floats(0, 1e6, allow_nan=False), max_size=8))
def test_shares_add_up_to_the_whole(cells: int, parts: list[float]) -> None:
    widths = share(cells, parts)
    assert len(widths) == len(parts)
    assert sum(widths) == (cells if sum(parts) > 0 else 0)
    assert all(
        abs(width - cells * part / sum(parts)) <= 1
        for width, part in zip(widths, parts, strict=True)
        if sum(parts) > 0
    )


@given(st.floats(0.001, 1e5), st.integers(1, 12))
def test_second_ticks_are_few_round_and_within(highest: float, count: int) -> None:
    ticks = second_ticks(highest, count)
    assert ticks[0] == Tick(0.0, "0 s")
    assert ticks[-1].value <= highest * (1 + 1e-6)
    assert len(ticks) <= count + 1


def test_second_ticks_of_nothing_or_without_room_are_none() -> None:
    assert second_ticks(0.0, 4) == second_ticks(9.0, 0) == ()
    assert [tick.label for tick in second_ticks(76.7, 5)] == ["0 s", "20 s", "40 s", "60 s"]
