"""What the console costs against the number of containers, up to more than a host can run.

    python -m bench.curve [--real 10,50,100,200] [--simulated 100,200,500]

Real containers first; then a simulated tree (see bench.simulated), which begins where a real one
stands too, so that the two can be laid side by side.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

from bench.__main__ import about, heading
from bench.containers import PREFIX, fleet
from bench.measure import Result, idle_daemons, measure
from bench.peers import Tool, twindeck
from bench.sweep import sweep_seconds

_SETTLE_SECONDS = 60.0
"""Until then a container's uptime is told in seconds, and its row changes with each."""


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--real", default="10,50,100,200")
    parser.add_argument("--simulated", default="100,200,500")
    options = parser.parse_args()
    print(heading(about()), flush=True)
    print("| containers | own CPU % | + daemons % | sweep ms | bytes/s | PSS MiB |")
    print("| --- | --- | --- | --- | --- | --- |")
    for count in _numbers(options.real):
        with twindeck() as tool, fleet(count) as names:
            time.sleep(_SETTLE_SECONDS)
            result = measure(replace(tool, down=b""), names[0], idle_daemons())
            _tell(str(count), result, f"{1000 * sweep_seconds():.1f}")
    for count in _numbers(options.simulated):
        argv = (sys.executable, "-m", "bench.simulated", str(count))
        tool = Tool("twindeck", argv, "all", down=b"")
        _tell(f"{count}, simulated", measure(tool, f"{PREFIX}000", 0.0), "—")


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",") if word]


def _tell(what: str, result: Result, sweep: str) -> None:
    print(
        f"| {what} | {result.own_cpu_percent:.2f} | {result.daemons_cpu_percent:.2f} | {sweep} "
        f"| {result.bytes_per_second:,.0f} | {result.memory_bytes / 2**20:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
