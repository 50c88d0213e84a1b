"""Density: what one more instance takes from the host, from starting some; never a division."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression
from threading import Event, Timer

import psutil
from docker.errors import NotFound

from tui.errors import ActionFailed
from tui.fleet.probe import wait_answer
from tui.lab.clones import MachineClones
from tui.lab.instrument import ONCE, Instrument, Need, Reading, Rig
from tui.lab.instruments.host_state import busy_cores, drop_caches
from tui.lab.owner import RUN_LABEL
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

CONTAINERS, MACHINES = 5, 2
_FLOOR_BYTES = 2 * 2**30
_FLOOR_SHARE = 0.15
_BRIDGE_PORTS = 1023
"""BR_PORT_BITS = 10: a Linux bridge takes no more."""
_ANSWER_SECONDS = 240.0
_IDLE_SECONDS = 3.0
_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
_SETTLE_SECONDS = 2.0
_LOOK_SECONDS = 0.5
_STILL_BYTES = 2**20
_STILL_WITHIN_SECONDS = 10.0

COUNT = Metric(
    id="density.count",
    row=Row.DENSITY,
    title="this host could hold, idle",
    unit="count",
    better=Better.MORE,
    is_headline=True,
    method="extrapolated: (MemAvailable before the first less max(2 GiB, 15 % of memory)) over "
    f"the slope; no more than {_BRIDGE_PORTS:,} a bridge, than the addresses of its network and "
    "than the kernel's table of tasks, by what one more takes of it; the first wall is named",
)
MEMORY = Metric(
    id="density.memory",
    row=Row.DENSITY,
    title="memory of one more",
    unit="B",
    better=Better.LESS,
    method="slope of the host's MemAvailable (caches dropped, once it stands still) over k more "
    f"instances, {CONTAINERS} containers and {MACHINES} VMs unless told otherwise, each answering; "
    "the VMs are linked clones of the workload's own",
)
SLOPE = Metric(
    id="memory.slope",
    row=Row.RESOURCES,
    title="memory the host loses to one more",
    unit="B",
    better=Better.LESS,
    method=MEMORY.method,
)
CPU = Metric(
    id="density.cpu",
    row=Row.DENSITY,
    title="CPU of one more, idle",
    unit="% of a core",
    better=Better.LESS,
    method=f"busy time of the host's CPUs over {_IDLE_SECONDS:.0f} s, with all of them less with "
    "none, divided among them",
)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """Once, with the pair shut down."""
    return (
        Instrument(
            name="density",
            metrics=(COUNT, MEMORY, SLOPE, CPU),
            arms=(Arm.CONTAINER, Arm.VM),
            need=Need.STOPPED,
            seconds=55.0,
            measure=_measure,
            repeats=ONCE,
        ),
    )


def _measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
    wanted = rig.density or (MACHINES if arm is Arm.VM else CONTAINERS)
    more = MachineClones(rig) if arm is Arm.VM else ContainerCopies(rig)
    total = psutil.virtual_memory().total
    floor = max(_FLOOR_BYTES, _FLOOR_SHARE * total)
    addresses: list[str] = []
    stopped = ""
    try:
        points, idle, tasks = [_available(rig)], busy_cores(rig, _IDLE_SECONDS), _tasks()
        for _ in range(wanted):
            if points[-1] < floor:
                stopped = "stopped early: the host's memory"
                break
            addresses.append(more.start())
            _await(rig, addresses[-1])
            points.append(_available(rig))
        if len(points) < 2:
            raise ActionFailed("the host has no memory left to start another")
        busy = busy_cores(rig, _IDLE_SECONDS)
        walls = _other_walls(addresses[0], (_tasks() - tasks) / len(addresses))
        for address in addresses:
            _await(rig, address)
    finally:
        more.remove()
    return _readings(points, 100 * (busy - idle) / len(addresses), floor, walls, stopped)


def _readings(
    points: Sequence[float],
    cpu_percent: float,
    floor: float,
    others: Mapping[str, float],
    stopped: str,
) -> Sequence[Reading]:
    """What the points of MemAvailable at k = 0, 1, … say."""
    k = list(range(len(points)))
    slope = -linear_regression(k, points).slope
    steps = [a - b for a, b in pairwise(points)]
    parts = {f"k{n}": value for n, value in zip(k, points, strict=True)}
    note = "; ".join(p for p in (f"{len(steps)} started", stopped) if p)
    cpu = Reading(CPU.id, cpu_percent, note=note)
    least = 100 * _TICK_SECONDS / _IDLE_SECONDS / len(steps)
    if cpu_percent < least:
        error = (
            f"less than {least:.2g} % of a core, one tick of the host's clock divided among them"
        )
        cpu = Reading(CPU.id, error=error)
    if slope <= 0:
        error = f"no slope: memory did not fall with {len(steps)} more (by {slope:.0f} B each)"
        return (*(Reading(m.id, error=error) for m in (COUNT, MEMORY, SLOPE)), cpu)
    room = max(0.0, points[0] - floor)
    walls = {"memory": room / slope, **others}
    wall = min(walls, key=lambda name: walls[name])
    # What the steepest and the flattest step alone would give.
    ends = {"least": room / max(steps)} | ({"most": room / min(steps)} if min(steps) > 0 else {})
    return (
        Reading(
            COUNT.id,
            float(int(walls[wall])),
            parts={**walls, **{f"memory, {name}": value for name, value in ends.items()}},
            note=f"first wall: {wall}; extrapolated from {note}",
        ),
        Reading(MEMORY.id, slope, parts=parts, note=note),
        Reading(SLOPE.id, slope, parts=parts, note=note),
        cpu,
    )


class ContainerCopies:
    """More containers of the lab's image, with its limits, on no port of the host."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._api = rig.docker()
        self._ids: list[str] = []

    def start(self) -> str:
        """Its address on the bridge. Raises ActionFailed."""
        workload = self._rig.workload
        image = self._api.inspect_container(self._rig.container_id())["Image"]
        limits = self._api.create_host_config(
            mem_limit=workload.memory_mib * 2**20, nano_cpus=workload.cpus * 1_000_000_000
        )
        made = self._api.create_container(
            image,
            name=f"{workload.name}-{len(self._ids) + 2}",
            labels={RUN_LABEL: self._rig.run_id},
            host_config=limits,
        )
        self._rig.made(made["Id"])
        self._ids.append(made["Id"])
        self._api.start(made["Id"])
        networks = self._api.inspect_container(made["Id"])["NetworkSettings"]["Networks"]
        return next(str(n["IPAddress"]) for n in networks.values())

    def remove(self) -> None:
        """All of them."""
        while self._ids:
            with suppress(NotFound):
                self._api.remove_container(self._ids[-1], v=True, force=True)
            self._ids.pop()


def _await(rig: Rig, address: str) -> None:
    stop = Event()
    limit = Timer(_ANSWER_SECONDS, stop.set)
    limit.daemon = True
    limit.start()
    workload = rig.workload
    answered = wait_answer(workload.probe, workload.guest_port, stop, host=address)
    limit.cancel()
    if answered is None:
        raise ActionFailed(f"the instance at {address} did not answer")
    rig.sleep(0)


def _available(rig: Rig) -> float:
    """MemAvailable without caches, where this user may drop them, once it stands still.

    What is dropped is given back by and by: read at once, the first look is 10 MiB too low here,
    which is more than one container takes.
    """
    rig.sleep(_SETTLE_SECONDS)
    with suppress(OSError):
        drop_caches()
    deadline = time.monotonic() + _STILL_WITHIN_SECONDS
    before, now = 0, psutil.virtual_memory().available
    while abs(now - before) > _STILL_BYTES and time.monotonic() < deadline:
        rig.sleep(_LOOK_SECONDS)
        before, now = now, psutil.virtual_memory().available
    return float(now)


def _other_walls(address: str, tasks_each: float) -> dict[str, float]:
    """How many fit, by all that is not memory."""
    walls = {"ports of a bridge": float(_BRIDGE_PORTS)}
    if (addresses := _addresses_beside(address)) is not None:
        walls["addresses of the network"] = addresses
    with suppress(OSError, ValueError):
        most = int(Path("/proc/sys/kernel/pid_max").read_text(encoding="ascii"))
        if tasks_each > 0:
            walls["the kernel's tasks"] = (most - _tasks()) / tasks_each
    return walls


def _addresses_beside(address: str) -> float | None:
    """How many addresses the network of this host that it is in has to give; None for none."""
    wanted = ipaddress.ip_address(address)
    for interface in psutil.net_if_addrs().values():
        for own in interface:
            with suppress(ValueError):
                network = ipaddress.ip_network(f"{own.address}/{own.netmask}", strict=False)
                if wanted in network and network.prefixlen > 0:
                    # Its own name, the broadcast and the host.
                    return float(network.num_addresses - 3)
    return None


def _tasks() -> int:
    """Threads of the whole host (proc(5), loadavg)."""
    return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[2])
