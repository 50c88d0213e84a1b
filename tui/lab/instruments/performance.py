"""CPU and memory work by sysbench: in the VM, in the container and on the host."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tui.errors import ActionFailed
from tui.lab.instrument import Instrument, Need, Output, Reading, Repeats, Rig
from tui.lab.instruments.host_state import busy_seconds
from tui.lab.instruments.tool_output import COUNT, NUMBER, check_clock, last_line
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

ARMS = (Arm.HOST, Arm.CONTAINER, Arm.VM)
QUICK_SECONDS, FULL_SECONDS = 2, 10
_LATENESS_SECONDS = 60.0
_PRIMES = 10_000
_BLOCK = "64M"
"""More than the third-level cache of most processors: the usual 1 MiB measures the cache."""
_TOTAL = "100T"
"""Never reached: the time ends it."""
_MIB = 1024**2
_LEAST_FOR_P95 = 59

_EVENTS = re.compile(rf"^\s*events per second:\s+{NUMBER}$", re.MULTILINE)
_BANDWIDTH = re.compile(rf"^{NUMBER} MiB transferred \({NUMBER} MiB/sec\)$", re.MULTILINE)
_SECONDS = re.compile(rf"^\s*total time:\s+{NUMBER}s$", re.MULTILINE)
_COUNT = re.compile(rf"^\s*total number of events:\s+{COUNT}$", re.MULTILINE)
_P95 = re.compile(rf"^Latency \(ms\):$.*?^\s*95th percentile:\s+{NUMBER}$", re.M | re.S)


_Kind = tuple[str, Metric, Callable[[Rig, Arm], Sequence[Reading]]]


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """CPU and memory apart, so that the arms of each alternate closely."""
    seconds = QUICK_SECONDS if is_quick else FULL_SECONDS
    # The least setting of the pair is what all three are given.
    threads = workload.cpus
    same = (
        f"{threads} thread{'' if threads == 1 else 's'}, {seconds} s, the same binary everywhere; "
        f"the VM has {threads} vCPU, the container is held to {threads} CPU by CFS quota, "
        "the host by the number of threads"
    )
    return tuple(
        Instrument(
            name=name,
            metrics=(metric,),
            arms=ARMS,
            need=Need.RUNNING,
            seconds=seconds + 0.6,
            measure=measure,
            prepare=_bring,
            # The A/A run, which comes first, has warmed the tool up.
            repeats=Repeats(warmups=0 if is_quick else 1),
            in_aa=True,
        )
        for name, metric, measure in (_cpu(seconds, threads, same), _memory(seconds, threads, same))
    )


def _cpu(seconds: int, threads: int, same: str) -> _Kind:
    metric = Metric(
        id="cpu.events",
        row=Row.PERFORMANCE,
        title="CPU: primes up to 10,000",
        unit="events/s",
        better=Better.MORE,
        method=f"sysbench cpu, --cpu-max-prime={_PRIMES}, {same}",
        is_headline=True,
    )

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        output, used = _run(rig, arm, seconds, threads, "cpu", f"--cpu-max-prime={_PRIMES}")
        parts = {**_parts(output), "host_cpu_seconds": used}
        return (Reading(metric.id, parse_events(output.stdout), parts=parts),)

    return "cpu", metric, measure


def _memory(seconds: int, threads: int, same: str) -> _Kind:
    metric = Metric(
        id="memory.bandwidth",
        row=Row.PERFORMANCE,
        title="memory: sequential writes",
        unit="B/s",
        better=Better.MORE,
        method=f"sysbench memory, sequential writes to one {_BLOCK[:-1]} MiB block over and over "
        f"(larger than most caches), {same}",
    )
    given = (
        f"--memory-block-size={_BLOCK}",
        f"--memory-total-size={_TOTAL}",
        "--memory-oper=write",
        "--memory-access-mode=seq",
        "--memory-scope=global",
    )

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        output, used = _run(rig, arm, seconds, threads, "memory", *given)
        parts = {**_parts(output), "host_cpu_seconds": used}
        return (Reading(metric.id, parse_bandwidth(output.stdout), parts=parts),)

    return "memory", metric, measure


def parse_events(text: str) -> float:
    """Events a second of `sysbench cpu`. Raises ActionFailed."""
    return _positive(_EVENTS.search(text), "`events per second: NUMBER`", text)


def parse_bandwidth(text: str) -> float:
    """Bytes a second of `sysbench memory`. Raises ActionFailed, also for another unit."""
    expected = "`NUMBER MiB transferred (NUMBER MiB/sec)`"
    found = _BANDWIDTH.search(text)
    return _positive(found, expected, text, group=2) * _MIB


def _bring(rig: Rig, arm: Arm) -> None:
    rig.tool(arm, "sysbench")


def _run(
    rig: Rig, arm: Arm, seconds: int, threads: int, test: str, *given: str
) -> tuple[Output, float]:
    """What sysbench printed, and the CPU seconds the whole host spent meanwhile."""
    argv = (*rig.tool(arm, "sysbench"), test, f"--threads={threads}", f"--time={seconds}", *given)
    before = busy_seconds()
    output = rig.run(arm, (*argv, "run"), timeout_seconds=seconds + _LATENESS_SECONDS)
    used = busy_seconds() - before
    check_clock("sysbench", _own_seconds(output.stdout), output)
    return output, max(used, 0.0)


def _own_seconds(text: str) -> float:
    return _positive(_SECONDS.search(text), "`total time: NUMBERs`", text)


def _parts(output: Output) -> dict[str, float]:
    """What belongs to the figure; a percentile only where the events carry it."""
    text = output.stdout
    parts = {"seconds": _own_seconds(text), "host_seconds": output.seconds}
    count, p95 = _COUNT.search(text), _P95.search(text)
    if count is not None and p95 is not None and int(count[1]) >= _LEAST_FOR_P95:
        parts["latency_p95"] = float(p95[1]) / 1000
    return parts


def _positive(found: re.Match[str] | None, expected: str, text: str, *, group: int = 1) -> float:
    value = float(found[group]) if found else 0.0
    if value <= 0:
        raise ActionFailed(f"sysbench was to print {expected}; its last line: {last_line(text)}")
    return value
