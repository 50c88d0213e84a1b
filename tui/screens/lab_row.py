"""One row of a comparison in full: every figure on every arm, its samples, its method."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.results import Row, TableRow
from tui.screens.lab_page import LabPage
from tui.widgets.key_footer import KeyFooter
from tui.widgets.lab_lines import Page, host_block, row_lines, verdict_block
from tui.widgets.lab_text import TITLES, accelerator_line, row_state


class RowScreen(LabPage):
    """Text to scroll; `tab` goes to the next row."""

    DEFAULT_CSS = """
    RowScreen {
        & .lab-title { height: 1; background: $panel; padding: 0 1; }
        & .lab-host { height: 1; padding: 0 1; }
        & .lab-title, & .lab-host { text-wrap: nowrap; text-overflow: ellipsis; }
        & .lab-page { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        & .lab-page Static { width: 1fr; height: auto; }
        & KeyFooter { height: 1; dock: bottom; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "turn(1)", "next row", tooltip="The next row of the table"),
        Binding("shift+tab", "turn(-1)", "previous row", show=False, tooltip="The row before"),
        Binding("j", "line(1)", "down", show=False),
        Binding("k", "line(-1)", "up", show=False),
        Binding("g", "edge(-1)", "top", show=False, tooltip="The first line"),
        Binding("G", "edge(1)", "bottom", show=False, tooltip="The last line"),
    ]

    def __init__(self, run_id: str, row: str) -> None:
        super().__init__(run_id)
        self.row = Row(row)

    def compose(self) -> ComposeResult:
        """Title, accelerator, text, keys."""
        yield Static(classes="lab-title")
        yield Static(classes="lab-host")
        with VerticalScroll(classes="lab-page"):
            yield Static(classes="lab-row")
        yield KeyFooter(("dismiss", "turn(1)"))

    def on_mount(self) -> None:
        """Keys go to the text."""
        self.query_one(VerticalScroll).focus()
        self.show()

    def show(self) -> None:
        """Everything known of the row."""
        self.put(".lab-title", self.headline(TITLES[self.row]))
        table = self.table
        row = next((r for r in table.rows if r.row is self.row), None) if table else None
        if table is None or row is None:
            return
        self.put(".lab-host", accelerator_line(table.run.accelerator))
        self.put(".lab-row", Content("\n").join(self._lines(row)), layout=True)

    def _lines(self, row: TableRow) -> list[Content]:
        assert self.table is not None
        page = Page(self.size.width - 3, self.app.glyphs)
        lines = verdict_block(row, self.table, page)
        if state := row_state(row, self.table.run, self.progress):
            lines.insert(0, Content.styled(state, "$accent"))
        readings = self.study.measurements if self.study else ()
        lines += [Content(""), *row_lines(row, self.table, readings, page), Content("")]
        return [*lines, Content.styled("Host", "bold"), *host_block(self.table, page)]

    def label_for(self, action: str) -> str | None:
        """Say which row comes next."""
        return TITLES[self._at(1)].lower() if action == "turn(1)" else None

    def _at(self, step: int) -> Row:
        rows = list(Row)
        return rows[(rows.index(self.row) + step) % len(rows)]

    def action_turn(self, step: int) -> None:
        """Another row."""
        self.row = self._at(step)
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.show()
        self.refresh_bindings()

    def action_line(self, step: int) -> None:
        """One line up or down."""
        self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)

    def action_edge(self, step: int) -> None:
        """First or last line."""
        page = self.query_one(VerticalScroll)
        if step < 0:
            page.scroll_home(animate=False)
        else:
            page.scroll_end(animate=False)
