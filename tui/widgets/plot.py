"""A small plot: series in, styled text out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from textual.content import Content

from tui.widgets.canvas import Canvas
from tui.widgets.scale import Thinned, Tick, place

_STYLE = "$faint"
_LEAST_COLUMNS = 3


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


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes: what the edges mean."""

    x_start: float
    x_end: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]

    @property
    def gutter(self) -> int:
        """Columns left of the canvas: the longest y label and the axis."""
        return max((len(tick.label) for tick in self.y_ticks), default=0) + 1

    @property
    def y_end(self) -> float:
        """The highest tick, which is the upper edge."""
        return self.y_ticks[-1].value


def draw(
    lines: Sequence[Line], frame: Frame, width: int, height: int, *, is_ascii: bool = False
) -> Content:
    """The plot as `height` rows of `width` columns; blank where there is no room to draw.

    In ASCII each curve is drawn with its own letter.
    """
    columns, rows = width - frame.gutter, height - 2
    if columns < _LEAST_COLUMNS or rows < 1:
        return Content("")
    x, y = (frame.x_start, frame.x_end), (0.0, frame.y_end)
    canvas = Canvas(columns, rows, x, y, is_ascii=is_ascii)
    for line in lines:
        canvas.draw(line.data, line.mark.lower(), line.style, is_joined=not line.is_dotted)
    _mark(canvas, lines)
    axis = _y_axis(frame, rows)
    painted = (left + row for left, row in zip(axis, canvas.rows(), strict=True))
    return Content("\n").join([*painted, *_x_axis(frame, columns)])


def _mark(canvas: Canvas, lines: Sequence[Line]) -> None:
    """The letter of each line at its newest point; a step left where another letter stands."""
    taken: set[tuple[int, int]] = set()
    for line in lines:
        if not line.data.points:
            continue
        column, row = canvas.cell(line.data.points[-1])
        while (column, row) in taken:
            column -= 2
        taken.add((column, row))
        canvas.put((max(0, column), row), line.mark, line.style)


def _y_axis(frame: Frame, rows: int) -> Iterator[Content]:
    """What stands left of the canvas, from above; of labels for the same row the higher value's."""
    labels = {place(t.value, (0.0, frame.y_end), rows): t.label for t in frame.y_ticks}
    for row in range(rows - 1, -1, -1):
        sign = "┤" if row in labels else "│"
        yield Content.styled(labels.get(row, "").rjust(frame.gutter - 1) + sign, _STYLE)


def _x_axis(frame: Frame, columns: int) -> tuple[Content, Content]:
    """The axis and its labels: the ends first, then those between for which there is room."""
    axis, labels = ["─"] * columns, [" "] * columns
    for tick in (*frame.x_ticks[-1:], *frame.x_ticks[:-1]):
        column = place(tick.value, (frame.x_start, frame.x_end), columns)
        start = min(max(0, column - len(tick.label) // 2), columns - len(tick.label))
        around = slice(max(0, start - 1), start + len(tick.label) + 1)
        if start >= 0 and not "".join(labels[around]).strip():
            axis[column] = "┬"
            labels[start : start + len(tick.label)] = tick.label
    left = " " * (frame.gutter - 1)
    return (
        Content.styled(f"{left}└{''.join(axis)}", _STYLE),
        Content.styled(f"{left} {''.join(labels)}", _STYLE),
    )
