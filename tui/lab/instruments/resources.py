"""Resource usage: what the workload uses, what the host pays for it, idle and at work."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Thread

from tui.errors import ActionFailed, TwindeckError
from tui.lab.cancel import Cancelled
from tui.lab.instrument import Instrument, Need, Reading, Repeats, Rig
from tui.lab.instruments import http, paths
from tui.lab.instruments.attendants import cpu_clock
from tui.lab.instruments.memory import Memory
from tui.lab.instruments.network import FULL_SECONDS, QUICK_SECONDS, silent
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

_SIDES = (Arm.CONTAINER, Arm.VM)
_QUICK_IDLE_SECONDS, _FULL_IDLE_SECONDS = 3.0, 10.0
_AT_SHARE = 0.7
"""Memory at work is read when so much of the load is over."""

_USE = (
    "container: `docker stats`' figure (usage less inactive file cache); VM: what the guest says "
    "it uses (balloon: available less usable, as MemTotal less MemAvailable, told since the "
    "reading began)"
)
_COST = (
    "container: memory of its cgroup, file cache among it, and PSS of its containerd-shim and "
    "docker-proxy; VM: PSS of the hypervisor process, its helpers and the SSH tunnel of its port; "
    "daemons that serve all instances and the host's cache of the VM's disk are not in it"
)


def _metric(name: str, title: str, unit: str, method: str, *, is_headline: bool = False) -> Metric:
    return Metric(
        id=name,
        row=Row.RESOURCES,
        title=title,
        unit=unit,
        method=method,
        better=Better.LESS,
        is_headline=is_headline,
    )


IDLE_USE = _metric("memory.idle.use", "memory in use, idle", "B", _USE)
IDLE_HOST = _metric("memory.idle.host", "memory the host pays, idle", "B", _COST, is_headline=True)
LOAD_USE = _metric("memory.load.use", "memory in use, at work", "B", _USE)
LOAD_HOST = _metric("memory.load.host", "memory the host pays, at work", "B", _COST)
PER_WORK = _metric(
    "cpu.per_work",
    "host CPU for 1000 requests",
    "CPU s",
    f"busy time of all of the host's CPUs during wrk ({http.CONNECTIONS} connections, closed "
    "loop) through the published port, less what they do without it, less wrk's own, over the "
    "requests answered",
)
# An arm is left when the first of these fails twice: first stands what needs neither root nor a
# quiet host.
_AT_WORK = (LOAD_USE, LOAD_HOST, PER_WORK)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """Idle for every workload; at work for those that speak HTTP, the reason for the others."""
    idle = _idle(_QUICK_IDLE_SECONDS if is_quick else _FULL_IDLE_SECONDS)
    if workload.probe.kind != "http":
        return (idle, silent("at-work", _AT_WORK))
    seconds = QUICK_SECONDS if is_quick else FULL_SECONDS
    return (idle, _at_work(seconds))


def _idle(seconds: float) -> Instrument:
    cpu = _metric(
        "cpu.idle",
        "CPU, idle",
        "% of a core",
        f"CPU time on the host over {seconds:.0f} s without requests: cgroup, shim and proxy | "
        "hypervisor process, its helpers and the SSH tunnel",
    )

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        with Memory(rig, arm) as memory:
            since = time.time()
            share = _idle_cpu(rig, arm, cpu.id, seconds)
            return (share, memory.host(IDLE_HOST.id), memory.use(IDLE_USE.id, since))

    return Instrument(
        name="idle",
        metrics=(cpu, IDLE_HOST, IDLE_USE),
        arms=_SIDES,
        need=Need.RUNNING,
        seconds=seconds + 0.7,
        measure=measure,
        repeats=Repeats(quick=3, full=6, cap=12, warmups=0),
    )


def _idle_cpu(rig: Rig, arm: Arm, metric: str, seconds: float) -> Reading:
    """Over a time without requests; the guest tells its memory meanwhile."""
    try:
        clock = cpu_clock(rig, arm)
        before, began = clock(), time.monotonic()
        rig.sleep(seconds)
        elapsed = time.monotonic() - began
        used = clock() - before
    except ActionFailed as error:
        return Reading(metric, error=str(error))
    return Reading(metric, 100 * used / elapsed, parts={"cpu_seconds": used})


def _at_work(seconds: int) -> Instrument:
    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        way = paths.published(rig, arm)
        rig.tool(Arm.HOST, "wrk")
        with Memory(rig, arm) as memory:
            idle = http.idle_cores(rig)
            load = _Load(rig, way, seconds, idle)
            since = time.time()
            with load:
                rig.sleep(seconds * _AT_SHARE)
                readings = (memory.use(LOAD_USE.id, since), memory.host(LOAD_HOST.id))
            return (*readings, per_work(load.result(), way.path))

    return Instrument(
        name="at-work",
        metrics=_AT_WORK,
        arms=_SIDES,
        need=Need.RUNNING,
        seconds=http.BASELINE_SECONDS + seconds + 0.7,
        measure=measure,
        repeats=Repeats(quick=2, full=6, cap=12, warmups=0),
    )


def per_work(found: http.Work, path: str) -> Reading:
    """CPU seconds for 1000 requests; an error where the noise was greater than the work."""
    used = found.host_cpu_seconds - found.generator_cpu_seconds
    if used <= 0:
        return Reading(
            PER_WORK.id,
            error="the host was as busy before the load as during it: other work hides this one's",
        )
    note = f"{path}; generator-bound" if found.is_generator_bound else path
    value = 1000 * used / found.requests.count
    return Reading(PER_WORK.id, value, parts=found.parts, note=note)


class _Load:
    """wrk, at work beside this thread for the time of the `with`, and to its own end."""

    def __init__(self, rig: Rig, way: paths.Way, seconds: int, idle: float) -> None:
        self._done: list[http.Work] = []
        self._error: list[TwindeckError | Cancelled] = []

        def run() -> None:
            try:
                self._done.append(http.work(rig, way, seconds, idle))
            except (TwindeckError, Cancelled) as error:
                self._error.append(error)

        self._thread = Thread(target=run, name="generator", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_exception: object) -> None:
        # It ends by itself: by its own time, by its time-out, or because the run is cancelled.
        self._thread.join()

    def result(self) -> http.Work:
        """What it did. Raises what it failed with."""
        if self._error:
            raise self._error[0]
        return self._done[0]
