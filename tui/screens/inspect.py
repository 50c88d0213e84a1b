"""Everything the engine knows of an instance, as text to scroll and search."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.core.daemon_pool import DaemonPool
from tui.core.secrets import MASK
from tui.errors import TwindeckError
from tui.screens.text_screen import TextScreen, named
from tui.text import clean
from tui.widgets.log_view import LogView, painter

_JSON_KEY = r'^\s*("(?:[^"\\]|\\.)*")(?=:)'


class InspectScreen(TextScreen):
    """JSON, indented, keys coloured; read once, `ctrl+r` reads it anew.

    What looks secret is masked, for search, copy and save too, until `R` is pressed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "reveal", "reveal", tooltip="Show what looks secret, or mask it again"),
        Binding("ctrl+r", "reload", "refresh"),
    ]
    can_follow = False
    kind: ClassVar[str] = "inspect"

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self._error = ""
        self._masked = 0
        self.is_revealed = False
        """Whether secrets are shown."""
        self.is_read = False
        """Whether the engine has answered."""
        self._pool = DaemonPool(1, "inspect")

    def make_view(self) -> LogView:
        """JSON with its keys coloured; never cut, however long."""
        return LogView(most_lines=100_000, paint=painter(_JSON_KEY, "log-view--key"))

    def on_mount(self) -> None:
        """Ask the engine."""
        super().on_mount()
        self._load()

    def on_unmount(self) -> None:
        """Whoever leaves does not wait for an engine that says nothing."""
        self._pool.close()

    def action_reload(self) -> None:
        """Ask the engine again."""
        self._load()

    def action_reveal(self) -> None:
        """Show secrets, or mask them again."""
        self.is_revealed = not self.is_revealed
        self.refresh_bindings()
        self._load()

    def label_for(self, action: str) -> str | None:
        """Say what the key does now."""
        if action == "reveal":
            return "mask" if self.is_revealed else "reveal"
        return super().label_for(action)

    @work(exclusive=True)
    async def _load(self) -> None:
        lines: list[str] = []
        self._error = ""
        ask = partial(self.app.fleet.inspect, self.key, reveal=self.is_revealed)
        try:
            lines = json_lines(await asyncio.wrap_future(self._pool.submit(ask)))
        except TwindeckError as error:
            self._error = error.line
        self.is_read = True
        self._masked = 0 if self.is_revealed else sum(MASK in line for line in lines)
        self.view.replace(lines)
        self.show_title()

    def title_text(self) -> Content:
        """Address, and why there is nothing if there is nothing."""
        if self._error:
            return named(self.key, self._error, "$error")
        told = "" if self.is_read else " · asking the engine"
        if self._masked:
            told = f" · {self._masked} secret{'s' if self._masked != 1 else ''} masked"
        title = named(self.key, f"inspect{told}")
        return title + Content.styled("  secrets shown", "$warning") if self.is_revealed else title


def json_lines(value: dict[str, Any]) -> list[str]:
    """Indented JSON, each line safe to show."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return [clean(line) for line in text.split("\n")]
