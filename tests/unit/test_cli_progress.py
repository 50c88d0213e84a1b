"""A running action is told live on a terminal, by line elsewhere, and survives an interrupt."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[2]

# `twindeck` over engines in memory whose verbs wait for a line on stdin.
PROGRAM = """
import sys
from pathlib import Path
from threading import Thread
from tests.unit.test_cli import Deck
from tui.cli import main, session

deck = Deck(Path(sys.argv.pop(1)))
session.open_fleet = deck.open
deck.containers.block.clear()
def release():
    sys.stdin.readline()
    deck.containers.block.set()
Thread(target=release, daemon=True).start()
sys.argv[0] = "twindeck"
sys.argv[1:1] = ["--project", str(deck.folder)]
main()
"""


@contextmanager
def twindeck(folder: Path, *words: str, stderr: int) -> Iterator[subprocess.Popen[bytes]]:
    """The command, running, with stdin to release the engine."""
    env = {**os.environ, "TWINDECK_DATA": str(folder / "data"), "TERM": "xterm"}
    argv = [sys.executable, "-c", PROGRAM, str(folder / "project"), *words]
    with subprocess.Popen(
        argv,
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(read: Callable[[], str], wanted: str, text: str = "") -> str:
    """What was read up to and including `wanted`, or AssertionError after 20 s."""
    deadline = time.monotonic() + 20
    while wanted not in text:
        assert time.monotonic() < deadline, text
        text += read()
    return text


def reader(descriptor: int) -> Callable[[], str]:
    def read() -> str:
        if not select.select([descriptor], [], [], 1)[0]:
            return ""
        return os.read(descriptor, 65536).decode()

    return read


def release(process: subprocess.Popen[bytes]) -> None:
    stdin: IO[bytes] | None = process.stdin
    assert stdin is not None
    stdin.write(b"\n")
    stdin.flush()


def test_a_terminal_sees_one_live_line_that_ends_as_a_plain_one(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    read = reader(ours)
    with twindeck(tmp_path, "stop", "web", stderr=theirs) as process:
        os.close(theirs)
        live = read_until(read, "stop web\r\n\x1b[1A\x1b[J")
        assert "container:web: stop · running · " in live
        release(process)
        text = read_until(read, "container:web: stopped after ")
        assert text.rpartition("\x1b[J")[2].startswith("container:web: stopped after ")
        assert process.wait(20) == 0
    os.close(ours)


@pytest.mark.parametrize("interrupts", [1, 2])
def test_the_first_interrupt_tells_what_runs_and_the_second_leaves(
    tmp_path: Path, interrupts: int
) -> None:
    with twindeck(tmp_path, "stop", "web", "--verbose", stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        read = reader(process.stderr.fileno())
        read_until(read, "container:web: stop web\n")
        process.send_signal(signal.SIGINT)
        text = read_until(read, "leaves it unfinished\n")
        assert "twindeck: still at work: stop container:web → ctrl+c again" in text
        if interrupts == 2:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 1
            read_until(read, "Aborted!")
        else:
            release(process)
            read_until(read, "container:web: stopped after ")
            assert process.wait(20) == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_an_endless_stream_ends_when_told_to(tmp_path: Path, number: int, code: int) -> None:
    words = ("stats", "--json", "--interval", "0.1")
    with twindeck(tmp_path, *words, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        read_until(reader(process.stdout.fileno()), "\n")
        process.send_signal(number)
        assert process.wait(20) == code
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_reader_that_goes_away_ends_the_stream_quietly(tmp_path: Path) -> None:
    words = ("stats", "--json", "--interval", "0.1")
    with twindeck(tmp_path, *words, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        read_until(reader(process.stdout.fileno()), "\n")
        process.stdout.close()
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_looking_loads_neither_the_console_nor_what_it_does_not_need(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from tui.cli import cli\n"
        "heavy = {'textual', 'rich', 'docker', 'vagrant', 'psutil', 'watchfiles', 'plotext'}\n"
        "print(sorted((heavy | {'sqlite3'}) & set(sys.modules)))\n"
        "try: cli.main(['boots', '--json'])\n"
        "except SystemExit: pass\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    env = {**os.environ, "TWINDECK_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["[]", "[]", "[]"]
