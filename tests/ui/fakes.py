"""An in-memory fleet for tests of the console: nothing moves unless the test pushes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

from tui.core.architecture import Cost, Proof, Stack
from tui.core.guard import Guard
from tui.core.log_mark import LogMark
from tui.engines.docker.discovery import Offer
from tui.errors import UnknownInstance, UsageError
from tui.model import AS_USUAL, Boot, Options, Phase, Probe, SideName, Verb, Workload, key_of
from tui.sides.base import Command
from tui.snapshot import History, Job, JobState, Snapshot

NOW = 1_780_000_000.0
"""Unix seconds at which every fake snapshot is taken."""
T_NS = 9_000_000_000_000
"""The monotonic clock at the same moment."""

NGINX = Workload(
    name="nginx",
    title="nginx serving one static page",
    folder=Path("workloads/nginx"),
    guest_port=80,
    container_port=8080,
    vm_port=18080,
    probe=Probe("http"),
)


class FakeFleet:
    """Implements `FleetView` in memory and records what it was asked to do."""

    def __init__(
        self,
        snapshot: Snapshot | None = None,
        *,
        read_only: bool = False,
        workloads: tuple[Workload, ...] = (NGINX,),
        problems: tuple[str, ...] = (),
        histories: Mapping[str, History] | None = None,
        boots: Sequence[Boot] = (),
        logs: Mapping[str, Sequence[str]] | None = None,
        outputs: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.guard = Guard(read_only)
        self.workloads = workloads
        self.problems = problems
        self.faults: tuple[str, ...] = ()
        self.asked: list[tuple[str, str]] = []
        """(verb or `refresh`, key), in the order asked."""
        self.command = Command(("true",))
        self.stacks: dict[str, Stack] = {}
        self.proved: list[str] = []
        self.proofs: dict[str, str] = {}
        """What a command prints, by how it is shown."""
        self.offers: list[Offer] = []
        self.refusal = ""
        """Why no other engine can be used."""
        self.is_started = False
        self.watched: frozenset[str] | None = None
        self._snapshot = snapshot or Snapshot()
        self._histories = dict(histories or {})
        self._boots = list(boots)
        self._logs = {key: list(lines) for key, lines in (logs or {}).items()}
        self._outputs = {key: tuple(lines) for key, lines in (outputs or {}).items()}
        self.kept_snapshots: list[str] = []
        self.options: list[Options] = []
        self._receivers: list[Callable[[Snapshot], None]] = []

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshot

    def watch(self, keys: frozenset[str] | None) -> None:
        self.watched = keys

    def recall(self) -> None:
        """The fake knows its fleet from the beginning."""

    def start(self) -> None:
        self.is_started = True

    def stop(self) -> None:
        self.is_started = False

    def subscribe(self, receive: Callable[[Snapshot], None]) -> Callable[[], None]:
        self._receivers.append(receive)
        return lambda: self._receivers.remove(receive)

    def push(self, snapshot: Snapshot) -> None:
        """Make this the newest snapshot and tell the subscribers."""
        self._snapshot = snapshot
        for receive in list(self._receivers):
            receive(snapshot)

    def push_job(self, job: Job) -> None:
        """Push the present snapshot with this job in it."""
        jobs = {**self._snapshot.jobs, job.key: job}
        self.push(replace(self._snapshot, jobs=jobs))

    def history(self, key: str) -> History:
        return self._histories.get(key, History())

    def snapshots(self, key: str) -> Sequence[str]:
        return self.kept_snapshots

    def submit(self, verb: Verb, key: str, *, turn: str = "", options: Options = AS_USUAL) -> Job:
        self.guard.refuse(f"{verb} {key}")
        instance = self._snapshot.find(key)
        if instance is None:
            raise UnknownInstance(f"no {key}", "twindeck ls")
        self.asked.append((str(verb), key))
        self.options.append(options)
        return self._job(verb, instance.side, instance.name)

    def up(self, workload: str, side: SideName, options: Options = AS_USUAL) -> Job:
        self.guard.refuse(f"bring {workload} up")
        self.asked.append(("up", key_of(side, workload)))
        return self._job(Verb.UP, side, workload)

    def _job(self, verb: Verb, side: SideName, name: str) -> Job:
        return Job(
            id=len(self.asked),
            verb=verb,
            side=side,
            name=name,
            state=JobState.RUNNING,
            requested_t_ns=T_NS,
            phase=Phase.START,
            phase_t_ns=T_NS,
        )

    def output(self, key: str) -> tuple[str, ...]:
        return self._outputs.get(key, ())

    def boots(self, keys: Sequence[str] = (), limit: int = 20) -> list[Boot]:
        chosen = [boot for boot in self._boots if not keys or boot.key in keys]
        return chosen[:limit]

    def logs(
        self,
        key: str,
        *,
        tail: int,
        follow: bool,
        stop: Event,
        mark: LogMark | None = None,
    ) -> Iterator[str]:
        yield from self._logs.get(key, [])[-tail:]
        while follow and not stop.wait(0.05):
            pass

    def log_source(self, key: str) -> str:
        return "serial console" if key.startswith("vm:") else "stdout and stderr"

    def shell(self, key: str) -> Command:
        self.guard.refuse(f"open a shell in {key}")
        self.asked.append(("shell", key))
        return self.command

    def inspect(self, key: str, *, reveal: bool = False) -> dict[str, Any]:
        return {"Name": key, "State": {"Status": "running", "Pid": 4711}}

    def architecture(self, key: str) -> Stack:
        if key not in self.stacks:
            raise UnknownInstance(f"no {key}", "twindeck ls")
        return self.stacks[key]

    def prove(self, proof: Proof) -> str:
        self.proved.append(proof.shown)
        return self.proofs.get(proof.shown, "")

    def costs(self, pids: Iterable[int]) -> Mapping[int, Cost]:
        return {pid: Cost(0.5, pid * 1024 * 1024) for pid in pids}

    def engines(self) -> list[Offer]:
        return self.offers

    def use_engine(self, name: str) -> None:
        if self.refusal:
            raise UsageError(self.refusal, "wait for it")
        self.asked.append(("engine", name))
        kept = tuple(i for i in self._snapshot.instances if i.side is SideName.VM)
        self._snapshot = replace(
            self._snapshot, engine=name, instances=kept, t_ns=self._snapshot.t_ns + 1
        )

    def refresh(self) -> None:
        self.asked.append(("refresh", ""))

    def wait_ready(self, timeout_seconds: float) -> Snapshot:
        return self._snapshot

    def wait_job(
        self,
        job: Job,
        timeout_seconds: float | None = None,
        on_change: Callable[[Job], None] | None = None,
    ) -> Job:
        return self._snapshot.jobs.get(job.key, job)
