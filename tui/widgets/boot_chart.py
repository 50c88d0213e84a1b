"""The last boots of a pair as stacked bars, phase by phase."""

from __future__ import annotations

import asyncio

from textual import work
from textual.content import Content
from textual.reactive import var

from tui.errors import TwindeckError
from tui.model import Boot, State
from tui.snapshot import Snapshot
from tui.widgets.boot_bars import chart
from tui.widgets.pair import pair_of
from tui.widgets.plainly import fitted
from tui.widgets.plotted import Plotted

BOOTS = 20


class BootChart(Plotted):
    """Boots of the instance at `key` and of its pair; read anew when a boot was added."""

    DEFAULT_CSS = """
    BootChart { width: 1fr; height: 1fr; padding: 0 1 0 0; }
    """
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
        self._told: tuple[object, ...] = ()

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
        known = (snapshot.engine, keys, *(snapshot.boot_seconds.get(key) for key in keys))
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
        self.lay_out()

    def on_resize(self) -> None:
        """Another width, other bars."""
        self.lay_out()

    def lay_out(self) -> None:
        """Bars, or one line that says why there are none; drawn once for the same boots."""
        size, glyphs = self.content_size, self.app.glyphs
        told = (self.boots, self.error, self._note(), size, self.can_plot, self.trouble)
        if not self.is_read or not size.width or told == self._told:
            return
        self._told = told
        if self.error:
            rows = Content.styled(self.error, "$error").wrap(size.width)
        elif not self.boots:
            rows = Content.styled(self._note(), "$quiet").wrap(size.width)
        else:
            rows = chart(self.boots, *size, glyphs.is_ascii, self.plot if self.can_plot else None)
            rows += [Content.styled(self.trouble, "$quiet")] if self.trouble else []
        self.lay([fitted(row, glyphs) for row in rows])

    def _note(self) -> str:
        instance = self.app.fleet.snapshot.find(self.key) if self.key else None
        if instance is None:
            return ""
        key = "u" if instance.state is State.ABSENT else "s"
        does = {"u": "bring it up", "s": "start it"}[key]
        if instance.is_live:
            key, does = "r", "restart it"
        return f"No boot recorded yet: press {key} to {does}, and its phases are timed here."
