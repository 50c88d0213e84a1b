"""Times `twindeck` from launch to its first frame and to complete rows, on real containers.

Each run starts the installed command in a pseudo-terminal of its own and reads the screen as a
user would see it. *First frame*: both deck titles are on the screen. *Complete rows*: the row of
every bench container in view shows a CPU figure. Times are from before the fork, on
CLOCK_MONOTONIC.

    python -m bench.startup [--runs 10] [--containers 20] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pyte

from bench.containers import PREFIX, fleet
from bench.measure import COLUMNS, LINES
from bench.peers import Tool, twindeck
from bench.terminal import Terminal

LONGEST_SECONDS = 20.0
_CPU_FIGURE = re.compile(rf"running\s+{PREFIX}\d+\s+\d+(\.\d)?\s")
_ROW = re.compile(rf"[●◑○◇] \w+\s+{PREFIX}\d+")
"""A row of the deck; the charts' legend names a container too."""


@dataclass(frozen=True, slots=True)
class Run:
    """One launch; seconds from before the fork."""

    first_frame_seconds: float
    complete_rows_seconds: float


def has_complete_rows(lines: Sequence[str], count: int) -> bool:
    """Whether every bench container in view has a figure; all are in view, or the deck is full."""
    rows = [line for line in lines if _ROW.search(line)]
    return len(rows) >= min(count, 20) and all(_CPU_FIGURE.search(line) for line in rows)


def launch(tool: Tool, count: int) -> Run:
    """One launch to complete rows; the console is then asked to quit."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    terminal = Terminal(tool.argv, tool.env, COLUMNS, LINES)
    times: list[float] = []

    def see(data: bytes) -> bool:
        stream.feed(data)
        lines = screen.display
        if not times and any(" VMs " in line and " Containers " in line for line in lines):
            times.append(terminal.elapsed_seconds)
        if len(times) == 1 and has_complete_rows(lines, count):
            times.append(terminal.elapsed_seconds)
        return len(times) == 2

    try:
        terminal.watch(LONGEST_SECONDS, see)
    finally:
        terminal.close(tool.quit_keys)
    if len(times) < 2:
        raise SystemExit("no complete rows in time; the screen was:\n" + "\n".join(screen.display))
    return Run(*times)


def main() -> None:
    """Start the containers, launch, print, clean up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--containers", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with twindeck() as tool, fleet(options.containers):
        launch(tool, options.containers)
        runs = [launch(tool, options.containers) for _ in range(options.runs)]
    host = f"{platform.node()} {platform.release()} {os.cpu_count()} cores"
    if options.json:
        print(json.dumps({"host": host, "runs": [asdict(run) for run in runs]}))
        return
    print(f"{options.runs} launches, {options.containers} containers, {COLUMNS}x{LINES}, {host}")
    for field in ("first_frame_seconds", "complete_rows_seconds"):
        values = sorted(getattr(run, field) for run in runs)
        print(
            f"{field:24} median {statistics.median(values):.3f}  "
            f"min {values[0]:.3f}  max {values[-1]:.3f}"
        )


if __name__ == "__main__":
    main()
