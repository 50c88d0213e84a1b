"""Which instances a deck shows and in what order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from tui.core.state_words import state_text
from tui.model import HealthStatus, Instance, State
from tui.snapshot import Snapshot
from tui.text import clean
from tui.widgets.columns import Column

_STATE_ORDER = (
    State.RUNNING,
    State.RESTARTING,
    State.PAUSED,
    State.SUSPENDED,
    State.REMOVING,
    State.DEAD,
    State.UNKNOWN,
    State.STOPPED,
    State.CREATED,
    State.ABSENT,
)
_HIGHEST_FIRST = frozenset({Column.CPU, Column.MEMORY, Column.BOOT, Column.UPTIME})
FIGURES = frozenset({Column.CPU, Column.MEMORY})
"""Columns whose order is that of measurements."""


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, and whether against its natural direction."""

    column: Column = Column.NAME
    is_reversed: bool = False

    @property
    def is_descending(self) -> bool:
        """Whether the highest value stands first; figures are most useful so."""
        return (self.column in _HIGHEST_FIRST) is not self.is_reversed


def matches(instance: Instance, needle: str) -> bool:
    """Whether every word of `needle` is in name, group, image, state or ports, or, in order but
    not together, the letters of the name (fuzzy)."""
    if not needle.strip():
        return True
    state = state_text(instance)
    told = (instance.name, instance.group, instance.image or "", state, *instance.ports)
    haystack = " ".join(told).casefold()
    words = needle.casefold().split()
    return all(word in haystack for word in words) or _is_within("".join(words), instance.name)


def _is_within(letters: str, name: str) -> bool:
    rest = iter(name.casefold())
    return len(letters) >= 3 and all(letter in rest for letter in letters)


def arranged(instances: Sequence[Instance], order: Order, snapshot: Snapshot) -> list[Instance]:
    """In order; those without a figure last either way; ties by group and name.

    What is there stands before what could be: a project's workloads are many, and few are up.
    """
    by_name = sorted(
        instances,
        key=lambda i: (i.group.casefold(), i.state is State.ABSENT, i.name.casefold()),
    )
    if order.column is Column.NAME:
        if not order.is_reversed:
            return by_name
        blocks = [list(block) for _, block in groupby(by_name, key=lambda i: i.group)]
        return [instance for block in blocks for instance in reversed(block)]
    known = [i for i in by_name if _value(i, order.column, snapshot) is not None]
    unknown = [i for i in by_name if _value(i, order.column, snapshot) is None]
    known.sort(key=lambda i: _value(i, order.column, snapshot) or 0, reverse=order.is_descending)
    return known + unknown


def is_grouped(order: Order) -> bool:
    """Compose projects and Vagrant environments stay together only in the order of names."""
    return order.column is Column.NAME


def _value(instance: Instance, column: Column, snapshot: Snapshot) -> float | None:
    sample = snapshot.samples.get(instance.key)
    match column:
        case Column.STATE:
            is_well = instance.health is not HealthStatus.UNHEALTHY
            return _STATE_ORDER.index(instance.state) - (0 if is_well else 0.5)
        case Column.CPU:
            return sample.cpu_percent if sample else None
        case Column.MEMORY:
            return sample.memory_bytes if sample else None
        case Column.UPTIME:
            return -instance.started_at if instance.started_at is not None else None
        case Column.BOOT:
            return snapshot.boot_seconds.get(instance.key)
        case Column.PORTS:
            return _first_port(instance)
    return None


def _first_port(instance: Instance) -> float | None:
    """The lowest port on the host."""
    outside = (clean(port).partition("->")[0].rpartition(":")[2] for port in instance.ports)
    return min((int(port) for port in outside if port.isdecimal() and len(port) < 6), default=None)
