"""What the console and the command line see of the fleet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

from tui.core.guard import Guard
from tui.core.log_mark import LogMark
from tui.model import AS_USUAL, Boot, Options, SideName, Verb, Workload
from tui.sides.base import Command
from tui.snapshot import History, Job, Snapshot

if TYPE_CHECKING:
    from tui.core.architecture import Cost, Proof, Stack
    from tui.engines.docker.discovery import Offer


class FleetView(Protocol):
    """Data comes out as snapshots, intent goes in as verbs.

    `snapshot`, `history`, `submit`, `output` return at once; `boots`, `logs`, `shell` and `inspect`
    may block and are called off the UI thread.
    """

    guard: Guard
    """Asked by everything that changes something."""
    workloads: tuple[Workload, ...]
    problems: tuple[str, ...]
    """What was left out at the start and why, a line each (a broken workload folder)."""

    @property
    def faults(self) -> tuple[str, ...]:
        """A line for everything the history could not do in this session, each once; they grow."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot; empty before `start`."""

    def recall(self) -> None:
        """Show the last known fleet, stale until the engines confirm it; before `start`."""

    def start(self) -> None:
        """Begin watching and sampling, in threads of its own."""

    def stop(self) -> None:
        """Stop watching; running actions go on to their end in their own processes."""

    def subscribe(self, receive: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call `receive` (from a fleet thread) with every new snapshot; returns the undo."""

    def history(self, key: str) -> History:
        """The series of one instance; empty for an unknown one."""

    def submit(self, verb: Verb, key: str, *, turn: str = "", options: Options = AS_USUAL) -> Job:
        """Queue a verb. Raises UsageError (read-only, unknown instance, verb out of place).

        What was asked with the same `turn` is done one after the other.
        """

    def up(self, workload: str, side: SideName, options: Options = AS_USUAL) -> Job:
        """Queue bringing a workload up. Raises UsageError."""

    def snapshots(self, key: str) -> Sequence[str]:
        """Names of the instance's snapshots, oldest first. Raises TwindeckError."""

    def output(self, key: str) -> tuple[str, ...]:
        """Cleaned output of the newest job on that instance, oldest first, bounded."""

    def boots(self, keys: Sequence[str] = (), limit: int = 20) -> list[Boot]:
        """Stored boots, newest first; all instances when `keys` is empty. Raises StoreError."""

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

    def log_source(self, key: str) -> str:
        """What `logs` reads of it: `stdout and stderr`, `serial console`, …; may block."""

    def shell(self, key: str) -> Command:
        """The command that opens a shell there. Raises UsageError (read-only)."""

    def inspect(self, key: str, *, reveal: bool = False) -> dict[str, Any]:
        """Everything the engine knows of it, JSON-ready; secrets masked unless `reveal`."""

    def architecture(self, key: str) -> Stack:
        """What it runs on, layer by layer; takes seconds where a guest is asked.

        Raises UnknownInstance, ActionFailed, EngineUnavailable.
        """

    def prove(self, proof: Proof) -> str:
        """What a layer's command prints now, cleaned, secrets masked. Raises ActionFailed."""

    def costs(self, pids: Iterable[int]) -> Mapping[int, Cost]:
        """What these processes cost the host, since the call before; of those that still run."""

    def watch(self, keys: frozenset[str] | None) -> None:
        """Say which instances somebody looks at, None for all: a remote engine is asked no more."""

    def engines(self) -> list[Offer]:
        """The container engines to choose from; may block, for files are read. Asks none."""

    def use_engine(self, name: str) -> None:
        """Connect the container side to that one, as `Offer.name` has it; what is known of the
        one before is gone with the return. Raises UsageError (an action runs), EngineUnavailable.
        """

    def refresh(self) -> None:
        """Ask both engines again now."""

    def wait_ready(self, timeout_seconds: float) -> Snapshot:
        """The first snapshot in which every side has answered or failed, or the newest by then."""

    def wait_job(
        self,
        job: Job,
        timeout_seconds: float | None = None,
        on_change: Callable[[Job], None] | None = None,
    ) -> Job:
        """The job once it is done or failed, or as it stands when the time is over."""
