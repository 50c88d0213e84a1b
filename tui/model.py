"""The words of the project as frozen dataclasses; no I/O lives here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

PODMAN = "podman"
"""The provider of Podman's containers."""


class SideName(StrEnum):
    """Which deck an instance stands on."""

    VM = "vm"
    CONTAINER = "container"


class State(StrEnum):
    """What an instance is doing, in one word both sides share."""

    RUNNING = "running"
    PAUSED = "paused"
    """Frozen in memory."""
    SUSPENDED = "suspended"
    """Saved to disk, with all that was in its memory."""
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


class HealthStatus(StrEnum):
    """What the container's own health check says; other words than `doctor`'s and an engine's."""

    STARTING = "starting"
    """Its first checks have not counted yet."""
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


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
    RELOAD = "reload"
    """Stop and start anew, so that a changed Vagrantfile counts."""
    PROVISION = "provision"
    SUSPEND = "suspend"
    """Save to disk with all that is in its memory; what goes on after it is RESUME."""
    SNAPSHOT_SAVE = "snapshot save"
    SNAPSHOT_RESTORE = "snapshot restore"
    SNAPSHOT_DELETE = "snapshot delete"
    BOX_OUTDATED = "box outdated"
    BOX_UPDATE = "box update"


@dataclass(frozen=True, slots=True)
class Options:
    """How a verb is to be carried out, where there is a choice."""

    provider: str = ""
    """What a new machine is made with; "" for vagrant's own choice."""
    provision: bool | None = None
    """Whether provisioners run; None for vagrant's own rule."""
    snapshot: str = ""
    """Name of the snapshot that is meant."""


AS_USUAL = Options()


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
    """`docker`, `podman`, `libvirt`, `virtualbox`, …"""
    accelerator: str | None = None
    """`kvm`, `tcg`, `virtualbox`, … for a VM; None for a container."""
    pid: int | None = None
    """Host pid of the container's first process or of the hypervisor process."""
    exit_code: int | None = None
    busy: str | None = None
    """Who else holds it (`vagrant up, pid 4711`); None when free."""
    directory: Path | None = None
    """Where a Vagrant machine's Vagrantfile is."""
    connection: str | None = None
    """URI of the libvirt a machine is at; None for any other."""
    owner: str | None = None
    """Whose machine it is when not this user's own Vagrant's (`user alice`): Vagrant cannot act."""
    told_at: float | None = None
    """Unix seconds of the provider's answer; None where the state is read with every listing."""
    is_asked: bool = False
    """Whether its provider is being asked how it is."""
    note: str = ""
    """Why the state is unknown, one plain line."""
    rank: int = 0
    """Its place in its Vagrantfile."""
    is_autostarted: bool = True
    """Whether bringing its whole Vagrantfile up brings it up too."""
    is_vagrantfile: bool = False
    """Whether it stands for a whole Vagrantfile, of which vagrant cannot tell what it defines."""
    health: HealthStatus | None = None
    """None without a health check, and for a VM."""
    failed_check: str = ""
    """What the newest health check printed, if it failed; one line, raw."""
    restart_count: int | None = None
    """How often the engine's restart policy started it again; None where nobody looked."""
    restart_policy: str = ""
    """`always`, `unless-stopped`, `on-failure:3`; "" for none, or where nobody looked."""
    is_out_of_memory: bool = False
    """Whether the kernel killed a process of its newest run for want of memory."""
    memory_limit_bytes: int | None = None
    """What it may use; None without a limit, or where nobody looked."""

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
    if instance.is_vagrantfile:
        return frozenset()
    match instance.state:
        case State.RUNNING:
            verbs = {Verb.STOP, Verb.RESTART, Verb.PAUSE, Verb.KILL, Verb.DESTROY}
        case State.PAUSED:
            # To start it is to let it go on.
            verbs = {Verb.RESUME, Verb.START, Verb.STOP, Verb.KILL, Verb.DESTROY}
        case State.SUSPENDED:
            verbs = {Verb.RESUME, Verb.START, Verb.DESTROY}
        case State.STOPPED | State.CREATED:
            verbs = {Verb.START, Verb.RESTART, Verb.DESTROY}
        case State.RESTARTING:
            verbs = {Verb.STOP, Verb.KILL, Verb.DESTROY}
        case State.ABSENT:
            verbs = {Verb.UP, Verb.START}
        case State.UNKNOWN:
            # Nobody could tell how it is; the engine judges, and what came of it is verified.
            verbs = {Verb.STOP, Verb.START, Verb.RESTART, Verb.KILL, Verb.DESTROY}
        case _:
            verbs = {Verb.DESTROY}
    if instance.owner is not None:
        # What goes with it only its own Vagrant knows.
        verbs.discard(Verb.DESTROY)
    return frozenset(verbs | _vagrants_verbs(instance))


VAGRANTS = frozenset(
    {
        Verb.RELOAD,
        Verb.PROVISION,
        Verb.SUSPEND,
        Verb.SNAPSHOT_SAVE,
        Verb.SNAPSHOT_RESTORE,
        Verb.SNAPSHOT_DELETE,
        Verb.BOX_OUTDATED,
        Verb.BOX_UPDATE,
    }
)
"""What Vagrant has beyond the verbs that both sides share."""
_SNAPSHOT_VERBS = frozenset({Verb.SNAPSHOT_SAVE, Verb.SNAPSHOT_RESTORE, Verb.SNAPSHOT_DELETE})
_BOX_VERBS = frozenset({Verb.BOX_OUTDATED, Verb.BOX_UPDATE})


def _vagrants_verbs(instance: Instance) -> frozenset[Verb]:
    """What Vagrant has beyond the verbs that both sides share."""
    if instance.side is not SideName.VM or instance.directory is None or instance.owner is not None:
        return frozenset()
    match instance.state:
        case State.RUNNING:
            more = {Verb.RELOAD, Verb.PROVISION, Verb.SUSPEND} | _SNAPSHOT_VERBS
        case State.STOPPED:
            more = {Verb.RELOAD} | _SNAPSHOT_VERBS
        case State.PAUSED | State.SUSPENDED | State.UNKNOWN:
            more = set(_SNAPSHOT_VERBS)
        case _:
            more = set()
    return frozenset(more) | _BOX_VERBS


def refusal(verb: Verb, instance: Instance) -> str:
    """Why the verb makes no sense now, to stand behind `cannot VERB KEY: `."""
    if instance.is_vagrantfile:
        return instance.note or "it is not known what it defines"
    if verb is Verb.DESTROY and instance.owner is not None:
        return f"it is of {instance.owner}, and only who made it knows what goes with it"
    return f"it is {instance.state}"


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
    engine: str = ""
    """URL of the container's engine; "" for the default one, and for a VM."""

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
