"""Who holds Vagrant's lock on a machine, from /proc/locks.

Vagrant takes an exclusive flock without waiting; to try the lock here would make a vagrant that
starts at that moment fail. So the kernel's table is read instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path, PurePath
from threading import Lock

import psutil

from tui.sides.vagrant_index import Entry

LOCKS = Path("/proc/locks")


def lock_file(home: Path, entry: Entry) -> Path:
    """The file Vagrant locks while it acts on the machine (Vagrant 2, machine.rb: `action`)."""
    text = f"{entry.directory}{entry.vagrantfile}{entry.data_path}{entry.name}"
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return home / "data" / f"lock.machine-action-{digest}.lock"


def flock_holders(text: str) -> dict[int, int]:
    """Inode -> pid of every flock held in the text of /proc/locks (waiters have a `->`)."""
    holders = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 6 or fields[1] != "FLOCK":
            continue
        # The device is left out: on btrfs and overlays it is not the one stat() tells.
        inode = fields[5].rpartition(":")[2]
        if inode.isascii() and inode.isdigit() and fields[4].isascii() and fields[4].isdigit():
            holders[int(inode)] = int(fields[4])
    return holders


def command_of(argv: list[str]) -> str | None:
    """`vagrant up` for `ruby /usr/bin/vagrant up nginx`; None when it is no vagrant."""
    for index, word in enumerate(argv):
        if PurePath(word).name == "vagrant":
            verb = next((w for w in argv[index + 1 :] if not w.startswith("-")), "")
            return f"vagrant {verb}".rstrip()
    return None


class Locks:
    """The locks held now; read once, asked for many machines."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._holders: dict[int, int] = {}
        with contextlib.suppress(OSError):
            self._holders = flock_holders(LOCKS.read_text(encoding="ascii", errors="replace"))

    def holder(self, entry: Entry) -> tuple[int, str] | None:
        """Pid and command (`vagrant up`) of the vagrant acting on it; None when it is free."""
        try:
            pid = self._holders.get(lock_file(self._home, entry).stat().st_ino)
            command = command_of(psutil.Process(pid).cmdline()) if pid else None
        except (OSError, psutil.Error):
            return None
        return (pid, command) if pid and command else None


def session_of(pid: int) -> int | None:
    """Session id of a process; None when it is gone."""
    try:
        return os.getsid(pid)
    except OSError:
        return None


class OwnSessions:
    """Sessions of the vagrant commands this process runs, so that they are not *somebody else*."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ids: set[int] = set()

    def add(self, session: int) -> None:
        """A command began."""
        with self._lock:
            self._ids.add(session)

    def discard(self, session: int) -> None:
        """It ended."""
        with self._lock:
            self._ids.discard(session)

    def has(self, session: int | None) -> bool:
        """Whether that session is one of ours."""
        with self._lock:
            return session in self._ids
