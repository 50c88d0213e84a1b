"""sysbench's answers, read strictly; recorded from real runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tui.errors import ActionFailed
from tui.lab.instrument import Instrument, Output
from tui.lab.instruments import performance
from tui.model import Probe, Workload
from tui.results import Arm

CPU = """\
sysbench 1.0.20 (using system LuaJIT 2.1.0-beta3)

Running the test with following options:
Number of threads: 1
Initializing random number generator from current time


Prime numbers limit: 10000

Initializing worker threads...

Threads started!

CPU speed:
    events per second:  4666.96

General statistics:
    total time:                          1.0002s
    total number of events:              4672

Latency (ms):
         min:                                    0.20
         avg:                                    0.21
         max:                                    4.36
         95th percentile:                        0.24
         sum:                                  998.30

Threads fairness:
    events (avg/stddev):           4672.0000/0.00
    execution time (avg/stddev):   0.9983/0.00
"""
MEMORY = """\
Running memory speed test with the following options:
  block size: 65536KiB
  total size: 104857600MiB
  operation: write
  scope: global

Total operations: 320 (  319.33 per second)

20480.00 MiB transferred (20437.19 MiB/sec)


General statistics:
    total time:                          1.0011s
    total number of events:              320

Latency (ms):
         min:                                    2.25
         95th percentile:                        4.18
"""


class FakeRig:
    """Answers every command with one text."""

    def __init__(self, text: str, seconds: float = 1.1) -> None:
        self.output = Output(text, "", 0, seconds)
        self.ran: list[tuple[Arm, tuple[str, ...]]] = []

    def tool(self, arm: Arm, name: str) -> tuple[str, ...]:
        return (f"/lab/{name}",)

    def run(self, arm: Arm, argv: Sequence[str], **_options: Any) -> Output:
        self.ran.append((arm, tuple(argv)))
        return self.output


def make_instruments(*, is_quick: bool = True, cpus: int = 1) -> tuple[Instrument, Instrument]:
    workload = Workload("w", "w", Path(), 80, 8080, 18080, Probe("tcp"), cpus=cpus)
    cpu, memory = performance.instruments(workload, is_quick=is_quick)
    return cpu, memory


def test_events_and_what_belongs_to_them() -> None:
    cpu, _ = make_instruments(cpus=3)
    rig: Any = FakeRig(CPU)
    (reading,) = cpu.measure(rig, Arm.HOST)
    assert (reading.metric, reading.value) == ("cpu.events", 4666.96)
    assert reading.parts["latency_p95"] == pytest.approx(0.00024)
    assert reading.parts["seconds"] == 1.0002
    assert reading.parts["host_seconds"] == 1.1
    assert reading.parts["host_cpu_seconds"] >= 0
    ((arm, argv),) = rig.ran
    assert arm is Arm.HOST
    assert {"cpu", "--threads=3", "--time=2", "--cpu-max-prime=10000"} < set(argv)
    assert argv[-1] == "run"


def test_every_arm_is_asked_the_same() -> None:
    for instrument, text in zip(make_instruments(), (CPU, MEMORY), strict=True):
        rig: Any = FakeRig(text)
        for arm in instrument.arms:
            instrument.measure(rig, arm)
        assert [arm for arm, _ in rig.ran] == [Arm.HOST, Arm.CONTAINER, Arm.VM]
        assert len({argv for _, argv in rig.ran}) == 1


def test_bandwidth_is_in_bytes() -> None:
    _, memory = make_instruments(is_quick=False)
    rig: Any = FakeRig(MEMORY)
    (reading,) = memory.measure(rig, Arm.VM)
    assert reading.value == pytest.approx(20437.19 * 1048576)
    assert "--memory-block-size=64M" in rig.ran[0][1]
    assert "--time=10" in rig.ran[0][1]
    assert "64 MiB block" in memory.metrics[0].method
    assert "CFS quota" in memory.metrics[0].method


def test_no_percentile_of_too_few_events() -> None:
    cpu, _ = make_instruments()
    rig: Any = FakeRig(CPU.replace("events:              4672", "events:              58"))
    assert "latency_p95" not in cpu.measure(rig, Arm.VM)[0].parts


@pytest.mark.parametrize(
    "text",
    [
        MEMORY.replace("MiB/sec", "MB/sec"),
        MEMORY.replace("20437.19", "0.00"),
        MEMORY.replace("20437.19", "inf"),
        "FATAL: Cannot allocate memory",
        "",
    ],
)
def test_another_unit_nothing_or_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ActionFailed, match="sysbench was to print `NUMBER MiB transferred"):
        performance.parse_bandwidth(text)


def test_a_refusal_ends_with_the_tools_last_line() -> None:
    with pytest.raises(ActionFailed, match=r"events per second.*last line: FATAL: no threads$"):
        performance.parse_events("sysbench 1.0.20\n\nFATAL: no threads\n\n")
    with pytest.raises(ActionFailed, match=r"last line: \(none\)$"):
        performance.parse_events(" \n")


def test_a_clock_that_runs_fast_is_not_believed() -> None:
    cpu, _ = make_instruments()
    rig: Any = FakeRig(CPU, seconds=0.5)
    with pytest.raises(ActionFailed, match=r"ran 1\.00 s, the host's clock says 0\.50 s"):
        cpu.measure(rig, Arm.VM)
