"""Files that others wrote are read as plain files of a bounded size, and within their folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tui.core.reading import MIB, read_bounded
from tui.errors import WorkloadError

MOST_BYTES = MIB


def read_plain(file: Path) -> bytes:
    """What a plain file of its own folder holds. Raises WorkloadError, OSError."""
    refuse_way_out(file)
    try:
        return read_bounded(file, MOST_BYTES, is_plain=True)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EFBIG):
            raise
        what = f"expected a plain file of at most {MOST_BYTES // MIB} MiB"
        raise WorkloadError(f"{file}: {what}") from error


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
