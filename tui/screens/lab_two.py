"""Two comparisons side by side: their medians, line by line."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import getters, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.console import ConsoleApp
from tui.errors import TwindeckError
from tui.results import Table
from tui.screens.lab_page import run_headline
from tui.text import clean
from tui.widgets.key_footer import KeyFooter
from tui.widgets.lab_two import two_lines, warnings
from tui.widgets.plainly import fitted


class TwoRunsScreen(Screen[None]):
    """The older stands left."""

    app = getters.app(ConsoleApp)
    DEFAULT_CSS = """
    TwoRunsScreen {
        & .two-title { height: auto; background: $panel; padding: 0 1; }
        & VerticalScroll { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        & VerticalScroll Static { width: 1fr; height: auto; }
        & KeyFooter { height: 1; dock: bottom; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "back", tooltip="Back to the comparisons"),
        Binding("a", "toggle_all", "all lines", tooltip="Every line, or one a row"),
        Binding("j", "line(1)", "down", show=False),
        Binding("k", "line(-1)", "up", show=False),
    ]

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self._ids = (first, second)
        self._error = ""
        self.tables: tuple[Table, ...] = ()
        self.is_whole = False
        """Whether every line is shown."""

    def compose(self) -> ComposeResult:
        """Which two, their figures, keys."""
        yield Static(classes="two-title")
        with VerticalScroll():
            yield Static(classes="two-lines")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Read both."""
        self.query_one(VerticalScroll).focus()
        self._read()

    def on_resize(self) -> None:
        """Lines are laid out by hand."""
        self.call_after_refresh(self.show)

    @work
    async def _read(self) -> None:
        lab = self.app.lab
        assert lab is not None
        try:
            tables = [await asyncio.to_thread(lab.table, run_id) for run_id in self._ids]
        except TwindeckError as error:
            self._error = error.line
        else:
            self.tables = tuple(sorted(tables, key=lambda table: table.run.started_at))
        self.show()

    def show(self) -> None:
        """Paint both."""
        glyphs = self.app.glyphs
        title = Content.styled(self._error or "reading", "$error" if self._error else "$quiet")
        lines: list[Content] = []
        if self.tables:
            first, second = self.tables
            title = Content("\n").join(
                Content.styled(f"{letter} ", "bold $accent")
                + run_headline(table.run, None, is_short=True)
                + Content.styled(f"  VM {clean(table.run.accelerator or 'not run')}", "$warning")
                for letter, table in zip("AB", self.tables, strict=True)
            )
            lines = warnings(first.run, second.run)
            lines += two_lines(first, second, self.size.width - 3, glyphs, is_whole=self.is_whole)
        told = {".two-title": title, ".two-lines": Content("\n").join(lines)}
        for selector, text in told.items():
            for part in self.query(selector).results(Static):
                part.update(fitted(text, glyphs))

    def label_for(self, action: str) -> str | None:
        """Say what it would do now."""
        return "headlines" if action == "toggle_all" and self.is_whole else None

    def action_toggle_all(self) -> None:
        """Every line, or headlines only."""
        self.is_whole = not self.is_whole
        self.show()
        self.refresh_bindings()

    def action_line(self, step: int) -> None:
        """One line up or down."""
        self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)
