"""The history as the fleet uses it: whatever becomes of the file, the fleet goes on.

The one place where the fleet and its history meet: a fault is told once, with its next step, and
costs nothing but what could not be read or kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tui.core.guard import Guard
from tui.errors import StoreDamaged, StoreError
from tui.model import Boot, Instance
from tui.store import Store


def open_store(guard: Guard) -> tuple[Store, tuple[str, ...]]:
    """The history, and why it could not be opened: then this session's is kept while it lasts."""
    try:
        return Store(guard=guard), ()
    except StoreError as error:
        # The file is not touched.
        return Store(Path(":memory:")), (error.line,)


class Memory:
    """Any thread may call; only `boots` raises. `told` is called when there is a new fault."""

    def __init__(
        self,
        store: Store,
        told: Callable[[], None] = lambda: None,
        faults: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._told = told
        self._faults: dict[tuple[str, str], str] = {("", line): line for line in faults}
        self._damage: StoreDamaged | None = None
        """Once it is known, nothing more is written to the file."""

    @property
    def faults(self) -> tuple[str, ...]:
        """A line for everything the history could not do, each once."""
        return tuple(self._faults.values())

    def recall(self, engine: str = "") -> tuple[Sequence[Instance], Mapping[str, float]]:
        """The last known fleet and how long its boots took, the containers' on that engine;
        empty where it cannot be read."""
        fleet: Sequence[Instance] = ()
        with self._surviving("the last known fleet is not shown"):
            fleet = self._store.load_fleet(engine)
        return fleet, self.boot_seconds(engine)

    def boot_seconds(self, engine: str = "") -> Mapping[str, float]:
        """How long the last boots took, the containers' on that engine."""
        with self._surviving("the last boots are not shown"):
            return self._store.last_boot_seconds(engine)
        return {}

    def save_fleet(self, instances: Sequence[Instance], engine: str = "") -> None:
        """Remember these instances as the last known fleet, the containers as that engine's."""
        with self._surviving("the fleet is not remembered"):
            self._refuse_damaged()
            self._store.save_fleet(instances, engine)

    def add_boot(self, boot: Boot) -> None:
        """Keep a boot."""
        with self._surviving("boots are not stored", f"{boot.key}: this boot is not stored"):
            self._refuse_damaged()
            self._store.add_boot(boot)

    def boots(self, keys: Sequence[str] = (), limit: int = 20, engine: str = "") -> list[Boot]:
        """Stored boots, newest first, the containers' on that engine. Raises StoreError: who asks
        is told."""
        return self._store.boots(keys, limit, engine)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _refuse_damaged(self) -> None:
        if self._damage is not None:
            raise self._damage

    @contextmanager
    def _surviving(self, loss: str, line: str = "") -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            if isinstance(error, StoreDamaged):
                self._damage = error
            key = (loss, str(error))
            if key not in self._faults:
                self._faults[key] = f"{line or loss}: {error.line}"
                self._told()
