"""Tells how a long step goes on without drowning it: everything to a log, a line now and then."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from tui.core.files import append_private, private_folder
from tui.setup.host import Say
from tui.text import clean

SHOW_SECONDS = 5.0
LAST_LINES = 12
_WIDTH = 100


class Progress:
    """The output of one step."""

    def __init__(self, log: Path, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._log_path = log
        self._say = say
        self._clock = clock
        self._begin = clock()
        self._shown = self._begin
        self._log: TextIO | None = None
        self.last: deque[str] = deque(maxlen=LAST_LINES)

    def __enter__(self) -> Self:
        private_folder(self._log_path.parent)
        self._log = os.fdopen(append_private(self._log_path), "a", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._log is not None:
            self._log.close()

    @property
    def seconds(self) -> float:
        """Since the step began."""
        return self._clock() - self._begin

    def line(self, text: str) -> None:
        """One line of a tool's output, raw."""
        text = clean(text).strip()
        self.last.append(text)
        if self._log is not None:
            self._log.write(f"{self.seconds:7.1f}  {text}\n")
            self._log.flush()
        if self._clock() - self._shown >= SHOW_SECONDS:
            self._shown = self._clock()
            self._say(f"      {self.seconds:4.0f} s  {text[:_WIDTH]}")
