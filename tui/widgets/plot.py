"""A small plot on plotext 6: series in, styled text out; the only module that knows plotext.

plotext takes 0.15 s to import, so `load` does it off the UI thread; importing this does not.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from textual.content import Content, Span

from tui.widgets.scale import Thinned, Tick

# plotext paints with palette numbers; they only say whose cell it is, the theme gives the colour.
_FRAME = 8
_FIRST_LINE = 16
_CELLS = re.compile(r"\x1b\[([0-9;]*)m")
_FRAME_STYLE = "$faint"


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


def load() -> ModuleType:
    """Import plotext; slow the first time, so call it off the UI thread."""
    return importlib.import_module("plotext")


def draw(
    lines: Sequence[Line], frame: Frame, width: int, height: int, *, is_ascii: bool = False
) -> Content:
    """The plot as `height` rows of `width` columns; blank where there is no room to draw.

    In ASCII each curve is drawn with its own letter.
    """
    if width < frame.gutter + 4 or height < 3:
        return Content("")
    plotext = load()
    figure = _figure(plotext, width, height)
    _draw_axes(plotext, figure, frame)
    for number, line in enumerate(lines):
        sign = line.mark.lower() if is_ascii else "braille"
        _draw_line(plotext, figure, line, _FIRST_LINE + number, sign)
    _draw_marks(plotext, figure, lines, frame, width, height)
    return _styled(figure.build().string(), [line.style for line in lines])


def _figure(plotext: Any, width: int, height: int) -> Any:
    """A figure of its own under a terminal of its own: the module's global ones stay untouched."""
    terminal = type(plotext.terminal)()
    terminal.limit(False, False)
    figure = type(plotext.figure)(terminal)
    figure.plot_size(width, height)
    figure.canvas("default")
    return figure


def _draw_axes(plotext: Any, figure: Any, frame: Frame) -> None:
    grey = plotext.pixel(foreground=_FRAME)
    figure.axes(False, axis="x", side="upper")
    figure.axes(False, axis="y", side="right")
    figure.axes(True, pixel=grey, axis="x", side="lower")
    figure.axes(True, pixel=grey, axis="y", side="left")
    for axis, side, ticks, start, end in (
        ("x", "lower", frame.x_ticks, frame.x_start, frame.x_end),
        ("y", "left", frame.y_ticks, 0.0, frame.y_end),
    ):
        ruler = figure.ruler(axis, side)
        ruler.lim(start, end)
        ruler.pixel(grey)
        ruler.ticks([tick.value for tick in ticks], [tick.label for tick in ticks])


def _draw_line(plotext: Any, figure: Any, line: Line, colour: int, sign: str) -> None:
    if not line.data.points:
        return
    marker = plotext.marker(sign, pixel=plotext.pixel(foreground=colour))
    xs, ys = zip(*line.data.points, strict=True)
    signal = figure.signal(list(xs), list(ys), marker=marker)
    if not line.is_dotted:
        signal.lines(True)
        for index in line.data.breaks:
            signal.line(index, False)
    figure.draw(signal)


def _draw_marks(
    plotext: Any, figure: Any, lines: Sequence[Line], frame: Frame, width: int, height: int
) -> None:
    """The letter of each line at its newest point; one step left where another letter stands."""
    column = (frame.x_end - frame.x_start) / max(1, width - frame.gutter - 1)
    row = frame.y_end / max(1, height - 3)
    taken: set[tuple[int, int]] = set()
    for number, line in enumerate(lines):
        if not line.data.points:
            continue
        x, y = line.data.points[-1]
        spot = (round((x - frame.x_start) / column), round(y / row))
        while spot in taken:
            spot = (spot[0] - 2, spot[1])
        taken.add(spot)
        marker = plotext.marker(line.mark, pixel=plotext.pixel(foreground=_FIRST_LINE + number))
        x = frame.x_start + max(0, spot[0]) * column
        figure.draw(figure.signal([x], [y], marker=marker))


def _styled(painted: str, styles: Sequence[str]) -> Content:
    """plotext's colour sequences as spans of theme styles."""
    text: list[str] = []
    spans: list[Span] = []
    length, style = 0, ""
    pieces = _CELLS.split(painted.rstrip("\n"))
    for index, piece in enumerate(pieces):
        if index % 2:
            style = _style_of(piece, styles, style)
        elif piece:
            text.append(piece)
            if style:
                spans.append(Span(length, length + len(piece), style))
            length += len(piece)
    return Content("".join(text), spans)


def _style_of(sequence: str, styles: Sequence[str], before: str) -> str:
    if not sequence.startswith("38;5;"):
        return before if sequence.startswith("48") else ""
    number = int(sequence.rsplit(";", 1)[1])
    line = number - _FIRST_LINE
    return styles[line] if 0 <= line < len(styles) else _FRAME_STYLE
