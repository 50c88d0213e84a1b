"""Medians of one metric over runs: a small plot a side."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual.content import Content

from tui.results import Arm, Row, Table
from tui.text import clean
from tui.units import figure
from tui.widgets.plainly import fitted
from tui.widgets.plot_layout import Frame, Line
from tui.widgets.plotted import Plotted
from tui.widgets.scale import Thinned, Tick, byte_ticks, percent_ticks

_STYLES = {Arm.VM: ("V", "$vm", "VM"), Arm.CONTAINER: ("C", "$container", "Container")}


@dataclass(frozen=True, slots=True)
class Trend:
    """The headline of a row in each run, oldest first."""

    title: str = ""
    unit: str = ""
    method: str = ""
    starts: tuple[float, ...] = ()
    """Unix seconds."""
    medians: tuple[dict[Arm, float], ...] = ()

    def points(self, arm: Arm) -> list[tuple[float, float]]:
        """(number of the run, median); runs without one are left out."""
        return [(float(n), m[arm]) for n, m in enumerate(self.medians) if arm in m]


def trend_of(tables: Sequence[Table], row: Row) -> Trend:
    """The row's headline over these runs."""
    trend = Trend()
    starts, medians = [], []
    for table in tables:
        for one in table.rows:
            if one.row is not row or not one.lines:
                continue
            line = next((each for each in one.lines if each.metric.is_headline), one.lines[0])
            metric = line.metric
            trend = Trend(clean(metric.title), metric.unit, clean(metric.method))
            starts.append(table.run.started_at)
            medians.append({arm: e.median for arm, e in line.estimates.items()})
    return replace(trend, starts=tuple(starts), medians=tuple(medians))


class TrendCurve(Plotted):
    """One side: the newest figure, then the medians of all runs; drawn once for the same data."""

    def __init__(self, arm: Arm) -> None:
        super().__init__()
        self.arm = arm
        self._trend = Trend()
        self._is_ready = False

    def show(self, trend: Trend, *, is_ready: bool) -> None:
        """Take another row."""
        if (trend, is_ready) != (self._trend, self._is_ready):
            self._trend, self._is_ready = trend, is_ready
            self.lay_out()

    def on_resize(self) -> None:
        """As many columns and rows as there is room for."""
        self.lay_out()

    def lay_out(self) -> None:
        """Newest figure, then the curve; words where there is none."""
        width, height = self.content_size
        if width and height:
            self.lay([fitted(row, self.app.glyphs) for row in self._paint(width, height)])

    def _paint(self, width: int, height: int) -> list[Content]:
        mark, style, word = _STYLES[self.arm]
        points = self._trend.points(self.arm)
        head = Content.assemble((mark, f"{style} reverse bold"), (f" {word} ", "bold"))
        if not self._is_ready:
            return [head]
        if not points:
            return [head + Content.styled(" no figures of this row to draw", "$quiet")]
        newest = figure(points[-1][1], self._trend.unit)
        head += Content.styled(f" {newest}", f"{style} bold")
        if len(points) < 2:
            return [head + Content.styled("  one run; two make a line", "$quiet")]
        if not self.can_plot:
            return [head, Content.styled(self.trouble, "$quiet")]
        values = tuple(figure(y, self._trend.unit) for _, y in points)
        line = Line(mark, style, Thinned(tuple(points), frozenset()), values=values)
        frame = _frame(self._trend, points, width, height)
        is_ascii = self.app.glyphs.is_ascii
        return [head, *self.plot.curves([line], frame, width, height - 1, is_ascii=is_ascii)]


def _frame(trend: Trend, points: Sequence[tuple[float, float]], width: int, height: int) -> Frame:
    highest = max(y for _, y in points)
    count = max(1, (height - 3) // 4)
    y_ticks = byte_ticks(highest, count) if trend.unit in ("B", "B/s") else _ticks(highest, count)
    last = len(trend.starts) - 1
    step = max(1, math.ceil((last + 1) * 7 / max(7, width - 10)))
    x_ticks = tuple(
        Tick(float(n), time.strftime("%m-%d", time.gmtime(trend.starts[n])))
        for n in range(last, -1, -step)
    )
    return Frame(0.0, float(max(1, last)), tuple(reversed(x_ticks)), y_ticks)


def _ticks(highest: float, count: int) -> tuple[Tick, ...]:
    """Plain numbers; the steps of percentages, which are steps of 1, 2 or 5."""
    scale = 10.0 ** min(0, math.floor(math.log10(highest))) if highest > 0 else 1.0
    ticks = percent_ticks(highest / scale, count)
    return tuple(Tick(t.value * scale, f"{t.value * scale:g}") for t in ticks)
