"""The host's own figures."""

from __future__ import annotations

import os
import time

import psutil

from tui.snapshot import HostSample


class HostMeter:
    """CPU of all cores together between two samples, memory and load now."""

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None

    def sample(self) -> HostSample:
        """The host now; CPU is None on the first call."""
        busy_seconds, all_seconds = _cpu_seconds()
        before, self._before = self._before, (busy_seconds, all_seconds)
        memory = psutil.virtual_memory()
        return HostSample(
            time=time.time(),
            t_ns=time.monotonic_ns(),
            cpu_percent=_percent(before, (busy_seconds, all_seconds)),
            cores=psutil.cpu_count() or 1,
            # What `free` and the kernel call available can be had without swapping: not in use.
            memory_used_bytes=memory.total - memory.available,
            memory_total_bytes=memory.total,
            load_1min=os.getloadavg()[0],
        )


def _cpu_seconds() -> tuple[float, float]:
    """Busy and total CPU seconds since the host started, all cores; see proc(5), /proc/stat."""
    times = psutil.cpu_times()
    # Guest time is in user and nice already.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    idle = times.idle + getattr(times, "iowait", 0.0)
    return total - idle, total


def _percent(before: tuple[float, float] | None, now: tuple[float, float]) -> float | None:
    if before is None or now[1] <= before[1]:
        return None
    # The kernel's idle counters may step back a little.
    return min(100.0, max(0.0, 100.0 * (now[0] - before[0]) / (now[1] - before[1])))
