"""Reads files that others wrote: never more of them than such a file can sensibly hold."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MIB = 1024 * 1024


def read_bounded(path: Path, most_bytes: int, *, is_plain: bool = False) -> bytes:
    """The whole file. Raises OSError; EFBIG when it is larger than that.

    Devices and pipes have no size to look at beforehand: no more is read of them either, and
    with `is_plain` nothing at all (EINVAL), without waiting for whoever writes into a pipe.
    """
    waiting = os.O_NONBLOCK if is_plain else 0
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | waiting), "rb") as file:
        if is_plain and not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a plain file", os.fspath(path))
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        reason = f"larger than {most_bytes // MIB} MiB" if most_bytes >= MIB else "too large"
        raise OSError(errno.EFBIG, reason, os.fspath(path))
    return content
