"""The folders in which commands are looked for."""

from __future__ import annotations

import os

_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def with_system_folders(path: str | None) -> str:
    """A PATH with the folders of daemons and administrators' tools behind its own.

    On Debian an ordinary user's has none of them, and so neither `mke2fs` nor `dnsmasq`.
    """
    folders = (path or os.defpath).split(os.pathsep)
    return os.pathsep.join([*folders, *(f for f in _SYSTEM_FOLDERS if f not in folders)])
