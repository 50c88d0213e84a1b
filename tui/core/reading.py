"""Reads files that others wrote: never more of them than such a file can sensibly hold."""

from __future__ import annotations

import errno
import os
from pathlib import Path

MIB = 1024 * 1024


def read_bounded(path: Path, most_bytes: int) -> bytes:
    """The whole file. Raises OSError; EFBIG when it is larger than that.

    Devices and pipes have no size to look at beforehand: no more is read of them either.
    """
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        reason = f"larger than {most_bytes // MIB} MiB" if most_bytes >= MIB else "too large"
        raise OSError(errno.EFBIG, reason, os.fspath(path))
    return content
