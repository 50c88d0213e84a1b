"""What `b` does on a pair: asks, then starts a comparison and opens it, or boots the pair."""

from __future__ import annotations

from collections.abc import Callable

from tui.console import ConsoleApp
from tui.errors import TwindeckError
from tui.screens.lab import LabScreen
from tui.screens.lab_dialogs import BOOT, OPEN, QUICK, StartDialog


def ask_and_do(app: ConsoleApp, workload: str, boot: Callable[[], None] | None) -> None:
    """Let the user choose; `boot` boots the pair, None where there is none to boot."""
    under_way = app.comparison

    def act(choice: str | None) -> None:
        if choice == BOOT and boot is not None:
            boot()
        elif choice == OPEN and under_way is not None:
            app.push_screen(LabScreen(under_way.run_id))
        elif choice is not None:
            start(app, workload, is_quick=choice == QUICK)

    dialog = StartDialog(workload, can_boot=boot is not None, is_busy=under_way is not None)
    app.push_screen(dialog, act)


def start(app: ConsoleApp, workload: str, *, is_quick: bool) -> None:
    """Begin a comparison and open its table; one line when it cannot be."""
    assert app.lab is not None
    try:
        run_id = app.lab.start(workload, is_quick=is_quick)
    except TwindeckError as error:
        app.say(error.line, is_error=True)
    else:
        app.push_screen(LabScreen(run_id))
