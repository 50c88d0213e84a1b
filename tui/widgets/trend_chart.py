"""CPU and memory over the last minutes, the selection and its pair in one picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from textual import getters
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.reactive import reactive, var
from textual.widget import Widget

from tui.console import ConsoleApp
from tui.snapshot import Snapshot
from tui.widgets.curves import Curve, Metric, curves_of
from tui.widgets.pair import pair_of
from tui.widgets.plainly import fitted
from tui.widgets.plot_layout import Frame, Line
from tui.widgets.plotted import Plotted
from tui.widgets.scale import Tick, byte_ticks, percent_ticks, thin

WINDOWS_SECONDS = (60, 120, 300)
"""Spans a chart can show; it takes the shortest that holds what there is."""
_TITLES = {Metric.CPU: "CPU", Metric.MEMORY: "Memory"}
_LEAST_COLUMN_NS = 2_000_000_000
"""A picture of minutes that moves every second would cost more than all rows together."""
_CALM_NS = 5_000_000_000
"""How seldom a picture moves while its figures stand still."""
_SIDE_BY_SIDE_COLUMNS = 64
_STACKED_ROWS = 14


class TrendPlot(Plotted):
    """One metric of the pair: a legend with the newest figures, the curves below it."""

    DEFAULT_CSS = """
    TrendPlot { width: 1fr; height: 1fr; padding: 0 1 0 0; }
    """

    def __init__(self, metric: Metric) -> None:
        super().__init__()
        self.metric = metric
        self._curves: tuple[Curve, ...] = ()
        self._now_ns = 0
        self._window_seconds = WINDOWS_SECONDS[0]
        self._signature: tuple[object, ...] = ()
        self._plotted: tuple[tuple[object, ...], list[Content]] | None = None

    def on_resize(self) -> None:
        """As many columns and rows as there is room for."""
        self.lay_out()

    def show(self, curves: tuple[Curve, ...], now_ns: int) -> None:
        """Take new data; paint only if it would look different. A calm curve moves seldom."""
        signature = tuple((c.mark, c.name, c.value, c.reason) for c in curves)
        step_ns = max(_CALM_NS, self._bucket_ns)
        if signature == self._signature and now_ns // step_ns == self._now_ns // step_ns:
            return
        self._curves, self._now_ns, self._signature = curves, now_ns, signature
        self._window_seconds = window_for(curves, now_ns)
        self.lay_out()

    @property
    def _bucket_ns(self) -> int:
        """Time of one column; curves move by whole columns, so they do not shimmer."""
        columns = max(1, self.content_size.width - 8)
        return max(_LEAST_COLUMN_NS, self._window_seconds * 1_000_000_000 // columns)

    def lay_out(self) -> None:
        """Legend, then the plot in the rows that remain."""
        width, height = self.content_size
        if width and height:
            self.lay([fitted(row, self.app.glyphs) for row in self._paint(width, height)])

    def _paint(self, width: int, height: int) -> list[Content]:
        rows = 1 if height < 9 else 2 if height < 14 else 3
        title = _TITLES[self.metric]
        head = legend(title, self._curves, width, rows)
        left = height - len(head)
        frame, lines = self._figure(width, left)
        if not any(line.data.points for line in lines):
            return [Content.styled(title, "bold"), *_blank(self._curves, width, height - 1)]
        return [*head, *self._plot(lines, frame, width, left)]

    def _plot(self, lines: list[Line], frame: Frame, width: int, height: int) -> list[Content]:
        """The curves; those of an idle instance are drawn once a column, not once a sample."""
        if not self.can_plot:
            return _centred([self.trouble], width, height)
        dots = dots_of(lines, frame, width, height)
        if self._plotted is None or self._plotted[0] != dots:
            is_ascii = self.app.glyphs.is_ascii
            self._plotted = (dots, self.plot.curves(lines, frame, width, height, is_ascii=is_ascii))
        return self._plotted[1]

    def _figure(self, width: int, height: int) -> tuple[Frame, list[Line]]:
        bucket = self._bucket_ns / 1e9
        end = math.ceil(self._now_ns / 1e9 / bucket) * bucket
        window = self._window_seconds
        lines = thin_curves(self._curves, window, end, bucket, max(1, width - 8))
        highest = max((y for line in lines for _, y in line.data.points), default=0.0)
        ticks = percent_ticks if self.metric is Metric.CPU else byte_ticks
        y_ticks = ticks(highest, max(1, (height - 2) // 3))
        return Frame(-window, 0.0, time_ticks(window, width - 8), y_ticks), lines


def dots_of(lines: Sequence[Line], frame: Frame, width: int, height: int) -> tuple[object, ...]:
    """Where the dots fall: two plots with equal dots look the same (a cell is 2 by 4 dots)."""
    across, up = 2 * width / -frame.x_start, 4 * height / frame.y_end
    fallen = (
        (
            line.mark,
            line.style,
            len(line.data.breaks),
            tuple(dict.fromkeys((int(x * across), int(y * up)) for x, y in line.data.points)),
        )
        for line in lines
    )
    return (frame, width, height, *fallen)


def window_for(curves: Sequence[Curve], now_ns: int) -> int:
    """The shortest of `WINDOWS_SECONDS` that holds every sample, else the longest."""
    oldest_ns = min((curve.t_ns[0] for curve in curves if curve.t_ns), default=now_ns)
    span = (now_ns - oldest_ns) / 1e9
    return next((window for window in WINDOWS_SECONDS if span <= window), WINDOWS_SECONDS[-1])


def thin_curves(
    curves: Sequence[Curve], window_seconds: float, end: float, bucket: float, columns: int
) -> list[Line]:
    """The curves as lines over the window before `end` (monotonic seconds)."""
    lines: list[Line] = []
    for curve in curves:
        data = thin(
            [t / 1e9 - end for t in curve.t_ns],
            curve.values,
            start=-window_seconds,
            end=0.0,
            columns=columns,
            gap=max(2.5 * bucket, 3.5 * typical_step(curve.t_ns)),
        )
        lines.append(Line(curve.mark, curve.style, data, curve.is_dotted))
    return lines


def typical_step(t_ns: Sequence[int]) -> float:
    """Median seconds between samples; 0 with fewer than two."""
    steps = sorted(later - earlier for earlier, later in pairwise(t_ns[-60:]))
    return steps[len(steps) // 2] / 1e9 if steps else 0.0


def time_ticks(window_seconds: int, columns: int) -> tuple[Tick, ...]:
    """`−5m … now`, every minute (every quarter of a shorter window) where there is room."""
    parts = 5 if window_seconds == WINDOWS_SECONDS[-1] else 4
    step = window_seconds // (parts if columns >= 8 * parts else 1)
    return tuple(Tick(-float(ago), _ago(ago)) for ago in range(window_seconds, -1, -step))


def _ago(seconds: int) -> str:
    """`−5m`, `−90s`, `now`."""
    if seconds == 0:
        return "now"
    return f"−{seconds}s" if seconds % 60 else f"−{seconds // 60}m"


def legend(title: str, curves: Sequence[Curve], width: int, rows: int) -> list[Content]:
    """At most `rows` lines naming each curve with its newest figure, as fully as fits."""
    for detail in range(4, -1, -1):
        entries = [_entry(curve, detail) for curve in curves]
        lines = _flow(Content.styled(title, "bold"), entries, width)
        fits = len(lines) <= rows and all(line.cell_length <= width for line in lines)
        if fits or detail == 0:
            return [line.truncate(width, ellipsis=True) for line in lines[:rows]]
    return []


def _entry(curve: Curve, detail: int) -> Content:
    """Mark, figure and accelerator always; then kind, name and reason as `detail` grows."""
    is_guest = curve.is_dotted
    words = [curve.name] if detail >= 3 and not is_guest else []
    if curve.kind and detail >= 1:
        words.append(curve.kind if detail >= 2 else curve.kind.split()[is_guest - 1])
    text = Content.styled(curve.mark, f"{curve.style} reverse bold")
    for word in words:
        text += Content(" " + word)
    text += Content.styled(f" {curve.value}", f"{curve.style} bold")
    if curve.accelerator and not is_guest:
        text += Content.styled(f" {curve.accelerator}", "$quiet")
    if curve.reason and detail >= 4:
        text += Content.styled(f" ({curve.reason})", "$quiet")
    return text


def _flow(title: Content, entries: Sequence[Content], width: int) -> list[Content]:
    lines, line = [], title
    for entry in entries:
        longer = line + "  " + entry
        if longer.cell_length > width and line is not title:
            lines.append(line)
            line = Content("  ") + entry
        else:
            line = longer
    return [*lines, line]


def _blank(curves: Sequence[Curve], width: int, height: int) -> list[Content]:
    """In place of a plot: why there is nothing to draw."""
    reasons = dict.fromkeys(f"{curve.name}: {curve.reason}" for curve in curves if curve.reason)
    words = list(reasons) or ["no figures in the last minutes" if curves else ""]
    return _centred(words, width, height)


def _centred(words: Sequence[str], width: int, height: int) -> list[Content]:
    rows = [Content.styled(word, "$quiet").truncate(width, ellipsis=True) for word in words]
    above = max(0, (height - len(rows)) // 2)
    return [Content("")] * above + [row.center(width) for row in rows[:height]]


class TrendChart(Widget):
    """CPU and memory of the instance at `key` and of its pair: side by side, stacked, or one."""

    DEFAULT_CSS = """
    TrendChart { width: 1fr; height: 1fr; layout: horizontal; }
    TrendChart.-stacked { layout: vertical; }
    TrendChart.-single.-cpu TrendPlot.-memory { display: none; }
    TrendChart.-single.-memory TrendPlot.-cpu { display: none; }
    """
    app = getters.app(ConsoleApp)
    key: var[str | None] = var(None)
    """Address of the selection; None shows an empty chart."""
    metric: reactive[Metric] = reactive(Metric.CPU)
    """Which one to show where there is room for one only."""

    def __init__(self) -> None:
        super().__init__()
        self._plots = [TrendPlot(metric) for metric in Metric]

    def compose(self) -> ComposeResult:
        """One plot a metric."""
        for plot in self._plots:
            plot.add_class(f"-{plot.metric}")
            yield plot

    def on_mount(self) -> None:
        """Follow the fleet."""
        self.watch(self.app, "snapshot", self._take, init=False)
        self._take(self.app.fleet.snapshot)

    def on_resize(self, event: Resize) -> None:
        """Choose the arrangement that gives each plot room."""
        is_wide = event.size.width >= _SIDE_BY_SIDE_COLUMNS
        is_high = event.size.height >= _STACKED_ROWS
        self.set_class(is_high and not is_wide, "-stacked")
        self.set_class(not is_high and not is_wide, "-single")

    def watch_key(self) -> None:
        """Another selection."""
        if self.is_mounted:
            self._take(self.app.fleet.snapshot)

    def watch_metric(self, metric: Metric) -> None:
        """The other metric, where one is shown."""
        for each in Metric:
            self.set_class(each is metric, f"-{each}")

    def _take(self, snapshot: Snapshot) -> None:
        pair = pair_of(snapshot, self.key)
        for plot in self._plots:
            curves = curves_of(plot.metric, pair, snapshot, self.app.fleet.history)
            plot.show(curves, snapshot.t_ns)
