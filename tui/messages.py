"""What the fleet's threads tell the console."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from tui.model import Snapshot


@dataclass
class SnapshotTaken(Message, bubble=False):
    """The fleet has a newer snapshot. Of several in the queue only the last is handled."""

    snapshot: Snapshot

    def can_replace(self, message: Message) -> bool:
        """A newer snapshot makes the one still waiting worthless."""
        return isinstance(message, SnapshotTaken)
