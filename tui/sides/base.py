"""The protocol both sides speak; fleet.py knows nothing else about an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from tui.core.log_mark import LogMark
from tui.model import AS_USUAL, Instance, Options, Phase, SideName, Verb, Workload
from tui.snapshot import Health


class Report(Protocol):
    """Where a running action tells how far it is. Called from the action's own thread."""

    def line(self, text: str) -> None:
        """One line of the tool's output, raw; the receiver cleans it."""

    def phase(self, phase: Phase) -> None:
        """`phase` begins now, and with it the one before ends."""

    def accelerator(self, name: str) -> None:
        """What accelerates this VM (`kvm`, `tcg`, …), as soon as it is known."""


@dataclass(frozen=True, slots=True)
class Command:
    """An interactive command for the user's terminal: an argument list, never a shell line."""

    argv: tuple[str, ...]
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment."""


class Side(Protocol):
    """One engine: lists, watches and acts. Every method may block: never on the UI thread."""

    name: SideName

    def health(self) -> Health:
        """Whether the engine answers; never raises."""

    def ping(self) -> Health:
        """Whether the engine gives a sign of life, cheaply and within two seconds; never raises."""

    def list(self) -> list[Instance]:
        """All instances. Raises EngineUnavailable."""

    def look(self, name: str) -> Instance | None:
        """That instance as its engine says now, never from memory; None when there is none.

        May take seconds where only a slow provider can tell. Raises EngineUnavailable.
        """

    def forget(self) -> None:
        """Ask anew, at the next listing, what was remembered of slow answers."""

    def watch(self, changed: Callable[[], None], stop: Event) -> None:
        """Call `changed` after every event that may alter `list()`, until `stop` is set.

        Blocks on the engine's own events, polls nothing, returns soon (< 0.5 s) after `stop`.
        Raises EngineUnavailable when the engine goes away; the caller reconnects.
        """

    def up(self, workload: Workload, report: Report, options: Options = AS_USUAL) -> None:
        """Bring the workload up here. Raises ActionFailed, ActionBusy, EngineUnavailable."""

    def act(self, verb: Verb, name: str, report: Report, options: Options = AS_USUAL) -> None:
        """Any verb but UP and RESTART; returns when the engine says it is done.

        Whether the instance got there is verified once for all verbs, by `look`, in the fleet.

        A restart is the fleet's: a stop, then a start, so that its boot can be timed.

        Raises UnknownInstance, ActionFailed, ActionBusy, EngineUnavailable.
        """

    def log_source(self, name: str) -> str:
        """What `logs` reads: `stdout and stderr`, `serial console`, …

        Raises UnknownInstance, EngineUnavailable.
        """

    def logs(
        self,
        name: str,
        *,
        tail: int,
        follow: bool,
        stop: Event,
        mark: LogMark | None = None,
    ) -> Iterator[str]:
        """Log lines, raw, oldest first; with `follow`, until `stop` is set or the run is over.

        With `mark`, only what was written behind it; the mark moves along.
        """

    def shell(self, name: str) -> Command:
        """The command that opens a shell in the instance."""

    def query(self, name: str) -> Command:
        """The command that a question about the instance is put behind, without a terminal.

        `docker` of its engine, before a subcommand; `vagrant ssh NAME -c`, before a line of shell
        to be run in the guest. Raises UnknownInstance, ActionFailed, EngineUnavailable.
        """

    def snapshots(self, name: str) -> Sequence[str]:
        """Names of the saved states it can be brought back to, oldest first.

        Raises UnknownInstance, ActionFailed, EngineUnavailable.
        """

    def inspect(self, name: str) -> dict[str, Any]:
        """Everything the engine knows of the instance, JSON-ready."""
