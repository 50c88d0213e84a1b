"""Why something failed, in words of ours: the text of a library's exception reaches no user."""

from __future__ import annotations

import errno
import re
import sqlite3
import subprocess

from tui.errors import TwindeckError

_PLACE = re.compile(r"at line (\d+), column (\d+)|line (\d+) column (\d+)")
_KINDS = {
    "NoSuchProcess": "the process has ended",
    "ZombieProcess": "the process has ended",
    "AccessDenied": "this user may not look at it",
    "ParseError": "it is not well-formed XML",
    "VirshError": "libvirt does not answer",
}
"""By name: their libraries take long to import."""
LOCKED = "another program held it locked"
DISK_FULL = "the disk is full"
_SQLITE = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_IOERR: "it cannot be read or written: the disk refuses",
    sqlite3.SQLITE_NOTADB: "it is damaged, or no history at all",
    sqlite3.SQLITE_PERM: "this user may not write it",
    sqlite3.SQLITE_READONLY: "it may only be read",
}


def reason_of(error: BaseException) -> str:
    """The reason on one line: our own errors' text, the system's words, or what kind it was."""
    if isinstance(error, TwindeckError):
        return str(error)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return DISK_FULL
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, TimeoutError | subprocess.TimeoutExpired):
        return "it did not end in time"
    if isinstance(error, subprocess.CalledProcessError):
        return f"it ended with code {error.returncode}"
    if isinstance(error, UnicodeError):
        return "it is not UTF-8 text"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return _KINDS.get(type(error).__name__, f"an unexpected fault, {type(error).__name__}")


def place_in(error: BaseException) -> str:
    """` at line 3, column 5`, where a parser says so; else ""."""
    found = _PLACE.search(str(error))
    if found is None:
        return ""
    line, column = found[1] or found[3], found[2] or found[4]
    return f" at line {line}, column {column}"


def _of_sqlite(error: sqlite3.Error) -> str:
    # The low byte is the kind, the rest which of its causes.
    code = getattr(error, "sqlite_errorcode", None)
    kind = (code or 0) & 0xFF
    return _SQLITE.get(kind, f"SQLite refuses ({getattr(error, 'sqlite_errorname', 'no reason')})")
