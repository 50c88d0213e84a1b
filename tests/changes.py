"""Notes whatever this process changes or starts while a test looks on.

It hangs on the interpreter's audit events, so that a test need not know how something is changed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_EVENTS = frozenset(
    {
        *("os.mkdir", "os.rmdir", "os.rename", "os.remove", "os.link", "os.symlink", "os.chmod"),
        *("os.chown", "os.truncate", "os.utime", "os.mkfifo", "os.setxattr", "os.kill"),
        *("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.killpg", "subprocess.Popen"),
    }
)
_OURS = ("__pycache__", "/dev/null", "/dev/tty", "/dev/ptmx", "/dev/pts", "/dev/shm")
"""What Python and the terminal need for themselves."""
_listeners: list[list[str]] = []
_is_hooked = False


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if not _listeners:
        return
    if event == "open":
        _path, _, flags = arguments
        if not isinstance(flags, int) or not flags & _WRITING:
            return
    elif event not in _EVENTS:
        return
    told = f"{event} {arguments!r}"
    if not any(word in told for word in _OURS):
        for listener in _listeners:
            listener.append(told)


@contextmanager
def noted() -> Iterator[list[str]]:
    """The changes made meanwhile, a line each."""
    global _is_hooked
    if not _is_hooked:
        sys.addaudithook(_note)
        _is_hooked = True
    found: list[str] = []
    _listeners.append(found)
    try:
        yield found
    finally:
        _listeners.remove(found)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything below a folder: name -> mode and content."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }
