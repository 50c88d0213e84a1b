"""The console: puts the decks on screen and ties the keys that work everywhere."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import SuspendNotSupported, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen

from tui.console import Clock, ConsoleApp, Interruptible
from tui.core.guard import changing
from tui.errors import TwindeckError
from tui.fleet.view import FleetView
from tui.glyphs import Glyphs, glyphs_for
from tui.model import SideName
from tui.screens.decks import DecksScreen
from tui.sides.base import Command
from tui.theme import DARK, LIGHT
from tui.widgets.key_footer import active_keys

if TYPE_CHECKING:
    from textual.command import Provider

    from tui.lab.view import LabView

_CHOICES = (
    ((SideName.VM, SideName.CONTAINER), "on both sides"),
    ((SideName.VM,), "as a VM"),
    ((SideName.CONTAINER,), "as a container"),
)
"""Where a workload can be brought up."""


def _palette() -> type[Provider]:
    # With it comes all of the palette, which few open.
    from tui.screens.palette import PlainCommands

    return PlainCommands


class TwindeckApp(ConsoleApp):
    """Two decks on one console. Starts the fleet it is given; whoever made the fleet stops it."""

    TITLE = "Twindeck"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", "quit", priority=True, show=False, tooltip="Quit"),
        Binding("ctrl+q", "quit", "quit", priority=True, show=False, tooltip="Quit"),
        Binding("question_mark,f1", "show_help", "help", tooltip="The keys that work here now"),
        Binding("ctrl+l", "repaint", "repaint", show=False, tooltip="Paint the screen anew"),
        Binding("q", "quit", "quit", tooltip="Quit; every instance stays as it is"),
    ]

    def __init__(
        self,
        fleet: FleetView,
        open_lab: Callable[[], LabView | None] = lambda: None,
        *,
        clock: Clock | None = None,
        glyphs: Glyphs | None = None,
        is_thin: bool = False,
    ) -> None:
        glyphs = glyphs or glyphs_for(os.environ)
        super().__init__(fleet, open_lab, clock=clock, glyphs=glyphs, is_thin=is_thin)
        self._is_leaving = False
        self.animation_level = "none"
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self.set_class(self.glyphs.is_ascii, "-ascii")

    def on_mount(self) -> None:
        """Told to end, or left alone by the terminal: give it back before going."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, partial(self.exit, return_code=128 + number))

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice; ours where it chooses the one for a terminal."""
        from textual.drivers.linux_driver import LinuxDriver

        from tui.driver import TerminalDriver

        chosen = super().get_driver_class()
        return TerminalDriver if chosen is LinuxDriver else chosen

    def get_default_screen(self) -> DecksScreen:
        """The decks are home."""
        return DecksScreen()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that do not know them."""
        return dict(DARK.variables if self.current_theme.dark else LIGHT.variables)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Everything the keys can do now, and every workload on every side."""
        for active, label in active_keys(screen):
            binding = active.binding
            if label and binding.tooltip:
                run = partial(self.run_action, binding.action, active.node)
                yield SystemCommand(label.capitalize(), binding.tooltip, run)
        if not self.is_read_only:
            for workload in self.fleet.workloads:
                for sides, words in _CHOICES:
                    title = f"Bring up {workload.name} {words}"
                    run_up = partial(self.bring_up, workload.name, sides)
                    yield SystemCommand(title, workload.title, run_up)
                if self.lab is not None:
                    run_lab = partial(self._compare, workload.name)
                    title = f"Compare {workload.name} as a VM and as a container"
                    yield SystemCommand(title, workload.title, run_lab)
        yield SystemCommand("Theme", "Choose the colours", self.action_change_theme)
        if self.may_offer(self, "screenshot"):
            told = "Save the screen as an SVG in the home directory"
            yield SystemCommand("Screenshot", told, self.action_screenshot)

    @changing
    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Save what is on screen."""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self.clock.unix()))
        folder = Path(path) if path else Path.home()
        self._save_screen(folder / (filename or f"twindeck-screen-{stamp}.svg"))

    @work
    async def _save_screen(self, path: Path) -> None:
        if await self.save_new(path, self.export_screenshot()):
            self.say(f"Saved the screen to {path}")

    def _compare(self, workload: str) -> None:
        from tui.screens.lab_start import ask_and_do

        ask_and_do(self, workload, None)

    def action_show_help(self) -> None:
        """List the keys of the present screen."""
        from tui.screens.help import HelpScreen, help_entries

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(help_entries(self.screen)))

    async def action_interrupt(self) -> None:
        """Quit, or stop what the screen has to stop."""
        if not (isinstance(self.screen, Interruptible) and self.screen.interrupt()):
            await self.action_quit()

    async def action_quit(self) -> None:
        """Leave; ask first while an action or a comparison runs, unless that was just asked."""
        from tui.screens.dialogs import QuitDialog

        jobs = [job for job in self.snapshot.jobs.values() if job.is_active]
        is_asked = isinstance(self.screen, QuitDialog) or self._is_leaving
        if (jobs or self.comparison) and not is_asked:
            self.push_screen(QuitDialog(jobs, self.comparison), self._leave)
        else:
            if self.comparison and self.lab is not None:
                self.lab.cancel()
            self.exit()

    def _leave(self, is_sure: bool | None) -> None:
        if not is_sure:
            return
        if self.comparison is None or self.lab is None:
            self.exit()
            return
        from tui.screens.lab_dialogs import LeavingDialog

        self._is_leaving = True
        self.lab.cancel()
        self.push_screen(LeavingDialog())

    def open_shell(self, key: str) -> None:
        """Ask the engine for the command, off the UI thread, then run it on the terminal."""
        self._ask_for_shell(key)

    @work(thread=True, exit_on_error=False, group="shell")
    def _ask_for_shell(self, key: str) -> None:
        try:
            command = self.fleet.shell(key)
        except TwindeckError as error:
            self.call_from_thread(self.say, error.line, is_error=True)
            return
        self.call_from_thread(self._hand_over, key, command)

    def _hand_over(self, key: str, command: Command) -> None:
        """The terminal is the command's until it ends; then the console is as it was."""
        begun_t_ns = self.clock.t_ns()
        try:
            with self.suspend():
                ended = subprocess.run(
                    command.argv, cwd=command.cwd, env={**os.environ, **command.env}, check=False
                )
        except SuspendNotSupported:
            self.say("No shell: this terminal cannot be handed over", is_error=True)
        except OSError as error:
            self.say(f"No shell in {key}: {error.strerror or error}", is_error=True)
        else:
            took_seconds = (self.clock.t_ns() - begun_t_ns) / 1e9
            if _is_shell_failure(ended.returncode, took_seconds):
                self.say(f"The shell in {key} ended with code {ended.returncode}", is_error=True)
        self.refresh()


def _is_shell_failure(code: int, took_seconds: float) -> bool:
    """A shell hands on the code of its last command, so a code alone says little; 125 and above
    come from docker and ssh themselves, and a shell that ends at once never was one."""
    return code in (125, 126, 127, 255) or (code not in (0, 130) and took_seconds < 2.0)
