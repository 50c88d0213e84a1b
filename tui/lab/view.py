"""What the console and the command line know of the lab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tui.results import Arm, Row, Run, RunState, Study, Table


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would take; said before it starts."""

    seconds: float
    """Expected length on this host."""
    steps: int
    """Readings."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands."""

    run_id: str
    workload: str
    is_quick: bool
    state: RunState
    step: int
    """Readings taken."""
    steps: int
    """Readings to take; may grow while a row settles."""
    doing: str
    """`disk: vm, reading 2`."""
    elapsed_seconds: float
    left_seconds: float | None
    """None when nobody can say."""
    arm: Arm | None = None
    """What is being measured; None between readings."""
    row: Row | None = None
    is_ending: bool = False
    """Its instances are being taken down."""
    lines: tuple[str, ...] = ()
    """The newest output, oldest first."""
    error: str = ""
    """Why it failed; empty otherwise."""

    @property
    def is_under_way(self) -> bool:
        """Whether it still holds instances: it measures, or takes them down."""
        return self.state is RunState.RUNNING or self.is_ending


class LabView(Protocol):
    """The lab from outside. Nothing here takes longer than a look into the history."""

    def plan(self, workload: str, *, is_quick: bool, rows: Sequence[Row] = ()) -> Plan:
        """What a run of these rows, of all when there are none, would take. Raises UsageError."""

    def start(self, workload: str, *, is_quick: bool, rows: Sequence[Row] = ()) -> str:
        """Begin a run; its id. Raises UsageError: one at a time, read-only, unknown workload."""

    def resume(self, run_id: str) -> str:
        """Take what a run still lacks. Raises UsageError, StoreError."""

    def cancel(self) -> None:
        """Have the run under way end. Returns at once; what was measured is kept."""

    def progress(self) -> Progress | None:
        """Of the run under way, or of the last one of this session."""

    def subscribe(self, receive: Callable[[Progress], None]) -> Callable[[], None]:
        """Call `receive` from a lab thread with every progress; returns the undo."""

    def runs(self, limit: int = 50) -> list[Run]:
        """Newest first. Raises StoreError."""

    def study(self, run_id: str) -> Study:
        """A run with every reading, as far as it is. Raises UsageError, StoreError."""

    def table(self, run_id: str) -> Table:
        """The table of a run, as far as it is. Raises UsageError, StoreError."""

    def markdown(self, run_id: str) -> str:
        """Its report. Raises UsageError, StoreError."""

    def delete(self, run_id: str) -> None:
        """Forget a run. Raises UsageError (read-only, the one under way), StoreError."""
