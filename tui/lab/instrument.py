"""What an instrument is, and what it gets to work with.

An instrument knows how to take one reading on one arm. When, how often and in what order is the
runner's; statistics and verdicts are the table's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tui.model import EMPTY, Boot, Instance, SideName, Workload
from tui.results import Arm, Metric

if TYPE_CHECKING:
    from docker import APIClient

    from tui.sides.libvirt import Libvirt


def side_of(arm: Arm) -> SideName:
    """The side an arm belongs to. Raises ValueError for the host."""
    if arm is Arm.HOST:
        raise ValueError("the host is no side")
    return SideName.VM if arm is Arm.VM else SideName.CONTAINER


@dataclass(frozen=True, slots=True)
class Output:
    """What a command gave."""

    stdout: str
    stderr: str
    code: int
    seconds: float
    """From start to end as the host saw it; for the guest that includes SSH."""


class Rig(Protocol):
    """The pair under measurement: the lab's own copies, never the user's instances.

    Methods block. All raise TwindeckError (ActionFailed with a plain line when an instance died)
    and `Cancelled` when the run is cancelled meanwhile.
    """

    workload: Workload
    """The lab's own: its name, folder and ports are not those of the original."""
    run_id: str
    """The mark of all the run makes; read it only."""
    is_quick: bool
    density: int | None
    """How many more instances a side to start for density; None for the default."""

    def instance(self, arm: Arm) -> Instance:
        """The VM or the container as its engine describes it now (id, pid, state)."""

    def run(
        self,
        arm: Arm,
        argv: Sequence[str],
        *,
        timeout_seconds: float = 60.0,
        stdin: bytes = b"",
        check: bool = True,
    ) -> Output:
        """Run a command as root in the VM, in the container, or on the host as this user.

        VOLUME means the container. With `check`, another exit code than 0 raises ActionFailed.
        """

    def tool(self, arm: Arm, name: str) -> tuple[str, ...]:
        """Argument list that runs `name` (sysbench, fio, wrk, h2load, iperf3) on that arm.

        It is the same binary with the same libraries on every arm; brought there on first use.
        """

    def scratch(self, arm: Arm) -> str:
        """A folder for test files on what that arm's name says: disk, layer, volume or host."""

    def guest_ip(self) -> str:
        """Address of the VM on the host's bridge."""

    def container_id(self) -> str:
        """The engine's own id of the run's container. Raises UnknownInstance when it is gone."""

    def made(self, container_id: str) -> None:
        """Write down that the run made that container; before it is started."""

    def container_ip(self) -> str:
        """Address of the container on the engine's bridge."""

    def build(self) -> float:
        """Have the container's image ready; seconds it took, next to none when it is there."""

    def boot(self, arm: Arm) -> Boot:
        """Start (or create and start) the side and wait for the workload's answer; timed."""

    def stop(self, arm: Arm) -> None:
        """Shut the side down in an orderly way; it stays created."""

    def pause(self, arm: Arm) -> None:
        """Freeze the side in memory, if it runs."""

    def resume(self, arm: Arm) -> None:
        """Let a paused side go on; one that is shut down stays so."""

    def last_guest_ip(self) -> str | None:
        """The VM's address when it last ran; None before its first boot."""

    def docker(self) -> APIClient:
        """The low-level Engine API client."""

    def libvirt(self) -> Libvirt:
        """The hypervisor's own commands. Raises ActionFailed when the VM's provider is another."""

    def sleep(self, seconds: float) -> None:
        """Wait, unless the run is cancelled."""

    def folder(self) -> Path:
        """A folder of the run for files on the host; removed at its end."""


class Need(StrEnum):
    """How the pair must stand while a reading is taken."""

    RUNNING = "running"
    """Both are up; while one arm is measured the other side is paused."""
    TOGETHER = "together"
    """Both are up and neither is paused: facts, not figures."""
    STOPPED = "stopped"
    """Both exist and are shut down; the instrument starts what it measures and leaves it so."""
    FREE = "free"
    """The instrument starts and stops the side it measures; the other side is shut down."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often a reading is taken on each arm; warm-ups come on top."""

    quick: int = 3
    full: int = 6
    cap: int = 18
    """A full run goes on to here while the interval of a median is wider than 5 % either way."""
    warmups: int = 1


ONCE = Repeats(quick=1, full=1, cap=1, warmups=0)


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure or fact of one reading."""

    metric: str
    value: float | None = None
    text: str = ""
    parts: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    note: str = ""
    error: str = ""
    """Why this one could not be had, while the others could."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One thing that is measured the same way on every arm."""

    name: str
    """Unique; `cpu`, `disk`, `boot-warm`."""
    metrics: tuple[Metric, ...]
    """What its readings are of; all of one row unless the same reading serves two."""
    arms: tuple[Arm, ...]
    need: Need
    seconds: float
    """How long one reading on one arm takes, about, with software emulation."""
    measure: Callable[[Rig, Arm], Sequence[Reading]]
    """Raises TwindeckError when nothing could be had."""
    repeats: Repeats = Repeats()
    prepare: Callable[[Rig, Arm], None] | None = None
    """Done once an arm before its first reading, not timed."""
    in_aa: bool = False
    """Whether the A/A run takes it: cheap ones do (container against itself)."""
