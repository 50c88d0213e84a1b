"""One comparison as this kind of host would measure it; every figure is drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.ui.fakes import NOW
from tui.results import Arm, Better, Measurement, Metric, Row, Run, RunState, Study

MIB = 1024.0 * 1024
VM, CONTAINER, HOST, VOLUME = Arm.VM, Arm.CONTAINER, Arm.HOST, Arm.VOLUME
LESS, MORE = Better.LESS, Better.MORE

_HTTP = "request to a whole HTTP reply of the workload, one monotonic clock of the host"
_FIGURES: tuple[tuple[Metric, dict[Arm, float], float], ...] = (
    (
        Metric("size.disk", Row.SIZE, "On disk", "B", "blocks allocated", LESS, True),
        {VM: 1411 * MIB, CONTAINER: 117 * MIB},
        0.0,
    ),
    (
        Metric("size.transfer", Row.SIZE, "To fetch", "B", "compressed size", LESS),
        {VM: 402 * MIB, CONTAINER: 46.2 * MIB},
        0.0,
    ),
    (
        Metric("boot.warm", Row.BOOT, "Warm boot", "s", _HTTP, LESS, True),
        {VM: 51.3, CONTAINER: 0.42},
        0.05,
    ),
    (
        Metric("boot.cold", Row.BOOT, "Cold boot", "s", f"{_HTTP}; page cache dropped", LESS),
        {VM: 68.9, CONTAINER: 1.31},
        0.08,
    ),
    (
        Metric(
            "cpu.events",
            Row.PERFORMANCE,
            "CPU events",
            "events/s",
            "sysbench cpu, primes to 10000, one thread, 3 s",
            MORE,
            True,
        ),
        {VM: 41.2, CONTAINER: 1180.0, HOST: 1184.0},
        0.012,
    ),
    (
        Metric(
            "memory.idle.host",
            Row.RESOURCES,
            "Host memory, idle",
            "B",
            "PSS of the hypervisor; cgroup of the container with its shim and proxy",
            LESS,
            True,
        ),
        {VM: 431 * MIB, CONTAINER: 11.9 * MIB},
        0.02,
    ),
    (
        Metric(
            "move.size", Row.PORTABILITY, "To move", "B", "docker save; box package", LESS, True
        ),
        {VM: 455 * MIB, CONTAINER: 46.8 * MIB},
        0.0,
    ),
    (
        Metric(
            "density.count",
            Row.DENSITY,
            "Instances",
            "count",
            "MemAvailable by the slope of started instances",
            MORE,
            True,
        ),
        {VM: 14.0, CONTAINER: 610.0},
        0.0,
    ),
    (
        Metric(
            "http.published",
            Row.NETWORKING,
            "Published port",
            "req/s",
            "wrk, 2 threads, 16 connections, 3 s, through the published loopback port",
            MORE,
            True,
        ),
        {VM: 512.0, CONTAINER: 8420.0},
        0.06,
    ),
    (
        Metric(
            "disk.randread",
            Row.STORAGE,
            "Random read",
            "IOPS",
            "fio 4k random read, direct, depth 16, 3 s after 1 s of ramp",
            MORE,
            True,
        ),
        {VM: 5240.0, CONTAINER: 5310.0, VOLUME: 21800.0, HOST: 22400.0},
        0.11,
    ),
)
_FACTS: tuple[tuple[Metric, dict[Arm, str]], ...] = (
    (
        Metric("isolation.boot_id", Row.ISOLATION, "Boot id", "", "/proc/…/boot_id"),
        {VM: "9d1f0c2e", CONTAINER: "41c7aa05", HOST: "41c7aa05"},
    ),
    (
        Metric(
            "isolation.kernel",
            Row.ISOLATION,
            "Kernel",
            "",
            "uname -r on each",
            is_headline=True,
        ),
        {VM: "6.1.0-39-amd64", CONTAINER: "6.18.5-fc-v17", HOST: "6.18.5-fc-v17"},
    ),
    (
        Metric("os.kernel", Row.OS_SUPPORT, "Kernel", "", "uname -sr on each", is_headline=True),
        {
            VM: "Linux 6.1.0-39-amd64",
            CONTAINER: "Linux 6.18.5-fc-v17",
            HOST: "Linux 6.18.5-fc-v17",
        },
    ),
)
_CAPABILITIES = Metric(
    "security.capabilities",
    Row.SECURITY,
    "Capabilities",
    "count",
    "bits of CapEff of the workload's first process",
    LESS,
    True,
)


def nginx_run() -> Run:
    """A quick run that is done."""
    metrics = (*(m for m, _, _ in _FIGURES), *(m for m, _ in _FACTS), _CAPABILITIES)
    return Run(
        id="nginx-20260528-201320",
        workload="nginx",
        title="nginx serving one static page",
        started_at=NOW - 1500,
        state=RunState.DONE,
        is_quick=True,
        rows=tuple(Row),
        seed=7,
        metrics=metrics,
        finished_at=NOW - 800,
        busy_seconds=701.0,
        host={
            "CPU": "AMD EPYC, 2 cores",
            "kernel": "Linux 6.18.5",
            "memory": "7.8 GiB",
            "engines": "Docker 20.10.24, Vagrant 2.3.4, QEMU 7.2",
        },
        host_hash="4f5c2a9be01d",
        accelerator="tcg",
    )


def nginx_study(seed: int = 0) -> Study:
    """Six readings an arm where figures vary, one where they do not; one noisy, one failed."""
    return Study(nginx_run(), tuple(_measurements(random.Random(seed))))


def _measurements(rng: random.Random) -> Iterator[Measurement]:
    for metric, medians, spread in _FIGURES:
        yield from _aa(metric, medians[CONTAINER], spread, rng)
        for arm, median in medians.items():
            for block in range(6 if spread else 1):
                value = median * (1 + rng.gauss(0, spread))
                noise = ("CPU stolen 3.1 %",) if arm is VM and block == 4 else ()
                yield Measurement(metric.id, arm, block, value, noise=noise, seconds=3.0)
    yield Measurement("disk.randread", VM, 6, error="fio ended with code 1: No space left")
    for metric, seen in _FACTS:
        for arm, text in seen.items():
            yield Measurement(metric.id, arm, 0, text=text)
    for arm, count in ((VM, 41.0), (CONTAINER, 14.0)):
        yield Measurement(_CAPABILITIES.id, arm, 0, count)


def _aa(metric: Metric, median: float, spread: float, rng: random.Random) -> Iterator[Measurement]:
    if spread:
        for block in range(3):
            for stream in "ab":
                value = median * (1 + rng.gauss(0, spread / 2))
                yield Measurement(metric.id, CONTAINER, block, value, stream=stream)
