"""A container that writes 100,000 lines a second, its log followed in the console.

*Keys* are timed from `f` to the title that says `held` or `following`, read off the screen.
*Lines* are what the engine took in, by the bytes the container's writer wrote (/proc/PID/io).

    python -m bench.flood [--containers 100] [--keys 300] [--lines 100000]
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte

from bench import accounts
from bench.containers import IMAGE, PREFIX, fleet
from bench.keys import told
from bench.measure import COLUMNS, LINES
from bench.peers import twindeck
from bench.terminal import Terminal

_LINE = "GET /index.html 200 612 0.000 a line of the length that such lines have"
_WRITER = """
use Time::HiRes qw(time sleep);
$| = 1;
my ($line, $rate) = @ARGV;
my $lines = "$line\n" x ($rate / 20);
my $due = time;
while (1) { print $lines; $due += 0.05; my $left = $due - time; sleep $left if $left > 0 }
"""
_NAME = f"{PREFIX}flood"
_SETTLE_SECONDS = 8.0
_BETWEEN_SECONDS = (0.1, 0.4)
_PATIENCE_SECONDS = 2.0


@contextmanager
def flood(rate: int = 100_000) -> Iterator[int]:
    """The pid of a writer of so many lines a second; its log is kept to 20 MB."""
    limits = ("--log-opt", "max-size=10m", "--log-opt", "max-file=2")
    writer = ("perl", "-e", _WRITER, _LINE, str(rate))
    _docker("run", "--detach", "--name", _NAME, *limits, IMAGE, *writer)
    try:
        yield int(_docker("inspect", "--format", "{{.State.Pid}}", _NAME))
    finally:
        _docker("rm", "--force", "--volumes", _NAME)


def follow(terminal: Terminal) -> None:
    """Open the log of the flooding container."""
    terminal.watch(_SETTLE_SECONDS)
    for keys in (b"2", b"/", b"flood", b"\r", b"l"):
        terminal.press(keys)
        terminal.watch(0.7)
    terminal.watch(3.0)


def written_lines(pid: int) -> float:
    """Lines it wrote so far."""
    found = re.search(r"^wchar: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) / len(f"{_LINE}\n")


class Log:
    """The log's screen as a user sees it."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        terminal.press(b"\x0c")
        self.watch(1.0)

    @property
    def title(self) -> str:
        """Its first line."""
        return " ".join(self._screen.display[0].split())

    def watch(self, seconds: float, word: str = "\0") -> None:
        """For that long, or until the title ends with the word."""

        def see(data: bytes) -> bool:
            self._stream.feed(data)
            return self.title.endswith(word)

        self._terminal.watch(seconds, see)

    def toggle(self) -> float:
        """Seconds from `f` to the title that says so: held or following."""
        word = "held" if self.title.endswith("following") else "following"
        began = time.monotonic()
        self._terminal.press(b"f")
        self.watch(_PATIENCE_SECONDS, word)
        return time.monotonic() - began


def _docker(*words: str) -> str:
    done = subprocess.run(("docker", *words), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def main() -> None:
    """Start everything, press keys, print, clean up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--containers", type=int, default=100)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--lines", type=int, default=100_000)
    options = parser.parse_args()
    with twindeck() as tool, fleet(options.containers), flood(options.lines) as writer:
        terminal = Terminal(tool.argv, tool.env, COLUMNS, LINES)
        try:
            follow(terminal)
            log, chance = Log(terminal), random.Random(1)
            memory = [accounts.memory_bytes(terminal.pid)]
            before, lines, began = accounts.read(terminal.pid), written_lines(writer), time.time()
            delays = []
            for _ in range(options.keys):
                log.watch(chance.uniform(*_BETWEEN_SECONDS))
                delays.append(log.toggle())
            seconds = time.time() - began
            after = accounts.read(terminal.pid)
            rate = (written_lines(writer) - lines) / seconds
            memory.append(accounts.memory_bytes(terminal.pid))
        finally:
            terminal.close(b"\x03")
    host = f"{platform.node()} {platform.release()} {os.cpu_count()} cores"
    print(f"{options.containers} containers and one that floods, {COLUMNS}x{LINES}, {host}")
    print(f"the engine took {rate:,.0f} lines/s for {seconds:.0f} s; on screen: {log.title}")
    print(told("f while its log is followed", delays))
    own, daemons = after.own - before.own, after.daemons - before.daemons
    print(f"own CPU {100 * own / seconds:.0f} %, daemons {100 * daemons / seconds:.0f} %")
    print(f"memory {memory[0] / 2**20:.1f} MiB before, {memory[1] / 2**20:.1f} MiB after")


if __name__ == "__main__":
    main()
