"""How far a log was read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class LogMark:
    """A bookmark that the side moves while it reads, so that a later reading goes on behind it.

    A side that cannot find a place in its logs again leaves it empty.
    """

    of: str = ""
    """The engine's id of the instance whose log it is in; another instance's log begins anew."""
    stamp: str = ""
    """When the newest line read was written, RFC 3339 by the engine's clock."""
