"""What a plot shows and where it goes: plain arithmetic, whatever draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.widgets.scale import Point, Thinned, Tick

Spot = tuple[int, int]
"""Columns from the left and rows from below, of cells."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series as it is drawn."""

    mark: str
    """One letter, drawn at the line's newest point and in the legend: colour is never alone."""
    style: str
    """Textual style, e.g. `$primary`."""
    data: Thinned
    is_dotted: bool = False
    """Points only, not joined: a second figure of the same instance."""
    values: tuple[str, ...] = ()
    """What each point is worth, written beside it where there is room; "" for a curve."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes: what the edges mean."""

    x_start: float
    x_end: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]

    @property
    def gutter(self) -> int:
        """Columns left of the curves: the longest y label and the axis."""
        return max((len(tick.label) for tick in self.y_ticks), default=0) + 1

    @property
    def y_end(self) -> float:
        """The highest tick, which is the upper edge."""
        return self.y_ticks[-1].value


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of part that the bars are made of."""

    glyph: str
    style: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a length in cells and a label for each kind of part, in their order."""

    cells: tuple[int, ...]
    labels: tuple[str, ...]
    """Written over the part where it leaves a cell free on either side, else left out."""


def signs(
    lines: Sequence[Line], frame: Frame, columns: int, rows: int, is_ascii: bool
) -> Iterator[tuple[int, str, Point]]:
    """The letter of each line at its newest point, and its values; none covers another.

    A letter steps aside where another stands, a value is left out.
    """
    x_ends = frame.x_start, frame.x_end
    width, height = (frame.x_end - frame.x_start) / columns, frame.y_end / rows
    taken: set[Spot] = set()

    def at(spot: Spot) -> Point:
        return (frame.x_start + (spot[0] + 0.5) * width, (spot[1] + 0.5) * height)

    spots = [
        [(place(x, x_ends, columns), row_of(y, frame.y_end, rows)) for x, y in line.data.points]
        for line in lines
    ]
    for key, line in enumerate(lines, start=1):
        for column, row in spots[key - 1][-1:]:
            nearest = (*range(column, -1, -2), *range(column + 2, columns, 2))
            free = next((n for n in nearest if (n, row) not in taken), column)
            taken.add((free, row))
            yield key, line.mark, at((free, row))
    for key, line in enumerate(lines, start=1):
        for text, (column, row) in reversed(list(zip(line.values, spots[key - 1], strict=False))):
            if (column, row) not in taken:
                taken.add((column, row))
                yield key, line.mark.lower() if is_ascii else "●", at((column, row))
            start = max(0, min(column - len(text) // 2, columns - len(text)))
            beside = row + 1 if row + 1 < rows else row - 1
            cells = {(n, beside) for n in range(start - 1, start + len(text) + 1)}
            if beside >= 0 and len(text) <= columns and not cells & taken:
                taken |= cells
                yield key, text, at((start, beside))


def place(value: float, ends: Point, count: int) -> int:
    """The cell of `count` from one end to the other that a value falls into."""
    low, high = ends
    return min(count - 1, max(0, int((value - low) / (high - low) * count)))


def row_of(value: float, top: float, rows: int) -> int:
    """The row from below; what lies between two falls into the lower one, as with plotext."""
    return rows - 1 - place(top - value, (0.0, top), rows)


def bends(data: Thinned, dots_per_unit: float) -> Thinned:
    """Without the points in the middle of a level run of dots, which the line passes anyway."""
    level = [int(y * dots_per_unit) for _, y in data.points]
    last = len(level) - 1
    kept: list[Point] = []
    breaks: set[int] = set()
    for n, point in enumerate(data.points):
        is_end = n in (0, last) or n in data.breaks or n + 1 in data.breaks
        if n in data.breaks:
            breaks.add(len(kept))
        if is_end or level[n - 1] != level[n] or level[n + 1] != level[n]:
            kept.append(point)
    return Thinned(tuple(kept), frozenset(breaks))


def apart(ticks: Sequence[Tick], ends: Point, columns: int) -> Iterator[Tick]:
    """The ticks whose labels have room beneath them: the last first, then from the first on."""
    taken: set[int] = set()
    for tick in (*ticks[-1:], *ticks[:-1]):
        wide = len(tick.label)
        start = place(tick.value, ends, columns) - wide // 2
        start = max(0, min(start, columns - wide))
        if wide <= columns and not taken & set(range(start - 1, start + wide + 1)):
            taken |= set(range(start, start + wide))
            yield tick


def open_ended(cells: Sequence[int]) -> list[float]:
    """Lengths of which the last stops within its cell: plotext paints the cell an end lies in."""
    lengths = [float(length) for length in cells]
    last = max((n for n, length in enumerate(cells) if length), default=None)
    if last is not None:
        lengths[last] -= 0.5
    return lengths


def fitting(bar: Bar) -> list[str | None]:
    """The labels for which there is room."""
    pairs = zip(bar.labels, bar.cells, strict=True)
    return [label if label and len(label) + 3 <= cells else None for label, cells in pairs]
