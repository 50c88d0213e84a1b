"""The last boots of a pair as stacked bars, phase by phase."""

from __future__ import annotations

import asyncio

from textual import getters, work
from textual.content import Content
from textual.reactive import var

from tui.console import ConsoleApp
from tui.errors import TwindeckError
from tui.model import Boot, State
from tui.snapshot import Snapshot
from tui.widgets.boot_bars import chart
from tui.widgets.pair import pair_of
from tui.widgets.plainly import fitted
from tui.widgets.rows import Rows

BOOTS = 20


class BootChart(Rows):
    """Boots of the instance at `key` and of its pair; read anew when a boot was added."""

    DEFAULT_CSS = """
    BootChart { width: 1fr; height: 1fr; padding: 0 1 0 0; }
    """
    app = getters.app(ConsoleApp)
    key: var[str | None] = var(None)
    """Address of the selection; None shows nothing."""
    boots: var[tuple[Boot, ...]] = var(())
    """What is shown, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.error = ""
        self.is_read = False
        """Whether the history has been asked for this key."""
        self._known: tuple[object, ...] | None = None

    def on_mount(self) -> None:
        """Follow the fleet."""
        self.watch(self.app, "snapshot", self._take, init=False)
        self._take(self.app.fleet.snapshot)

    def watch_key(self) -> None:
        """Another selection."""
        if self.is_mounted:
            self._take(self.app.fleet.snapshot)

    def _take(self, snapshot: Snapshot) -> None:
        """Ask the history only when the pair or its newest boot changed."""
        keys = tuple(instance.key for instance in pair_of(snapshot, self.key))
        known = (keys, *(snapshot.boot_seconds.get(key) for key in keys))
        if known != self._known:
            self._known = known
            self.is_read = False
            self._read(keys)

    @work(exclusive=True)
    async def _read(self, keys: tuple[str, ...]) -> None:
        error, boots = "", []
        try:
            if keys:
                boots = await asyncio.to_thread(self.app.fleet.boots, keys, BOOTS)
        except TwindeckError as problem:
            error = problem.line
        self.is_read = True
        self.error = error
        self.boots = tuple(boots)
        self._lay_out()

    def on_resize(self) -> None:
        """Another width, other bars."""
        if self.is_read:
            self._lay_out()

    def _lay_out(self) -> None:
        width = self.content_size.width
        self.lay(fitted(self._told(), self.app.glyphs).wrap(width) if width else [])

    def _told(self) -> Content:
        """Bars, or one line that says why there are none."""
        width, height = self.content_size
        if self.error:
            return Content.styled(self.error, "$error")
        if not self.boots:
            return Content.styled(self._note(), "$quiet")
        return chart(self.boots, width, height, self.app.glyphs.is_ascii)

    def _note(self) -> str:
        instance = self.app.fleet.snapshot.find(self.key) if self.key else None
        if instance is None:
            return ""
        key = "u" if instance.state is State.ABSENT else "s"
        does = {"u": "bring it up", "s": "start it"}[key]
        if instance.is_live:
            key, does = "r", "restart it"
        return f"No boot recorded yet: press {key} to {does}, and its phases are timed here."
