"""Rows with a plot among them: plotext is imported for them once the rows of the decks stand."""

from __future__ import annotations

import asyncio

from textual import getters, work

from tui.console import ConsoleApp
from tui.model import SideName, State
from tui.snapshot import Snapshot
from tui.widgets import plotting
from tui.widgets.plotting import Plot
from tui.widgets.rows import Rows

_PATIENCE_SECONDS = 2.0
"""An engine that gives no figures does not keep the plots away for longer."""
THIN_NOTE = "no charts over a thin line (--thin)"


class Plotted(Rows):
    """Lays its rows out without a plot until there can be one, and again then."""

    app = getters.app(ConsoleApp)

    def __init__(self) -> None:
        super().__init__()
        self.plot = Plot()
        """Draws, while `can_plot`."""
        self.can_plot = False
        """Whether plots can be drawn now; if not, they are to come or `trouble` says why not."""
        self.trouble = ""
        """Why there will be no plots; "" where there are or will be."""
        self._is_loading = False

    def on_mount(self) -> None:
        """Ask for plotext behind the first complete rows, on a thread; never over a thin line."""
        if self.app.is_thin:
            self.trouble = THIN_NOTE
        elif plotting.is_loaded():
            self.can_plot = True
        else:
            self.watch(self.app, "snapshot", self._consider)
            self.set_timer(_PATIENCE_SECONDS, self._load)

    def lay_out(self) -> None:
        """Make the rows anew: there can be plots now, or never."""
        raise NotImplementedError

    def _consider(self, snapshot: Snapshot) -> None:
        if not self._is_loading and has_complete_rows(snapshot):
            self._load()

    def _load(self) -> None:
        if not self._is_loading:
            self._is_loading = True
            self._wait_for_library()

    @work(group="plotext")  # A chart that reads its data anew ends workers of its own group.
    async def _wait_for_library(self) -> None:
        self.trouble = await asyncio.to_thread(plotting.load)
        self.can_plot = not self.trouble
        self.lay_out()


def has_complete_rows(snapshot: Snapshot) -> bool:
    """Whether both engines have answered, and what runs has a CPU figure where one answers."""
    if any(side not in snapshot.health for side in SideName):
        return False
    answering = {side for side in SideName if snapshot.health[side].ok}
    if answering & snapshot.stale:
        return False
    running = [
        instance
        for instance in snapshot.instances
        if instance.side in answering and instance.state is State.RUNNING
    ]
    samples = (snapshot.samples.get(instance.key) for instance in running)
    return all(sample is not None and sample.cpu_percent is not None for sample in samples)
