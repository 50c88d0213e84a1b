"""Resource usage: what the workload uses, what the host pays for it, idle and at work."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import psutil

from tui.errors import ActionFailed, TwindeckError
from tui.lab.instrument import Instrument, Need, Output, Reading, Repeats, Rig, side_of
from tui.meters.containers import ContainerMeter
from tui.meters.guest import Guests
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

_SIDES = (Arm.CONTAINER, Arm.VM)
_BALLOON_SECONDS = 2.5
"""The guest tells its memory once a second from when it is first asked to."""
_CONNECTIONS = 8
_IDLE_SECONDS = 3.0
_LATE_SECONDS = 60.0
_REQUESTS = re.compile(r"^\s*(\d+) requests in", re.MULTILINE)
_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)

_USE = (
    "container: `docker stats`' figure (usage less inactive file cache); VM: what the guest says "
    "it uses (balloon: available less unused, asked every second)"
)
_COST = (
    "container: memory of its cgroup, and PSS of its containerd-shim and docker-proxy; VM: PSS of "
    "the hypervisor process (smaps_rollup)"
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
IDLE_CPU = _metric(
    "cpu.idle",
    "CPU, idle",
    "% of a core",
    f"CPU time over {_IDLE_SECONDS:.0f} s without requests: cgroup and shim | hypervisor process",
)
LOAD_USE = _metric("memory.load.use", "memory in use, at work", "B", _USE)
LOAD_HOST = _metric("memory.load.host", "memory the host pays, at work", "B", _COST)
PER_WORK = _metric(
    "cpu.per_work",
    "host CPU for 1000 requests",
    "CPU s",
    "busy time of all of the host's CPUs during wrk through the published port, less what it is "
    "busy when idle, less wrk's own, over the requests answered",
)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """Idle for every workload, at work for those that speak HTTP."""
    idle = Instrument(
        name="idle",
        metrics=(IDLE_HOST, IDLE_USE, IDLE_CPU),
        arms=_SIDES,
        need=Need.RUNNING,
        seconds=7.0,
        measure=_idle,
        repeats=Repeats(quick=3, full=6, cap=12, warmups=0),
    )
    if workload.probe.kind != "http":
        return (idle,)
    work = Instrument(
        name="at-work",
        metrics=(PER_WORK, LOAD_HOST, LOAD_USE),
        arms=_SIDES,
        need=Need.RUNNING,
        seconds=8.0,
        measure=_at_work,
        repeats=Repeats(quick=2, full=6, cap=12, warmups=0),
    )
    return (idle, work)


def _idle(rig: Rig, arm: Arm) -> Sequence[Reading]:
    with _Memory(rig, arm) as memory:
        before, began = _cpu_seconds(rig, arm), time.monotonic()
        rig.sleep(_IDLE_SECONDS)
        used = _cpu_seconds(rig, arm) - before
        percent = 100 * used / (time.monotonic() - began)
        return (
            memory.host(IDLE_HOST.id),
            memory.use(IDLE_USE.id),
            Reading(IDLE_CPU.id, percent),
        )


def _at_work(rig: Rig, arm: Arm) -> Sequence[Reading]:
    seconds = 3 if rig.is_quick else 10
    port = rig.workload.port_on(side_of(arm))
    url = f"http://127.0.0.1:{port}{rig.workload.probe.path}"
    argv = (*rig.tool(Arm.HOST, "wrk"), "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", url)
    with _Memory(rig, arm) as memory:
        idle = _busy_share(rig, 1.0)
        generator = _Generator(rig, argv, seconds + _LATE_SECONDS)
        before, began = _busy_seconds(), time.monotonic()
        own_before = _children_seconds()
        generator.start()
        rig.sleep(seconds * 0.7)
        readings = [memory.host(LOAD_HOST.id), memory.use(LOAD_USE.id)]
        output = generator.finish()
        elapsed = time.monotonic() - began
        busy = _busy_seconds() - before - idle * elapsed
        own = _children_seconds() - own_before
        found = _REQUESTS.search(output.stdout)
        if found is None or int(found[1]) == 0:
            raise ActionFailed("wrk: no request was answered")
        requests = int(found[1])
        parts = {"requests": float(requests), "generator_cpu_seconds": own}
        note = "generator-bound" if own > 0.8 * elapsed else ""
        per_work = max(0.0, busy - own) * 1000 / requests
        return (Reading(PER_WORK.id, per_work, parts=parts, note=note), *readings)


class _Generator:
    """The load generator, at work beside this thread."""

    def __init__(self, rig: Rig, argv: Sequence[str], limit: float) -> None:
        self._output: list[Output] = []
        self._error: list[TwindeckError] = []

        def run() -> None:
            try:
                self._output.append(rig.run(Arm.HOST, argv, timeout_seconds=limit))
            except TwindeckError as error:
                self._error.append(error)

        self._thread = Thread(target=run, name="generator", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> Output:
        """Its output once it is done. Raises what it failed with."""
        self._thread.join()
        if self._error:
            raise self._error[0]
        if not self._output:
            raise ActionFailed("the load generator was cancelled")
        return self._output[0]


class _Memory:
    """The two figures of memory a side, by the meters the console uses."""

    def __init__(self, rig: Rig, arm: Arm) -> None:
        self._rig = rig
        self._arm = arm
        self._instance = rig.instance(arm)
        self._guests = Guests(read_only=False) if arm is Arm.VM else None
        self._meter = ContainerMeter() if arm is Arm.CONTAINER else None

    def __enter__(self) -> _Memory:
        if self._guests is not None and self._instance.id:
            self._guests.read([self._instance.id])
            self._rig.sleep(_BALLOON_SECONDS)
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._guests is not None:
            self._guests.close()
        if self._meter is not None:
            self._meter.close()

    def use(self, metric: str) -> Reading:
        """What the workload uses."""
        if self._guests is not None:
            guest = self._guests.read([str(self._instance.id)])[str(self._instance.id)]
            if guest.used_bytes is None:
                return Reading(metric, error=guest.reasons.get("used_bytes", "the guest told none"))
            return Reading(metric, guest.used_bytes, note="guest's own view")
        assert self._meter is not None  # one of the two is there
        sample = self._meter.sample([self._instance])[0]
        if sample.memory_bytes is None:
            return Reading(metric, error=sample.reasons.get("memory_bytes", "no figure"))
        return Reading(metric, sample.memory_bytes, note="docker stats' rule")

    def host(self, metric: str) -> Reading:
        """What the host pays."""
        pid = self._instance.pid
        if pid is None:
            return Reading(metric, error="its process was not found")
        try:
            if self._arm is Arm.VM:
                return Reading(
                    metric,
                    pss_bytes(pid),
                    note="PSS of QEMU; under tcg its translation cache is among it",
                )
            parts = {"cgroup": float(_cgroup_bytes(pid))}
            for process in _attendants(pid, self._rig.workload.container_port):
                kind = "shim" if "shim" in process.name() else "docker-proxy"
                parts[kind] = parts.get(kind, 0.0) + pss_bytes(process.pid)
            return Reading(metric, sum(parts.values()), parts=parts, note=", ".join(parts))
        except (OSError, psutil.Error) as error:
            return Reading(metric, error=f"needs root to read smaps_rollup: {error}")


def pss_bytes(pid: int) -> int:
    """Proportional set size of a process. Raises OSError."""
    found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))
    if found is None:
        raise OSError(f"no Pss in /proc/{pid}/smaps_rollup")
    return int(found[1]) * 1024


def _cgroup_bytes(pid: int) -> int:
    """Memory charged to the container's cgroup, file cache among it. Raises OSError."""
    for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            file = Path(f"/sys/fs/cgroup/memory{path}/memory.usage_in_bytes")
            return int(file.read_text(encoding="ascii"))
        if not controllers:
            unified = Path(f"/sys/fs/cgroup{path}/memory.current")
            if unified.exists():
                return int(unified.read_text(encoding="ascii"))
    raise OSError(f"no memory cgroup of pid {pid}")


def _attendants(pid: int, port: int) -> list[psutil.Process]:
    """The processes that stand for a container on the host: its shim and its port's proxy."""
    found = [p for p in psutil.Process(pid).parents() if "shim" in p.name()]
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name() != "docker-proxy":
                continue
            if ("-host-port", str(port)) in zip(
                process.cmdline(), process.cmdline()[1:], strict=False
            ):
                found.append(process)
    return found


def _cpu_seconds(rig: Rig, arm: Arm) -> float:
    """CPU time so far of everything that stands for that side."""
    pid = rig.instance(arm).pid
    if pid is None:
        raise ActionFailed("its process was not found")
    try:
        process = psutil.Process(pid)
        one = [process, *process.children(recursive=True)]
        if arm is Arm.CONTAINER:
            one += _attendants(pid, rig.workload.container_port)
        return sum(sum(p.cpu_times()[:2]) for p in one)
    except psutil.Error as error:
        raise ActionFailed(f"its process ended: {error}") from error


def _busy_seconds() -> float:
    """Busy time of all of the host's CPUs, steal not among it."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def _busy_share(rig: Rig, seconds: float) -> float:
    """Cores' worth the host is busy now."""
    before, began = _busy_seconds(), time.monotonic()
    rig.sleep(seconds)
    return (_busy_seconds() - before) / (time.monotonic() - began)


def _children_seconds() -> float:
    """CPU time of children of this process that have ended."""
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)
