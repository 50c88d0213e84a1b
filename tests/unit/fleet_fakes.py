"""In-memory engines for tests of the fleet's own logic; the real ones have their own tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any

from tui.core.log_mark import LogMark
from tui.errors import ActionFailed, EngineUnavailable
from tui.model import AS_USUAL, Boot, Instance, Options, Phase, SideName, State, Verb, Workload
from tui.sides.base import Command, Report
from tui.snapshot import Health, HostSample, Sample


class MemorySide:
    """An engine in memory: verbs change states at once and announce it, `down` cuts it off."""

    def __init__(self, name: SideName, instances: Sequence[Instance] = ()) -> None:
        self.name = name
        self.held = {i.name: i for i in instances}
        self.down = Event()
        self.asked: list[tuple[Verb, str]] = []
        self.options: list[Options] = []
        self.block = Event()
        self.block.set()
        self.forgot = 0
        self.on_up: Callable[[], None] = lambda: None
        self._changed: Callable[[], None] = lambda: None

    def announce(self, *instances: Instance) -> None:
        """What another terminal would have done."""
        for instance in instances:
            self.held[instance.name] = instance
        self._changed()

    def health(self) -> Health:
        if self.down.is_set():
            return Health(self.name, ok=False, reason="it is gone", fix="start it")
        return Health(self.name, ok=True, version="Memory 1.0")

    def ping(self) -> Health:
        return self.health()

    def list(self) -> list[Instance]:
        self._need()
        return list(self.held.values())

    def look(self, name: str) -> Instance | None:
        self._need()
        return self.held.get(name)

    def forget(self) -> None:
        self.forgot += 1

    def log_source(self, name: str) -> str:
        return "memory"

    def watch(self, changed: Callable[[], None], stop: Event) -> None:
        self._need()
        self._changed = changed
        while not stop.wait(0.01):
            self._need()

    def up(self, workload: Workload, report: Report, options: Options = AS_USUAL) -> None:
        self._need()
        self.asked.append((Verb.UP, workload.name))
        self.options.append(options)
        report.phase(Phase.CREATE)
        report.line("creating\x1b[31m it")
        report.phase(Phase.START)
        self.on_up()
        self.held[workload.name] = Instance(
            self.name, workload.name, State.RUNNING, id="1", workload=workload.name
        )
        self._changed()

    def snapshots(self, name: str) -> Sequence[str]:
        return ["clean"]

    def act(self, verb: Verb, name: str, report: Report, options: Options = AS_USUAL) -> None:
        self.asked.append((verb, name))
        report.line(f"{verb} {name}")
        self.block.wait(5)
        if name == "stubborn":
            raise ActionFailed("it would not\nbudge", "push harder")
        if verb is Verb.DESTROY:
            self.held.pop(name)
        else:
            ends = {Verb.STOP: State.STOPPED, Verb.KILL: State.STOPPED, Verb.PAUSE: State.PAUSED}
            after = ends.get(verb, State.RUNNING)
            self.held[name] = Instance(self.name, name, after, id="1")
        self._changed()

    def logs(
        self,
        name: str,
        *,
        tail: int,
        follow: bool,
        stop: Event,
        mark: LogMark | None = None,
    ) -> Iterator[str]:
        yield "one\x1b]0;owned\x07"
        yield "two"

    def shell(self, name: str) -> Command:
        return Command(("sh", "-c", "true"))

    def query(self, name: str) -> Command:
        return Command(("sh", "-c"))

    def inspect(self, name: str) -> dict[str, Any]:
        return {"name": name}

    def _need(self) -> None:
        if self.down.is_set():
            raise EngineUnavailable("it is gone", "start it")


class MemoryMeter:
    """Counts its own sweeps: CPU per cent is the number of the sweep."""

    def __init__(self, side: SideName) -> None:
        self.side = side
        self.sweeps = 0
        self.watched: frozenset[str] | None = None
        self.closed = False

    method = "memory"

    def note(self, live: Sequence[Instance]) -> None:
        self.sweeps += 1

    def sample(
        self, live: Sequence[Instance], watched: frozenset[str] | None = None
    ) -> list[Sample]:
        self.watched = watched
        self.sweeps += 1
        return [
            Sample(
                i.side,
                i.name,
                time=time.time(),
                t_ns=time.monotonic_ns(),
                cpu_percent=float(self.sweeps),
                memory_bytes=1 << 20,
            )
            for i in live
        ]

    def close(self) -> None:
        self.closed = True


class MemoryHost:
    """A host that is always half busy."""

    def sample(self) -> HostSample:
        return HostSample(time.time(), time.monotonic_ns(), 50.0, 2, 1 << 30, 2 << 30)


class MemoryStore:
    """History that lives as long as the test."""

    def __init__(self, fleet: Sequence[Instance] = ()) -> None:
        self.kept: list[Boot] = []
        self.fleet = list(fleet)

    def add_boot(self, boot: Boot) -> None:
        self.kept.insert(0, boot)

    def boots(
        self, keys: Sequence[str] = (), limit: int = 20, engine: str | None = None
    ) -> list[Boot]:
        mine = [b for b in self.kept if engine is None or b.engine == engine]
        return [b for b in mine if not keys or b.key in keys][:limit]

    def last_boot_seconds(self, engine: str | None = None) -> dict[str, float]:
        mine = [b for b in self.kept if engine is None or b.engine == engine]
        return {b.key: b.total_seconds for b in reversed(mine)}

    def save_fleet(self, instances: Sequence[Instance], engine: str = "") -> None:
        self.fleet = list(instances)

    def load_fleet(self, engine: str | None = None) -> list[Instance]:
        return list(self.fleet)

    def close(self) -> None: ...
