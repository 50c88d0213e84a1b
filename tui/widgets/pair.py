"""Finds the other half of a pair: the same workload on the other side."""

from __future__ import annotations

from tui.model import Instance
from tui.snapshot import Snapshot


def pair_of(snapshot: Snapshot, key: str | None) -> tuple[Instance, ...]:
    """The instance at `key`, then its counterpart, if there is one; empty for an unknown key.

    Of several counterparts the one of the same name wins, then a live one, then the first.
    """
    instance = snapshot.find(key) if key else None
    if instance is None:
        return ()
    if instance.workload is None:
        return (instance,)
    others = [
        other
        for other in snapshot.instances
        if other.workload == instance.workload and other.side is not instance.side
    ]
    others.sort(key=lambda other: (other.name != instance.name, not other.is_live))
    return (instance, *others[:1])
