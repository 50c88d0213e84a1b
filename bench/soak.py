"""Memory over time: one console as it is used, one at ten times the pace with a flooding log.

The second measures ten times a second and goes between the decks and the flooding log every half
minute, so that a minute of it holds ten of samples, and as many openings and closings as a day's
work. The first eleven minutes fill the series, which are bounded; the slope is the least-squares
line through all readings after them.

*Own* is the console's process, *tree* also its `virsh`. Resident sets count pages that are shared
with other programs whole, proportional ones by their share.

    python -m bench.soak [--minutes 30] [--containers 100]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench import accounts
from bench.containers import fleet
from bench.flood import flood, follow
from bench.measure import COLUMNS, LINES
from bench.peers import twindeck
from bench.terminal import Terminal

_STEP_SECONDS = 15.0
_FULL_SECONDS = 660.0
_PACE = 10


@dataclass(frozen=True, slots=True)
class Reading:
    """Bytes, so many seconds after the start."""

    seconds: float
    own_rss: int
    tree_rss: int
    tree_pss: int


def read(pid: int, seconds: float) -> Reading:
    """What the console holds now."""
    own, *children = (process.memory_info().rss for process in accounts.tree_of(pid))
    return Reading(seconds, own, own + sum(children), accounts.memory_bytes(pid))


def step(terminals: list[Terminal], number: int) -> None:
    """Watch all for a while; the last goes between its log and the decks."""
    terminals[-1].press(b"\x1b" if number % 4 == 1 else b"l" if number % 4 == 3 else b"")
    deadline = time.monotonic() + _STEP_SECONDS
    while time.monotonic() < deadline:
        for terminal in terminals:
            terminal.watch(0.05)


def told(name: str, readings: Sequence[Reading]) -> str:
    """When all is filled, at the end, and the slope of the console's own between them."""
    full = [one for one in readings if one.seconds >= _FULL_SECONDS]
    slope = statistics.linear_regression([r.seconds for r in full], [r.own_rss for r in full]).slope
    return "\n".join(
        (
            name,
            *(f"  after {one.seconds / 60:4.0f} min  {_mb(one)}" for one in (full[0], full[-1])),
            f"  slope of own RSS {slope * 3600 / 1e6:+.2f} MB/h, most {_most(readings):.1f} MB",
        )
    )


def _mb(one: Reading) -> str:
    own, rss, pss = (value / 1e6 for value in (one.own_rss, one.tree_rss, one.tree_pss))
    return f"own RSS {own:.1f} MB  tree PSS {pss:.1f}  tree RSS {rss:.1f}"


def _most(readings: Sequence[Reading]) -> float:
    return max(one.own_rss for one in readings) / 1e6


def main() -> None:
    """Start both, watch, print, clean up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--containers", type=int, default=100)
    options = parser.parse_args()
    with fleet(options.containers), flood(), twindeck() as plain, twindeck() as fast:
        pace = (*fast.argv, "--interval", str(1 / _PACE))
        terminals = [Terminal(plain.argv, plain.env, COLUMNS, LINES)]
        try:
            terminals.append(Terminal(pace, fast.env, COLUMNS, LINES))
            terminals[0].watch(1.0)
            follow(terminals[-1])
            readings: list[list[Reading]] = [[], []]
            for number in range(round(options.minutes * 60 / _STEP_SECONDS)):
                step(terminals, number)
                for terminal, values in zip(terminals, readings, strict=True):
                    values.append(read(terminal.pid, (number + 1) * _STEP_SECONDS))
        finally:
            for terminal in terminals:
                terminal.close(b"\x03")
    host = f"{platform.node()} {platform.release()} {os.cpu_count()} cores"
    print(f"{options.containers} containers, one more floods, {options.minutes:g} min, {host}")
    print(told("each second, decks", readings[0]))
    print(told(f"{_PACE} a second, decks and flood", readings[1]))


if __name__ == "__main__":
    main()
