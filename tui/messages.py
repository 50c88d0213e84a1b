"""What the threads of the fleet and of the lab tell the console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui.snapshot import Snapshot

if TYPE_CHECKING:
    from tui.lab.view import Progress


@dataclass
class SnapshotTaken(Message, bubble=False):
    """The fleet has a newer snapshot. Of several in the queue only the last is handled."""

    snapshot: Snapshot

    def can_replace(self, message: Message) -> bool:
        """A newer snapshot makes the one still waiting worthless."""
        return isinstance(message, SnapshotTaken)


@dataclass
class ProgressMade(Message, bubble=False):
    """A comparison came further. Of several in the queue only the last is handled."""

    progress: Progress

    def can_replace(self, message: Message) -> bool:
        """Newer progress makes the one still waiting worthless."""
        return isinstance(message, ProgressMade)
