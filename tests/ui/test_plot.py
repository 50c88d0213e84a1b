"""The canvas and its axes: which dots are set, what covers what, which labels find room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.canvas import Canvas
from tui.widgets.plot import Frame, Line, draw
from tui.widgets.scale import Thinned, Tick, place

ENDS = (0.0, 1.0)
FRACTION = st.floats(0, 1)
# Unicode numbers the dots of a cell 1 2 3 7 down its left column and 4 5 6 8 down its right one.
DOT_NUMBERS = ((1, 4), (2, 5), (3, 6), (7, 8))


def series(*points: tuple[float, float], breaks: frozenset[int] = frozenset()) -> Thinned:
    return Thinned(points, breaks)


def dots(canvas: Canvas) -> set[tuple[int, int]]:
    """(column, row) of each braille dot, rows from above."""
    return {
        (2 * column + right, 4 * row + down)
        for row, text in enumerate(line.plain for line in canvas.rows())
        for column, sign in enumerate(text)
        for down, pair in enumerate(DOT_NUMBERS)
        for right, number in enumerate(pair)
        if sign != " " and (ord(sign) - 0x2800) >> (number - 1) & 1
    }


@given(st.integers(1, 60), st.integers(1, 20), st.lists(st.tuples(FRACTION, FRACTION)))
def test_each_point_sets_the_dot_it_falls_on(
    columns: int, rows: int, points: list[tuple[float, float]]
) -> None:
    canvas = Canvas(columns, rows, ENDS, ENDS)
    canvas.draw(series(*points), "v", "red", is_joined=False)
    last = 4 * rows - 1
    assert dots(canvas) == {
        (place(x, ENDS, 2 * columns), last - place(y, ENDS, 4 * rows)) for x, y in points
    }


@given(FRACTION, FRACTION, FRACTION, FRACTION)
def test_a_joined_line_has_no_hole(x0: float, y0: float, x1: float, y1: float) -> None:
    canvas = Canvas(20, 10, ENDS, ENDS)
    canvas.draw(series((x0, y0), (x1, y1)), "v", "red")
    found = dots(canvas)
    start = next(iter(found))
    reached, edge = {start}, [start]
    while edge:
        column, row = edge.pop()
        near = {(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
        edge.extend((near & found) - reached)
        reached |= near & found
    assert reached == found


def test_the_line_is_not_drawn_over_a_gap() -> None:
    canvas = Canvas(10, 1, ENDS, ENDS)
    canvas.draw(series((0, 0), (1, 0), breaks=frozenset({1})), "v", "red")
    assert [line.plain for line in canvas.rows()] == ["⡀        ⢀"]


def test_what_lies_outside_is_not_drawn() -> None:
    canvas = Canvas(2, 1, ENDS, ENDS)
    canvas.draw(series((-1, 0), (2, 0), (0, 5)), "v", "red", is_joined=False)
    assert [line.plain for line in canvas.rows()] == ["  "]


def test_curves_share_the_dots_of_a_cell_and_the_later_gives_its_colour() -> None:
    canvas = Canvas(1, 1, ENDS, ENDS)
    canvas.draw(series((0, 0)), "v", "red")
    canvas.draw(series((1, 1)), "c", "blue")
    (row,) = canvas.rows()
    assert row.plain == "⡈"
    assert [span.style for span in row.spans] == ["blue"]


def test_in_ascii_a_curve_is_its_letter() -> None:
    canvas = Canvas(4, 2, ENDS, ENDS, is_ascii=True)
    canvas.draw(series((0, 0), (1, 1)), "v", "red")
    assert [line.plain for line in canvas.rows()] == ["  vv", "vv  "]


def plot(lines: list[Line], frame: Frame, width: int, height: int) -> list[str]:
    return draw(lines, frame, width, height).plain.split("\n")


FRAME = Frame(
    -60.0,
    0.0,
    (Tick(-60.0, "−60s"), Tick(-30.0, "−30s"), Tick(0.0, "now")),
    (Tick(0.0, "0%"), Tick(50.0, "50%"), Tick(100.0, "100%")),
)


def test_the_axes_say_what_their_edges_mean() -> None:
    assert plot([], FRAME, 26, 7) == [
        "100%┤                     ",
        "    │                     ",
        " 50%┤                     ",
        "    │                     ",
        "  0%┤                     ",
        "    └┬─────────┬─────────┬",
        "     −60s    −30s      now",
    ]


@pytest.mark.parametrize(
    ("width", "axis", "labels"),
    [
        (15, "    └┬────────┬", "     −60s   now"),
        (12, "    └──────┬", "        now"),
        (8, "    └──┬", "     now"),
    ],
)
def test_where_labels_have_no_room_now_is_kept_last(width: int, axis: str, labels: str) -> None:
    assert plot([], FRAME, width, 3)[-2:] == [axis, labels.rjust(width)]


@pytest.mark.parametrize(("width", "height"), [(7, 10), (40, 2), (0, 0)])
def test_without_room_nothing_is_drawn(width: int, height: int) -> None:
    assert draw([], FRAME, width, height).plain == ""


def test_each_line_bears_its_letter_at_its_newest_point() -> None:
    lines = [
        Line("V", "red", series((-60, 100), (0, 100))),
        Line("C", "blue", series((-60, 0), (0, 0))),
    ]
    rows = plot(lines, FRAME, 26, 6)
    assert rows[0].endswith("⠉V")
    assert rows[3].endswith("⣀C")


def test_letters_that_would_stand_on_each_other_stand_side_by_side() -> None:
    alike = series((-60, 50), (0, 50))
    lines = [Line(mark, "red", alike) for mark in "VCG"]
    assert plot(lines, FRAME, 26, 7)[2].endswith("G⠒C⠒V")
