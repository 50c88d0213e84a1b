"""Curves in a rectangle of cells: braille, 2 by 4 dots a cell, or ASCII, a letter a cell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

from textual.content import Content

from tui.widgets.scale import Point, Thinned, place

_BLANK = (" ", "")
_BRAILLE = 0x2800
# Unicode, block 2800: the bit of each dot, left column then right, from the lowest up.
_BITS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))

Spot = tuple[int, int]
"""Columns from the left and rows from below, of cells or of dots."""


class Canvas:
    """`x` and `y` are the values at the middles of the outermost dots; beyond is not drawn."""

    def __init__(
        self, columns: int, rows: int, x: Point, y: Point, *, is_ascii: bool = False
    ) -> None:
        self._columns, self._rows = columns, rows
        self._x, self._y = x, y
        self._across, self._up = (1, 1) if is_ascii else (2, 4)
        self._cells: dict[Spot, tuple[str, str]] = {}

    def draw(self, data: Thinned, letter: str, style: str, *, is_joined: bool = True) -> None:
        """A curve, over what is there. In ASCII it is drawn with its letter."""
        dots = [self._spot(point) for point in data.points]
        for dot in dots:
            self._dot(dot, letter, style)
        if is_joined:
            for index, (one, other) in enumerate(pairwise(dots), start=1):
                if index not in data.breaks:
                    for dot in _between(one, other):
                        self._dot(dot, letter, style)

    def put(self, cell: Spot, sign: str, style: str) -> None:
        """One sign, in place of what is there."""
        self._cells[cell] = (sign, style)

    def cell(self, point: Point) -> Spot:
        """The cell the point lies in."""
        column, row = self._spot(point)
        return column // self._across, row // self._up

    def rows(self) -> Iterator[Content]:
        """As wide as it is, from above."""
        for row in range(self._rows - 1, -1, -1):
            cells = (self._cells.get((n, row), _BLANK) for n in range(self._columns))
            runs = groupby(cells, key=lambda cell: cell[1])
            yield Content.assemble(*(("".join(s for s, _ in run), style) for style, run in runs))

    def _spot(self, point: Point) -> Spot:
        """Of dots."""
        return (
            place(point[0], self._x, self._columns * self._across),
            place(point[1], self._y, self._rows * self._up),
        )

    def _dot(self, dot: Spot, letter: str, style: str) -> None:
        (column, right), (row, above) = divmod(dot[0], self._across), divmod(dot[1], self._up)
        if not (0 <= column < self._columns and 0 <= row < self._rows):
            return
        if self._up == 1:
            self._cells[column, row] = (letter, style)
            return
        sign = self._cells.get((column, row), _BLANK)[0]
        before = ord(sign) if sign != " " else _BRAILLE
        self._cells[column, row] = (chr(before | _BITS[right][above]), style)


def _between(one: Spot, other: Spot) -> Iterator[Spot]:
    """The dots that join two, without them: one a step along the longer way."""
    across, up = other[0] - one[0], other[1] - one[1]
    steps = max(abs(across), abs(up))
    for step in range(1, steps):
        yield one[0] + round(across * step / steps), one[1] + round(up * step / steps)
