"""What the fleet is connected to: its sides, who watches them, and the meters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from threading import Lock, Thread

from tui.fleet.meters import Meters
from tui.fleet.watcher import Watcher
from tui.meters.base import Meter
from tui.model import Instance, SideName
from tui.sides.base import Side
from tui.snapshot import Health


class Connections:
    """Opened once, behind the first frame; from then on a side can be exchanged for another."""

    def __init__(
        self,
        connect: Callable[[], tuple[Side, ...]],
        open_meters: Callable[[], Meters],
        listed: Callable[[Side, list[Instance]], None],
        ailing: Callable[[Side, Health], None],
    ) -> None:
        self._connect = connect
        self._open_meters = open_meters
        self._listed = listed
        self._ailing = ailing
        self._lock = Lock()
        self._meters: Meters | None = None
        self._sides: Future[tuple[Side, ...]] = Future()
        self._watchers: dict[SideName, Watcher] = {}
        self._retired: list[Meter] = []
        """Meters of sides that were exchanged: closed by the thread that measures."""

    @property
    def is_open(self) -> bool:
        """Whether the sides are there."""
        return self._sides.done()

    @property
    def sides(self) -> tuple[Side, ...]:
        """All of them; waits until they are open."""
        return self._sides.result()

    def side(self, name: SideName) -> Side:
        """The one of that name; waits until it is open."""
        return next(side for side in self.sides if side.name is name)

    def has(self, side: Side) -> bool:
        """Whether that side is still the one connected to: a late answer of another is void."""
        return self.is_open and any(side is one for one in self.sides)

    def open(self) -> tuple[Side, ...]:
        """Open meters and sides, and watch."""
        self._meters = self._open_meters()
        sides = self._connect()
        self._watchers = {side.name: self._watcher(side) for side in sides}
        self._sides.set_result(sides)
        for watcher in self._watchers.values():
            watcher.start()
        return sides

    def meters(self) -> Meters:
        """Those of the sides connected to now. For the thread that measures, and no other."""
        with self._lock:
            retired, self._retired = self._retired, []
            meters = self._meters
        for meter in retired:
            meter.close()
        assert meters is not None  # opened first
        return meters

    def exchange(self, side: Side, meter: Meter) -> None:
        """Connect to that side instead of the one of its name. Returns at once."""
        with self._lock:
            assert self._meters is not None  # is_open was asked
            each = self._meters.each
            self._retired += [one for one in each if one.side is side.name]
            kept = tuple(meter if one.side is side.name else one for one in each)
            self._meters = replace(self._meters, each=kept)
            sides = tuple(side if one.name is side.name else one for one in self.sides)
            self._sides = Future()
            self._sides.set_result(sides)
            before, watcher = self._watchers[side.name], self._watcher(side)
            self._watchers[side.name] = watcher
        # An engine that hangs keeps its watcher waiting: nobody else waits for it.
        Thread(target=before.stop, name=f"leave {side.name}", daemon=True).start()
        watcher.start()

    def refresh(self, name: SideName | None = None) -> None:
        """List again now, that side or all."""
        for watcher in self._of(name):
            watcher.refresh()

    def forget(self) -> None:
        """See `Side.forget`."""
        if self.is_open:
            for side in self.sides:
                side.forget()

    def leave(self) -> None:
        """Watch no more."""
        for watcher in self._of(None):
            watcher.stop()

    def close(self) -> None:
        """Close the meters, once nobody measures."""
        if self._meters is not None:
            for meter in (*self._retired, *self._meters.each):
                meter.close()

    def _of(self, name: SideName | None) -> Sequence[Watcher]:
        with self._lock:
            return [w for side, w in self._watchers.items() if name in (None, side)]

    def _watcher(self, side: Side) -> Watcher:
        return Watcher(side, self._listed, self._ailing)
