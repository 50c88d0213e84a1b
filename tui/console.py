"""The part of the app that every screen and widget may know: fleet, lab, their news, the clock.

Screens and widgets declare `app = getters.app(ConsoleApp)` and watch `snapshot`; they never import
`tui.app`, which stands above them.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from rich.console import RenderableType
from textual import events, on
from textual._compositor import CompositorUpdate
from textual._styles_cache import StylesCache
from textual.app import App
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen
from textual.reactive import var
from textual.screen import Screen
from textual.worker import NoActiveWorker, WorkerFailed, get_current_worker

from tui.core.files import PRIVATE, new_file
from tui.core.guard import is_changing
from tui.errors import TwindeckError
from tui.fleet.view import FleetView
from tui.glyphs import UNICODE, Glyphs
from tui.messages import ProgressMade, SnapshotTaken
from tui.model import AS_USUAL, Options, SideName, Verb
from tui.paint import Canvas
from tui.snapshot import JobState, Snapshot
from tui.text import clean

if TYPE_CHECKING:
    from tui.engines.docker.discovery import Offer
    from tui.lab.view import LabView, Progress

_PROGRESS_SECONDS = 0.5
"""Progress is shown no oftener."""

_SETTLED_SECONDS = 4.0
"""By then the engines' libraries are loaded too."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the console gets the time; tests hand in a fixed one."""

    unix: Callable[[], float] = time.time
    """Seconds since the epoch."""
    t_ns: Callable[[], int] = time.monotonic_ns
    """CLOCK_MONOTONIC nanoseconds."""


@runtime_checkable
class Interruptible(Protocol):
    """A screen with something of its own that ctrl+c may stop."""

    def interrupt(self) -> bool:
        """Ask about it; False when there is nothing to stop."""


class ConsoleApp(App[None]):
    """Carries snapshots from the fleet's threads to whoever watches `snapshot`."""

    snapshot: var[Snapshot] = var(Snapshot(), init=False)
    """The newest snapshot of the fleet; empty until the first arrives."""

    read_jobs: var[frozenset[int]] = var(frozenset(), init=False)
    """Failed jobs whose failure was read; it is not shown in their rows any more."""

    progress: var[Progress | None] = var(None, init=False)
    """Of the comparison under way, or of the last one of this session."""

    def __init__(
        self,
        fleet: FleetView,
        open_lab: Callable[[], LabView | None] = lambda: None,
        *,
        clock: Clock | None = None,
        glyphs: Glyphs = UNICODE,
        is_thin: bool = False,
    ) -> None:
        super().__init__()
        self.set_reactive(ConsoleApp.snapshot, fleet.snapshot)
        self.is_thin = is_thin
        """Whether the line is slow: no trends and no charts beside the rows."""
        self.fleet = fleet
        self._lab: LabView | None = None
        self._open_lab = open_lab
        self._is_lab_open = False
        self.clock = clock or Clock()
        self.glyphs = glyphs
        self._canvas = Canvas()
        self._has_begun = False
        self._told_faults = 0
        self._engine_t_ns = 0
        """When the container engine was exchanged."""
        self._undos: list[Callable[[], None]] = []
        self._progress_t_ns = 0
        self._newest: Progress | None = None
        """Progress that waits to be shown."""

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be changed, whatever is pressed."""
        return self.fleet.guard.is_read_only

    def may_offer(self, node: object, action: str) -> bool:
        """Whether that action of a screen, a widget or the app may be offered: read-only, no
        action is that is marked as `changing`."""
        return not (self.is_read_only and is_changing(node, action))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Read-only refuses the app's own actions that change something."""
        return self.may_offer(self, action) and super().check_action(action, parameters)

    @property
    def has_lab(self) -> bool:
        """Whether workloads can be compared; thought so until the lab was to be opened."""
        return self._lab is not None or not self._is_lab_open

    @property
    def lab(self) -> LabView | None:
        """Opened behind the first frame, or by who asks earlier; None without a history."""
        self._enter_lab()
        return self._lab

    def on_mount(self) -> None:
        """Show what is known, then watch; the fleet starts with the first frame."""
        self._undos.append(self.fleet.subscribe(self._receive))
        self.app_resume_signal.subscribe(self, lambda _: self._canvas.forget())
        self.screen_change_signal.subscribe(self, _forget_painted)
        for problem in self.fleet.problems:
            self.say(problem, is_error=True)
        self._tell_faults()

    def on_unmount(self) -> None:
        """Take no more snapshots; whoever made the fleet stops it."""
        for undo in self._undos:
            undo()

    def on_resize(self, event: events.Resize) -> None:
        """A terminal that changes its size moves what stands on it as it likes."""
        self._canvas.forget()

    def action_repaint(self) -> None:
        """Paint everything anew, over whatever others wrote on the terminal."""
        self._canvas.forget()
        self.refresh(layout=True)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            renderable = self._canvas.thinned(renderable)
        super()._display(screen, renderable)
        if not self._has_begun and screen.is_mounted:
            self._begin()

    def _begin(self) -> None:
        """The first frame is out."""
        self._has_begun = True
        self.fleet.start()
        self.call_later(self._enter_lab)
        if not gc.isenabled():
            gc.freeze()
            self.set_timer(_SETTLED_SECONDS, _collect_less)

    def _enter_lab(self) -> None:
        if self._is_lab_open:
            return
        self._lab = self._open_lab()
        self._is_lab_open = True
        if self._lab is None:
            self.screen.refresh_bindings()
            return
        self._undos.append(self._lab.subscribe(self._receive_progress))
        self.set_reactive(ConsoleApp.progress, self._lab.progress())

    def _handle_exception(self, error: Exception) -> None:
        """A screen that was opened or closed a moment ago looks for widgets it does not have."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        is_gone = self._exit or (isinstance(error, WorkerFailed) and self._is_of_closed_screen())
        if not (is_gone and isinstance(cause, NoMatches)):
            super()._handle_exception(error)

    def _is_of_closed_screen(self) -> bool:
        """Whether the worker that is ending was of a screen nobody sees any more."""
        try:
            node = get_current_worker().node
            return isinstance(node, DOMNode) and node.screen not in self.screen_stack
        except (NoActiveWorker, NoScreen):
            return True

    def _receive(self, snapshot: Snapshot) -> None:
        """Runs on a fleet thread: hand over and return."""
        self.post_message(SnapshotTaken(snapshot))

    @on(SnapshotTaken)
    def take_snapshot(self, message: SnapshotTaken) -> None:
        """Let every watcher see the new snapshot; tell of actions that failed meanwhile."""
        if message.snapshot.t_ns < self._engine_t_ns:
            # On its way since before: its rows are of an engine no action goes to any more.
            return
        before = self.snapshot.jobs
        self.snapshot = message.snapshot
        for key, job in message.snapshot.jobs.items():
            known = before.get(key)
            was_seen = known is not None and known.id == job.id and known.state is job.state
            if job.state is JobState.FAILED and not was_seen:
                self.say(job.error or f"{job.verb} {key} failed", is_error=True)
        self._tell_faults()

    def _tell_faults(self) -> None:
        faults = self.fleet.faults
        for fault in faults[self._told_faults :]:
            self.say(fault, is_error=True)
        self._told_faults = len(faults)

    def is_seen(self, screen: Screen[Any]) -> bool:
        """Whether it is on top, or under dialogs only.

        Textual's own `is_current` also holds for the screen right beneath a whole one; painting
        on that has the whole one painted anew.
        """
        for above in reversed(self.screen_stack):
            if above is screen or not above.is_modal:
                return above is screen
        return False

    @property
    def comparison(self) -> Progress | None:
        """The comparison under way, its clock at this moment; None when none is."""
        now = self.progress
        if now is None or not now.is_under_way:
            return None
        since = (self.clock.t_ns() - self._progress_t_ns) / 1e9 if self._progress_t_ns else 0.0
        left = None if now.left_seconds is None else max(0.0, now.left_seconds - since)
        return replace(now, elapsed_seconds=now.elapsed_seconds + since, left_seconds=left)

    def _receive_progress(self, progress: Progress) -> None:
        """Runs on a lab thread: hand over and return."""
        self.post_message(ProgressMade(progress))

    @on(ProgressMade)
    def take_progress(self, message: ProgressMade) -> None:
        """Show it at once when the run begins or ends, else twice a second at most."""
        made, shown = message.progress, self.progress
        is_waiting, self._newest = self._newest is not None, made
        is_turn = shown is None or (made.run_id, made.state, made.is_ending) != (
            shown.run_id,
            shown.state,
            shown.is_ending,
        )
        wait = _PROGRESS_SECONDS - (self.clock.t_ns() - self._progress_t_ns) / 1e9
        if is_turn or (wait <= 0 and not is_waiting):
            self._show_progress()
        elif not is_waiting:
            self.set_timer(min(wait, _PROGRESS_SECONDS), self._show_progress)

    def _show_progress(self) -> None:
        if (made := self._newest) is None:
            return
        self._newest = None
        before = self.progress
        self._progress_t_ns = self.clock.t_ns()
        self.progress = made
        was_under_way = before is not None and before.is_under_way
        if was_under_way and not made.is_under_way:
            self._tell_end(made)

    def _tell_end(self, made: Progress) -> None:
        from tui.results import RunState

        if made.error:
            self.say(f"Comparison of {made.workload}: {made.error}", is_error=True)
        elif made.state is RunState.DONE:
            self.say(f"Comparison of {made.workload} done")
        elif made.state is RunState.CANCELLED:
            self.say(f"Comparison of {made.workload} cancelled; its instances are gone")

    def say(self, text: str, *, is_error: bool = False) -> None:
        """One plain line to the user; never markup, whatever an engine put in it."""
        # Its patterns are compiled with it, and the first frame needs none.
        from tui.core.secrets import mask_text

        text = mask_text(text)
        if is_error:
            self.notify(clean(text), severity="error", timeout=8.0, markup=False)
        else:
            self.notify(clean(text), timeout=3.0, markup=False)

    async def save_new(self, path: Path, text: str) -> bool:
        """Write a new file only its owner can read: what is on screen may be secret.

        Says why when it cannot be, and gives False then.
        """
        try:
            self.fleet.guard.refuse(f"write {path}")
            await asyncio.to_thread(new_file, path, text, PRIVATE)
        except TwindeckError as error:
            self.say(error.line, is_error=True)
            return False
        return True

    def submit(
        self,
        verb: Verb,
        keys: Iterable[str],
        *,
        turn: str = "",
        options: Options = AS_USUAL,
    ) -> None:
        """Ask for a verb on each; one line for each that is refused.

        With `turn`, one after the other.
        """
        for key in keys:
            try:
                self.fleet.submit(verb, key, turn=turn, options=options)
            except TwindeckError as error:
                self.say(error.line, is_error=True)

    def bring_up(self, workload: str, sides: Iterable[SideName]) -> None:
        """Bring a workload up on each of the sides."""
        for side in sides:
            try:
                self.fleet.up(workload, side)
            except TwindeckError as error:
                self.say(error.line, is_error=True)

    def use_engine(self, offer: Offer) -> None:
        """Connect the container side to another engine; one line when that cannot be.

        On this thread from end to end: no dialog opened for a row of the one engine can be
        answered for a row of that name on the other.
        """
        what = f"cannot use {offer.title}"
        if offer.reason:
            self.say(f"{what}: {offer.line}", is_error=True)
            return
        if self.comparison is not None:
            self.say(f"{what}: a comparison is under way → wait for it or cancel it", is_error=True)
            return
        try:
            self.fleet.use_engine(offer.name)
        except TwindeckError as error:
            self.say(error.line, is_error=True)
            return
        # What stands over the decks is of an instance of the engine before.
        while len(self.screen_stack) > 1:
            self.pop_screen()
        newest = self.fleet.snapshot
        self._engine_t_ns = newest.t_ns
        self.snapshot = newest
        self.say(f"The containers are those of {offer.title}")

    def open_shell(self, key: str) -> None:
        """Give the terminal to a shell in the instance until that ends."""
        raise NotImplementedError


def _collect_less() -> None:
    """What stands by now stays to the end: without it a full collection takes 5 ms, not 30."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _forget_painted(_: object) -> None:
    """Textual 8 keeps all lines a closed screen ever painted, a third of a megabyte a dialog.

    They hang on a cache of colours whose key holds the painter (Textual's issue 6665).
    """
    StylesCache.get_inner_outer.cache_clear()
