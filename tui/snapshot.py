"""What the fleet tells of itself: samples, health, jobs, and all of it at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tui.model import AS_USUAL, EMPTY, Instance, Options, Phase, SideName, Verb, key_of


@dataclass(frozen=True, slots=True)
class Sample:
    """What one instance cost at one moment. A figure that cannot be had is None, with a reason."""

    side: SideName
    name: str
    time: float
    """Unix seconds."""
    t_ns: int
    """CLOCK_MONOTONIC nanoseconds; differences use this one."""
    cpu_percent: float | None = None
    """Share of one core x 100, 0..100*cores; None on the first sample of a run."""
    memory_bytes: int | None = None
    """The figure `memory_kind` names."""
    memory_kind: str = "docker-stats"
    """`docker-stats` (usage less inactive file cache), `podman-stats` (usage with it) or `host-rss`
    (hypervisor process): as the engine's own command counts it."""
    memory_limit_bytes: int | None = None
    """Limit of the cgroup, or memory given to the guest."""
    guest_memory_bytes: int | None = None
    """What the guest itself uses (balloon: available less unused); None for a container."""
    net_rx_bytes: int | None = None
    """Cumulative, since the instance started; likewise the three below."""
    net_tx_bytes: int | None = None
    block_read_bytes: int | None = None
    block_write_bytes: int | None = None
    pids: int | None = None
    accelerator: str | None = None
    reasons: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """Field name -> why that field is None."""

    @property
    def key(self) -> str:
        """Address of the instance it belongs to."""
        return key_of(self.side, self.name)


@dataclass(frozen=True, slots=True)
class HostSample:
    """The host at one moment."""

    time: float
    t_ns: int
    cpu_percent: float | None
    """All cores together, 0..100."""
    cores: int
    memory_used_bytes: int
    memory_total_bytes: int
    load_1min: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether an engine answers, and if not, why and what to do."""

    side: SideName
    ok: bool
    version: str = ""
    """`Docker 20.10.24`, `Vagrant 2.3.4, libvirt 9.0.0`."""
    reason: str = ""
    fix: str = ""
    accelerator: str | None = None


class JobState(StrEnum):
    """Where an action stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One action on one instance, as it stands now; its output is fetched apart."""

    id: int
    verb: Verb
    side: SideName
    name: str
    state: JobState
    requested_t_ns: int
    """CLOCK_MONOTONIC nanoseconds of the request."""
    phase: Phase | None = None
    phase_t_ns: int | None = None
    """When the phase began."""
    finished_t_ns: int | None = None
    last_line: str = ""
    """Newest output line, cleaned of control characters."""
    error: str = ""
    """One plain line once FAILED."""
    options: Options = AS_USUAL

    @property
    def key(self) -> str:
        """Address of the instance it acts on."""
        return key_of(self.side, self.name)

    @property
    def is_active(self) -> bool:
        """Queued or running."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class History:
    """The bounded series of one instance: equally long tuples, oldest first; gaps are None."""

    t_ns: tuple[int, ...] = ()
    cpu_percent: tuple[float | None, ...] = ()
    memory_bytes: tuple[int | None, ...] = ()
    guest_memory_bytes: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole fleet at one moment; immutable, safe to hand to another thread."""

    t_ns: int = 0
    instances: tuple[Instance, ...] = ()
    """VMs first, then containers; by group, then name."""
    samples: Mapping[str, Sample] = field(default_factory=lambda: EMPTY)
    """Key -> newest sample, for live instances."""
    trends: Mapping[str, tuple[float | None, ...]] = field(default_factory=lambda: EMPTY)
    """Key -> CPU per cent of the last 30 samples, oldest first."""
    boot_seconds: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    """Key -> total of the newest stored boot."""
    host: HostSample | None = None
    methods: Mapping[SideName, str] = field(default_factory=lambda: EMPTY)
    """How each side is measured: `cgroup v1`, `Engine API`, …; empty before the first sweep."""
    health: Mapping[SideName, Health] = field(default_factory=lambda: EMPTY)
    """A side that was never asked yet is not in it."""
    engine: str = ""
    """The container engine, in a title's words: `context prod`, `Podman`; "" for the default."""
    stale: frozenset[SideName] = frozenset()
    """Sides whose instances are the last known, not confirmed."""
    jobs: Mapping[str, Job] = field(default_factory=lambda: EMPTY)
    """Key -> the newest job on that instance; finished ones stay until the next."""

    @property
    def engine_words(self) -> str:
        """`Docker`, `Podman`, `Docker (context prod)`."""
        if self.engine.endswith(("Docker", "Podman")):
            return self.engine
        return f"Docker ({self.engine})" if self.engine else "Docker"

    def on_side(self, side: SideName) -> tuple[Instance, ...]:
        """The instances of one deck."""
        return tuple(i for i in self.instances if i.side is side)

    def find(self, key: str) -> Instance | None:
        """The instance at that address."""
        return next((i for i in self.instances if i.key == key), None)
