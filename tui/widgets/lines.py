"""What a deck shows, line by line: rows under dim group headings, ready to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.model import Instance, State
from tui.text import clean
from tui.widgets.cells import Cell, Moment, cell
from tui.widgets.columns import Fitted
from tui.widgets.ordering import Order, is_grouped


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a deck. Equal lines look the same, so only unequal ones are painted again."""

    key: str | None
    """The instance's; None for a group heading."""
    cells: tuple[Cell, ...]


def lines_of(
    instances: Sequence[Instance], columns: tuple[Fitted, ...], moment: Moment, order: Order
) -> list[Line]:
    """The lines of already arranged instances, with a heading before each named group."""
    lines: list[Line] = []
    group = ""
    for instance in instances:
        if is_grouped(order) and instance.group != group:
            group = instance.group
            lines.append(_heading(group, instances, columns, moment))
        cells = (cell(f.spec.column, instance, moment, f.width) for f in columns)
        lines.append(Line(instance.key, tuple(cells)))
    return lines


def group_text(group: str) -> str:
    """A compose project as it is, a directory below the home directory with `~`."""
    text = clean(group)
    home = str(Path.home())
    return "~" + text[len(home) :] if text.startswith(home + "/") else text


def _heading(
    group: str, instances: Sequence[Instance], columns: tuple[Fitted, ...], moment: Moment
) -> Line:
    members = [i for i in instances if i.group == group]
    running = sum(i.state is State.RUNNING for i in members)
    count = f"{running}/{len(members)}"
    width = columns[-1].x + columns[-1].width - 4 if columns else 20
    name = moment.glyphs.cut_left(group_text(group), max(4, width - len(count) - 2))
    return Line(None, (Cell(f"{moment.glyphs.group} {name}", "group"), Cell(count, "dim")))
