"""Plots by plotext, as rows of styled text: curves over time, and stacked bars.

The only module that knows plotext. It is imported by `load`, never with this module: the first
frame, a thin line and the command line do without it. Every chart has a figure of its own, since
plotext's global one would be shared; what is drawn is returned, nothing is printed. Only letters,
glyphs and numbers of ours go in: names that engines gave are laid beside a plot, not into it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from threading import Lock
from types import ModuleType
from typing import Any

from textual.content import Content, Span

from tui.widgets.plot_layout import (
    Bar,
    Frame,
    Line,
    Part,
    apart,
    bends,
    fitting,
    open_ended,
    row_of,
    signs,
)
from tui.widgets.scale import Point, Thinned, Tick

_AXES = "$faint"
_GRID = "$rule"
_LEAST_COLUMNS = 3
_FIRST_KEY = 16
"""Colours of plotext's palette stand for our styles; those below it are its own defaults."""
_RUN = re.compile(r"\x1b\[([\d;]*)m([^\x1b]*)")
_MANUAL = "plotext._doc.doc"
_TURN = Lock()
"""Several charts ask for plotext at once."""


def load() -> str:
    """Import plotext and try it, for some tenths of a second; to be called on a thread.

    Returns why there can be no plots, or "".
    """
    with _TURN:
        try:
            _tried()
        except Exception:  # Another version may differ anywhere; the console goes on without.
            return "no charts: plotext cannot be used → pip install --upgrade 'plotext>=6.1,<7'"
    return ""


def is_loaded() -> bool:
    """Whether plots can be drawn at once; they are all drawn by one thread from then on."""
    return bool(_tried.cache_info().currsize)


@cache
def _tried() -> Any:
    """plotext, once it has drawn one plot of each kind."""
    tick = Tick(1.0, "1")
    data = Thinned(((0.0, 0.0), (1.0, 1.0)), frozenset({0}))
    frame = Frame(0.0, 1.0, (tick,), (Tick(0.0, "0"), Tick(0.5, "0.5"), tick))
    plot = Plot()
    plot.curves([Line("V", "", data, values=("0", "1"))], frame, 20, 8)
    plot.bars([Part("x", "")], [Bar((4,), ("1",))], [tick], 8)
    return _plotext()


@cache
def _plotext() -> Any:
    plotext = _without_manual() or import_module("plotext")
    plotext.terminal.limit(False, False)
    return plotext


def _without_manual() -> ModuleType | None:
    """plotext without its manual, which is most of what an import takes; None if it needs it."""
    if "plotext" in sys.modules or _MANUAL in sys.modules:
        return None
    sys.modules[_MANUAL] = blank = ModuleType(_MANUAL)
    blank.docs = None  # type: ignore[attr-defined]
    try:
        return import_module("plotext")
    except ImportError:
        return None
    finally:
        del sys.modules[_MANUAL]


class Plot:
    """One chart's figure: made with its first plot, and drawn on anew for each further one.

    A fresh one a plot would wait, with all its C++ objects, for a garbage collection each time.
    """

    def __init__(self) -> None:
        self._figure: Any = None

    def curves(
        self,
        lines: Sequence[Line],
        frame: Frame,
        width: int,
        height: int,
        *,
        is_ascii: bool = False,
    ) -> list[Content]:
        """The plot as `height` rows of `width` columns; none where there is no room to draw.

        Each line ends in its letter; in ASCII it is drawn with it too. Raises ImportError.
        """
        columns, x_ends = width - frame.gutter, (frame.x_start, frame.x_end)
        x_ticks = list(apart(frame.x_ticks, x_ends, columns))
        rows = height - 1 - bool(x_ticks)
        if columns < _LEAST_COLUMNS or rows < 1:
            return []
        styles = [_AXES, *(line.style for line in lines), _GRID]
        figure = self._blank(width, height)
        for key, line in enumerate(lines, start=1):
            if line.data.points:
                data = line.data if line.is_dotted else bends(line.data, 4 * rows / frame.y_end)
                figure.draw(_curve(figure, replace(line, data=data), _key(key), is_ascii))
        for key, sign, point in signs(lines, frame, columns, rows, is_ascii):
            figure.draw(_sign(figure, sign, point, _key(key)))
        _scale(figure, "x", x_ends, x_ticks)
        # Of labels for the same row the higher value's.
        by_row = {row_of(tick.value, frame.y_end, rows): tick for tick in frame.y_ticks}
        _scale(figure, "y", (0.0, frame.y_end), by_row.values())
        rule = _plotext().pixel(_key(len(lines) + 1))
        for tick in frame.y_ticks[1:-1]:
            figure.line(tick.value, pixel=rule, style="dotted")
        return list(_rows(figure, styles))

    def bars(
        self, parts: Sequence[Part], shown: Sequence[Bar], ticks: Sequence[Tick], width: int
    ) -> list[Content]:
        """Horizontal stacked bars, a row each from above, then an axis if there are `ticks`.

        `ticks` and the parts' lengths are in cells from the left; an axis takes two rows more.
        None where there is no room to draw. Raises ImportError.
        """
        columns, rows = width - 1, len(shown)
        if columns < _LEAST_COLUMNS or not rows or not parts:
            return []
        library = _plotext()
        figure = self._blank(width, rows + (2 if ticks else 0), has_axis=bool(ticks))
        marks = [library.marker(p.glyph, pixel=_key(n)) for n, p in enumerate(parts, start=1)]
        upwards = list(reversed(shown))
        lengths = [open_ended(bar.cells) for bar in upwards]
        stacked = figure.bar(
            list(range(1, rows + 1)),
            [list(series) for series in zip(*lengths, strict=True)],
            orientation="horizontal",
            stacked=True,
            width=0.5,
            marker=marks,
            labeled=[list(series) for series in zip(*map(fitting, upwards), strict=True)],
            _reset_ticks=False,
        )
        figure.draw(stacked)
        # A quarter of a cell, so that whole numbers fall into cells and not on their edges.
        x_ends = -0.25, columns - 0.25
        inside = [Tick(min(tick.value, columns - 0.5), tick.label) for tick in ticks]
        _scale(figure, "x", x_ends, apart(inside, x_ends, columns))
        _scale(figure, "y", (0.5, rows + 0.5), ())
        return list(_rows(figure, [_AXES, *(part.style for part in parts)]))

    def _blank(self, width: int, height: int, *, has_axis: bool = True) -> Any:
        """The figure without data, of this size, with a left and perhaps a lower axis."""
        if self._figure is None:
            library = _plotext()
            self._figure = type(library.figure)(library.terminal)
            self._figure.theme("colorless")
            self._figure.axes(False)
            self._figure.axes(True, axis="y", side="left", pixel=_key(0))
        self._figure.clear.data()
        self._figure.axes(has_axis, axis="x", side="lower", pixel=_key(0))
        return self._figure.plot_size(width, height)


def _scale(figure: Any, axis: str, ends: Point, ticks: Iterable[Tick]) -> None:
    """What the edges mean."""
    shown = list(ticks)
    ruler = figure.ruler(axis)
    ruler.alignment(lim="edge").lim(*ends).pixel(_key(0))
    ruler.ticks([tick.value for tick in shown], labels=[tick.label for tick in shown])


def _curve(figure: Any, line: Line, key: int, is_ascii: bool) -> Any:
    marker = _plotext().marker(line.mark.lower() if is_ascii else "braille", pixel=key)
    xs, ys = zip(*line.data.points, strict=True)
    signal = figure.signal(xs, ys, marker=marker)
    if not line.is_dotted:
        signal.lines(True)
        for index in line.data.breaks:
            signal.line(index, False)
    return signal


def _sign(figure: Any, text: str, point: Point, key: int) -> Any:
    """Text that begins in the cell of the point."""
    library = _plotext()
    marker = library.marker(library.colorize(text, pixel=key).matrix())
    return figure.signal([point[0]], [point[1]], marker=marker)


def _key(number: int) -> int:
    """The colour that stands for a style in plotext's output."""
    return _FIRST_KEY + number


def _rows(figure: Any, styles: Sequence[str]) -> Iterator[Content]:
    """What the figure shows, its colours turned back into our styles; all other codes fall away."""
    meanings = {"0": ""}
    meanings |= {f"38;5;{_key(n)}": style for n, style in enumerate(styles)}
    meanings |= {f"48;5;{_key(n)}": f"{style} reverse" for n, style in enumerate(styles)}
    for row in figure.build().string().splitlines():
        plain, spans = [], []
        at, style = 0, ""
        for code, text in _RUN.findall(row):
            style = meanings.get(code, style)
            if text:
                plain.append(text)
                if style:
                    spans.append(Span(at, at + len(text), style))
                at += len(text)
        yield Content("".join(plain), spans)
