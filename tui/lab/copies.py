"""Copies a workload's folder as it is: plain files of a bounded size, and nothing from outside it.

No library does it: shutil.copytree follows links or copies them as they are, wherever they lead,
opens pipes and devices, and knows no bounds. So the folder is walked by its open descriptors
(`os.fwalk`), in which nothing can be exchanged for a link meanwhile.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Container
from pathlib import Path

from tui.core.files import reason_of
from tui.core.plain_files import way_out
from tui.errors import WorkloadError
from tui.lab.owner import FILE, FOLDER

MOST_BYTES = 2**30
"""Of all files together."""
MOST_FILES = 10_000
MOST_FOLDERS_DEEP = 32
_CHUNK_BYTES = 2**20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def copy_folder(
    source: Path, target: Path, record: Callable[[str, Path], None], without: Container[str] = ()
) -> None:
    """Copy `source` to `target`, which must not exist; each part is recorded before it is made.

    A link within the folder becomes a link within the copy. Files at the top that are in `without`
    are left out. Raises WorkloadError naming the file that is no plain file, leads out, cannot be
    read or is too much.
    """
    source = source.resolve()
    room, count, at = MOST_BYTES, 0, source
    try:
        for path, folders, files, handle in os.fwalk(source, onerror=_raise):
            at = Path(path)
            here = at.relative_to(source)
            if len(here.parts) > MOST_FOLDERS_DEEP:
                raise WorkloadError(f"{path}: more than {MOST_FOLDERS_DEEP} folders deep")
            record(FOLDER, target / here)
            (target / here).mkdir(mode=0o700)
            count += len(folders) + len(files)
            if count > MOST_FILES:
                raise WorkloadError(f"{source}: more than {MOST_FILES:,} files in a workload")
            for name in (*folders, *files):
                at, to = Path(path, name), target / here / name
                state = os.stat(name, dir_fd=handle, follow_symlinks=False)
                if stat.S_ISDIR(state.st_mode) or (here == Path() and name in without):
                    continue
                record(FILE, to)
                if stat.S_ISLNK(state.st_mode):
                    to.symlink_to(_inside(source, here / name))
                else:
                    room -= _copy(name, handle, to, room, at)
            # Last, as the owner's rights may not let a file be made in it.
            (target / here).chmod(stat.S_IMODE(os.fstat(handle).st_mode) | stat.S_IRWXU)
    except OSError as error:
        raise WorkloadError(f"{at}: cannot be copied: {reason_of(error)}") from error


def write_new(path: Path, content: str, mode: int = 0o600) -> None:
    """A file that was not there. Raises OSError."""
    with os.fdopen(os.open(path, _WRITE, mode), "w", encoding="utf-8") as file:
        file.write(content)


def _raise(error: OSError) -> None:
    raise error


def _inside(source: Path, link: Path) -> str:
    """Where the link leads, from its own place. Raises WorkloadError when that is outside."""
    leads_to = Path(os.path.realpath(source / link))
    if not leads_to.is_relative_to(source):
        raise way_out(source / link, source)
    return os.path.relpath(leads_to, (source / link).parent)


def _copy(name: str, folder: int, to: Path, room: int, shown: Path) -> int:
    """Its size in bytes."""
    handle = os.open(name, _READ, dir_fd=folder)
    with os.fdopen(handle, "rb", buffering=0) as file:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise WorkloadError(f"{shown} is no plain file, so it is not copied", "remove it")
        made = os.open(to, _WRITE, 0o600)
        with os.fdopen(made, "wb") as copy:
            # One with holes says how large it is before it is read; one that grows, while it is.
            size = state.st_size if state.st_size > room else 0
            while size <= room and (chunk := file.read(_CHUNK_BYTES)):
                size += len(chunk)
                copy.write(chunk)
            if size > room:
                raise WorkloadError(
                    f"{shown}: with it the workload's folder holds more than "
                    f"{MOST_BYTES >> 20:,} MiB",
                    "have provision.sh or the Dockerfile fetch what is large",
                )
            # The image and the guest take over who may read and run it.
            os.fchmod(made, stat.S_IMODE(state.st_mode) | stat.S_IRUSR)
    return size
