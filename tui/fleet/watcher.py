"""Keeps one side's instances true: watches its events, lists again after each, feels its pulse."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

from tui.core.reasons import reason_of
from tui.errors import TwindeckError
from tui.model import Instance
from tui.sides.base import Side
from tui.snapshot import Health

RETRY_SECONDS = 1.0
_SETTLE_SECONDS = 0.02
_JOIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often an engine that says nothing is asked."""

    pulse_seconds: float = 2.0
    """With the two seconds a ping waits, a frozen engine is told within five."""
    relist_seconds: float = 30.0
    """A listing finds what no event told."""


class Watcher:
    """Three threads a side: one blocks on the engine's events, one lists after them, one pings.

    Bursts of events become one listing: what arrives while it lists is answered by the next.
    Only an engine that was not heard of otherwise is pinged.
    """

    def __init__(
        self,
        side: Side,
        listed: Callable[[Side, list[Instance]], None],
        ailing: Callable[[Side, Health], None],
        pace: Pace | None = None,
    ) -> None:
        self._side = side
        self._listed = listed
        self._ailing = ailing
        self._pace = pace or Pace()
        self._heard_at = 0.0
        self._is_up: bool | None = None
        """None before the engine was first asked."""
        self._stop = Event()
        self._dirty = Event()
        self._reconnect = Event()
        loops = {"list": self._list_loop, "watch": self._watch_loop, "ping": self._ping_loop}
        self._threads = [
            Thread(target=loop, name=f"{word} {side.name}", daemon=True)
            for word, loop in loops.items()
        ]

    def start(self) -> None:
        """List now and after every event."""
        self._dirty.set()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; one that waits for a hung engine is left behind."""
        self._stop.set()
        self._dirty.set()
        self._reconnect.set()
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in self._threads:
            # Another thread may only be about to start it, which then ends at once.
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def refresh(self) -> None:
        """List again now."""
        self._dirty.set()
        self._reconnect.set()

    def _list_loop(self) -> None:
        while not self._stop.is_set():
            self._dirty.wait(self._pace.relist_seconds if self._is_up else RETRY_SECONDS)
            if self._stop.wait(_SETTLE_SECONDS):
                return
            self._dirty.clear()
            was_up = self._is_up
            if self._list_once() and not was_up:
                self._reconnect.set()

    def _list_once(self) -> bool:
        try:
            instances = self._side.list()
        except TwindeckError as error:
            self._lost(Health(self._side.name, ok=False, reason=str(error), fix=error.fix))
            return False
        except Exception as error:  # a thread's edge: a deck that froze in silence would lie
            reason = f"cannot be listed: {reason_of(error)}"
            self._lost(Health(self._side.name, ok=False, reason=reason))
            return False
        self._heard_at = time.monotonic()
        self._is_up = True
        self._listed(self._side, instances)
        return True

    def _lost(self, health: Health) -> None:
        self._is_up = False
        self._ailing(self._side, health)

    def _ping_loop(self) -> None:
        while not self._stop.wait(self._silence_left()):
            if self._is_up is None or time.monotonic() - self._heard_at < self._pace.pulse_seconds:
                continue
            try:
                health = self._side.ping()
            # A thread's edge: without a pulse a frozen engine looks well.
            except Exception as error:
                reason = f"cannot be pinged: {reason_of(error)}"
                health = Health(self._side.name, ok=False, reason=reason)
            if self._stop.is_set():
                return
            if health.ok:
                self._heard_at = time.monotonic()
                if not self._is_up:
                    # The rows are confirmed by a listing, not by a ping.
                    self._dirty.set()
            elif self._is_up:
                self._lost(health)

    def _silence_left(self) -> float:
        """Seconds until the next ping is due."""
        left = self._heard_at + self._pace.pulse_seconds - time.monotonic()
        return max(_SETTLE_SECONDS, left) if self._is_up else self._pace.pulse_seconds

    def _watch_loop(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self._side.watch(self._dirty.set, self._stop)
            except Exception:  # a thread's edge
                # What the loss means is for the listing to say; here is only when to try again.
                self._dirty.set()
            if self._stop.is_set():
                return
            self._reconnect.wait(max(0.0, RETRY_SECONDS - (time.monotonic() - began)))
            self._reconnect.clear()
            self._dirty.set()
