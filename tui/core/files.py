"""Every file the product writes goes through here: beside, then renamed, never through a link.

A write that fails leaves what was there before, and nothing half-written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.errors import FileFailed

PRIVATE = 0o600
"""Of files that are ours alone; every other follows the user's umask."""
_PRIVATE_FOLDER = 0o700
_EXCLUSIVE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PLAINLY = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is used up",
    errno.EFBIG: "the file would be larger than is allowed",
    errno.EEXIST: "it is there already",
    errno.ELOOP: "it is a symbolic link",
}
_LONGEST_NAME = 255
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


def replace_file(path: Path, content: str | bytes, mode: int | None = None) -> None:
    """Write `path` anew: the whole content is there, or what was before. Raises FileFailed.

    `mode` for a new file and an old one; without it an old file keeps its mode and a new one
    follows the umask. What is no regular file (`/dev/null`, a pipe) is written to as it is.
    """
    with _telling(path):
        before = _state_of(path)
        if before is not None and not stat.S_ISREG(before.st_mode):
            _write_into(path, _bytes(content))
            return
        if mode is None and before is not None:
            mode = stat.S_IMODE(before.st_mode)
        with _beside(path, content, mode, before) as part:
            part.replace(path)


def new_file(path: Path, content: str | bytes, mode: int | None = None) -> None:
    """Write a file that is not there yet, whole or not at all. Raises FileFailed."""
    with _telling(path), _beside(path, content, mode) as part:
        try:
            # Unlike a rename, a link never takes the place of what somebody else made meanwhile.
            os.link(part, path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
            part.replace(path)


def private_folder(path: Path) -> Path:
    """Make a folder of ours, for its owner alone; one that is there stays as it is.

    Raises FileFailed.
    """
    with _telling(path):
        if not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                path.mkdir(_PRIVATE_FOLDER)
            if not path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return path


def tighten(path: Path) -> None:
    """Take everybody else's rights off a file of ours, if it is there. Raises FileFailed.

    Refuses a symbolic link and what is no file. The file is not opened: closing it would take
    the locks off that SQLite holds on it in this process.
    """
    with _telling(path):
        try:
            status = path.lstat()
        except FileNotFoundError:
            return
        _refuse_odd(path, status)
        if status.st_mode & 0o077 and status.st_uid == os.geteuid():
            path.chmod(PRIVATE)


def make_private(path: Path) -> None:
    """An empty file of ours, unless there is one, which is tightened. Raises FileFailed."""
    with _telling(path):
        try:
            os.close(os.open(path, _EXCLUSIVE, PRIVATE))
        except FileExistsError:
            tighten(path)


def append_private(path: Path) -> int:
    """A descriptor that writes at the end of a log of ours. Raises FileFailed."""
    with _telling(path):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags | os.O_NONBLOCK, PRIVATE)
        try:
            _refuse_odd(path, os.fstat(descriptor))
            os.fchmod(descriptor, PRIVATE)
            os.set_blocking(descriptor, True)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor


def reason_of(error: OSError) -> str:
    """Why, in words: a full disk is called one."""
    return _PLAINLY.get(error.errno or 0) or error.strerror or str(error)


def failed(path: Path, error: OSError) -> FileFailed:
    """That `path` could not be written, why, and what to do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        fix = f"free some space there, see: df -h {path.parent}"
    elif error.errno == errno.EFBIG:
        fix = "see: ulimit -f"
    elif error.errno == errno.ELOOP:
        fix = "name the file it points to"
    elif error.errno == errno.EEXIST:
        fix = "move it away, or choose another name"
    elif error.errno == errno.ENOENT:
        fix = f"mkdir -p {path.parent}"
    else:
        fix = "name a file in a folder you may write to"
    return FileFailed(f"{path}: cannot be written: {reason_of(error)}", fix)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise failed(path, error) from error


def _state_of(path: Path) -> os.stat_result | None:
    """Of what stands at `path`; None without any. Refuses a link to a file."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    except FileNotFoundError:
        if path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return status


def _refuse_odd(path: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no file")


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _write_into(path: Path, content: bytes) -> None:
    with path.open("wb", buffering=0) as file:
        _write_all(file.fileno(), content)


@contextmanager
def _beside(
    path: Path, content: str | bytes, mode: int | None, before: os.stat_result | None = None
) -> Iterator[Path]:
    """A new file with that content in the same folder, gone again unless it was renamed."""
    suffix = f".{os.urandom(6).hex()}.part"
    # The name is counted in bytes, and cut where no character is torn apart.
    stem = os.fsdecode(os.fsencode(f".{path.name}")[: _LONGEST_NAME - len(suffix)])
    part = path.with_name(stem + suffix)
    descriptor = os.open(part, _EXCLUSIVE, 0o666 if mode is None else mode)
    try:
        try:
            if before is not None and os.geteuid() == 0:
                # Root rewrites a user's file: it stays the user's.
                os.fchown(descriptor, before.st_uid, before.st_gid)
            if mode is not None:
                os.fchmod(descriptor, mode)
            _write_all(descriptor, _bytes(content))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        yield part
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    """Have the new name survive a power cut; some file systems cannot, and the file is there."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
