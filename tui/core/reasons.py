"""Why something failed, in words of ours: the text of a library's exception reaches no user."""

from __future__ import annotations

import errno
import re
import subprocess

from tui.errors import TwindeckError

_PLACE = re.compile(r"at line (\d+), column (\d+)|line (\d+) column (\d+)")
_KINDS = {
    "NoSuchProcess": "the process has ended",
    "ZombieProcess": "the process has ended",
    "AccessDenied": "this user may not look at it",
    "ParseError": "it is not well-formed XML",
    "VirshError": "libvirt does not answer",
    "ProgrammingError": "it is closed already",
}
"""By name: their libraries take long to import."""
LOCKED = "another program held it locked"
DISK_FULL = "the disk is full"
_SQLITE_REASONS = {
    5: LOCKED,
    6: LOCKED,
    14: "it cannot be opened",
    11: "it is damaged",
    13: DISK_FULL,
    10: "it cannot be read or written: the disk refuses",
    26: "it is damaged, or no history at all",
    3: "this user may not write it",
    8: "it may only be read",
}
"""By the primary result codes of SQLite (https://www.sqlite.org/rescode.html)."""


def reason_of(error: BaseException) -> str:
    """The reason on one line: our own errors' text, the system's words, or what kind it was."""
    if isinstance(error, TwindeckError):
        return str(error)
    # The library is not imported to ask: the command line looks at things without a history.
    if (code := getattr(error, "sqlite_errorcode", None)) is not None:
        return _of_sqlite(error, code)
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


def _of_sqlite(error: BaseException, code: int) -> str:
    # The low byte is the kind, the rest which of its causes.
    name = getattr(error, "sqlite_errorname", "no reason")
    return _SQLITE_REASONS.get(code & 0xFF, f"SQLite refuses ({name})")
