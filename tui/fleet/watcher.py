"""Keeps one side's instances true: watches its events, lists again after each, reconnects."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread

from tui.errors import TwindeckError
from tui.model import Instance
from tui.sides.base import Side
from tui.snapshot import Health

RETRY_SECONDS = 1.0
_SETTLE_SECONDS = 0.02
_JOIN_SECONDS = 1.0


class Watcher:
    """Two threads a side: one blocks on the engine's events, one lists after them.

    Bursts of events become one listing: what arrives while it lists is answered by the next.
    """

    def __init__(
        self,
        side: Side,
        listed: Callable[[Side, list[Instance]], None],
        ailing: Callable[[Side, Health], None],
    ) -> None:
        self._side = side
        self._listed = listed
        self._ailing = ailing
        self._stop = Event()
        self._dirty = Event()
        self._reconnect = Event()
        self._threads = [
            Thread(target=self._list_loop, name=f"list {side.name}", daemon=True),
            Thread(target=self._watch_loop, name=f"watch {side.name}", daemon=True),
        ]

    def start(self) -> None:
        """List now and after every event."""
        self._dirty.set()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both threads."""
        self._stop.set()
        self._dirty.set()
        self._reconnect.set()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)

    def refresh(self) -> None:
        """List again now."""
        self._dirty.set()
        self._reconnect.set()

    def _list_loop(self) -> None:
        is_up: bool | None = None
        while not self._stop.is_set():
            self._dirty.wait(None if is_up else RETRY_SECONDS)
            if self._stop.wait(_SETTLE_SECONDS):
                return
            self._dirty.clear()
            was_up, is_up = is_up, self._list_once()
            if is_up and not was_up:
                self._reconnect.set()

    def _list_once(self) -> bool:
        try:
            self._listed(self._side, self._side.list())
        except TwindeckError as error:
            health = self._side.health()
            if health.ok:
                health = replace(health, ok=False, reason=str(error), fix=error.fix)
            self._ailing(self._side, health)
            return False
        except Exception as error:  # a thread's edge: a deck that froze in silence would lie
            reason = f"cannot be listed: {type(error).__name__}: {error}"
            self._ailing(self._side, Health(self._side.name, ok=False, reason=reason))
            return False
        return True

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
