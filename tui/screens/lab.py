"""A comparison: the eleven rows of one run, filled while it is measured."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.core.guard import changing
from tui.errors import TwindeckError
from tui.results import RunState, TableRow
from tui.screens.lab_page import LabPage
from tui.widgets.key_footer import KeyFooter
from tui.widgets.lab_lines import Page, row_lines, verdict_block
from tui.widgets.lab_progress import LabProgress
from tui.widgets.lab_table import heading, table_lines, widths_for
from tui.widgets.lab_text import accelerator_line, row_state
from tui.widgets.line_list import LineList

_FOOTER = ("open", "cancel", "resume", "copy", "output", "dismiss")


class LabScreen(LabPage):
    """Title, what ran the VM, the table, where the run stands, the row under the cursor."""

    DEFAULT_CSS = """
    LabScreen {
        overflow: hidden;
        & .lab-title { height: 1; background: $panel; padding: 0 1; }
        & .lab-title, & .lab-host, & .lab-heading { text-wrap: nowrap; text-overflow: ellipsis; }
        & .lab-host, & .lab-heading { height: 1; }
        & .lab-host { padding: 0 1; }
        & LineList { max-height: 11; }
        & .lab-detail { height: 1fr; padding: 0 1; border-top: solid $rule; }
        & .lab-detail { scrollbar-size-vertical: 1; }
        & .lab-detail Static { width: 1fr; height: auto; }
        &.-tiny { & LineList { height: 1fr; } & .lab-detail { display: none; } }
        &.-tall LabProgress { margin: 1 0 0 0; }
        & KeyFooter { height: 1; dock: bottom; }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (20, "-low"), (34, "-tall")]  # noqa: RUF012 (typed by Textual)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "x", "cancel", "cancel", tooltip="Cancel, after a question; what is measured stays"
        ),
        Binding("r", "resume", "resume", tooltip="Take what this run still lacks"),
        Binding("L", "output", "output", tooltip="What vagrant, docker and the tools print"),
    ]

    def compose(self) -> ComposeResult:
        """Title, accelerator, table, progress, details, keys."""
        yield Static(classes="lab-title")
        yield Static(classes="lab-host")
        yield Static(classes="lab-heading")
        yield LineList()
        yield LabProgress()
        with VerticalScroll(classes="lab-detail", can_focus=False):
            yield Static(classes="lab-row")
        yield KeyFooter(_FOOTER)

    def on_mount(self) -> None:
        """Keys go to the table."""
        self.query_one(LineList).focus()
        self.show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense."""
        if not self.app.may_offer(self, action):
            return False
        match action:
            case "resume":
                return self._can_resume()
            case "output":
                now = self.app.progress
                return now is not None and now.run_id == self.run_id
            case "copy":
                return self.table is not None
        return super().check_action(action, parameters)

    def _can_resume(self) -> bool:
        run = self.table.run if self.table else None
        return self.app.comparison is None and run is not None and run.state is not RunState.DONE

    @property
    def row(self) -> TableRow | None:
        """The one under the cursor."""
        key = self.query_one(LineList).cursor
        rows = self.table.rows if self.table else ()
        return next((row for row in rows if row.row == key), None)

    def show(self) -> None:
        """Everything anew; each part paints only what reads otherwise."""
        self.put(".lab-title", self.headline())
        self.tick()
        if (table := self.table) is None:
            return
        width = self.size.width
        by = table.run.accelerator
        self.put(".lab-host", accelerator_line(by))
        self.put(".lab-heading", heading(widths_for(width - 1), by))
        lines = table_lines(table, self.progress, width, self.app.glyphs)
        self.query_one(LineList).show(lines)
        self._show_row()

    def tick(self) -> None:
        """Time goes on."""
        self.query_one(LabProgress).show(self.progress)

    @on(LineList.Moved)
    def _show_row(self) -> None:
        if (row := self.row) is None or (table := self.table) is None:
            return
        page = Page(self.size.width - 3, self.app.glyphs)
        state = row_state(row, table.run, self.progress)
        if state in ("pending", "not asked", "not measured"):
            lines = [Content.styled(f"{row.title}: {state}", "$quiet")]
            claim = f"usual claim: VM {row.claim_vm}; container {row.claim_container}"
            lines.append(Content.styled(claim, "$quiet"))
        else:
            readings = self.study.measurements if self.study else ()
            lines = [*verdict_block(row, table, page), Content("")]
            lines += row_lines(row, table, readings, page)
        self.put(".lab-row", Content("\n").join(lines), layout=True)

    @on(LineList.Opened)
    def open_row(self, event: LineList.Opened) -> None:
        """Everything measured for it."""
        from tui.screens.lab_row import RowScreen

        self.app.push_screen(RowScreen(self.run_id, event.key))

    @changing
    def action_resume(self) -> None:
        """Go on where it was left."""
        try:
            self.lab.resume(self.run_id)
        except TwindeckError as error:
            self.app.say(error.line, is_error=True)

    def action_output(self) -> None:
        """What the tools print."""
        from tui.screens.lab_output import LabOutputScreen

        self.app.push_screen(LabOutputScreen(self.run_id))
