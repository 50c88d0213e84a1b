"""Where things go in a plot: places, rows, letters and values that cover nothing."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.plot_layout import Frame, Line, apart, place, row_of, signs
from tui.widgets.scale import Thinned, Tick

FRACTION = st.floats(0, 1)


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e6), st.integers(1, 500))
def test_the_ends_have_the_outermost_places(low: float, span: float, count: int) -> None:
    ends = (low, low + span)
    assert place(ends[0], ends, count) == 0
    assert place(ends[1], ends, count) == count - 1


@given(FRACTION, FRACTION, st.integers(1, 500))
def test_places_are_of_equal_width_and_in_order(one: float, other: float, count: int) -> None:
    ends = (0.0, 1.0)
    found = place(one, ends, count)
    assert found / count <= one <= (found + 1) / count
    assert place(min(one, other), ends, count) <= place(max(one, other), ends, count)


def test_a_value_between_two_rows_falls_into_the_lower() -> None:
    assert [row_of(value, 4.0, 4) for value in (0, 0.5, 1, 2, 3.5, 4)] == [0, 0, 0, 1, 3, 3]


@given(
    st.lists(st.lists(st.tuples(FRACTION, FRACTION), max_size=8), max_size=3),
    st.integers(6, 60),
    st.integers(1, 12),
)
def test_no_sign_covers_another(
    lines: list[list[tuple[float, float]]], columns: int, rows: int
) -> None:
    frame = Frame(0.0, 1.0, (), (Tick(0.0, "0"), Tick(1.0, "1")))
    drawn = [
        Line(mark, "", Thinned(tuple(sorted(points)), frozenset()), values=("1.0",) * len(points))
        for mark, points in zip("VCG", lines, strict=False)
    ]
    cells = [
        (place(x, (0.0, 1.0), columns) + n, row_of(y, 1.0, rows))
        for _, text, (x, y) in signs(drawn, frame, columns, rows, is_ascii=False)
        for n in range(len(text))
    ]
    assert all(0 <= column < columns for column, _ in cells)
    assert len(set(cells)) == len(cells)


@given(st.lists(st.integers(0, 300), max_size=12), st.integers(1, 80))
def test_labels_never_touch_and_the_last_stays(values: list[int], columns: int) -> None:
    ticks = [Tick(float(value), f"{value} s") for value in sorted(set(values))]
    shown = list(apart(ticks, (0.0, 300.0), columns))
    spans = []
    for tick in shown:
        start = place(tick.value, (0.0, 300.0), columns) - len(tick.label) // 2
        start = max(0, min(start, columns - len(tick.label)))
        spans.append((start, start + len(tick.label)))
    spans.sort()
    assert all(end < start for (_, end), (start, _) in pairwise(spans))
    if ticks and len(ticks[-1].label) <= columns:
        assert shown[0] == ticks[-1]
