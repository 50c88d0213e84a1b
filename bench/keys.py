"""Times a key press to the painted cursor: while nothing happens and while a `vagrant up` streams.

The cursor's own sign must come, so that a live figure that happens to be painted does not count.

    python -m bench.keys [--containers 100] [--restless] [--up]

`--up` brings the first VM of the project in this folder up in the console, presses keys for as
long as that lasts, and destroys it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pyte

from bench.containers import fleet
from bench.measure import COLUMNS, LINES, percentile
from bench.peers import Tool, twindeck
from bench.terminal import Terminal

_CURSOR = "▌".encode()
_SETTLE_SECONDS = 8.0
_BETWEEN_SECONDS = (0.06, 0.12)
_PATIENCE_SECONDS = 1.0
_LONGEST_UP_SECONDS = 300.0


def press(terminal: Terminal, keys: bytes) -> float:
    """Seconds from a key to the cursor painted anew."""
    seen = bytearray()

    def see(data: bytes) -> bool:
        seen.extend(data)
        return _CURSOR in seen

    began = time.monotonic()
    terminal.press(keys)
    terminal.watch(_PATIENCE_SECONDS, see)
    return time.monotonic() - began


def walk(terminal: Terminal, count: int, chance: random.Random) -> list[float]:
    """To and fro on the deck of containers; seconds of each key."""
    delays = []
    for number in range(count):
        terminal.watch(chance.uniform(*_BETWEEN_SECONDS))
        delays.append(press(terminal, b"j" if number % 40 < 20 else b"k"))
    return delays


def while_up(terminal: Terminal, chance: random.Random) -> list[float]:
    """Start the first VM, then walk among the containers until it is up."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)

    def see(data: bytes) -> bool:
        stream.feed(data)
        return False

    terminal.press(b"1g")
    terminal.watch(1.0)
    terminal.press(b"s")
    terminal.watch(1.0)
    terminal.press(b"2g")
    delays: list[float] = []
    began = time.monotonic()
    while time.monotonic() - began < _LONGEST_UP_SECONDS:
        delays += walk(terminal, 40, chance)
        terminal.press(b"\x0c")
        terminal.watch(0.5, see)
        if not any("◆" in line for line in screen.display):
            return delays
    raise SystemExit("the VM was not up in time; the screen was:\n" + "\n".join(screen.display))


def told(what: str, delays: list[float]) -> str:
    """One line of figures, in milliseconds."""
    parts = [f"p{p} {1000 * (percentile(delays, p) or 0):.1f}" for p in (50, 90, 99)]
    return f"{what:28} {len(delays):4} keys  {'  '.join(parts)}  max {1000 * max(delays):.1f} ms"


def main() -> None:
    """Start everything, walk, print, clean up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--containers", type=int, default=100)
    parser.add_argument("--keys", type=int, default=600)
    parser.add_argument("--restless", action="store_true")
    parser.add_argument("--up", action="store_true")
    options = parser.parse_args()
    with twindeck() as tool, fleet(options.containers, restless=options.restless):
        if options.up:
            tool = _with_project(tool, Path.cwd())
        terminal = Terminal(tool.argv, tool.env, COLUMNS, LINES)
        try:
            terminal.watch(_SETTLE_SECONDS)
            terminal.press(b"2")
            terminal.watch(1.0)
            chance = random.Random(1)
            host = f"{platform.node()} {platform.release()} {os.cpu_count()} cores"
            print(f"{options.containers} containers, {COLUMNS}x{LINES}, {host}")
            what = "restless" if options.restless else "idle"
            print(told(what, walk(terminal, options.keys, chance)), flush=True)
            if options.up:
                print(told("while a vagrant up streams", while_up(terminal, chance)))
        finally:
            terminal.close(tool.quit_keys)
            if options.up:
                _ask(tool, "destroy", "--yes", _first_vm(tool))


def _with_project(tool: Tool, project: Path) -> Tool:
    """On that project in place of an empty one."""
    argv = list(tool.argv)
    argv[argv.index("--project") + 1] = str(project)
    return replace(tool, argv=tuple(argv))


def _first_vm(tool: Tool) -> str:
    """Key of the VM that stands in the first row."""
    instances = json.loads(_ask(tool, "ls", "--json"))
    return next(f"vm:{i['name']}" for i in instances if i["side"] == "vm")


def _ask(tool: Tool, *words: str) -> str:
    done = subprocess.run(
        (*tool.argv, *words), env={**os.environ, **tool.env}, capture_output=True, text=True
    )
    return done.stdout


if __name__ == "__main__":
    main()
