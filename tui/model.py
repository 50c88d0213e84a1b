"""The words of the project as frozen dataclasses; no I/O lives here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any


class SideName(StrEnum):
    """Which deck an instance stands on."""

    VM = "vm"
    CONTAINER = "container"


class State(StrEnum):
    """What an instance is doing, in one word both sides share."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CREATED = "created"
    """Exists, was never started."""
    RESTARTING = "restarting"
    REMOVING = "removing"
    DEAD = "dead"
    """The engine could not remove or recover it."""
    ABSENT = "absent"
    """Defined (a workload, a Vagrantfile) but not created yet."""
    UNKNOWN = "unknown"


class Verb(StrEnum):
    """What a user can ask of an instance."""

    UP = "up"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    PAUSE = "pause"
    RESUME = "resume"
    KILL = "kill"
    DESTROY = "destroy"


class Phase(StrEnum):
    """The phases of a boot, in the order they happen; a side skips those it does not have."""

    PREPARE = "prepare"
    """Image built or pulled; box imported; what the tool itself needs before it acts."""
    CREATE = "create"
    """Container or domain and its disk created."""
    START = "start"
    """Created to running: container task or hypervisor process."""
    BOOT = "boot"
    """Running to the first process of the container, or to the guest's SSH answering."""
    PROVISION = "provision"
    """The workload's provisioner, on a VM's first boot only."""
    ANSWER = "answer"
    """Until the workload's readiness probe is answered."""


class Reading(StrEnum):
    """Whether a check passed (`twindeck doctor`)."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


class Sampler(StrEnum):
    """How containers are measured."""

    AUTO = "auto"
    """Each by its cgroup files where they can be read, else through the engine."""
    CGROUP = "cgroup"
    ENGINE = "engine"


EMPTY: Mapping[Any, Any] = MappingProxyType({})


def key_of(side: SideName, name: str) -> str:
    """`vm:NAME` or `container:NAME`, the address of an instance everywhere."""
    return f"{side}:{name}"


@dataclass(frozen=True, slots=True)
class Instance:
    """One VM or one container as its engine describes it; no measurements."""

    side: SideName
    name: str
    """Unique on its side; never empty, may hold any character an engine lets through."""
    state: State
    id: str | None = None
    """The engine's own id (container id, libvirt UUID); None while absent."""
    image: str | None = None
    """Image reference or box name."""
    group: str = ""
    """Compose project or Vagrant environment directory; "" stands alone."""
    ports: tuple[str, ...] = ()
    """`127.0.0.1:8080->80/tcp`, published or forwarded, in port order."""
    created_at: float | None = None
    """Unix seconds."""
    started_at: float | None = None
    """Unix seconds of the current run; None unless running or paused."""
    workload: str | None = None
    """Name of the workload folder it was brought up from."""
    provider: str = "docker"
    """`docker`, `libvirt`, `virtualbox`, …"""
    accelerator: str | None = None
    """`kvm`, `tcg`, `virtualbox`, … for a VM; None for a container."""
    pid: int | None = None
    """Host pid of the container's first process or of the hypervisor process."""
    exit_code: int | None = None
    busy: str | None = None
    """Who else holds it (`vagrant up, pid 4711`); None when free."""
    directory: Path | None = None
    """Where a Vagrant machine's Vagrantfile is."""

    @property
    def key(self) -> str:
        """`vm:NAME` or `container:NAME`."""
        return key_of(self.side, self.name)

    @property
    def is_live(self) -> bool:
        """Whether it has a process on the host to measure."""
        return self.state in (State.RUNNING, State.PAUSED, State.RESTARTING)


def verbs_for(instance: Instance) -> frozenset[Verb]:
    """The verbs that make sense in the instance's state."""
    match instance.state:
        case State.RUNNING:
            verbs = {Verb.STOP, Verb.RESTART, Verb.PAUSE, Verb.KILL, Verb.DESTROY}
        case State.PAUSED:
            verbs = {Verb.RESUME, Verb.STOP, Verb.KILL, Verb.DESTROY}
        case State.STOPPED | State.CREATED:
            verbs = {Verb.START, Verb.RESTART, Verb.DESTROY}
        case State.RESTARTING:
            verbs = {Verb.STOP, Verb.KILL, Verb.DESTROY}
        case State.ABSENT:
            verbs = {Verb.UP, Verb.START}
        case _:
            verbs = {Verb.DESTROY}
    return frozenset(verbs)


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
    """`docker-stats` (usage less inactive file cache) or `host-rss` (hypervisor process)."""
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


@dataclass(frozen=True, slots=True)
class BootPhase:
    """One phase of a boot."""

    name: Phase
    seconds: float


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot, from the request to the workload answering."""

    side: SideName
    name: str
    started_at: float
    """Unix seconds of the request."""
    total_seconds: float
    """On CLOCK_MONOTONIC; equals the sum of the phases."""
    phases: tuple[BootPhase, ...]
    accelerator: str | None = None
    workload: str | None = None
    answered: bool = True
    """Whether the readiness probe ended it (False: no probe, ended at running)."""

    @property
    def key(self) -> str:
        """Address of the instance that booted."""
        return key_of(self.side, self.name)


@dataclass(frozen=True, slots=True)
class Probe:
    """How to know that a workload answers."""

    kind: str
    """`http` or `tcp`."""
    path: str = "/"
    status: int = 200
    contains: str = ""
    """Text the body, or with `tcp` the reply, must hold; "" takes any."""
    timeout_seconds: float = 180.0
    send: str = ""
    """What is sent first (`tcp`), a byte a character (Latin-1)."""


@dataclass(frozen=True, slots=True)
class Load:
    """How a workload is put to work inside its instance, and how the result is read."""

    title: str
    """One line for people: `GET, 8 clients`."""
    argv: tuple[str, ...]
    """Run as root in the VM and in the container; `{port}`, `{seconds}`, `{cpus}` are filled in."""
    pattern: str
    """Regular expression with one group, the decimal number, searched in what it printed."""
    unit: str
    """`requests/s`, `transactions/s`, …"""
    more_is_better: bool = True
    row: str = "performance"
    """The row of the comparison it belongs to: `performance`, `networking` or `storage`."""
    prepare: tuple[str, ...] = ()
    """Run once before the first, not timed."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What runs on both sides, as `workloads/NAME/workload.toml` says."""

    name: str
    title: str
    folder: Path
    guest_port: int
    container_port: int
    """Published on 127.0.0.1 for the container."""
    vm_port: int
    """Forwarded on 127.0.0.1 for the VM."""
    probe: Probe
    memory_mib: int = 2048
    cpus: int = 2
    container_images: tuple[str, ...] = ()
    """Base images, best first; the last is the one `twindeck setup` can build."""
    boxes: tuple[str, ...] = ()
    """Boxes, best first; the last is the one `twindeck setup` can build."""
    load: Load | None = None
    """None when the folder has none: then only what every workload has is measured."""

    def port_on(self, side: SideName) -> int:
        """The loopback port the workload answers at on that side."""
        return self.vm_port if side is SideName.VM else self.container_port


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `twindeck doctor`."""

    check: str
    status: Reading
    reason: str
    fix: str = ""
    side: SideName | None = None
    """The deck that cannot work without it; None when neither needs it."""


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
    stale: frozenset[SideName] = frozenset()
    """Sides whose instances are the last known, not confirmed."""
    jobs: Mapping[str, Job] = field(default_factory=lambda: EMPTY)
    """Key -> the newest job on that instance; finished ones stay until the next."""

    def on_side(self, side: SideName) -> tuple[Instance, ...]:
        """The instances of one deck."""
        return tuple(i for i in self.instances if i.side is side)

    def find(self, key: str) -> Instance | None:
        """The instance at that address."""
        return next((i for i in self.instances if i.key == key), None)
