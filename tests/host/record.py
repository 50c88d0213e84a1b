"""What a run leaves: the whole output, the files it brought back, and how long each step took."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Record:
    """A folder with the log and all else, emptied at first; a line a step on the terminal."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.log = (folder / "log").open("ab")
        self._began = time.monotonic()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say how long it took, whether it ends well or not."""
        self.note(f"== {name}\n")
        print(f"{name} …", flush=True)
        began, how = time.monotonic(), "failed after"
        try:
            yield
            how = "done in"
        finally:
            self.say(f"{name}: {how} {time.monotonic() - began:.0f} s")

    def say(self, line: str) -> None:
        """A line of the result: on the terminal, in the log and in `steps`."""
        print(line, flush=True)
        self.note(f"{line}\n")
        with (self.folder / "steps").open("a", encoding="utf-8") as steps:
            steps.write(f"{line}\n")

    def note(self, text: str) -> None:
        """Text of the log only."""
        self.log.write(text.encode())
        self.log.flush()

    def keep(self, name: str, text: str) -> None:
        """A file that was brought back."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def close(self) -> None:
        """Say how long all of it took."""
        self.say(f"all: {time.monotonic() - self._began:.0f} s")
        self.log.close()
