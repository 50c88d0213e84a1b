"""Whose a thing of the lab is: a run's random id, the process behind it, and what it made.

A run has a folder of its own, made for it and never taken over. It holds who runs (`owner.json`)
and, line by line, the engines' own ids and the files of everything made (`made`), each written down
before it is used. So the next run can tell what is left of one that was killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tui.core.files import reason_of
from tui.errors import TwindeckError

RUN_LABEL = "twindeck.lab.run"
PREFIX = "twindeck-"
"""Before a run's id in its folder's name, which vagrant-libvirt puts before the domain's."""
CONTAINER, DOMAIN, FILE, FOLDER, TREE = "container", "domain", "file", "folder", "tree"
_ABOUT, _MADE = "owner.json", "made"
_RUN = re.compile(r"[0-9a-f]{12}")
_MOST_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Process:
    """One process, told apart from any that gets its pid later."""

    pid: int
    started: int
    """Clock ticks after the kernel's start, field 22 of proc(5)'s stat."""
    boot: str
    """The kernel's boot id."""
    host: str
    """The machine's id: a folder may be shared by several hosts."""

    @classmethod
    def own(cls) -> Process:
        """This one."""
        pid = os.getpid()
        return cls(pid, _started(pid) or 0, _boot(), _host())

    @property
    def is_here(self) -> bool:
        """Whether it ran on this host."""
        return self.host == _host()

    @property
    def is_gone(self) -> bool:
        """Whether it has certainly ended; of another host's nothing is certain."""
        if not self.is_here:
            return False
        return self.boot != _boot() or _started(self.pid) != self.started


class RunFolder:
    """The folder of one run, held for as long as the run lasts."""

    def __init__(self, root: Path, about: Mapping[str, Any], handle: int) -> None:
        self.root = root
        self.run: str = about["run"]
        self.workload: str = about["workload"]
        """The lab's name for it."""
        self.engine: str | None = about["engine"]
        """The Docker Engine's own id; None when there was none, or it tells another each time."""
        self.process = Process(**about["process"])
        self._handle = handle
        self._made = dict.fromkeys(_recorded(root / _MADE))

    @property
    def labels(self) -> Mapping[str, str]:
        """What everything the run makes carries."""
        return {RUN_LABEL: self.run}

    @property
    def scratch(self) -> Path:
        """A folder for the files of the measurements."""
        folder = self.root / "run"
        if not folder.is_dir():
            self.record(TREE, folder.name)
            folder.mkdir(mode=0o700)
        return folder

    def record(self, kind: str, what: str) -> None:
        """Write down that it is the run's; before it is used. Raises TwindeckError."""
        if (kind, what) in self._made:
            return
        self._made[kind, what] = None
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            handle = os.open(self.root / _MADE, flags, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                # A file's name may hold any character, a line feed and half a letter too.
                file.write(json.dumps([kind, what]) + "\n")
        except OSError as error:
            raise _unwritable(self.root, error) from error

    def has(self, kind: str, what: str) -> bool:
        """Whether it is written down as made by the run."""
        return (kind, what) in self._made

    def release(self) -> None:
        """Hold it no longer."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def remove(self) -> list[str]:
        """Remove the files written down, and the folder if nobody put others in; what is left."""
        handle = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            for kind, name in reversed(self._made):
                with suppress(OSError):
                    _remove(handle, kind, PurePosixPath(name))
            for name in (_MADE, _ABOUT):
                with suppress(OSError):
                    os.unlink(name, dir_fd=handle)
        finally:
            os.close(handle)
            self.release()
        with suppress(OSError):
            self.root.rmdir()
            self.root.parent.rmdir()
        return [f"{self.root}: left, it holds what is not the lab's"] if self.root.exists() else []


def begin(lab: Path, workload: str, engine: str | None) -> RunFolder:
    """A folder below `lab` for a run of that workload. Raises TwindeckError."""
    run = secrets.token_hex(6)
    # Vagrant writes the path as the kernel tells it into the domain.
    root = lab.parent.resolve() / lab.name / f"{PREFIX}{run}"
    about = {
        "run": run,
        "workload": lab_name(workload, run),
        "engine": engine,
        "process": asdict(Process.own()),
    }
    try:
        lab.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_foreign(lab)
        root.mkdir(mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(root / _ABOUT, flags, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(handle, json.dumps(about).encode())
    except OSError as error:
        with suppress(OSError):
            (root / _ABOUT).unlink(missing_ok=True)
            root.rmdir()
        raise _unwritable(root, error) from error
    folder = RunFolder(root, about, handle)
    folder.record(TREE, ".vagrant")
    return folder


def _unwritable(root: Path, error: OSError) -> TwindeckError:
    return TwindeckError(
        f"the lab's folder {root} cannot be written: {reason_of(error)}",
        f"see: df -h {root.parent}; or name another folder with TWINDECK_DATA",
    )


def lab_name(workload: str, run: str) -> str:
    """`lab-nginx-0123456789ab`: a workload's name has 62 characters at the most."""
    return f"lab-{workload[:44].rstrip('-')}-{run}"


def refuse_foreign(folder: Path) -> None:
    """Raises TwindeckError when it is a link, or another user's."""
    state = folder.lstat()
    if folder.is_symlink() or state.st_uid != os.geteuid():
        what = "a link" if folder.is_symlink() else "another user's"
        raise TwindeckError(
            f"{folder} is {what}, so the lab does not work in it",
            "name another folder with TWINDECK_DATA",
        )


def left_over(lab: Path) -> Iterator[RunFolder]:
    """The folders of runs that ended without removing them; those of live runs are left out."""
    lab = lab.parent.resolve() / lab.name
    for root in sorted(lab.glob(f"{PREFIX}*")):
        folder = _open(root)
        if folder is None:
            continue
        if folder.process.is_gone or not folder.process.is_here:
            yield folder
        folder.release()


def _open(root: Path) -> RunFolder | None:
    """The run's folder, held; None when it is none of this user's, or its run still holds it."""
    try:
        refuse_foreign(root)
        handle = os.open(root / _ABOUT, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, TwindeckError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        about = json.loads(os.read(handle, _MOST_BYTES))
        if root.name != f"{PREFIX}{about['run']}" or not _RUN.fullmatch(about["run"]):
            raise ValueError
        return RunFolder(root, about, handle)
    except (OSError, ValueError, LookupError, TypeError):
        os.close(handle)
        return None


def _remove(root: int, kind: str, name: PurePosixPath) -> None:
    """One recorded thing, never by way of a link. Raises OSError."""
    if kind not in (FILE, FOLDER, TREE) or name.is_absolute() or ".." in name.parts:
        return
    parent = os.dup(root)
    try:
        for part in name.parts[:-1]:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            below = os.open(part, flags, dir_fd=parent)
            os.close(parent)
            parent = below
        if kind == FILE:
            os.unlink(name.name, dir_fd=parent)
        elif kind == FOLDER:
            os.rmdir(name.name, dir_fd=parent)
        else:
            # It follows no link, and removes none that stands in the folder's place.
            shutil.rmtree(name.name, dir_fd=parent)
    finally:
        os.close(parent)


def _recorded(file: Path) -> Iterator[tuple[str, str]]:
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    with os.fdopen(handle, encoding="ascii", errors="replace") as opened:
        for line in opened.read(_MOST_BYTES).splitlines():
            # What a line was to tell that a kill cut short was not used yet.
            with suppress(ValueError, TypeError):
                kind, what = json.loads(line)
                yield str(kind), str(what)


def _started(pid: int) -> int | None:
    """When the process began; None when it has ended, or only waits to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in ("Z", "X") else int(rest[18])


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _host() -> str:
    with suppress(OSError):
        if told := Path("/etc/machine-id").read_text(encoding="ascii").strip():
            return told
    return socket.gethostname()
