"""Only cells that differ are written, and the terminal shows the same as if all had been."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.hostile import EVIL, MARKUP, escaped
from tui.paint import Canvas, cells_of, turn

WIDTH, HEIGHT = 12, 3
LOOKS = ("", "bold", "red", "bold on blue", "#102030 on #405060", "reverse", "underline #102030")
CONSOLE = Console(color_system="truecolor", force_terminal=True, width=WIDTH, height=HEIGHT)

pieces = st.tuples(st.text("ab ▁é漢", max_size=5), st.sampled_from(LOOKS).map(Style.parse))
rows = st.lists(pieces, max_size=4).map(
    lambda parts: Strip([Segment(*part) for part in parts]).adjust_cell_length(WIDTH)
)
frames = st.lists(rows, min_size=HEIGHT, max_size=HEIGHT)
spans = st.lists(
    st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, WIDTH)).filter(
        lambda span: span[1] < span[2]
    ),
    min_size=1,
    max_size=4,
)


def whole(frame: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[row] for row in frame], Region(0, 0, WIDTH, HEIGHT))


def screen_of(*sequences: str) -> list[list[pyte.screens.Char]]:
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.Stream(screen)
    for sequence in sequences:
        stream.feed(sequence)
    return [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


def painted(canvas: Canvas, update: LayoutUpdate | ChopsUpdate) -> str:
    return canvas.paint(update, ColorSystem.TRUECOLOR)


@given(st.lists(frames, min_size=1, max_size=4))
def test_shows_what_the_last_frame_shows(shown: list[list[Strip]]) -> None:
    canvas = Canvas()
    sequences = [painted(canvas, whole(frame)) for frame in shown]
    assert screen_of(*sequences) == screen_of(painted(Canvas(), whole(shown[-1])))


@given(frames)
def test_a_first_frame_shows_what_textual_would_write(frame: list[Strip]) -> None:
    theirs = screen_of(whole(frame).render_segments(CONSOLE).replace("\n", ""))
    assert screen_of(painted(Canvas(), whole(frame))) == theirs


@given(frames, frames, spans)
def test_a_span_changes_its_cells_and_no_others(
    before: list[Strip], after: list[Strip], wanted: list[tuple[int, int, int]]
) -> None:
    canvas = Canvas()
    first = painted(canvas, whole(before))
    update = ChopsUpdate([{0: row} for row in after], wanted, [[WIDTH]] * HEIGHT)
    now = screen_of(first, painted(canvas, update))
    is_wide = any("漢" in row.text for row in (*before, *after))
    old, new = screen_of(first), screen_of(painted(Canvas(), whole(after)))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            is_in = any(y == at and x1 <= x < x2 for at, x1, x2 in wanted)
            assert is_wide or now[y][x] == (new if is_in else old)[y][x]


@given(frames)
def test_a_frame_that_is_there_already_costs_nothing(frame: list[Strip]) -> None:
    canvas = Canvas()
    painted(canvas, whole(frame))
    assert painted(canvas, whole(frame)) == ""


def test_a_figure_costs_its_own_bytes() -> None:
    canvas = Canvas()
    style = Style.parse("#102030 on #405060")
    row = [Strip([Segment(text, style)]) for text in ("nginx  41s ok", "nginx  42s ok")]
    painted(canvas, LayoutUpdate([[row[0]]], Region(0, 0, 13, 1)))
    thin = painted(canvas, LayoutUpdate([[row[1]]], Region(0, 0, 13, 1)))
    assert thin == "\x1b[1;9H\x1b[38;2;16;32;48;48;2;64;80;96m2\x1b[m"


def test_after_forgetting_everything_is_written_again() -> None:
    canvas = Canvas()
    frame = [Strip([Segment("a" * WIDTH)])] * HEIGHT
    first = painted(canvas, whole(frame))
    canvas.forget()
    assert painted(canvas, whole(frame)) == first


def test_a_colour_alone_turns_without_a_reset() -> None:
    assert turn("1;38;2;1;2;3;48;2;9;9;9", "1;38;2;4;5;6;48;2;9;9;9") == "\x1b[38;2;4;5;6m"
    assert turn("31", "31;44") == "\x1b[44m"
    assert turn("31;44", "31") == "\x1b[49m"
    assert turn("1;31", "31") == "\x1b[m\x1b[31m"
    assert turn("1;31", "") == "\x1b[m"


def test_a_style_that_was_painted_is_not_kept() -> None:
    # Textual gives each row of a log a style of its own, which says where it lies.
    rows = [Strip([Segment("x", Style(color="red"))]).apply_offsets(0, y) for y in range(50)]
    before = Strip.render_ansi.cache_info().currsize
    assert {tuple(cells_of(row, ColorSystem.TRUECOLOR)[1]) for row in rows} == {("31",)}
    assert Strip.render_ansi.cache_info().currsize == before


def line_of(text: str) -> Strip:
    return Strip([Segment(text, Style.parse("red"))])


def sent(text: str) -> str:
    """What goes to the terminal for a row of that text."""
    strip = line_of(text)
    return painted(Canvas(), LayoutUpdate([[strip]], Region(0, 0, strip.cell_length, 1)))


@given(st.text(max_size=30) | st.text(EVIL + "a漢é", max_size=30))
def test_whoever_sent_it_nothing_a_terminal_obeys_gets_past_the_cells(text: str) -> None:
    assert escaped(sent(text)) == []


@given(st.text(max_size=30) | st.text("👨👩👧❤🇩🏴\u0301\u200d\ufe0f\U000e0067漢ab", max_size=12))
def test_a_text_has_as_many_cells_as_were_laid_out_for_it(text: str) -> None:
    strip = line_of(text)
    texts, codes = cells_of(strip, ColorSystem.TRUECOLOR)
    assert len(texts) == len(codes) == strip.cell_length


@given(st.text("漢字e\u0301\u0323🐳ab" + EVIL, max_size=8).filter(lambda text: len(text) < 9))
def test_what_stands_behind_a_text_stays_in_its_column(text: str) -> None:
    strip = Strip([Segment(text), Segment("|")])
    out = painted(Canvas(), LayoutUpdate([[strip]], Region(0, 0, strip.cell_length, 1)))
    screen = pyte.Screen(40, 1)
    pyte.Stream(screen).feed(out)
    assert screen.buffer[0][strip.cell_length - 1].data == "|"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("👨\u200d👩\u200d👧", ["👨", ""]),
        ("❤\ufe0f", ["❤", " "]),
        ("e\u0301\u200bx", ["e\u0301", "x"]),
        ("漢\u202e字", ["漢", "", "字", ""]),
        ("a\u00adb", ["a", "\ufffd", "b"]),
        ("\x1b]52;c;eA==\x07", list("]52;c;eA==")),
        (MARKUP, list(MARKUP)),
    ],
)
def test_what_becomes_of_signs_no_two_terminals_agree_on(text: str, shown: list[str]) -> None:
    assert cells_of(line_of(text), ColorSystem.TRUECOLOR)[0] == shown
