"""CPU time of one sweep over every running container, apart from the console."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from tui.meters.containers import ContainerMeter
from tui.model import State
from tui.sides.containers import Containers

_SWEEPS = 20


def sweep_seconds() -> float:
    """Median CPU seconds of this process for a sweep, the first one's opening of files apart."""
    live = [i for i in Containers(Path(), ()).list() if i.state is State.RUNNING]
    meter = ContainerMeter()
    meter.sample(live)
    spent = []
    for _ in range(_SWEEPS):
        time.sleep(0.1)
        began = time.process_time()
        meter.sample(live)
        spent.append(time.process_time() - began)
    meter.close()
    return statistics.median(spent)


if __name__ == "__main__":
    print(f"{1000 * sweep_seconds():.2f} ms")
