"""Every error a user can meet; each message is one plain line: what failed, why, what to do next.

TwindeckError
├── UsageError            the request itself is wrong (exit code 2)
│   ├── UnknownInstance
│   └── WorkloadError     a workload folder is wrong
├── EngineUnavailable     an engine does not answer
├── ChartError            the advisor's chart is wrong: names file and key
├── ActionFailed          an engine refused or failed an action
├── ActionBusy            somebody else is acting on the instance
├── FileFailed            a file cannot be written
└── StoreError            the history file cannot be used
    └── StoreDamaged      pages of it are broken: nothing more is written to it
"""

from __future__ import annotations


class TwindeckError(Exception):
    """Base of all errors shown to users. `str()` is the line to show; `fix` the next step."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix

    @property
    def line(self) -> str:
        """Message and next step on one line."""
        text = " ".join(str(self).split())
        return f"{text} → {self.fix}" if self.fix else text


class UsageError(TwindeckError):
    """The request cannot be right, whatever the engines say."""


class UnknownInstance(UsageError):
    """No instance of that name."""


class WorkloadError(UsageError):
    """A workload folder is wrong: names file, key and what was expected."""


class EngineUnavailable(TwindeckError):
    """The engine of a side does not answer."""


class ChartError(TwindeckError):
    """The advisor's decision chart is wrong: names file, key and what was expected."""


class ActionFailed(TwindeckError):
    """The engine refused or failed; the job keeps the whole output."""


class ActionBusy(TwindeckError):
    """Another process holds the instance's lock."""


class FileFailed(TwindeckError):
    """A file cannot be written: the disk is full, no right to, a link in its place."""


class StoreError(TwindeckError):
    """The history file is corrupt, locked or of a newer version."""


class StoreDamaged(StoreError):
    """Pages of the history file are broken: nothing more is written to it."""
