"""Plots by plotext: which dots and bars known data sets, what covers what, which labels fit."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.content import Content

from tui.glyphs import ASCII
from tui.widgets import plotting
from tui.widgets.plainly import fitted
from tui.widgets.plot_layout import Bar, Frame, Line, Part
from tui.widgets.plotting import Plot
from tui.widgets.scale import Thinned, Tick

FRACTION = st.floats(0, 1)
# Unicode numbers the dots of a cell 1 2 3 7 down its left column and 4 5 6 8 down its right one.
DOT_NUMBERS = ((1, 4), (2, 5), (3, 6), (7, 8))
UNIT = Frame(0.0, 1.0, (Tick(0.0, "0"),), (Tick(0.0, "0"), Tick(1.0, "1")))
"""A frame two columns left of and two rows above the lower edge of what is drawn in it."""
FRAME = Frame(
    -60.0,
    0.0,
    (Tick(-60.0, "−60s"), Tick(-30.0, "−30s"), Tick(0.0, "now")),
    (Tick(0.0, "0%"), Tick(50.0, "50%"), Tick(100.0, "100%")),
)
PLOT = Plot()
"""One for all: what was drawn before must leave nothing behind."""
PHASES = (Part("░", "red"), Part("▒", "green"), Part("█", "blue"))


@pytest.fixture(autouse=True, scope="module")
def _loaded() -> None:
    assert plotting.load() == ""
    assert plotting.is_loaded()


def series(*points: tuple[float, float], breaks: frozenset[int] = frozenset()) -> Thinned:
    return Thinned(points, breaks)


def texts(rows: list[Content]) -> list[str]:
    return [row.plain for row in rows]


def dots(rows: list[Content]) -> set[tuple[int, int]]:
    """(column, row) of each braille dot of a plot in `UNIT`, rows from above."""
    return {
        (2 * column + right, 4 * row + down)
        for row, text in enumerate(texts(rows))
        for column, sign in enumerate(text[2:])
        for down, pair in enumerate(DOT_NUMBERS)
        for right, number in enumerate(pair)
        if "\u2800" <= sign <= "\u28ff" and (ord(sign) - 0x2800) >> (number - 1) & 1
    }


def letter_dots(rows: list[Content]) -> set[tuple[int, int]]:
    """The dots that the letter V covers."""
    return {
        (2 * column + i, 4 * row + j)
        for row, text in enumerate(texts(rows))
        for column in [text[2:].find("V")]
        if column >= 0
        for i in (0, 1)
        for j in range(4)
    }


def is_near(one: tuple[int, int], others: set[tuple[int, int]]) -> bool:
    column, row = one
    return any((column + i, row + j) in others for i in (-1, 0, 1) for j in (-1, 0, 1))


@settings(max_examples=40)
@given(st.integers(3, 60), st.integers(1, 20), st.lists(st.tuples(FRACTION, FRACTION), min_size=1))
def test_each_point_sets_the_dot_it_falls_on(
    columns: int, rows: int, points: list[tuple[float, float]]
) -> None:
    drawn = PLOT.curves(
        [Line("V", "red", series(*points, points[0]), is_dotted=True)], UNIT, columns + 2, rows + 2
    )
    due = {
        (min(2 * columns - 1, int(2 * columns * x)), min(4 * rows - 1, int(4 * rows * (1 - y))))
        for x, y in points
    }
    found, letter = dots(drawn), letter_dots(drawn)
    assert letter
    assert all(is_near(dot, due) for dot in found)
    assert all(is_near(dot, found | letter) for dot in due)


@settings(max_examples=40)
@given(FRACTION, FRACTION, FRACTION, FRACTION)
def test_a_joined_line_has_no_hole(x0: float, y0: float, x1: float, y1: float) -> None:
    drawn = PLOT.curves([Line("V", "red", series((x0, y0), (x1, y1)))], UNIT, 22, 12)
    found = dots(drawn) | letter_dots(drawn)
    start = next(iter(found))
    reached, edge = {start}, [start]
    while edge:
        column, row = edge.pop()
        near = {(column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
        edge.extend((near & found) - reached)
        reached |= near & found
    assert reached == found


@settings(max_examples=40)
@given(st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=2, max_size=60))
def test_leaving_out_the_middle_of_level_runs_changes_no_dot(
    ys: list[int | None],
) -> None:
    points = [(n / len(ys), y / 4) for n, y in enumerate(ys) if y is not None]
    kept = [n for n, y in enumerate(ys) if y is not None]
    breaks = frozenset(i for i, n in enumerate(kept) if i == 0 or n - kept[i - 1] > 1)
    line = Line("V", "red", Thinned(tuple(points), breaks))
    with pytest.MonkeyPatch.context() as patch:
        thinned = texts(PLOT.curves([line], UNIT, 22, 6))
        patch.setattr(plotting, "bends", lambda data, _: data)
        assert thinned == texts(PLOT.curves([line], UNIT, 22, 6))


def test_the_line_is_not_drawn_over_a_gap() -> None:
    data = series((0, 0), (0.3, 0), (0.7, 0), (1, 0), breaks=frozenset({0, 2}))
    drawn = PLOT.curves([Line("V", "red", data)], UNIT, 22, 3)
    assert texts(drawn)[0] == "1┤⣀⣀⣀⣀⣀⣀⡀      ⢀⣀⣀⣀⣀⣀V"


def test_what_lies_outside_is_not_drawn() -> None:
    data = series((-1, 0), (2, 0), (0.5, 5), (0.5, 0.5))
    drawn = PLOT.curves([Line("V", "red", data, is_dotted=True)], UNIT, 12, 6)
    assert not dots(drawn)


def test_curves_share_the_dots_of_a_cell_and_the_later_gives_its_colour() -> None:
    lines = [
        Line("V", "red", series((0, 0.1), (1, 1)), is_dotted=True),
        Line("C", "blue", series((0.07, 0.9), (1, 0.5)), is_dotted=True),
    ]
    row = PLOT.curves(lines, UNIT, 12, 3)[0]
    assert row.plain[2] == "⡈"
    assert [span.style for span in row.spans if span.start <= 2 < span.end] == ["blue"]


def test_in_ascii_a_curve_is_its_letter() -> None:
    line = Line("V", "red", series((0, 0), (1, 0.99)))
    rows = [fitted(row, ASCII) for row in PLOT.curves([line], UNIT, 6, 4, is_ascii=True)]
    assert texts(rows)[:2] == ["1|  vV", "0|vv  "]
    assert all(text.isascii() for text in texts(rows))


def test_the_axes_say_what_their_edges_mean() -> None:
    assert texts(PLOT.curves([], FRAME, 26, 8)) == [
        "100%┤                     ",
        "    │                     ",
        "    │                     ",
        " 50%┼┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈",
        "    │                     ",
        "  0%┤                     ",
        "    └┬─────────┬─────────┬",
        "     −60s     −30s     now",
    ]


@pytest.mark.parametrize(
    ("width", "labels"), [(26, ["−60s", "−30s", "now"]), (15, ["−60s", "now"]), (8, ["now"])]
)
def test_where_labels_have_no_room_now_is_kept_last(width: int, labels: list[str]) -> None:
    axis, row = texts(PLOT.curves([], FRAME, width, 3))[-2:]
    assert row.split() == labels
    assert axis.count("┬") == len(labels)


@pytest.mark.parametrize(("width", "height"), [(7, 10), (40, 2), (0, 0)])
def test_without_room_nothing_is_drawn(width: int, height: int) -> None:
    assert PLOT.curves([], FRAME, width, height) == []
    assert PLOT.bars(PHASES, [], [], width) == []
    assert PLOT.bars(PHASES, [Bar((1, 0, 0), ("1", "", ""))], [], 3) == []


def test_each_line_bears_its_letter_at_its_newest_point() -> None:
    lines = [
        Line("V", "red", series((-60, 100), (0, 100))),
        Line("C", "blue", series((-60, 0), (0, 0))),
    ]
    rows = PLOT.curves(lines, FRAME, 26, 6)
    assert rows[0].plain.endswith("⠉V")
    assert rows[3].plain.endswith("⣀C")
    assert rows[0].spans[-1].style == "red"


def test_letters_that_would_stand_on_each_other_stand_side_by_side() -> None:
    alike = series((-60, 80), (0, 80))
    lines = [Line(mark, "red", alike) for mark in "VCG"]
    (row,) = (text for text in texts(PLOT.curves(lines, FRAME, 26, 7)) if "V" in text)
    assert re.search("G.C.V$", row)


def test_values_stand_beside_their_points_where_none_covers_another() -> None:
    points = series((0, 0.5), (0.5, 0.5), (0.52, 0.5), (1, 0.5))
    values = ("1.0 s", "2.0 s", "3.0 s", "4.0 s")
    rows = texts(PLOT.curves([Line("V", "red", points, values=values)], UNIT, 42, 8))
    (told,) = (row for row in rows if " s" in row)
    assert re.findall(r"\d\.0 s", told) == ["1.0 s", "3.0 s", "4.0 s"]
    (line,) = (row for row in rows if "V" in row)
    assert line.count("●") == 2


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e15])
@pytest.mark.parametrize("size", [(5, 3), (20, 5), (150, 40)])
def test_nothing_is_printed_and_every_row_is_as_wide_as_asked(
    size: tuple[int, int], scale: float, capfd: pytest.CaptureFixture[str]
) -> None:
    frame = Frame(0.0, 1.0, (), (Tick(0.0, "0"), Tick(scale, "1")))
    rows = PLOT.curves([Line("V", "red", series((0, 0), (1, scale)))], frame, *size)
    assert len(rows) == size[1]
    assert {row.cell_length for row in rows} == {size[0]}
    assert all(text.isprintable() for text in texts(rows))
    assert capfd.readouterr() == ("", "")


CELLS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20)).filter(any),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40)
@given(CELLS)
def test_every_part_of_a_bar_is_as_long_as_told(cells: list[tuple[int, int, int]]) -> None:
    rows = PLOT.bars(PHASES, [Bar(each, ("", "", "")) for each in cells], [], 62)
    signs = [part.glyph for part in PHASES]
    due = ["".join(s * n for s, n in zip(signs, each, strict=True)) for each in cells]
    assert [text.rstrip() for text in texts(rows)] == [f"│{bar}" for bar in due]


def test_a_part_bears_its_label_in_reverse_where_a_cell_is_free_on_either_side() -> None:
    (row,) = PLOT.bars(PHASES, [Bar((3, 7, 9), ("0.31", "1.40", "38.0"))], [], 30)
    assert row.plain.rstrip() == "│░░░▒▒1.40▒███38.0██"
    styles = {row.plain[span.start : span.end]: span.style for span in row.spans}
    assert styles["1.40"] == "green reverse"
    assert styles["38.0"] == "blue reverse"
    assert styles["░░░"] == "red"


def test_the_axis_of_bars_has_its_ticks_at_their_cells() -> None:
    ticks = [Tick(0.0, "0 s"), Tick(10.0, "20 s"), Tick(20.0, "40 s")]
    rows = texts(PLOT.bars(PHASES, [Bar((10, 10, 0), ("", "", ""))], ticks, 22))
    assert rows == [
        "│░░░░░░░░░░▒▒▒▒▒▒▒▒▒▒ ",
        "└┬─────────┬─────────┬",
        " 0 s      20 s    40 s",
    ]


def test_a_missing_library_is_one_line_and_no_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(plotting, "import_module", missing)
    plotting._plotext.cache_clear()
    plotting._tried.cache_clear()
    try:
        told = plotting.load()
        assert told.startswith("no charts: plotext cannot be used → pip install ")
        assert not plotting.is_loaded()
    finally:
        monkeypatch.undo()
        assert plotting.load() == ""


def test_plotext_comes_without_its_manual_and_is_whole_to_others() -> None:
    code = (
        "import sys\n"
        "from tui.widgets import plotting\n"
        "print(plotting.load())\n"
        "print([m for m in sys.modules if m.startswith('plotext._doc')])\n"
        "import plotext._doc.doc as manual\n"
        "print(type(manual.docs).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    first, modules, manual = done.stdout.splitlines()
    assert (first, modules) == ("", "[]")
    assert manual != "NoneType"
