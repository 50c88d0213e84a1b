"""All comparisons of the history: open, resume, delete, compare two, follow one row over them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Static

from tui.console import ConsoleApp
from tui.core.guard import changing
from tui.errors import TwindeckError
from tui.lab.view import LabView, Progress
from tui.results import Row, Run, RunState, Table
from tui.screens.lab_dialogs import DeleteDialog
from tui.text import clean
from tui.widgets.key_footer import KeyFooter
from tui.widgets.lab_progress import LabProgress
from tui.widgets.lab_text import date_text, kind_text, state_text
from tui.widgets.line_list import LineList
from tui.widgets.plainly import fitted

_LIMIT = 50
_WHOLE_COLUMNS = 78
_RATIO_ROW = Row.BOOT
_FOOTER = ("open", "compare_two", "mark", "trend", "resume", "delete", "reload", "dismiss")


class RunsScreen(Screen[None]):
    """Newest first. A run's ratio is read after the list is shown."""

    app = getters.app(ConsoleApp)
    DEFAULT_CSS = """
    RunsScreen {
        & .runs-title { height: 1; background: $panel; padding: 0 1; }
        & .runs-heading { height: 1; text-wrap: nowrap; }
        & .runs-note { height: 1fr; padding: 1 2; }
        & LineList { max-height: 1fr; }
        & KeyFooter { height: 1; dock: bottom; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", tooltip="Clear the marks, or go back"),
        Binding("m,space", "mark", "mark", tooltip="Mark; two marked can be compared"),
        Binding("c", "compare_two", "compare", tooltip="The two marked, or the one and this"),
        Binding("t", "trend", "trend", tooltip="A row over the runs of this workload and host"),
        Binding("r", "resume", "resume", tooltip="Take what it still lacks"),
        Binding("d", "delete", "delete", tooltip="Delete, after a question"),
        Binding("ctrl+r", "reload", "refresh", show=False, tooltip="Read the history again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[str, Run] = {}
        self.marks: list[str] = []
        self.is_read = False
        """Whether the history has answered."""
        self._error = ""
        self._left_out = 0
        self._ratios: dict[tuple[object, ...], str] = {}

    @property
    def lab(self) -> LabView:
        """The lab; there is no such screen without one."""
        assert self.app.lab is not None
        return self.app.lab

    def compose(self) -> ComposeResult:
        """Title, list, a note in its place, the run under way, keys."""
        yield Static(classes="runs-title")
        yield Static(classes="runs-heading")
        yield LineList()
        yield Static(classes="runs-note")
        yield LabProgress()
        yield KeyFooter(_FOOTER)

    def on_mount(self) -> None:
        """Read the history; follow the lab."""
        self.query_one(LineList).focus()
        self.watch(self.app, "progress", self._follow)
        self.set_interval(1.0, self._tick)

    def on_screen_resume(self) -> None:
        """Runs may have come, gone or ended meanwhile."""
        self._read()

    def on_resize(self) -> None:
        """Lines are laid out by hand."""
        self.call_after_refresh(self.show)

    def _follow(self, progress: Progress | None) -> None:
        known = self.runs.get(progress.run_id) if progress else None
        if progress and (known is None or known.state is not progress.state):
            self._read()
        self._tick()

    def _tick(self) -> None:
        if self.app.is_seen(self):
            self.query_one(LabProgress).show(self.app.comparison)

    @work(exclusive=True, group="read")
    async def _read(self) -> None:
        self._error, runs = "", list(self.runs.values())
        try:
            runs = await asyncio.to_thread(self.lab.runs, _LIMIT)
            self._left_out = len(await asyncio.to_thread(self.lab.unreadable))
        except TwindeckError as error:
            self._error = error.line
        self.runs = {run.id: run for run in runs}
        self.marks = [mark for mark in self.marks if mark in self.runs]
        self.is_read = True
        self.show()
        for run in runs:
            if self._known(run) not in self._ratios:
                self._ratios[self._known(run)] = await self._ratio(run)
                self.show()

    async def _ratio(self, run: Run) -> str:
        try:
            table = await asyncio.to_thread(self.lab.table, run.id)
        except TwindeckError:
            return ""
        return _headline_ratio(table)

    @staticmethod
    def _known(run: Run) -> tuple[object, ...]:
        return (run.id, run.state, run.busy_seconds)

    @property
    def run(self) -> Run | None:
        """The one under the cursor."""
        return self.runs.get(self.query_one(LineList).cursor or "")

    def show(self) -> None:
        """Paint what is known."""
        # An answer may come while the screen is on its way out, and its parts are gone already.
        with suppress(NoMatches):
            self._show()

    def _show(self) -> None:
        glyphs = self.app.glyphs
        count = f"{len(self.runs)} in the history" if self.is_read else "reading the history"
        if self._left_out:
            count += f" · {self._left_out} cannot be read, `twindeck runs` says why"
        if self.marks:
            count += f" · {len(self.marks)} marked"
        title = Content.assemble(("Comparisons", "bold"), "  ", (count, "$quiet"))
        self.query_one(".runs-title", Static).update(fitted(title, glyphs), layout=False)
        wide = self.size.width
        titles = ("DATE (UTC)", "WORKLOAD", "KIND", "STATE", "HOST", "VM BY", "BOOT")
        head = _cells(titles, wide)
        heading = Content.styled("   " + head.plain, "$faint")
        self.query_one(".runs-heading", Static).update(heading, layout=False)
        self.query_one(LineList).show([(run.id, self._line(run)) for run in self.runs.values()])
        self._show_note()
        self.refresh_bindings()

    def _show_note(self) -> None:
        note = Content.styled(self._error, "$error") if self._error else Content("")
        if self.is_read and not self.runs and not self._error:
            note = Content.from_markup(
                "No comparison yet: [bold $primary]esc[/], then [bold $primary]b[/] on a workload "
                "runs it as a VM and as a container and measures the trade-off on this host."
            )
        self.query_one(".runs-note", Static).update(note)

    def _line(self, run: Run) -> Content:
        now = self.app.comparison
        state = state_text(run, now if now and now.run_id == run.id else None)
        mark = self.app.glyphs.mark if run.id in self.marks else " "
        date = date_text(run.started_at)
        ratio = self._ratios.get(self._known(run), "")
        by = clean(run.accelerator or self.app.glyphs.dash)
        host, kind = clean(run.host_hash)[:8], kind_text(run)
        cells = (date, clean(run.workload), kind, state, host, by, ratio)
        return Content.styled(f"{mark} ", "$accent bold") + _cells(cells, self.size.width)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense for the run under the cursor."""
        if not self.app.may_offer(self, action):
            return False
        if action in ("mark", "trend", "open"):
            return self.run is not None
        if action == "compare_two":
            return len(self._two()) == 2
        if action in ("resume", "delete"):
            run, now = self.run, self.app.comparison
            if run is None:
                return False
            if action == "delete":
                return now is None or now.run_id != run.id
            return now is None and run.state is not RunState.DONE
        return super().check_action(action, parameters)

    def _two(self) -> list[str]:
        """What `c` compares: the two marked, else the one marked and the one under the cursor."""
        run = self.run
        here = [run.id] if run is not None and run.id not in self.marks else []
        return self.marks if len(self.marks) == 2 else [*self.marks, *here][:2]

    @on(LineList.Moved)
    def follow_cursor(self) -> None:
        """Another run, other keys."""
        self.refresh_bindings()

    @on(LineList.Opened)
    def open_run(self, event: LineList.Opened) -> None:
        """Its table."""
        from tui.screens.lab import LabScreen

        self.app.push_screen(LabScreen(event.key))

    def action_back(self) -> None:
        """Marks first."""
        if self.marks:
            self.marks = []
            self.show()
        else:
            self.dismiss()

    def action_mark(self) -> None:
        """Mark or unmark; the older of two gives way to a third."""
        if (run := self.run) is None:
            return
        if run.id in self.marks:
            self.marks.remove(run.id)
        else:
            self.marks = [*self.marks[-1:], run.id]
        self.show()

    def action_compare_two(self) -> None:
        """Side by side."""
        if len(two := self._two()) == 2:
            from tui.screens.lab_two import TwoRunsScreen

            self.app.push_screen(TwoRunsScreen(two[0], two[1]))

    def action_trend(self) -> None:
        """A row over the runs that can be compared with this one."""
        if (run := self.run) is not None:
            from tui.screens.lab_trend import LabTrendScreen

            self.app.push_screen(LabTrendScreen(run))

    @changing
    def action_resume(self) -> None:
        """Go on where it was left."""
        if (run := self.run) is None:
            return
        try:
            self.lab.resume(run.id)
        except TwindeckError as error:
            self.app.say(error.line, is_error=True)

    @changing
    def action_delete(self) -> None:
        """Ask, then delete."""
        if (run := self.run) is None:
            return

        def delete(is_sure: bool | None) -> None:
            if is_sure:
                self._delete(run)

        self.app.push_screen(DeleteDialog(run), delete)

    @work(group="delete")
    async def _delete(self, run: Run) -> None:
        try:
            await asyncio.to_thread(self.lab.delete, run.id)
        except TwindeckError as error:
            self.app.say(error.line, is_error=True)
        self._read()

    def action_reload(self) -> None:
        """Read the history again."""
        self._read()


def _headline_ratio(table: Table) -> str:
    row = next((row for row in table.rows if row.row is _RATIO_ROW), None)
    if row is None or row.ratio is None:
        return ""
    # What ran the VM stands in a column of its own.
    return f"VM {row.ratio.size}" if row.ratio.size else str(row.ratio.outcome)


def _cells(cells: Sequence[str | Content], width: int) -> Content:
    """Padded to the columns; without host and ratio where they do not fit."""
    is_narrow = width < _WHOLE_COLUMNS
    widths = (17, 10 if width < 2 * _WHOLE_COLUMNS else 24, 6, 14, 0 if is_narrow else 9, 6, 30)
    parts = []
    for cell, room in zip(cells, widths[: -1 if is_narrow else None], strict=False):
        text = cell if isinstance(cell, Content) else Content(cell)
        text = text.truncate(max(0, room - 1), ellipsis=True) if room else Content("")
        parts.append(text + Content(" " * (room - text.cell_length)))
    return Content.assemble(*parts)
