"""Reads a log in a thread of its own, run after run, and hands it over in bounded batches."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from threading import Event, Lock, Thread

from tui.core.log_mark import LogMark
from tui.errors import TwindeckError

_LINES_A_BREATH = 200
_BREATH_SECONDS = 0.002
_FLOOD_LINES = 2_500
"""So many in less than the time below are a flood."""
_FLOOD_SECONDS = 0.5
_JUMP_SECONDS = 1.5
"""Between two looks at the newest lines of a flood."""
_HELD_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Batch:
    """What arrived since the last batch."""

    lines: list[str]
    """Oldest first."""
    is_anew: bool
    """Whether they stand in the place of all that came before."""
    skipped: int
    """Lines that came faster than they could be shown and are not among `lines`."""
    is_open: bool
    """Whether it is being read; otherwise nothing comes before the feed is resumed."""
    error: str
    """Why it is not read, one plain line; "" when it simply ended."""


class LogFeed:
    """A log being read. Unread lines beyond `most_lines` are dropped and counted: it never grows.

    What nobody could read is not read either: in a flood the log is opened anew every second or
    so, at its newest lines. Reading all of it would keep the keys waiting, and would fall ever
    further behind what is happening.
    """

    def __init__(
        self, read: Callable[[Event, int, LogMark], Generator[str]], tail: int, most_lines: int
    ) -> None:
        """`read` gives the newest so many lines behind the mark and all that follow.

        `tail`: how many at first.
        """
        self._read = read
        self._tail = tail
        self._most_lines = most_lines
        self.is_held = False
        """While it is, a flood stands still: its reader wants to see what was there."""
        self._is_reopened = self._is_anew = False
        self._lines: deque[str] = deque(maxlen=most_lines)
        self._lock = Lock()
        self._stop = Event()
        self._skipped = 0
        self._is_open = True
        self._error = ""
        self._heading = ""
        self._again = Event()
        self._mark = LogMark()
        self._thread = Thread(target=self._run, name="log feed", daemon=True)

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the reader to end; returns at once."""
        self._stop.set()
        self._again.set()

    def resume(self, heading: str = "") -> None:
        """Read on behind what was read, now or when the present reading ends; returns at once.

        `heading`: a line of ours between the two; "" for none.
        """
        with self._lock:
            self._heading = heading or self._heading
        self._again.set()

    def note(self, line: str) -> None:
        """A line of ours among those of the log; returns at once."""
        with self._lock:
            self._lines.append(line)

    @property
    def is_running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def take(self) -> Batch:
        """What arrived since the last call; returns at once."""
        with self._lock:
            batch = Batch(
                list(self._lines), self._is_anew, self._skipped, self._is_open, self._error
            )
            self._lines.clear()
            self._skipped, self._is_anew = 0, False
        return batch

    def _run(self) -> None:
        tail = self._tail
        while True:
            error = self._read_once(tail)
            with self._lock:
                self._is_open, self._error = False, error
            self._again.wait()
            if self._stop.is_set():
                return
            self._open_again()
            tail = self._most_lines

    def _read_once(self, tail: int) -> str:
        """Read to the end of this run; why it ended, or ""."""
        try:
            self._follow(tail)
        except TwindeckError as problem:
            return problem.line
        except Exception as problem:  # the thread's edge: the viewer must say why it went quiet
            return f"the log cannot be read on: a fault of its own ({type(problem).__name__})"
        return ""

    def _open_again(self) -> None:
        with self._lock:
            self._again.clear()
            self._is_open, self._error = True, ""
            heading, self._heading = self._heading, ""
            if not self._mark.of:
                # The side cannot say where it stood: all it has stands for what was shown.
                self._is_reopened = True
            elif heading:
                self._lines.append(heading)

    def _follow(self, tail: int) -> None:
        while True:
            began = time.monotonic()
            with closing(self._read(self._stop, tail, self._mark)) as lines:
                if not self._pump(lines, tail):
                    return
            if self._stop.wait(max(0.0, began + _JUMP_SECONDS - time.monotonic())):
                return
            while self.is_held:
                if self._stop.wait(_HELD_LOOK_SECONDS):
                    return
            tail = self._most_lines
            self._mark = LogMark()
            self._is_reopened = True

    def _pump(self, lines: Generator[str], tail: int) -> bool:
        """Hand lines over until they end (False) or become a flood (True)."""
        counted_from = tail
        began = time.monotonic()
        for number, line in enumerate(lines, 1):
            with self._lock:
                if self._is_reopened:
                    # Not before there is something to show in its place.
                    self._lines.clear()
                    self._is_anew, self._is_reopened = True, False
                self._skipped += len(self._lines) == self._lines.maxlen
                self._lines.append(line)
            if number % _LINES_A_BREATH == 0 and self._stop.wait(_BREATH_SECONDS):
                return False
            if number <= tail or time.monotonic() - began > _FLOOD_SECONDS:
                counted_from, began = max(number, tail), time.monotonic()
            elif number - counted_from >= _FLOOD_LINES:
                return True
        return False
