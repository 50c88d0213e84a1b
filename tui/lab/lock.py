"""One run at a time on a host and in a history: two would measure each other."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.errors import UsageError


@contextmanager
def only_run(root: Path) -> Iterator[None]:
    """Hold the lab. Raises UsageError when another process does."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with (root.parent / f"{root.name}.lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise UsageError(
                f"another comparison runs, pid {file.read().strip() or 'unknown'}",
                "wait for it, or cancel it where it was started",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
