"""One run at a time on a host: two would measure each other, whoever starts them.

What holds it is a socket of Linux's abstract namespace (unix(7)). It has no file, so that nothing
stale is left of a process that was killed, and its name is the same for every user and every data
folder of the host: a second run is refused, with the pid of the first, whatever engine it would
use. That is all it is for. What a run made is never told by the lock but by the run's own mark
(`tui.lab.owner`), so that two runs that cannot see each other's lock (on two hosts with one remote
engine, or in another network namespace) are slower, and no more than that. Any user of the host can
take the name, as any can keep its CPUs busy: the lab then refuses and names who holds it.
"""

from __future__ import annotations

import errno
import pwd
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from tui.errors import UsageError

HOST = "twindeck.lab"
_CREDENTIALS = struct.Struct("3i")
_WAITING = 64
"""Others who may look at the same time; nobody is ever let in."""
_LOOK_SECONDS = 1.0


@contextmanager
def only_run(name: str = HOST) -> Iterator[None]:
    """Hold the lab of this host. Raises UsageError when another process does."""
    address = b"\0" + name.encode("ascii")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as held:
        try:
            held.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise UsageError(f"the lab cannot be locked: {error.strerror}") from error
            pid, uid = _holder(address)
            raise UsageError(
                f"another comparison runs on this host: {_named(pid, uid)}",
                f"wait for it; look at it with: ps -fp {pid}"
                if pid
                else "wait for it, or cancel it where it was started",
            ) from error
        # Who looks is told by the kernel whose it is, though nobody ever accepts.
        held.listen(_WAITING)
        yield


def _holder(address: bytes) -> tuple[int, int | None]:
    """Pid and user of whoever listens there; 0 and None where the kernel does not tell."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.settimeout(_LOOK_SECONDS)
        try:
            other.connect(address)
            told = other.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return 0, None
    pid, uid, _gid = _CREDENTIALS.unpack(told)
    # A process of another pid namespace has no number here.
    return pid, uid


def _named(pid: int, uid: int | None) -> str:
    process = f"pid {pid}" if pid else "pid unknown"
    if uid is None:
        return process
    try:
        return f"{process} of user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"{process} of user {uid}"
