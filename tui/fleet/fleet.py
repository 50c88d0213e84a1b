"""The fleet: what both engines hold, what it costs, and what is being done to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Event, Lock, RLock, Thread
from typing import TYPE_CHECKING, Any

from tui.core.guard import Guard
from tui.core.log_mark import LogMark
from tui.errors import ActionFailed, UnknownInstance, UsageError
from tui.fleet.actions import Actions
from tui.fleet.connections import Connections
from tui.fleet.engines import Engines
from tui.fleet.jobs import JobBoard, JobRun
from tui.fleet.ledger import Ledger
from tui.fleet.memory import Memory
from tui.fleet.meters import Meters, QuickMeter
from tui.fleet.sweep import sweep
from tui.model import (
    AS_USUAL,
    Boot,
    Instance,
    Options,
    SideName,
    State,
    Verb,
    Workload,
    key_of,
    refusal,
    verbs_for,
)
from tui.sides.base import Command, Side
from tui.snapshot import Health, History, Job, Snapshot
from tui.text import clean

if TYPE_CHECKING:
    from tui.architecture.processes import Costs
    from tui.core.architecture import Cost, Proof, Stack
    from tui.engines.docker.discovery import Offer
    from tui.store import Store

_PUBLISH_SECONDS = 0.05
_JOIN_SECONDS = 1.0
_FIRST_SECONDS = 5.0
_SECOND_SWEEP_SECONDS = 0.15
_PAINT_SECONDS = 0.1


class Fleet:
    """Implements `FleetView`. Its threads write the ledger; readers get immutable snapshots.

    `quick` measures what was recalled until the meters are there.
    """

    def __init__(
        self,
        *,
        connect: Callable[[], tuple[Side, ...]],
        open_meters: Callable[[], Meters],
        quick: QuickMeter | None = None,
        engines: Engines | None = None,
        store: Store,
        workloads: Sequence[Workload],
        interval_seconds: float = 1.0,
        guard: Guard = Guard(),  # noqa: B008 (frozen)
        problems: Sequence[str] = (),
        faults: Sequence[str] = (),
    ) -> None:
        self.guard = guard
        self.problems = tuple(problems)
        self.workloads = tuple(workloads)
        self._quick = quick
        self._glanced: QuickMeter | None = None
        self._watched: frozenset[str] | None = None
        self._connections = Connections(connect, open_meters, self._on_listed, self._on_ailing)
        self._engines = engines
        self._engine_lock = RLock()
        """Held while something of the container side is entered or asked, and while its engine is
        exchanged: nothing of one is taken for the other's."""
        self._heard = {side: Event() for side in SideName}
        self._interval_seconds = interval_seconds
        self._ledger = Ledger()
        self._lock = Lock()
        self._receivers: list[Callable[[Snapshot], None]] = []
        self._stop = Event()
        self._has_news = Event()
        self._memory = Memory(store, self._has_news.set, faults)
        by_name = {w.name: w for w in workloads}
        actions = Actions(self._connections.side, by_name, self._find, self._on_boot)
        self._board = JobBoard(self._performer(actions), self._has_news.set)
        self._costs: Costs | None = None
        self._threads = [
            Thread(target=self._sample_loop, name="sampler", daemon=True),
            Thread(target=self._publish_loop, name="publisher", daemon=True),
        ]

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._ledger.snapshot

    @property
    def faults(self) -> tuple[str, ...]:
        """A line for everything the history could not do in this session, each once."""
        return self._memory.faults

    def recall(self) -> None:
        """Show the last known fleet from the store, stale until the engines confirm it."""
        self._ledger.recall(*self._memory.recall(self._engine))

    def glance(self) -> None:
        """Note the counters of what was recalled; before `start`, which then samples it.

        The time between the two gives the first CPU figures.
        """
        if self._quick is not None:
            self._quick.note(self._live())
            self._glanced = self._quick

    def start(self) -> None:
        """Sample what was glanced at; then, on threads, connect, watch and sample."""
        if self._engines is not None:
            self._ledger.enter_engine_name(self._engines.name)
        if self._glanced is not None:
            # A thread would wait for the interpreter's lock again after each of a thousand calls.
            self._ledger.enter_samples(self._glanced.sample(self._live()))
            self._has_news.set()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop watching; running actions go on in their own processes."""
        self._stop.set()
        self._has_news.set()
        self._connections.leave()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_JOIN_SECONDS)
        self._connections.close()
        self._memory.close()

    def subscribe(self, receive: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call `receive` with every new snapshot; returns the undo."""
        with self._lock:
            self._receivers.append(receive)

        def undo() -> None:
            with self._lock:
                if receive in self._receivers:
                    self._receivers.remove(receive)

        return undo

    def history(self, key: str) -> History:
        """The series of one instance."""
        return self._ledger.history(key)

    def look(self, key: str) -> Instance | None:
        """That instance as its engine says now; None when there is none.

        Raises UnknownInstance, EngineUnavailable.
        """
        side, name = self._locate(key)
        instance = side.look(name)
        with self._engine_lock:
            if instance is not None and self._connections.has(side):
                self._ledger.enter_instance(instance)
        return instance

    def submit(self, verb: Verb, key: str, *, turn: str = "", options: Options = AS_USUAL) -> Job:
        """Queue a verb; see `FleetView.submit`. Raises UsageError."""
        self.guard.refuse(f"{verb} {key}")
        with self._engine_lock:
            instance = self._find(key)
            if instance is None:
                raise UnknownInstance(f"no {key}", "twindeck ls")
            # Behind a queued action the state it will find is not known yet: the engine judges.
            if verb not in verbs_for(instance) and not self._board.is_active(key):
                raise UsageError(f"cannot {verb} {key}: {refusal(verb, instance)}")
            if verb is Verb.START and instance.id is None and instance.workload:
                verb = Verb.UP
            if verb is Verb.START and instance.state is State.PAUSED:
                verb = Verb.RESUME
            return self._board.submit(verb, instance.side, instance.name, turn, options)

    def up(self, workload: str, side: SideName, options: Options = AS_USUAL) -> Job:
        """Queue bringing a workload up; `options`: how, for a VM.

        Raises UsageError, also when what has the workload's name was not made of it.
        """
        key = key_of(side, workload)
        self.guard.refuse(f"bring {key} up")
        known = [w.name for w in self.workloads]
        if workload not in known:
            raise UsageError(f"no workload {workload}", f"known: {', '.join(known) or 'none'}")
        with self._engine_lock:
            instance = self._find(key)
            verb = Verb.UP
            if instance is not None and instance.id is not None:
                self._check_startable(instance, workload)
                if instance.state is State.PAUSED:
                    verb = Verb.RESUME
            # The side looks once more whose it is, in the instant before it acts.
            return self._board.submit(verb, side, workload, options=options)

    def output(self, key: str) -> tuple[str, ...]:
        """Cleaned output of the newest job on that instance."""
        return self._board.output(key)

    def boots(self, keys: Sequence[str] = (), limit: int = 20) -> list[Boot]:
        """Stored boots, newest first, the containers' on this engine. Raises StoreError."""
        return self._memory.boots(keys, limit, self._engine)

    def logs(
        self,
        key: str,
        *,
        tail: int,
        follow: bool,
        stop: Event,
        mark: LogMark | None = None,
    ) -> Iterator[str]:
        """Cleaned log lines, oldest first; with `mark`, only those behind it. It moves along."""
        side, name = self._locate(key)
        for line in side.logs(name, tail=tail, follow=follow, stop=stop, mark=mark):
            yield clean(line)

    def log_source(self, key: str) -> str:
        """What `logs` reads of it: `stdout and stderr`, `serial console`, …"""
        side, name = self._locate(key)
        return side.log_source(name)

    def shell(self, key: str) -> Command:
        """The command that opens a shell there. Raises UsageError: a shell can change anything."""
        self.guard.refuse(f"open a shell in {key}")
        side, name = self._locate(key)
        return side.shell(name)

    def snapshots(self, key: str) -> Sequence[str]:
        """Names of the instance's snapshots, oldest first. Raises TwindeckError."""
        side, name = self._locate(key)
        return side.snapshots(name)

    def inspect(self, key: str, *, reveal: bool = False) -> dict[str, Any]:
        """Everything the engine knows of it; what looks secret is masked unless `reveal`."""
        side, name = self._locate(key)
        known = side.inspect(name)
        if reveal:
            return known
        # Patterns for everything secret are compiled with it.
        from tui.core.secrets import masked

        found: dict[str, Any] = masked(known)
        return found

    def architecture(self, key: str) -> Stack:
        """See `FleetView.architecture`."""
        from tui.architecture.read import read_stack

        side, name = self._locate(key)
        instance = self._find(key) or side.look(name)
        if instance is None:
            raise UnknownInstance(f"no {key}", "twindeck ls")
        return read_stack(instance, side, self._ask)

    def prove(self, proof: Proof) -> str:
        """See `FleetView.prove`."""
        from tui.core.secrets import mask_text

        lines = (clean(line) for line in self._ask(proof).expandtabs(4).splitlines())
        return mask_text("\n".join(lines))

    def _ask(self, proof: Proof) -> str:
        from tui.architecture import ask

        if proof.is_inside and self.guard.is_read_only:
            raise ActionFailed("read-only: nobody logs in to the guest")
        return ask.ask(proof)

    def costs(self, pids: Iterable[int]) -> Mapping[int, Cost]:
        """See `FleetView.costs`. Called from one thread at a time."""
        if self._costs is None:
            from tui.architecture.processes import Costs

            self._costs = Costs()
        return self._costs.of(pids)

    def watch(self, keys: frozenset[str] | None) -> None:
        """Say which instances somebody looks at; None for all."""
        self._watched = keys

    def refresh(self) -> None:
        """Ask both engines again now, slow providers too."""
        self._connections.forget()
        self._connections.refresh()

    def engines(self) -> list[Offer]:
        """The container engines to choose from. Asks none of them."""
        return self._engines.found() if self._engines else []

    def use_engine(self, name: str) -> None:
        """Connect the container side to another engine. Raises UsageError, EngineUnavailable."""
        what = f"cannot use {clean(name)}"
        if self._engines is None or not self._connections.is_open:
            raise UsageError(f"{what}: the engines are still being connected to", "try again")
        with self._engine_lock:
            if self._board.is_busy(SideName.CONTAINER):
                raise UsageError(f"{what}: an action on a container is under way", "wait for it")
            side, meter = self._engines.choose(name)
            self._connections.exchange(side, meter)
            self._heard[side.name].clear()
            self._board.forget(side.name)
            boot_seconds = self._memory.boot_seconds(self._engine)
            self._ledger.enter_engine(side.name, self._engines.name, boot_seconds)
        self._has_news.set()

    def wait_ready(self, timeout_seconds: float) -> Snapshot:
        """The first snapshot in which every side has answered or failed, or the newest by then."""
        return self._ledger.wait(self._has_heard_all, timeout_seconds)

    def wait_told(self, timeout_seconds: float) -> Snapshot:
        """The first snapshot in which no provider is still being asked, or the newest by then."""
        return self._ledger.wait(
            lambda s: not any(i.is_asked for i in s.instances), timeout_seconds
        )

    def wait_job(
        self,
        job: Job,
        timeout_seconds: float | None = None,
        on_change: Callable[[Job], None] | None = None,
    ) -> Job:
        """The job once it is done or failed, or as it stands when the time is over."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        current = job
        while current.is_active:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            before = current
            self._ledger.wait(partial(self._has_moved, before), left)
            current = self._board.find(job.id) or current
            if current != before and on_change is not None:
                on_change(current)
        return current

    def _has_heard_all(self, snapshot: Snapshot) -> bool:
        return self._connections.is_open and len(snapshot.health) == len(self._connections.sides)

    def _has_moved(self, job: Job, _: Snapshot) -> bool:
        return self._board.find(job.id) != job

    def _performer(self, actions: Actions) -> Callable[[JobRun], None]:
        def perform(run: JobRun) -> None:
            try:
                actions.perform(run)
            finally:
                self._connections.refresh(run.job.side)

        return perform

    def _on_listed(self, side: Side, instances: list[Instance]) -> None:
        with self._engine_lock:
            if not self._connections.has(side):
                return
            self._ledger.enter_instances(side.name, instances)
            known = self.snapshot.health.get(side.name)
            shown, engine = self.snapshot.instances, self._engine
        self._heard[side.name].set()
        # The rows first: asking an engine how it is can take longer than its list.
        self._has_news.set()
        if known is None or not known.ok:
            self._on_ailing(side, side.health())
        if not self.guard.is_read_only:
            self._memory.save_fleet(shown, engine)

    def _on_ailing(self, side: Side, health: Health) -> None:
        with self._engine_lock:
            if not self._connections.has(side):
                return
            self._ledger.enter_health(side.name, health)
        self._heard[side.name].set()
        self._has_news.set()

    def _on_boot(self, boot: Boot) -> None:
        """Enter it and keep it."""
        instance = self._find(boot.key)
        if boot.accelerator is None and instance is not None:
            boot = replace(boot, accelerator=instance.accelerator)
        if boot.side is SideName.CONTAINER:
            boot = replace(boot, engine=self._engine)
        self._ledger.enter_boot(boot)
        self._has_news.set()
        # A boot that cannot be stored has happened all the same.
        self._memory.add_boot(boot)

    def _sample_loop(self) -> None:
        if self._glanced is not None:
            # First the figures are painted, then the engines' libraries take their share of CPU.
            self._stop.wait(_PAINT_SECONDS)
        for side in self._connections.open():
            self._heard[side.name].wait(_FIRST_SECONDS)
        self._sample_once()
        # CPU is a difference: the second sweep comes early so that rows are complete early.
        due = time.monotonic() + min(_SECOND_SWEEP_SECONDS, self._interval_seconds)
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            self._sample_once()
            # A slow engine skips ticks, it never queues them.
            due = max(due + self._interval_seconds, time.monotonic())

    def _sample_once(self) -> None:
        with self._engine_lock:
            meters, instances = self._connections.meters(), self.snapshot.instances
        samples = sweep(meters.each, instances, self._watched)
        host = meters.host.sample()
        with self._engine_lock:
            if meters is not self._connections.meters():
                # Of an engine that was exchanged meanwhile.
                return
            self._ledger.enter_samples(samples, host)
            self._ledger.enter_methods({meter.side: meter.method for meter in meters.each})
        self._has_news.set()

    def _publish_loop(self) -> None:
        while not self._stop.is_set():
            self._has_news.wait()
            self._has_news.clear()
            snapshot = self._ledger.close_page(self._board.jobs())
            with self._lock:
                receivers = tuple(self._receivers)
            for receive in receivers:
                receive(snapshot)
            # A talkative action must not become a repaint a line.
            self._stop.wait(_PUBLISH_SECONDS)

    def _live(self) -> list[Instance]:
        return [i for i in self.snapshot.instances if i.is_live]

    def _find(self, key: str) -> Instance | None:
        return self.snapshot.find(key)

    @property
    def _engine(self) -> str:
        return self._engines.key if self._engines else ""

    def _locate(self, key: str) -> tuple[Side, str]:
        with self._engine_lock:
            instance = self._find(key)
            if instance is None:
                raise UnknownInstance(f"no {key}", "twindeck ls")
            return self._connections.side(instance.side), instance.name

    def _check_startable(self, instance: Instance, workload: str) -> None:
        key = instance.key
        if instance.workload != workload:
            raise UsageError(
                f"{key} is not of the workload {workload}: it only has that name",
                f"rename or destroy it, or start it as what it is: twindeck start {key}",
            )
        if Verb.START not in verbs_for(instance) and not self._board.is_active(key):
            raise UsageError(f"cannot start {key}: it is {instance.state}")
