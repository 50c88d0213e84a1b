"""What a deck shows, line by line: rows under dim group headings, ready to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.model import Instance, State
from tui.text import clean
from tui.widgets.cells import Cell, Moment, cell, member_cell
from tui.widgets.columns import Column, Fitted
from tui.widgets.ordering import Order, is_grouped


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands on a line: one instance, or the heading of its group's members."""

    members: tuple[Instance, ...]
    is_heading: bool = False
    is_member: bool = False
    """Whether it stands below its group's heading."""

    @property
    def key(self) -> str:
        """The instance's, or the heading's own."""
        first = self.members[0]
        return f"group:{first.group}" if self.is_heading else first.key


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a deck. Equal lines look the same, so only unequal ones are painted again."""

    key: str
    """Of its slot."""
    cells: tuple[Cell, ...]
    is_heading: bool = False


def slots_of(instances: Sequence[Instance], order: Order) -> list[Slot]:
    """The lines of already arranged instances, with a heading before each named group."""
    slots: list[Slot] = []
    group = ""
    has_headings = is_grouped(order)
    for instance in instances:
        if has_headings and instance.group != group:
            group = instance.group
            members = tuple(i for i in instances if i.group == group)
            slots.append(Slot(members, is_heading=True))
        slots.append(Slot((instance,), is_member=has_headings and bool(instance.group)))
    return slots


def line_of(slot: Slot, columns: tuple[Fitted, ...], moment: Moment) -> Line:
    """What a slot looks like at that moment."""
    if slot.is_heading:
        return Line(slot.key, _heading(slot.members, columns, moment), is_heading=True)
    (instance,) = slot.members
    return Line(instance.key, tuple(_cell(slot, instance, fitted, moment) for fitted in columns))


def _cell(slot: Slot, instance: Instance, fitted: Fitted, moment: Moment) -> Cell:
    if slot.is_member and fitted.spec.column is Column.NAME:
        return member_cell(instance, moment, fitted.width)
    return cell(fitted.spec.column, instance, moment, fitted.width)


def group_text(group: str) -> str:
    """A compose project as it is, a directory below the home directory with `~`."""
    text = clean(group)
    home = str(Path.home())
    return "~" + text[len(home) :] if text.startswith(home + "/") else text


def _heading(
    members: Sequence[Instance], columns: tuple[Fitted, ...], moment: Moment
) -> tuple[Cell, Cell]:
    running = sum(i.state is State.RUNNING for i in members)
    count = f"{running}/{len(members)}"
    width = columns[-1].x + columns[-1].width - 4 if columns else 20
    name = moment.glyphs.cut_left(group_text(members[0].group), max(4, width - len(count) - 2))
    return Cell(f"{moment.glyphs.group} {name}", "group"), Cell(count, "dim")
