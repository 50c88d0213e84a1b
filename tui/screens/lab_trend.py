"""One row over the runs that can be compared: same workload, same host, same kind of VM."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import getters, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.console import ConsoleApp
from tui.errors import TwindeckError
from tui.lab.view import LabView
from tui.results import Arm, Row, Run, Table
from tui.text import clean
from tui.widgets.key_footer import KeyFooter
from tui.widgets.lab_text import TITLES, accelerator_line, kind_text
from tui.widgets.lab_trend import Trend, TrendCurve, trend_of
from tui.widgets.plainly import fitted

_LIMIT = 50


class LabTrendScreen(Screen[None]):
    """VM left, container right, each on an axis of its own; `tab` takes the next row."""

    app = getters.app(ConsoleApp)
    DEFAULT_CSS = """
    LabTrendScreen {
        & .trend-title { height: 1; background: $panel; padding: 0 1; }
        & .trend-host, & .trend-method { height: 1; padding: 0 1; color: $quiet; }
        & > Static { text-wrap: nowrap; text-overflow: ellipsis; }
        & Horizontal { height: 1fr; padding: 1 1; }
        & TrendCurve { width: 1fr; height: 1fr; padding: 0 1 0 0; }
        & KeyFooter { height: 1; dock: bottom; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "back", tooltip="Back to the comparisons"),
        Binding("tab,right,j,down", "turn(1)", "next row", tooltip="The next row of the table"),
        Binding("shift+tab,left,k,up", "turn(-1)", "previous row", tooltip="The row before"),
    ]

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._row = Row.BOOT
        self._error = ""
        self._tables: tuple[Table, ...] = ()
        self.is_ready = False
        """Whether the runs are read."""

    def compose(self) -> ComposeResult:
        """Title, accelerator, two plots, method, keys."""
        yield Static(classes="trend-title")
        yield Static(classes="trend-host")
        with Horizontal():
            yield TrendCurve(Arm.VM)
            yield TrendCurve(Arm.CONTAINER)
        yield Static(classes="trend-method")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Read the runs."""
        self._read()
        self.show()

    @work
    async def _read(self) -> None:
        lab, run = self.app.lab, self._run
        assert lab is not None
        try:
            runs = await asyncio.to_thread(lab.runs, _LIMIT)
            alike = [other for other in runs if _key(other) == _key(run)]
            tables = [table for other in alike if (table := await self._table(lab, other.id))]
        except TwindeckError as error:
            self._error = error.line
        else:
            self._tables = tuple(sorted(tables, key=lambda table: table.run.started_at))
        self.is_ready = True
        self.show()

    @staticmethod
    async def _table(lab: LabView, run_id: str) -> Table | None:
        """None for a run that cannot be read: it never hides the others."""
        try:
            return await asyncio.to_thread(lab.table, run_id)
        except TwindeckError:
            return None

    def show(self) -> None:
        """Paint the row."""
        trend = trend_of(self._tables, self._row)
        self._put(".trend-title", self._title(trend))
        self._put(".trend-host", accelerator_line(self._run.accelerator))
        self._put(".trend-method", Content(trend.method))
        for curve in self.query(TrendCurve):
            curve.show(trend, is_ready=self.is_ready)

    def _put(self, selector: str, text: Content) -> None:
        for part in self.query(selector).results(Static):
            part.update(fitted(text, self.app.glyphs), layout=False)

    def _title(self, trend: Trend) -> Content:
        many = len(self._tables)
        told = f"{many} {kind_text(self._run)} run{'' if many == 1 else 's'}"
        told = f"{told} on this host" if self.is_ready else "reading"
        if self._error:
            told = self._error
        host = f"host {clean(self._run.host_hash)[:8]}"
        return Content.assemble(
            (f"{clean(self._run.workload)}  {TITLES[self._row]}", "bold"),
            (f"  {trend.title}  {told}  {host}", "$quiet"),
        )

    def label_for(self, action: str) -> str | None:
        """Say which row comes."""
        return TITLES[self._at(1 if "(1)" in action else -1)].lower() if "turn" in action else None

    def _at(self, step: int) -> Row:
        rows = list(Row)
        return rows[(rows.index(self._row) + step) % len(rows)]

    def action_turn(self, step: int) -> None:
        """Another row."""
        self._row = self._at(step)
        self.show()
        self.refresh_bindings()


def _key(run: Run) -> tuple[object, ...]:
    """Runs with the same key may stand in one chart."""
    return (run.workload, run.host_hash, run.accelerator, run.is_quick, run.method_version)
