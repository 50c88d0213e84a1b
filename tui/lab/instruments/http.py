"""HTTP load from a generator, and what this host's CPUs did for it.

wrk asks as quickly as it is answered (closed loop): that is throughput. h2load asks at a fixed
rate (open loop): that is latency.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tui.core.reasons import reason_of
from tui.errors import ActionFailed
from tui.lab.instrument import Rig
from tui.lab.instruments.host_state import busy_cores, busy_seconds
from tui.lab.instruments.paths import Way
from tui.lab.instruments.tool_output import COUNT, NUMBER, check_clock, last_line
from tui.results import Arm

CONNECTIONS = 8
BASELINE_SECONDS = 0.5
_LATE_SECONDS = 60.0
_BOUND_SHARE = 0.8
"""Of one core: wrk is given one thread."""
_SUSTAINED_SHARE = 0.9

_RPS = re.compile(rf"^Requests/sec:\s+{NUMBER}$", re.MULTILINE)
_TOTAL = re.compile(rf"^\s*{COUNT} requests in {NUMBER}(us|ms|s|m), (\S+) read$", re.MULTILINE)
_NON_2XX = re.compile(r"^\s*Non-2xx or 3xx responses: (\d+)$", re.MULTILINE)
_SOCKET = re.compile(r"^\s*Socket errors: (.+)$", re.MULTILINE)
_TIMES = re.compile(rf"{COUNT}m{NUMBER}s {COUNT}m{NUMBER}s\s*\Z")
_SIZE = re.compile(rf"{NUMBER}([KMGTP]?)B")
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}
_SECONDS_IN = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
# `times` tells what a command took without asking anything else of the host than POSIX's shell.
_TIMED = ("sh", "-c", '"$@"; code=$?; times; exit $code', "sh")


@dataclass(frozen=True, slots=True)
class Requests:
    """One run of wrk."""

    per_second: float
    count: int
    seconds: float
    """By the generator's own clock."""
    read_bytes: float


@dataclass(frozen=True, slots=True)
class Work:
    """One run of wrk on the host, with what it cost."""

    requests: Requests
    generator_cpu_seconds: float
    host_cpu_seconds: float
    """All of the host's CPUs, less what they do when idle; the generator's own is among it.
    Zero or less where the noise is greater than the work."""

    @property
    def is_generator_bound(self) -> bool:
        """Whether wrk's one thread was itself the limit."""
        return self.generator_cpu_seconds > _BOUND_SHARE * self.requests.seconds

    @property
    def parts(self) -> dict[str, float]:
        """What belongs to a reading made of it."""
        parts = {
            "requests": float(self.requests.count),
            "seconds": self.requests.seconds,
            "transferred_bytes_per_second": self.requests.read_bytes / self.requests.seconds,
            "generator_cpu_seconds": self.generator_cpu_seconds,
        }
        if self.host_cpu_seconds > 0:
            parts["cpu_seconds"] = self.host_cpu_seconds
        return parts


def idle_cores(rig: Rig) -> float:
    """How many cores' worth the host is busy without the load."""
    return busy_cores(rig, BASELINE_SECONDS)


def work(rig: Rig, way: Way, seconds: int, idle: float) -> Work:
    """wrk on the host along that way; `idle` as `idle_cores` gave it. Raises ActionFailed."""
    before, began = busy_seconds(), time.monotonic()
    output = rig.run(
        Arm.HOST, (*_TIMED, *_wrk(rig, way, seconds)), timeout_seconds=seconds + _LATE_SECONDS
    )
    elapsed = time.monotonic() - began
    busy = busy_seconds() - before - idle * elapsed
    return Work(parse_requests(output.stdout), generator_seconds(output.stdout), busy)


def requests(rig: Rig, way: Way, seconds: int) -> Requests:
    """wrk wherever the way begins. Raises ActionFailed, also for a clock that runs fast there."""
    argv = _wrk(rig, way, seconds)
    output = rig.run(way.generator, argv, timeout_seconds=seconds + _LATE_SECONDS)
    found = parse_requests(output.stdout)
    check_clock("wrk", found.seconds, output)
    return found


def _wrk(rig: Rig, way: Way, seconds: int) -> tuple[str, ...]:
    url = way.url(rig.workload.probe.path)
    return (*rig.tool(way.generator, "wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url)


def parse_wrk(text: str) -> float:
    """Requests a second. Raises ActionFailed when any was refused, or it is not wrk's report."""
    if wrong := _NON_2XX.search(text):
        raise ActionFailed(f"wrk: {wrong[1]} replies were no success")
    if broken := _SOCKET.search(text):
        raise ActionFailed(f"wrk: socket errors: {broken[1]}")
    found = _RPS.search(text)
    if found is None or float(found[1]) == 0:
        raise ActionFailed("wrk: no request was answered")
    return float(found[1])


def parse_requests(text: str) -> Requests:
    """All of wrk's report that is of use. Raises ActionFailed as `parse_wrk`."""
    per_second = parse_wrk(text)
    total = _TOTAL.search(text)
    if total is None or float(total[2]) == 0:
        raise ActionFailed(
            f"wrk was to print `N requests in N s`; its last line: {last_line(text)}"
        )
    return Requests(
        per_second=per_second,
        count=int(total[1]),
        seconds=float(total[2]) * _SECONDS_IN[total[3]],
        read_bytes=_bytes(total[4]),
    )


def generator_seconds(text: str) -> float:
    """User and system time of the command's own children, as the shell's `times` ends with."""
    found = _TIMES.search(text)
    if found is None:
        raise ActionFailed(f"the shell's `times` told nothing; its last line: {last_line(text)}")
    minutes, seconds, system_minutes, system_seconds = (float(word) for word in found.groups())
    return 60 * (minutes + system_minutes) + seconds + system_seconds


def _bytes(text: str) -> float:
    """wrk counts in 1024s and writes KB."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ActionFailed(f"wrk was to print a size, not {text}")
    return float(found[1]) * _UNITS[found[2]]


@dataclass(frozen=True, slots=True)
class Delays:
    """Requests at a fixed rate."""

    seconds: tuple[float, ...]
    """From when each was due to the end of its reply, in the order they were due."""
    generator_seconds: float
    """Of that the generator's own lateness, in the middle: sent later than it could have been."""


def latency(rig: Rig, way: Way, rate: int, count: int) -> Delays:
    """h2load on the host along that way. Raises ActionFailed."""
    log = rig.folder() / f"h2load-{time.monotonic_ns()}"
    url = way.url(rig.workload.probe.path)
    # One connection: h2load sends the requests of several at once, and the next to each after
    # a pause, which is another rate than was asked for.
    argv = ("h2load", "--h1", "-c1", f"-n{count}", f"--rps={rate}", f"--log-file={log}", url)
    try:
        rig.run(Arm.HOST, argv, timeout_seconds=count / rate + _LATE_SECONDS)
        text = log.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ActionFailed(f"h2load left no log: {reason_of(error)}") from error
    finally:
        log.unlink(missing_ok=True)
    taken = _taken(text)
    if len(taken) != count:
        raise ActionFailed(f"h2load was to send {count} requests and logged {len(taken)}")
    _refuse_slower(taken, rate)
    return Delays(tuple(scheduled_delays(text, rate)), _own_lateness(taken, rate))


def scheduled_delays(log: str, rate: float) -> list[float]:
    """Seconds from when each request was due to the end of its reply, out of h2load's log.

    Its lines are start in microseconds, status, microseconds until the reply's end. The schedule
    begins with the first request; a request sent late was waiting meanwhile (coordinated
    omission, as wrk2 corrects it). Raises ActionFailed for a failed request or another format.
    """
    taken = _taken(log)
    return [
        # Sent a little early by the generator's own timer is not answered early.
        (max(start - due, 0) + took) / 1e6
        for (start, took), due in zip(taken, _schedule(taken, rate), strict=True)
    ]


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Nearest rank: the smallest value with at least that share at or below it."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(1, int(rank)) - 1]


_Taken = list[tuple[int, int]]
"""Start and duration of each request in microseconds, in the order they were sent."""


def _taken(log: str) -> _Taken:
    rows = [line.split("\t") for line in log.splitlines() if line]
    try:
        taken = sorted((int(row[0]), int(row[1]), int(row[2])) for row in rows)
    except (IndexError, ValueError) as error:
        raise ActionFailed("h2load's log has another format") from error
    if not taken:
        raise ActionFailed("h2load sent no request")
    if failed := [status for _, status, _ in taken if not 200 <= status < 300]:
        raise ActionFailed(f"h2load: {len(failed)} of {len(taken)} requests failed")
    return [(start, took) for start, _, took in taken]


def _schedule(taken: _Taken, rate: float) -> list[float]:
    first = taken[0][0]
    return [first + n * 1e6 / rate for n in range(len(taken))]


def _own_lateness(taken: _Taken, rate: float) -> float:
    """Seconds in the middle between a request being due on a free connection and being sent."""
    late, free = [], 0
    for (start, took), due in zip(taken, _schedule(taken, rate), strict=True):
        late.append(max(0.0, start - max(due, free)) / 1e6)
        free = start + took
    return percentile(sorted(late), 50)


def _refuse_slower(taken: _Taken, rate: float) -> None:
    """A rate that is not kept up makes a queue without end: its latency says nothing."""
    spent = (taken[-1][0] - taken[0][0]) / 1e6
    if len(taken) > 1 and (len(taken) - 1) / max(spent, 1e-6) < _SUSTAINED_SHARE * rate:
        kept = (len(taken) - 1) / spent
        raise ActionFailed(f"{rate:.0f} requests a second were not kept up, {kept:.0f} were")
