"""A terminal for benchmarks: a pseudo-terminal of a fixed size, read as fast as it is written."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence

_CHUNK_BYTES = 1 << 16
_END_SECONDS = 5.0
# What a terminal of today answers to who asks: position, kind, colour, synchronized output.
_ANSWERS: Mapping[bytes, bytes] = {
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b]11;?": b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
}


class Terminal:
    """One command in a terminal of its own; times are of CLOCK_MONOTONIC."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], columns: int, lines: int
    ) -> None:
        self.began = time.monotonic()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.environ.update(
                {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **env}
            )
            # Users have their byte code compiled but once.
            for name in ("NO_COLOR", "COLUMNS", "LINES", "PYTHONDONTWRITEBYTECODE"):
                os.environ.pop(name, None)
            # Before the command can ask: its first frame must have the size it will keep.
            _set_size(0, columns, lines)
            os.execvp(argv[0], list(argv))

    @property
    def elapsed_seconds(self) -> float:
        """Since before the fork."""
        return time.monotonic() - self.began

    def read(self, seconds: float) -> bytes | None:
        """What comes next; empty when nothing comes for that long, None at the end."""
        readable, _, _ = select.select([self._master], [], [], max(0.0, seconds))
        if not readable:
            return b""
        try:
            data = os.read(self._master, _CHUNK_BYTES)
        except OSError:
            return None
        for asked, answer in _ANSWERS.items():
            if asked in data:
                os.write(self._master, answer)
        return data or None

    def watch(self, seconds: float, see: Callable[[bytes], bool] = lambda data: False) -> int:
        """Read for that long, or until `see` is content; bytes read."""
        deadline, count = time.monotonic() + seconds, 0
        while (left := deadline - time.monotonic()) > 0:
            data = self.read(left)
            if data is None:
                break
            count += len(data)
            if data and see(data):
                break
        return count

    def press(self, keys: bytes) -> None:
        """As typed by a user."""
        os.write(self._master, keys)

    def resize(self, columns: int, lines: int) -> None:
        """As a user drags the window."""
        _set_size(self._master, columns, lines)

    def close(self, quit_keys: bytes) -> None:
        """Ask it to quit, then end it."""
        for keys in (quit_keys, b"\x03"):
            try:
                self.press(keys)
            except OSError:
                break
            if self._has_ended(_END_SECONDS):
                os.close(self._master)
                return
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._master)

    def _has_ended(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.read(0.05)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return True
        return False


def _set_size(terminal: int, columns: int, lines: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
