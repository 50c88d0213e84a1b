"""Questions around a comparison; the safe answer is the default."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.console import ConsoleApp
from tui.errors import TwindeckError
from tui.lab.view import Progress
from tui.results import Run
from tui.screens.dialogs import ConfirmDialog
from tui.text import clean
from tui.units import about
from tui.widgets.lab_text import date_text, kind_text

QUICK, FULL, OPEN, BOOT = "quick", "full", "open", "boot"


@dataclass(frozen=True, slots=True)
class _Choice:
    id: str
    title: str
    told: str


class StartDialog(ModalScreen[str | None]):
    """What to do with the pair: compare it, quick or in full, or boot it. Gives the choice."""

    app = getters.app(ConsoleApp)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "cancel", show=False),
        Binding("j", "list_down", "down", show=False),
        Binding("k", "list_up", "up", show=False),
    ]

    def __init__(self, workload: str, *, can_boot: bool, is_busy: bool) -> None:
        super().__init__()
        self._workload = workload
        self._can_boot = can_boot
        self._is_busy = is_busy
        self._lengths = {QUICK: "reading the plan", FULL: "reading the plan"}

    def compose(self) -> ComposeResult:
        """The choices, and what a comparison does to the host."""
        note = (
            "A comparison is under way; booting the pair disturbs it."
            if self._is_busy
            else "Compares copies of its own on ports of their own, and takes them down at the "
            "end; other work on this host meanwhile disturbs the figures."
        )
        with Vertical(classes="dialog"):
            yield Static(
                Content.from_markup("[bold]$w as a VM and as a container[/]\n", w=self._workload)
            )
            yield OptionList(*self._options(), compact=True)
            yield Static(Content.styled("\n" + note, "$quiet"))
            yield Static("enter choose   esc cancel", classes="dialog-hint")

    def on_mount(self) -> None:
        """The quick comparison is the default."""
        self.query_one(OptionList).highlighted = 0
        self.query_one(OptionList).focus()
        if not self._is_busy:
            self._ask_for_lengths()

    def _choices(self) -> list[_Choice]:
        if self._is_busy:
            choices = [_Choice(OPEN, "Open the comparison", "under way")]
        else:
            choices = [
                _Choice(QUICK, "Compare, quick", self._lengths[QUICK]),
                _Choice(FULL, "Compare, full", self._lengths[FULL]),
            ]
        if self._can_boot:
            choices.append(_Choice(BOOT, "Boot the pair now", "restart both, timing each boot"))
        return choices

    def _options(self) -> list[Option]:
        return [
            Option(
                Content.from_markup(
                    "[bold]$t[/] [$quiet]$s[/]", t=choice.title.ljust(20), s=choice.told
                ),
                id=choice.id,
            )
            for choice in self._choices()
        ]

    @work
    async def _ask_for_lengths(self) -> None:
        lab = self.app.lab
        assert lab is not None
        for choice, is_quick in ((QUICK, True), (FULL, False)):
            try:
                plan = await asyncio.to_thread(lab.plan, self._workload, is_quick=is_quick)
            except TwindeckError as error:
                self._lengths[choice] = error.line
            else:
                self._lengths[choice] = f"about {about(plan.seconds)}, {plan.steps} readings"
        for options in self.query(OptionList):
            for option in self._options():
                if option.id in self._lengths:
                    options.replace_option_prompt(option.id, option.prompt)

    def action_list_down(self) -> None:
        """Next choice."""
        self.query_one(OptionList).action_cursor_down()

    def action_list_up(self) -> None:
        """Previous choice."""
        self.query_one(OptionList).action_cursor_up()

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Hand the choice back."""
        self.dismiss(event.option_id)


class CancelDialog(ConfirmDialog):
    """Going on is the default."""

    def __init__(self, progress: Progress) -> None:
        question = Content.from_markup(
            "[bold]Cancel the comparison of $w?[/]\n\n"
            "$s of $n readings are taken and kept; $r resumes it later.\n"
            "Its VM and its container are taken down.",
            w=clean(progress.workload),
            s=str(progress.step),
            n=str(progress.steps),
            r="r",
        )
        super().__init__(question, "Cancel the comparison", "Go on")


class DeleteDialog(ConfirmDialog):
    """Keeping it is the default."""

    def __init__(self, run: Run) -> None:
        question = Content.from_markup(
            "[bold]Delete this comparison?[/]\n\n"
            "  [bold]$w[/]  [$quiet]$k  $d UTC[/]\n\n"
            "All its readings are lost.\n[bold $error]This cannot be undone.[/]",
            w=clean(run.workload),
            k=kind_text(run),
            d=date_text(run.started_at),
        )
        super().__init__(question, "Delete", "Keep")


class LeavingDialog(ModalScreen[None]):
    """Shown while a cancelled comparison is taken down; the console closes when it is."""

    app = getters.app(ConsoleApp)

    def compose(self) -> ComposeResult:
        """What is waited for."""
        with Vertical(classes="dialog"):
            yield Static(Content.from_markup("[bold]Taking the comparison down[/]\n"))
            yield Static(id="leaving-doing")
            yield Static("ctrl+c close the console now", classes="dialog-hint")

    def on_mount(self) -> None:
        """Follow the lab."""
        self.watch(self.app, "progress", self._follow)

    def _follow(self, progress: Progress | None) -> None:
        if progress is None or not progress.is_under_way:
            self.app.exit()
        else:
            self.query_one("#leaving-doing", Static).update(Content(clean(progress.doing)))
