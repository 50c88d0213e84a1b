"""Reads a log in a thread of its own and hands it over in bounded batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event, Lock, Thread

from tui.errors import TwindeckError

_LINES_A_BREATH = 200
_BREATH_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Batch:
    """What arrived since the last batch."""

    lines: list[str]
    """Oldest first."""
    skipped: int
    """Lines that came faster than they could be shown and are not among `lines`."""
    is_over: bool
    """Whether the log has ended; nothing follows this batch."""
    error: str
    """Why it ended, one plain line; "" when it simply ended."""


class LogFeed:
    """A log being read. A flood drops the oldest unread lines and counts them: it never grows.

    The thread lets others run every few lines, so that a flood cannot keep the keys waiting.
    """

    def __init__(self, read: Callable[[Event], Iterator[str]], most_lines: int) -> None:
        self._read = read
        self._lines: deque[str] = deque(maxlen=most_lines)
        self._lock = Lock()
        self._stop = Event()
        self._skipped = 0
        self._is_over = False
        self._error = ""
        self._thread = Thread(target=self._run, name="log feed", daemon=True)

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the reader to end; returns at once."""
        self._stop.set()

    @property
    def is_running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def take(self) -> Batch:
        """What arrived since the last call; returns at once."""
        with self._lock:
            batch = Batch(list(self._lines), self._skipped, self._is_over, self._error)
            self._lines.clear()
            self._skipped = 0
        return batch

    def _run(self) -> None:
        error = ""
        try:
            self._pump()
        except TwindeckError as problem:
            error = problem.line
        except Exception as problem:  # the thread's edge: the viewer must say why it went quiet
            error = f"the log cannot be read on: {type(problem).__name__}: {problem}"
        with self._lock:
            self._is_over, self._error = True, error

    def _pump(self) -> None:
        for number, line in enumerate(self._read(self._stop)):
            with self._lock:
                self._skipped += len(self._lines) == self._lines.maxlen
                self._lines.append(line)
            if number % _LINES_A_BREATH == 0 and self._stop.wait(_BREATH_SECONDS):
                return
