"""The part of the app that every screen and widget may know: fleet, newest snapshot, clock.

Screens and widgets declare `app = getters.app(ConsoleApp)` and watch `snapshot`; they never import
`tui.app`, which stands above them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual import on
from textual.app import App
from textual.reactive import var

from tui.errors import TwindeckError
from tui.fleet.view import FleetView
from tui.glyphs import UNICODE, Glyphs
from tui.messages import SnapshotTaken
from tui.model import JobState, SideName, Snapshot, Verb
from tui.text import clean


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the console gets the time; tests hand in a fixed one."""

    unix: Callable[[], float] = time.time
    """Seconds since the epoch."""
    t_ns: Callable[[], int] = time.monotonic_ns
    """CLOCK_MONOTONIC nanoseconds."""


class ConsoleApp(App[None]):
    """Carries snapshots from the fleet's threads to whoever watches `snapshot`."""

    snapshot: var[Snapshot] = var(Snapshot(), init=False)
    """The newest snapshot of the fleet; empty until the first arrives."""

    read_jobs: var[frozenset[int]] = var(frozenset(), init=False)
    """Failed jobs whose failure was read; it is not shown in their rows any more."""

    def __init__(
        self, fleet: FleetView, *, clock: Clock | None = None, glyphs: Glyphs = UNICODE
    ) -> None:
        super().__init__()
        self.fleet = fleet
        self.clock = clock or Clock()
        self.glyphs = glyphs
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be changed, whatever is pressed."""
        return self.fleet.read_only

    def on_mount(self) -> None:
        """Show what is known, then watch; the fleet starts only after the first frame."""
        self.set_reactive(ConsoleApp.snapshot, self.fleet.snapshot)
        self._unsubscribe = self.fleet.subscribe(self._receive)
        self.call_after_refresh(self.fleet.start)
        for problem in self.fleet.problems:
            self.say(problem, is_error=True)

    def on_unmount(self) -> None:
        """Take no more snapshots; whoever made the fleet stops it."""
        if self._unsubscribe:
            self._unsubscribe()

    def _receive(self, snapshot: Snapshot) -> None:
        """Runs on a fleet thread: hand over and return."""
        self.post_message(SnapshotTaken(snapshot))

    @on(SnapshotTaken)
    def take_snapshot(self, message: SnapshotTaken) -> None:
        """Let every watcher see the new snapshot; tell of actions that failed meanwhile."""
        before = self.snapshot.jobs
        self.snapshot = message.snapshot
        for key, job in message.snapshot.jobs.items():
            known = before.get(key)
            was_seen = known is not None and known.id == job.id and known.state is job.state
            if job.state is JobState.FAILED and not was_seen:
                self.say(job.error or f"{job.verb} {key} failed", is_error=True)

    def say(self, text: str, *, is_error: bool = False) -> None:
        """One plain line to the user; never markup, whatever an engine put in it."""
        if is_error:
            self.notify(clean(text), severity="error", timeout=8.0, markup=False)
        else:
            self.notify(clean(text), timeout=3.0, markup=False)

    def submit(self, verb: Verb, keys: Iterable[str]) -> None:
        """Ask for a verb on each; one line for each that is refused."""
        for key in keys:
            try:
                self.fleet.submit(verb, key)
            except TwindeckError as error:
                self.say(error.line, is_error=True)

    def bring_up(self, workload: str, sides: Iterable[SideName]) -> None:
        """Bring a workload up on each of the sides."""
        for side in sides:
            try:
                self.fleet.up(workload, side)
            except TwindeckError as error:
                self.say(error.line, is_error=True)

    def open_shell(self, key: str) -> None:
        """Give the terminal to a shell in the instance until that ends."""
        raise NotImplementedError
