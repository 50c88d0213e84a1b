"""What stands on the terminal, cell by cell, so that only cells that differ are written.

Textual 8 writes a changed span from its widget's left edge, every segment with its whole style and
a reset after it: one figure that changes costs a row of 500 bytes. Over a thin line those bytes
are the speed of the console, so here they are counted one by one.

It is also the last guard: whoever sent a text, no character of it that a terminal obeys, that
turns the order of its neighbours or that nobody sees gets past the cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from rich.cells import cell_len, split_graphemes
from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from tui.text import harmless

_BRIDGE_CELLS = 4
"""Unchanged cells that cost less to write again than to skip: a jump takes five bytes."""
_RESET = "\x1b[m"
_UNSHOWN = "\ufffd"
"""Stands for a character that is not written but has cells."""


@dataclass(slots=True)
class _Row:
    """One row as the terminal shows it; what was never written has no code."""

    texts: list[str] = field(default_factory=list)
    """A character a cell, with what combines with it; empty for a wide one's second cell."""
    codes: list[str | None] = field(default_factory=list)
    """The SGR parameters of each cell."""

    def reach(self, end: int) -> None:
        """Have cells up to that column."""
        lack = end - len(self.texts)
        self.texts.extend([" "] * lack)
        self.codes.extend([None] * lack)


class Canvas:
    """The terminal's cells. Its owner forgets them whenever somebody else may have written."""

    def __init__(self) -> None:
        self._rows: dict[int, _Row] = {}

    def forget(self) -> None:
        """Nothing is known of the terminal any more: the next frame is written in full."""
        self._rows.clear()

    def thinned(self, update: CompositorUpdate) -> CompositorUpdate:
        """The same update, which writes only what differs; other kinds as they are."""
        if isinstance(update, ChopsUpdate | LayoutUpdate):
            return _ThinUpdate(self, update)
        self.forget()
        return update

    def paint(self, update: ChopsUpdate | LayoutUpdate, colors: ColorSystem) -> str:
        """Terminal sequences that turn what stands there into the update."""
        out: list[str] = []
        code = ""
        for y, start, texts, codes in _pieces(update, colors):
            row = self._rows.setdefault(y, _Row())
            end = start + len(texts)
            row.reach(end)
            move = f"\x1b[{y + 1};%dH"
            for first, last in _runs(row, start, texts, codes):
                out.append(move % (start + first + 1))
                move = "\x1b[%dG"
                for text, wanted in zip(texts[first:last], codes[first:last], strict=True):
                    out.append(turn(code, wanted) + text if wanted != code else text)
                    code = wanted
            row.texts[start:end] = texts
            row.codes[start:end] = codes
        if code:
            out.append(_RESET)
        return "".join(out)


class _ThinUpdate(CompositorUpdate):
    """Painted only if Textual really writes it: what it drops must not count as written."""

    def __init__(self, canvas: Canvas, update: ChopsUpdate | LayoutUpdate) -> None:
        self._canvas = canvas
        self._update = update

    def render_segments(self, console: Console) -> str:
        """Terminal sequences, as Textual asks for them."""
        return self._canvas.paint(self._update, console._color_system or ColorSystem.TRUECOLOR)


def _pieces(
    update: ChopsUpdate | LayoutUpdate, colors: ColorSystem
) -> Iterator[tuple[int, int, list[str], list[str]]]:
    """Row, first column, and cell by cell the text and the SGR parameters."""
    for y, x, strip, start, end in _strips(update):
        texts, codes = cells_of(strip, colors)
        first, last = start - x, min(end - x, len(texts))
        # Half a wide character cannot be written.
        while 0 < first < last and not texts[first]:
            first -= 1
        if first < last:
            yield y, x + first, texts[first:last], codes[first:last]


def _strips(
    update: ChopsUpdate | LayoutUpdate,
) -> Iterator[tuple[int, int, Strip, int, int]]:
    """Row, column, strip, and from which to which column it is wanted."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                yield y, x, strip, x, x + strip.cell_length
                x += strip.cell_length
        return
    for y, x1, x2 in update.spans:
        for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if piece is not None and x < x2 and end > x1:
                yield y, x, piece, max(x, x1), min(end, x2)


def cells_of(strip: Strip, colors: ColorSystem) -> tuple[list[str], list[str]]:
    """Texts and SGR parameters of each cell of a strip."""
    texts: list[str] = []
    codes: list[str] = []
    for text, style, control in strip:
        if control:
            continue
        # Not `Strip.render_ansi`: it keeps 16,384 styles, and each row of a log has one of its own.
        code = "" if style is None else style._make_ansi_codes(colors)
        cells = text if text.isascii() and text.isprintable() else _cells(text)
        texts.extend(cells)
        codes.extend([code] * len(cells))
    return texts, codes


@lru_cache(1024)
def _cells(text: str) -> tuple[str, ...]:
    cells: list[str] = []
    if harmless(text) == text and "\n" not in text and "\t" not in text:
        # Nothing that joins: each character is as wide as it is alone.
        for character in text:
            width = cell_len(character)
            if width:
                cells.extend([character, *[""] * (width - 1)])
            elif cells:
                at = next(i for i in range(len(cells) - 1, -1, -1) if cells[i])
                cells[at] += character
        return tuple(cells)
    for start, end, width in split_graphemes(text)[0]:
        if width:
            cells.extend(_grapheme(text[start:end], width))
    # Rich counts what follows a joiner at the beginning in one way and splits it in another.
    room = cell_len(text)
    if len(cells) > room and not cells[room]:
        cells[room - 1] = " "
    return (*cells[:room], *[" "] * (room - len(cells)))


def _grapheme(text: str, width: int) -> tuple[str, ...]:
    """As many cells as were laid out for it, the same on every terminal.

    Joined emoji are many signs wide on some and one on others: the first stands for all.
    """
    shown = harmless(text).replace("\n", "").replace("\t", "")
    first_width = cell_len(shown[:1])
    if not 0 < first_width <= width:
        return (_UNSHOWN, *[" "] * (width - 1))
    combining = "".join(character for character in shown[1:] if not cell_len(character))
    blanks = [""] * (first_width - 1) + [" "] * (width - first_width)
    return (shown[0] + combining, *blanks)


def _runs(row: _Row, start: int, texts: list[str], codes: list[str]) -> Iterable[tuple[int, int]]:
    """From which to which cell of the piece to write; the ends exclusive."""
    end = start + len(texts)
    before_texts, before_codes = row.texts[start:end], row.codes[start:end]
    if before_texts == texts and before_codes == codes:
        return ()
    changed = [
        at
        for at, (text, code) in enumerate(zip(texts, codes, strict=True))
        if text != before_texts[at] or code != before_codes[at]
    ]
    # A wide character is one: its second cell cannot be written without the first.
    starts = [at - 1 if at and not texts[at] else at for at in changed]
    cuts = [0]
    for number, (left, right) in enumerate(pairwise(starts), 1):
        between = codes[left : right + 1]
        if right - left - 1 > _BRIDGE_CELLS or between.count(codes[left]) < len(between):
            cuts.append(number)
    cuts.append(len(changed))
    return [(starts[first], changed[last - 1] + 1) for first, last in pairwise(cuts)]


@lru_cache(4096)
def turn(before: str, after: str) -> str:
    """The shortest SGR sequence from one set of parameters to another (ECMA-48, 8.3.117)."""
    if not after:
        return _RESET
    had, has = _sorted(before), _sorted(after)
    if had.attributes != has.attributes:
        return f"{_RESET}\x1b[{after}m" if before else f"\x1b[{after}m"
    colours = []
    if had.ink != has.ink:
        colours.append(has.ink or "39")
    if had.ground != has.ground:
        colours.append(has.ground or "49")
    return f"\x1b[{';'.join(colours)}m"


@dataclass(frozen=True, slots=True)
class _Look:
    """SGR parameters by kind."""

    attributes: frozenset[str]
    ink: str
    ground: str


@lru_cache(1024)
def _sorted(code: str) -> _Look:
    attributes: set[str] = set()
    ink = ground = ""
    words = code.split(";") if code else []
    while words:
        count = {"5": 3, "2": 5}[words[1]] if words[0] in ("38", "48") else 1
        number, value = int(words[0]), ";".join(words[:count])
        if 30 <= number <= 39 or 90 <= number <= 97:
            ink = value
        elif 40 <= number <= 49 or 100 <= number <= 107:
            ground = value
        else:
            attributes.add(value)
        words = words[count:]
    return _Look(frozenset(attributes), ink, ground)
