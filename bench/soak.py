"""Memory over time: one console as it is used, one at ten times the pace with a flooding log.

The second measures ten times a second and goes between the decks and the flooding log every half
minute, so that a minute of it holds ten of samples, and as many openings and closings as a day's
work. The slope is the least-squares line through all readings after the first two minutes, when
the bounded series are full.

    python -m bench.soak [--minutes 10] [--containers 100]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time

from bench import accounts
from bench.containers import fleet
from bench.flood import flood, follow
from bench.measure import COLUMNS, LINES
from bench.peers import twindeck
from bench.terminal import Terminal

_STEP_SECONDS = 15.0
_FULL_SECONDS = 120.0
_PACE = 10


def rss_bytes(pid: int) -> int:
    """Resident set of the tree: shared pages count whole."""
    return sum(process.memory_info().rss for process in accounts.tree_of(pid))


def step(terminals: list[Terminal], number: int) -> None:
    """Watch all for a while; the last goes between its log and the decks."""
    terminals[-1].press(b"\x1b" if number % 4 == 1 else b"l" if number % 4 == 3 else b"")
    deadline = time.monotonic() + _STEP_SECONDS
    while time.monotonic() < deadline:
        for terminal in terminals:
            terminal.watch(0.05)


def told(name: str, readings: list[tuple[float, int]]) -> str:
    """One line: first, last, most and slope."""
    late = [(t, value) for t, value in readings if t >= _FULL_SECONDS]
    slope = statistics.linear_regression(*zip(*late, strict=True)).slope
    mb = [value / 1e6 for _, value in readings]
    return (
        f"{name:34} RSS MB  first {mb[0]:.1f}  last {mb[-1]:.1f}  most {max(mb):.1f}  "
        f"slope {slope * 3600 / 1e6:+.2f} MB/h"
    )


def main() -> None:
    """Start both, watch, print, clean up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--containers", type=int, default=100)
    options = parser.parse_args()
    with fleet(options.containers), flood(), twindeck() as plain, twindeck() as fast:
        pace = (*fast.argv, "--interval", str(1 / _PACE))
        terminals = [Terminal(plain.argv, plain.env, COLUMNS, LINES)]
        try:
            terminals.append(Terminal(pace, fast.env, COLUMNS, LINES))
            terminals[0].watch(1.0)
            follow(terminals[-1])
            readings: list[list[tuple[float, int]]] = [[], []]
            for number in range(round(options.minutes * 60 / _STEP_SECONDS)):
                step(terminals, number)
                for terminal, values in zip(terminals, readings, strict=True):
                    values.append((number * _STEP_SECONDS, rss_bytes(terminal.pid)))
        finally:
            for terminal in terminals:
                terminal.close(b"\x03")
    host = f"{platform.node()} {platform.release()} {os.cpu_count()} cores"
    print(f"{options.containers} containers, one more floods, {options.minutes:g} min, {host}")
    print(told("each second, decks", readings[0]))
    print(told(f"{_PACE} a second, decks and flood", readings[1]))
    print(f"the second takes {_PACE} samples where the first takes one: divide its slope by that")


if __name__ == "__main__":
    main()
