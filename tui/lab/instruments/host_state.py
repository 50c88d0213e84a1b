"""The host itself: how busy it is, and having it forget what it has read."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil

from tui.lab.instrument import Rig

DROP_CACHES = Path("/proc/sys/vm/drop_caches")


def busy_seconds() -> float:
    """CPU seconds of the host so far that were neither idle, waiting nor stolen."""
    times = psutil.cpu_times()
    # `user` holds what guests used, see proc(5).
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def busy_cores(rig: Rig, seconds: float) -> float:
    """How many cores' worth it is busy, over so many seconds from now. Raises Cancelled."""
    before, began = busy_seconds(), time.monotonic()
    rig.sleep(seconds)
    return (busy_seconds() - before) / (time.monotonic() - began)


def drop_caches() -> None:
    """Write out what is dirty; forget the page cache, dentries and inodes.

    Raises OSError: only root may.
    """
    os.sync()
    DROP_CACHES.write_text("3\n", encoding="ascii")
