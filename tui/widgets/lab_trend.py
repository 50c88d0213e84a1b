"""Medians of one metric over runs: a small plot a side."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual import getters
from textual.content import Content
from textual.widget import Widget

from tui.console import ConsoleApp
from tui.results import Arm, Row, Table
from tui.text import clean
from tui.units import figure
from tui.widgets.plainly import fitted
from tui.widgets.plot import Frame, Line, draw
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


class TrendCurve(Widget):
    """One side."""

    app = getters.app(ConsoleApp)

    def __init__(self, arm: Arm) -> None:
        super().__init__()
        self.arm = arm
        self._trend = Trend()
        self._is_ready = False

    def show(self, trend: Trend, *, is_ready: bool) -> None:
        """Take another row."""
        if (trend, is_ready) != (self._trend, self._is_ready):
            self._trend, self._is_ready = trend, is_ready
            self.refresh()

    def render(self) -> Content:
        """Newest figure, then the curve; words where there is none."""
        width, height = self.content_size
        mark, style, word = _STYLES[self.arm]
        points = self._trend.points(self.arm)
        head = Content.assemble((mark, f"{style} reverse bold"), (f" {word} ", "bold"))
        if not self._is_ready:
            return head
        if not points:
            return head + Content.styled(" no figures of this row to draw", "$quiet")
        newest = figure(points[-1][1], self._trend.unit)
        head += Content.styled(f" {newest}", f"{style} bold")
        if len(points) < 2:
            return head + Content.styled("  one run; two make a line", "$quiet")
        line = Line(mark, style, Thinned(tuple(points), frozenset()))
        frame = _frame(self._trend, points, width, height)
        glyphs = self.app.glyphs
        plot = draw([line], frame, width, height - 1, is_ascii=glyphs.is_ascii)
        return fitted(Content("\n").join([head, plot]), glyphs)


def _frame(trend: Trend, points: Sequence[tuple[float, float]], width: int, height: int) -> Frame:
    highest = max(y for _, y in points)
    count = max(1, (height - 3) // 3)
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
