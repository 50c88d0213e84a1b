"""Whether a file that nobody named may be run: as git's `safe.directory`, it must be one's own."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path


def distrusted(paths: Iterable[Path]) -> str:
    """Why one of them may not be run unless it is named, `PATH is another user's`; "" if all may.

    Each belongs to this user, to who called sudo, or to root, and is not open to everybody. Raises
    OSError.
    """
    trusted = {0, os.geteuid()}
    if os.geteuid() == 0 and (caller := os.environ.get("SUDO_UID", "")).isdecimal():
        trusted.add(int(caller))
    for path in paths:
        for status in (path.lstat(), path.stat()):
            is_link = stat.S_ISLNK(status.st_mode)
            if status.st_uid not in trusted:
                return f"{path} is another user's"
            if status.st_mode & stat.S_IWOTH and not is_link:
                return f"{path} may be written by everybody"
    return ""
