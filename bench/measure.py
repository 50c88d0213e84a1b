"""One tool in one terminal, from its launch to its end."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import pyte

from bench import accounts
from bench.peers import Tool
from bench.terminal import Terminal

COLUMNS, LINES = 160, 45
START_SECONDS = 20.0
WARMUP_SECONDS = 8.0
WINDOW_SECONDS = 15.0
KEYS = 300
"""No 99th percentile can be had of fewer than 299."""
_KEY_SECONDS = (0.06, 0.12)
_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one tool cost. CPU is per cent of one core; None where there was nothing to measure."""

    tool: str
    covers: str
    own_cpu_percent: float
    daemons_cpu_percent: float
    """Of the engines' daemons, less what they take with no tool watching."""
    bytes_per_second: float
    memory_bytes: int
    first_byte_seconds: float | None
    first_row_seconds: float | None
    """From the launch to the first container's name on the screen."""
    key_p50_seconds: float | None = None
    key_p99_seconds: float | None = None


def idle_daemons(seconds: float = WINDOW_SECONDS) -> float:
    """Per cent of a core that the daemons take while nobody looks."""
    before, began = accounts.read(None), time.monotonic()
    time.sleep(seconds)
    spent = accounts.read(None).daemons - before.daemons
    return 100 * spent / (time.monotonic() - began)


def measure(tool: Tool, name: str, idle_percent: float) -> Result:
    """Start it, let it settle, watch it, press keys, end it."""
    terminal = Terminal(tool.argv, tool.env, COLUMNS, LINES)
    try:
        first_byte, first_row = _start(terminal, name)
        if tool.first:
            terminal.press(tool.first)
        terminal.watch(WARMUP_SECONDS)
        before, began = accounts.read(terminal.pid), time.monotonic()
        count = terminal.watch(WINDOW_SECONDS)
        seconds = time.monotonic() - began
        after = accounts.read(terminal.pid)
        memory = accounts.memory_bytes(terminal.pid)
        delays = _keys(terminal, tool) if tool.down else []
    finally:
        terminal.close(tool.quit_keys)
    return Result(
        tool=tool.name,
        covers=tool.covers,
        own_cpu_percent=100 * (after.own - before.own) / seconds,
        daemons_cpu_percent=100 * (after.daemons - before.daemons) / seconds - idle_percent,
        bytes_per_second=count / seconds,
        memory_bytes=memory,
        first_byte_seconds=first_byte,
        first_row_seconds=first_row,
        key_p50_seconds=percentile(delays, 50),
        key_p99_seconds=percentile(delays, 99),
    )


def _start(terminal: Terminal, name: str) -> tuple[float | None, float | None]:
    """Seconds to the first byte and to the first container's name, read off the screen."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    first_byte: float | None = None
    first_row: float | None = None

    def see(data: bytes) -> bool:
        nonlocal first_byte, first_row
        now = terminal.elapsed_seconds
        first_byte = now if first_byte is None else first_byte
        stream.feed(data)
        if any(name in line for line in screen.display):
            first_row = now
        return first_row is not None

    terminal.watch(START_SECONDS, see)
    return first_byte, first_row


def _keys(terminal: Terminal, tool: Tool) -> list[float]:
    """Seconds from each key to the first output after it; one that gets none counts as a second."""
    chance = random.Random(1)
    delays = []
    for number in range(KEYS):
        terminal.watch(chance.uniform(*_KEY_SECONDS))
        began = time.monotonic()
        # To and fro, so that the cursor always has somewhere to go.
        terminal.press(tool.down if number % 40 < 20 else tool.up)
        terminal.watch(_PATIENCE_SECONDS, lambda data: True)
        delays.append(time.monotonic() - began)
    return delays


def percentile(values: list[float], percent: int) -> float | None:
    """By nearest rank; None of nothing."""
    if not values:
        return None
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]
