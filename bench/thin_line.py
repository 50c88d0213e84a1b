"""The console over a thin line: a real sshd, 64 kbit/s and 200 ms there and back.

    python -m bench.thin_line [--containers 30] [--kbits 64] [--delay-ms 100]

An sshd of its own on 127.0.0.1, and before it a relay that is as slow as the line (bench.relay):
kernels without netem cannot throttle a device. Needs openssh and tmux.
Tells, of the console as it is and with `--thin`: when the first frame was there, bytes a second,
and how long a key takes to move the cursor; then whether the screen after two resizes is what a
full repaint paints, whether a dropped line can be taken up again under tmux, and whether `q` and
SIGTERM leave the terminal as it was.
"""

from __future__ import annotations

import argparse
import getpass
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pyte

from bench.__main__ import about, heading
from bench.containers import PREFIX, fleet
from bench.peers import twindeck
from bench.relay import Relay
from bench.terminal import Terminal

_SERVER = "/usr/sbin/sshd"
_PORT = 22022
_COLUMNS, _LINES = 160, 45
_START_SECONDS = 60.0
_SETTLE_SECONDS = 10.0
_WINDOW_SECONDS = 20.0
_KEYS = 20
_CURSOR = "▌"
_LEFT = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l")
"""Main screen, visible cursor, no mouse: what a terminal must get back."""


class Line:
    """A shell command at the other end of the line, its screen as the user sees it."""

    def __init__(self, folder: Path, command: str) -> None:
        port = (folder / "port").read_text()
        ssh = (
            *("ssh", "-tt", "-p", port),
            *("-i", str(folder / "key"), "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"),
            *("-o", f"UserKnownHostsFile={folder}/known", f"{getpass.getuser()}@127.0.0.1"),
        )
        self.terminal = Terminal((*ssh, command), {}, _COLUMNS, _LINES)
        self._screen = pyte.Screen(_COLUMNS, _LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.data = bytearray()

    @property
    def lines(self) -> list[str]:
        """The screen."""
        return [line.rstrip() for line in self._screen.display]

    def wait(self, *words: str, seconds: float = _START_SECONDS) -> float:
        """Seconds until all of these are on the screen. Raises SystemExit when time is over."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            text = "\n".join(self.lines)
            if all(word in text for word in words):
                return time.monotonic() - began
            self.watch(0.05)
        raise SystemExit(f"{words} did not come; the screen was:\n" + "\n".join(self.lines))

    def watch(self, seconds: float) -> int:
        """Read for that long; bytes read."""
        return self.terminal.watch(seconds, self._see)

    def _see(self, data: bytes) -> bool:
        self.data += data
        self._stream.feed(data)
        return False

    def cursor_row(self) -> int:
        """Where the row with the keys stands; -1 when none does."""
        return next((y for y, line in enumerate(self.lines) if _CURSOR in line), -1)

    def press_and_see(self, keys: bytes) -> float:
        """Seconds until the cursor has moved."""
        before, began = self.cursor_row(), time.monotonic()
        self.terminal.press(keys)
        while self.cursor_row() == before and time.monotonic() - began < 10:
            self.watch(0.01)
        return time.monotonic() - began

    def resize(self, columns: int, lines: int) -> None:
        """As a user drags the window."""
        self.terminal.resize(columns, lines)
        self._screen.resize(lines, columns)
        self.watch(6.0)

    def is_given_back(self) -> bool:
        """Whether the terminal got all of it back."""
        return all(self.data.rfind(sign) >= 0 for sign in _LEFT)


@contextmanager
def line(folder: Path, kbits: float, delay_ms: float) -> Iterator[None]:
    """A server and the line to it; gone at the end."""
    if not Path(_SERVER).exists():
        raise SystemExit(f"no {_SERVER}: install openssh-server")
    for name in ("host", "key"):
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
    Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen(
        (
            *(_SERVER, "-D", "-e", "-f", "/dev/null", "-h", str(folder / "host")),
            *("-p", str(_PORT), "-o", "ListenAddress=127.0.0.1", "-o", "UsePAM=no"),
            *("-o", f"AuthorizedKeysFile={folder}/key.pub", "-o", "StrictModes=no"),
            *("-o", "PermitRootLogin=yes", "-o", "PidFile=none"),
        ),
        stderr=subprocess.DEVNULL,
    )
    relay = Relay(_PORT, 1000 * kbits / 8, delay_ms / 1000)
    (folder / "port").write_text(str(relay.port))
    try:
        time.sleep(1)
        yield
    finally:
        server.terminate()
        server.wait()


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: {done.stderr.strip()}")


def watch_it(folder: Path, command: str, name: str) -> str:
    """Start, settle, watch, press, quit: a row of the table."""
    here = Line(folder, command)
    first = here.wait("Containers")
    row = first + here.wait(name)
    here.terminal.press(b"2")
    here.watch(_SETTLE_SECONDS)
    began = time.monotonic()
    count = here.watch(_WINDOW_SECONDS)
    rate = count / (time.monotonic() - began)
    # To and fro: a cursor at the end of the list has nowhere to go.
    keys = [b"j"] * (_KEYS // 2) + [b"k"] * (_KEYS // 2)
    delays = [here.press_and_see(key) for key in keys]
    (folder / "screen.txt").write_text("\n".join(here.lines) + "\n", encoding="utf-8")
    here.terminal.press(b"q")
    here.watch(3.0)
    return (
        f"{first:.1f} | {row:.1f} | {rate:,.0f} | {statistics.median(delays):.2f} "
        f"| {max(delays):.2f} |"
    )


def resized(folder: Path, command: str) -> str:
    """Whether two resizes leave what a full repaint paints."""
    here = Line(folder, command)
    here.wait("Containers", PREFIX)
    here.watch(5.0)
    here.resize(80, 24)
    here.resize(120, 40)
    before = here.lines
    here.terminal.press(b"\x0c")
    here.watch(6.0)
    differing = [y for y, (a, b) in enumerate(zip(before, here.lines, strict=True)) if a != b]
    here.terminal.press(b"q")
    here.watch(3.0)
    # The top line tells the host's load, which moves on its own.
    garbage = [y for y in differing if y > 0 and _without_figures(before[y], here.lines[y])]
    shown = "".join(f"\n  {before[y]}\n  {here.lines[y]}" for y in garbage)
    return f"these lines differ:{shown}" if garbage else "no garbage"


def _without_figures(before: str, after: str) -> bool:
    digits = str.maketrans("", "", "0123456789.▁▂▃▄▅▆▇█ ")
    return before.translate(digits) != after.translate(digits)


def reattached(folder: Path, command: str) -> str:
    """The line is cut under tmux; a new one finds the console as it was."""
    tmux = "tmux -L twindeck-line"
    here = Line(folder, f"{tmux} new-session -s line '{command}'")
    here.wait("Containers", PREFIX)
    os.kill(here.terminal.pid, signal.SIGKILL)
    here.watch(2.0)
    again = Line(folder, f"{tmux} attach -t line")
    took = again.wait("Containers", PREFIX)
    again.terminal.press(b"q")
    again.watch(4.0)
    subprocess.run(("tmux", "-L", "twindeck-line", "kill-server"), capture_output=True)
    return f"console back {took:.1f} s after the new login"


def _console(data: str) -> psutil.Process:
    """The console at the other end: the one that keeps its data there, nobody else's."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "twindeck" and process.environ().get("TWINDECK_DATA") == data:
                return process
    raise SystemExit(f"no console keeps its data in {data}")


def ended(folder: Path, command: str, how: str, data: str) -> str:
    """Whether the terminal is given back after `q` or SIGTERM."""
    here = Line(folder, command)
    here.wait("Containers", PREFIX)
    if how == "q":
        here.terminal.press(b"q")
    else:
        _console(data).terminate()
    # What is under way on the line comes first.
    here.watch(10.0)
    return "given back" if here.is_given_back() else "NOT given back"


def main() -> None:
    """Measure, print, clean up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--containers", type=int, default=30)
    parser.add_argument("--kbits", type=float, default=64)
    parser.add_argument("--delay-ms", type=float, default=100, help="one way")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="twindeck-line-") as name,
        twindeck() as tool,
        fleet(options.containers) as names,
        line(Path(name), options.kbits, options.delay_ms),
    ):
        folder = Path(name)
        data = tool.env["TWINDECK_DATA"]
        path = Path(sys.executable).parent
        env = f"env LANG=C.UTF-8 COLORTERM=truecolor TWINDECK_DATA={data} PATH={path}:$PATH"
        command = f"{env} {' '.join(tool.argv)}"
        time.sleep(30)
        print(heading(about()))
        print(
            f"{options.containers} containers, {_COLUMNS}x{_LINES}, {options.kbits:g} kbit/s, "
            f"{2 * options.delay_ms:g} ms there and back\n"
        )
        print("| | first frame s | row s | bytes/s | key p50 s | key max s |")
        print("| --- | --- | --- | --- | --- | --- |")
        print("| twindeck |", watch_it(folder, command, names[0]), flush=True)
        screen = (folder / "screen.txt").read_text(encoding="utf-8")
        print("| twindeck --thin |", watch_it(folder, f"{command} --thin", names[0]), flush=True)
        print("\nresized to 80x24, then to 120x40:", resized(folder, command), flush=True)
        print("line cut, taken up again under tmux:", reattached(folder, command), flush=True)
        for how in ("q", "SIGTERM"):
            print(f"left by {how}: terminal", ended(folder, command, how, data), flush=True)
        print("\n" + screen)


if __name__ == "__main__":
    main()
