"""Fleets as real engines would describe them, hostile names included."""

from __future__ import annotations

import math
from dataclasses import replace
from zlib import crc32

from tests.ui.fakes import NOW, T_NS
from tui.model import Boot, BootPhase, Instance, Phase, SideName, State, Verb
from tui.snapshot import Health, History, HostSample, Job, JobState, Sample, Snapshot

MIB = 1024 * 1024
VM, CONTAINER = SideName.VM, SideName.CONTAINER
HOSTILE = "evil[red]\x1b[31m[/]name"

HEALTH = {
    VM: Health(VM, True, "Vagrant 2.3.4, libvirt 9.0.0", accelerator="tcg"),
    CONTAINER: Health(CONTAINER, True, "Docker 20.10.24"),
}
HOST = HostSample(
    time=NOW,
    t_ns=T_NS,
    cpu_percent=37.4,
    cores=2,
    memory_used_bytes=3174 * MIB,
    memory_total_bytes=7953 * MIB,
    load_1min=0.84,
)


def vm(name: str, state: State = State.RUNNING, **more: object) -> Instance:
    """A Vagrant machine."""
    live = state in (State.RUNNING, State.PAUSED)
    base = Instance(
        side=VM,
        name=name,
        state=state,
        id=None if state is State.ABSENT else f"7d1c{crc32(name.encode()):08x}-0000",
        image="debian/bookworm64",
        started_at=NOW - 4000 if live else None,
        provider="libvirt",
        accelerator="tcg",
        pid=4711 if live else None,
    )
    return replace(base, **more)  # type: ignore[arg-type]


def container(name: str, state: State = State.RUNNING, **more: object) -> Instance:
    """A container."""
    live = state in (State.RUNNING, State.PAUSED, State.RESTARTING)
    base = Instance(
        side=CONTAINER,
        name=name,
        state=state,
        id="4f5c2a9be01d",
        image="debian:bookworm-slim",
        started_at=NOW - 300 if live else None,
        pid=815 if live else None,
        exit_code=0 if state is State.STOPPED else None,
    )
    return replace(base, **more)  # type: ignore[arg-type]


VMS = (
    vm("nginx", workload="nginx", ports=("127.0.0.1:18080->80/tcp",), started_at=NOW - 754),
    vm("postgres", State.STOPPED, workload="postgres"),
    vm("build-agent", group="/srv/ci", ports=("127.0.0.1:2222->22/tcp",), started_at=NOW - 93000),
    vm("release-signing-host", State.PAUSED, group="/srv/ci"),
    vm("win2022", State.STOPPED, group="/srv/ci", busy="vagrant up, pid 4711"),
    vm("scratch", State.ABSENT, group="/srv/lab"),
)
CONTAINERS = (
    container("nginx", workload="nginx", ports=("127.0.0.1:8080->80/tcp",), started_at=NOW - 42),
    container("registry", ports=("0.0.0.0:5000->5000/tcp",), started_at=NOW - 2_600_000),
    container(HOSTILE, State.STOPPED, exit_code=137, group=""),
    container("shop-web-1", group="shop", ports=("0.0.0.0:8443->443/tcp", "0.0.0.0:8081->80/tcp")),
    container("shop-api-1", group="shop", ports=("127.0.0.1:9000->9000/tcp",)),
    container("shop-api-2", group="shop"),
    container("shop-db-1", group="shop", started_at=NOW - 86000),
    container("shop-migrate-1", State.STOPPED, group="shop"),
    container("shop-cache-1", State.PAUSED, group="shop"),
    container("monitor-prometheus-1", group="monitor", ports=("127.0.0.1:9090->9090/tcp",)),
    container("monitor-node-exporter-with-a-long-name-1", group="monitor"),
    container("monitor-grafana-1", State.RESTARTING, group="monitor"),
    container("monitor-backup-1", State.CREATED, group="monitor"),
)
_CPU = {
    "vm:nginx": 12.4,
    "vm:build-agent": 168.0,
    "vm:release-signing-host": 0.0,
    "container:nginx": 0.3,
    "container:registry": 0.1,
    "container:shop-web-1": 4.2,
    "container:shop-api-1": 38.5,
    "container:shop-api-2": 92.1,
    "container:shop-db-1": 11.8,
    "container:shop-cache-1": 0.0,
    "container:monitor-prometheus-1": 2.9,
    "container:monitor-node-exporter-with-a-long-name-1": 0.7,
}
_MEMORY_MIB = {
    "vm:nginx": 412,
    "vm:build-agent": 2048,
    "vm:release-signing-host": 703,
    "container:nginx": 4.6,
    "container:registry": 18.2,
    "container:shop-web-1": 23.1,
    "container:shop-api-1": 148,
    "container:shop-api-2": 151,
    "container:shop-db-1": 96.4,
    "container:shop-cache-1": 9.9,
    "container:monitor-prometheus-1": 310,
    "container:monitor-node-exporter-with-a-long-name-1": 11.5,
}
BOOTS = {
    "vm:nginx": 49.3,
    "vm:build-agent": 125.0,
    "vm:postgres": 58.1,
    "container:nginx": 0.42,
    "container:shop-api-1": 1.31,
    "container:shop-db-1": 2.74,
}


def sample(instance: Instance) -> Sample | None:
    """What a meter says of it."""
    if instance.key not in _CPU:
        return None
    is_vm = instance.side is VM
    return Sample(
        side=instance.side,
        name=instance.name,
        time=NOW,
        t_ns=T_NS,
        cpu_percent=_CPU[instance.key],
        memory_bytes=int(_MEMORY_MIB[instance.key] * MIB),
        memory_kind="host-rss" if is_vm else "docker-stats",
        guest_memory_bytes=138 * MIB if instance.key == "vm:nginx" else None,
        accelerator="tcg" if is_vm else None,
    )


def trend(instance: Instance) -> tuple[float | None, ...]:
    """Thirty samples around its figure, the first few not yet taken."""
    cpu = _CPU[instance.key]
    phase = len(instance.name)
    wave = tuple(cpu * (1 + 0.6 * math.sin(phase + n / 2.3)) for n in range(26))
    return (None,) * 4 + wave


def fleet_of(*instances: Instance) -> Snapshot:
    """A snapshot of these instances with everything the meters and the store say of them."""
    ordered = sorted(instances, key=lambda i: (i.side is CONTAINER, i.group, i.name))
    measured = [i for i in ordered if i.key in _CPU and i.is_live]
    return Snapshot(
        t_ns=T_NS,
        instances=tuple(ordered),
        samples={i.key: s for i in measured if (s := sample(i))},
        trends={i.key: trend(i) for i in measured},
        boot_seconds={key: s for key, s in BOOTS.items() if any(i.key == key for i in ordered)},
        host=HOST,
        methods={VM: "hypervisor process", CONTAINER: "cgroup v1"},
        health=HEALTH,
    )


def job(verb: Verb, key: str, state: JobState = JobState.RUNNING, **more: object) -> Job:
    """A job that was asked for 14 s ago and is 12 s into its phase."""
    side, _, name = key.partition(":")
    base = Job(
        id=7,
        verb=verb,
        side=SideName(side),
        name=name,
        state=state,
        requested_t_ns=T_NS - 14_000_000_000,
        phase=Phase.BOOT,
        phase_t_ns=T_NS - 12_000_000_000,
        last_line="==> nginx: Waiting for machine to boot. This may take a few minutes...",
    )
    return replace(base, **more)  # type: ignore[arg-type]


FAILED = job(
    Verb.STOP,
    "container:registry",
    JobState.FAILED,
    id=8,
    phase=None,
    finished_t_ns=T_NS,
    error="cannot stop registry: permission denied by an AppArmor profile → aa-status",
)
BOOTING = job(Verb.UP, "vm:scratch", last_line="==> scratch: Waiting for SSH [bold]now[/]")


def full_fleet() -> Snapshot:
    """Six VMs, thirteen containers, one action under way, one failed."""
    snapshot = fleet_of(*VMS, *CONTAINERS)
    return replace(snapshot, jobs={BOOTING.key: BOOTING, FAILED.key: FAILED})


def docker_down(*, has_rows: bool = False) -> Snapshot:
    """Docker does not answer; with rows, they are the last known."""
    snapshot = fleet_of(*VMS, *(CONTAINERS if has_rows else ()))
    reason = "permission denied on /var/run/docker.sock"
    fix = "sudo usermod -aG docker $USER, then log in again"
    down = Health(CONTAINER, False, reason=reason, fix=fix)
    stale = frozenset({CONTAINER}) if has_rows else frozenset()
    return replace(snapshot, health={VM: HEALTH[VM], CONTAINER: down}, stale=stale)


def empty_fleet() -> Snapshot:
    """Both engines answer and hold nothing."""
    return fleet_of()


def first_run() -> Snapshot:
    """What a new user sees: one workload, defined on both sides and brought up on neither."""
    pair = fleet_of(
        vm("nginx", State.ABSENT, workload="nginx", id=None, pid=None, accelerator=None),
        container("nginx", State.ABSENT, workload="nginx", id=None, pid=None),
    )
    return replace(pair, boot_seconds={})


def history(key: str) -> History:
    """Four minutes of samples, one a second, that end at the present figures."""
    cpu, memory = _CPU[key], _MEMORY_MIB[key] * MIB
    count = 240
    back = [count - 1 - n for n in range(count)]
    return History(
        t_ns=tuple(T_NS - n * 1_000_000_000 for n in back),
        cpu_percent=tuple(cpu * (1 + 0.5 * math.sin(n / 9) + 0.2 * math.sin(n / 2)) for n in back),
        memory_bytes=tuple(int(memory * (1 - 0.1 * n / count)) for n in back),
        guest_memory_bytes=tuple(138 * MIB if key == "vm:nginx" else None for _ in back),
    )


def histories() -> dict[str, History]:
    """The series of everything that is measured."""
    return {key: history(key) for key in _CPU}


def boots() -> list[Boot]:
    """Three boots of either half of the pair, newest first."""
    vm_phases = ((Phase.CREATE, 2.1), (Phase.START, 1.4), (Phase.BOOT, 38.0), (Phase.ANSWER, 7.8))
    container_phases = ((Phase.CREATE, 0.09), (Phase.START, 0.21), (Phase.ANSWER, 0.12))
    found = []
    for nth in range(3):
        for side, phases in ((VM, vm_phases), (CONTAINER, container_phases)):
            timed = tuple(BootPhase(name, s * (1 + 0.06 * nth)) for name, s in phases)
            found.append(
                Boot(
                    side=side,
                    name="nginx",
                    started_at=NOW - 800 - 3600 * nth,
                    total_seconds=sum(phase.seconds for phase in timed),
                    phases=timed,
                    accelerator="tcg" if side is VM else None,
                    workload="nginx",
                )
            )
    return found
