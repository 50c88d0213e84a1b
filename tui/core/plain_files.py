"""Files that others wrote are read as plain files of a bounded size, and within their folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tui.errors import WorkloadError

MOST_BYTES = 2**20


def read_plain(file: Path) -> bytes:
    """What a plain file of its own folder holds. Raises WorkloadError, OSError."""
    refuse_way_out(file)
    # Not to wait for whoever writes into a pipe.
    handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as opened:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or state.st_size > MOST_BYTES:
            raise WorkloadError(f"{file}: expected a plain file of at most {MOST_BYTES >> 20} MiB")
        return opened.read(MOST_BYTES)


def refuse_way_out(file: Path) -> None:
    """Raises WorkloadError when the workload's file is a link to one outside its folder."""
    folder = Path(os.path.realpath(file.parent))
    if not Path(os.path.realpath(file)).is_relative_to(folder):
        raise way_out(file, file.parent)


def way_out(file: Path, folder: Path) -> WorkloadError:
    """The file of the workload in `folder` is a link to one outside that."""
    return WorkloadError(
        f"{file} is a link that leads out of the workload's folder",
        f"put the file itself there, or link the whole folder {folder.name}",
    )
