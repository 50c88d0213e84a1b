"""A real terminal for tests: tmux runs the installed command, presses keys and reads the screen."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

TWINDECK = Path(sys.executable).with_name("twindeck")

# The test runner's own terminal must not decide the size or the colours of this one.
_NOT_THEIRS = ("-u", "COLUMNS", "-u", "LINES", "-u", "NO_COLOR", "-u", "TERM_PROGRAM")


class Terminal:
    """One tmux server of its own with one window of a fixed size."""

    def __init__(self, columns: int, lines: int) -> None:
        self._socket = f"twindeck-{uuid.uuid4().hex[:8]}"
        self._size = (str(columns), str(lines))

    def run(self, argv: list[str], env: Mapping[str, str], cwd: Path) -> None:
        """Start the command; when it ends, its exit code stays on the screen."""
        words = [f"{name}={value}" for name, value in env.items()]
        columns, lines = self._size
        script = '"$@"; echo "[ended with $?]"; sleep 600'
        self._tmux(
            *("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", lines),
            *("-c", str(cwd), "env", *_NOT_THEIRS, *words, "sh", "-c", script, "sh", *argv),
        )

    def press(self, *keys: str) -> None:
        """Keys by tmux's names: `u`, `Enter`, `Escape`, `Tab`, `C-c`."""
        for key in keys:
            self._tmux("send-keys", key)

    def screen(self, *, colours: bool = False) -> str:
        """What the screen shows now."""
        extra = ("-e",) if colours else ()
        return self._tmux("capture-pane", "-p", *extra)

    def wait(self, is_met: Callable[[str], bool], seconds: float, what: str) -> str:
        """The first screen that meets it; fails showing the last one."""
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if is_met(screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"no {what} within {seconds} s; the screen was:\n{screen}")
            time.sleep(0.1)

    def wait_text(self, text: str, seconds: float = 10) -> str:
        """The first screen that holds the text."""
        return self.wait(lambda screen: text in screen, seconds, repr(text))

    def resize(self, columns: int, lines: int) -> None:
        """As if the user dragged the window's corner."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def pane_pid(self) -> int:
        """Pid of the window's first process."""
        return int(self._tmux("display-message", "-p", "#{pane_pid}"))

    def write_over(self, text: str) -> None:
        """As another program that shares the terminal."""
        Path(self._tmux("display-message", "-p", "#{pane_tty}").strip()).write_text(text)

    def close(self) -> None:
        """End the tmux server and what runs in it."""
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False)

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *words], check=True, capture_output=True, text=True
        )
        return done.stdout
