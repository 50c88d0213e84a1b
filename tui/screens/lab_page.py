"""What every screen of one run does: read it off the UI thread, and again when it came further."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual import getters, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Static

from tui.console import ConsoleApp
from tui.errors import TwindeckError
from tui.lab.view import LabView, Progress
from tui.results import Run, Study, Table
from tui.screens.lab_dialogs import CancelDialog
from tui.text import clean
from tui.widgets.lab_text import date_text, kind_text, run_length, state_text
from tui.widgets.plainly import fitted

_TICK_SECONDS = 1.0


class LabPage(Screen[None]):
    """A page of the run `run_id`. Subclasses paint in `show`, which is called when it changed."""

    app = getters.app(ConsoleApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "back", tooltip="Back; a comparison under way goes on"),
        Binding(
            "x", "cancel", "cancel", tooltip="Cancel, after a question; what is measured stays"
        ),
        Binding("y", "copy", "copy", tooltip="Copy the report as Markdown (OSC 52)"),
    ]

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.table: Table | None = None
        self.study: Study | None = None
        self.error = ""
        self._is_reading = False
        self._is_stale = False
        self._seen: tuple[object, ...] = ()
        self._worded: tuple[object, ...] = ()

    @property
    def lab(self) -> LabView:
        """The lab; there is no such screen without one."""
        assert self.app.lab is not None
        return self.app.lab

    @property
    def progress(self) -> Progress | None:
        """Of this run while it is under way."""
        now = self.app.comparison
        return now if now is not None and now.run_id == self.run_id else None

    def on_mount(self) -> None:
        """Read the run, follow the lab; tick while it is measured."""
        self.watch(self.app, "progress", self._follow, init=False)
        self.set_interval(_TICK_SECONDS, self._tick)
        self.read()

    def show(self) -> None:
        """Paint what is known."""
        raise NotImplementedError

    def tick(self) -> None:
        """Paint what counts seconds."""

    def _tick(self) -> None:
        if self.app.is_seen(self) and self.progress is not None:
            self.tick()

    def on_screen_resume(self) -> None:
        """Catch up with what happened meanwhile."""
        self.tick()
        if self._is_stale:
            self.read()

    def on_resize(self) -> None:
        """Lines are laid out by hand."""
        self.call_after_refresh(self.show)

    def _follow(self, progress: Progress | None) -> None:
        if progress is None or progress.run_id != self.run_id:
            return
        seen = (progress.step, progress.state, progress.is_ending, progress.row)
        if seen != self._seen:
            self._seen = seen
            self.read()
        if self.app.is_seen(self):
            self.tick()

    def read(self) -> None:
        """Read the run anew; behind another screen only once this one is back."""
        if self._is_reading or not self.app.is_seen(self):
            self._is_stale = True
        else:
            self._is_reading = True
            self._read()

    @work
    async def _read(self) -> None:
        error, table, study = "", self.table, self.study
        self._is_stale = False
        try:
            study = await asyncio.to_thread(self.lab.study, self.run_id)
            table = await asyncio.to_thread(self.lab.table, self.run_id)
        except TwindeckError as problem:
            error = problem.line
        finally:
            self._is_reading = False
        self.error, self.table, self.study = error, table, study
        self.show()
        self._reword()
        if self._is_stale:
            self.read()

    def _reword(self) -> None:
        """The keys are painted again only when one would do something else."""
        now = self.progress
        run = self.table.run if self.table else None
        worded = (now is None, now is not None and now.is_ending, run and run.state)
        if worded != self._worded:
            self._worded = worded
            self.refresh_bindings()

    def put(self, selector: str, text: Content, *, layout: bool = False) -> None:
        """Write into a Static; nothing happens when it reads so already."""
        try:
            part = self.query_one(selector, Static)
        except NoMatches:
            return
        text = fitted(text, self.app.glyphs)
        before = part.content
        if not (isinstance(before, Content) and before.is_same(text)):
            part.update(text, layout=layout)

    def headline(self, *more: str) -> Content:
        """`nginx  quick  ✓ done  2026-11-23 09:31  11m40s  host 4f5c2a9b`."""
        if self.table is None:
            told = self.error or "reading"
            return Content.assemble((clean(self.run_id), "bold"), "  ", (clean(told), "$quiet"))
        return run_headline(self.table.run, self.progress, *more)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what is under way can be cancelled."""
        if action == "cancel":
            return self.progress is not None and not self.progress.is_ending
        return super().check_action(action, parameters)

    def interrupt(self) -> bool:
        """ctrl+c on a comparison under way asks whether to cancel that."""
        if is_mine := bool(self.check_action("cancel", ())):
            self.action_cancel()
        return is_mine

    def action_cancel(self) -> None:
        """Ask, then cancel."""
        if (now := self.progress) is not None:
            self.app.push_screen(CancelDialog(now), self._cancel)

    def _cancel(self, is_sure: bool | None) -> None:
        if is_sure:
            self.lab.cancel()

    def action_copy(self) -> None:
        """Copy the report."""
        self._copy()

    @work(exclusive=True, group="copy")
    async def _copy(self) -> None:
        try:
            text = await asyncio.to_thread(self.lab.markdown, self.run_id)
        except TwindeckError as error:
            self.app.say(error.line, is_error=True)
        else:
            self.app.copy_to_clipboard(text)
            self.app.say(f"Copied the report, {len(text.splitlines())} lines of Markdown")


def run_headline(
    run: Run, progress: Progress | None, *more: str, is_short: bool = False
) -> Content:
    """One line on a run; `progress` is its own while it is under way."""
    words: list[Any] = [
        (clean(run.workload), "bold"),
        *(("  " + clean(word), "bold") for word in more),
        "  ",
        (kind_text(run), "$quiet"),
        "  ",
    ]
    head = Content.assemble(*words) + state_text(run, progress)
    quiet = [date_text(run.started_at) + " UTC"]
    if (length := run_length(run)) and progress is None and not (more or is_short):
        quiet.append(f"took {length}")
    if run.host_hash:
        quiet.append(f"host {clean(run.host_hash)[:8]}")
    return head + Content.styled("  " + "  ".join(word for word in quiet if word), "$quiet")
