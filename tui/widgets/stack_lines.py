"""Draws stacks side by side: what is only one's in its column, what all share across."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from tui.core.architecture import SHARED, Cost, Layer, Stack, cost_of
from tui.glyphs import Glyphs
from tui.model import SideName
from tui.snapshot import Snapshot
from tui.text import clean
from tui.units import iec, percent

_INDENT, _GAP = 2, 1
_TITLE_COLUMNS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A layer on the screen: its column, and its row from the top."""

    column: int
    row: int


@dataclass(frozen=True, slots=True)
class View:
    """Stacks at one moment."""

    stacks: tuple[Stack, ...]
    snapshot: Snapshot
    glyphs: Glyphs
    costs: Mapping[int, Cost]
    chosen: Place

    @property
    def shared(self) -> tuple[Layer, ...]:
        """What all of them stand on."""
        if not self.stacks or not all(stack.is_here for stack in self.stacks):
            return ()
        return tuple(layer for layer in self.stacks[0].layers if layer.name in SHARED)

    def own(self, stack: Stack) -> tuple[Layer, ...]:
        """What is not shared of one."""
        names = {layer.name for layer in self.shared}
        return tuple(layer for layer in stack.layers if layer.name not in names)

    @property
    def own_rows(self) -> int:
        """Rows above the shared ones."""
        return max((len(self.own(stack)) for stack in self.stacks), default=0)

    def at(self, place: Place) -> tuple[Stack, Layer] | None:
        """The layer there."""
        if place.row >= self.own_rows:
            shared, at = self.shared, place.row - self.own_rows
            return (self.stacks[0], shared[at]) if at < len(shared) else None
        if place.column >= len(self.stacks):
            return None
        own = self.own(self.stacks[place.column])
        return (self.stacks[place.column], own[place.row]) if place.row < len(own) else None

    def moved(self, columns: int, rows: int) -> Place:
        """The place that many further, or the last one that way."""
        rows_there = self.own_rows + len(self.shared)
        row = max(0, min(rows_there - 1, self.chosen.row + rows))
        column = max(0, min(len(self.stacks) - 1, self.chosen.column + columns))
        place = Place(column, row)
        return place if self.at(place) else self.chosen


def stack_lines(view: View, width: int, height: int) -> list[Content]:
    """Headings, then two lines a layer, with a rule between where `height` has room for it; a
    shared layer is one line."""
    columns = max(1, len(view.stacks))
    wide = (width - (columns - 1)) // columns
    if not view.stacks:
        return []
    lines = [_beside([_heading(stack, wide) for stack in view.stacks])]
    is_roomy = height >= 2 + view.own_rows * 3 + len(view.shared)
    for row in range(view.own_rows):
        if is_roomy:
            lines.append(Content.styled("─" * width, "$rule"))
        cells = [_cell(view, Place(column, row), wide) for column in range(columns)]
        lines += [_beside([cell[at] for cell in cells]) for at in range(2)]
    lines.append(Content.styled("─" * width, "$rule"))
    return lines + [_across(view, row, width) for row in range(len(view.shared))]


def _across(view: View, row: int, width: int) -> Content:
    """A shared layer."""
    layer, is_chosen = view.shared[row], view.chosen.row == view.own_rows + row
    title = f"{layer.title}, shared" if len(view.stacks) > 1 else layer.title
    told = Content.styled(f"  {_told(layer)}", _tone(layer))
    head = Content.styled(title.ljust(_TITLE_COLUMNS), "bold") + told
    return _line(view, head, _cost(view, view.stacks[0], layer), width, is_chosen=is_chosen)


def _beside(cells: Sequence[Content]) -> Content:
    return Content.styled("│", "$rule").join(cells)


def _heading(stack: Stack, width: int) -> Content:
    tone = "$vm" if stack.side is SideName.VM else "$container"
    text = Content.styled(f"  {clean(stack.key)}", f"bold {tone}").truncate(width, ellipsis=True)
    return text + " " * (width - text.cell_length)


def _cell(view: View, place: Place, width: int) -> list[Content]:
    found = view.at(place)
    if found is None:
        return [Content(" " * width)] * 2
    stack, layer = found
    is_chosen = place == view.chosen
    title = Content.styled(layer.title, "bold")
    told = Content.styled(_told(layer), _tone(layer))
    head = _line(view, title, _cost(view, stack, layer), width, is_chosen=is_chosen)
    return [head, _line(view, told, "", width, is_chosen=is_chosen, is_second=True)]


def _line(
    view: View, content: Content, cost: str, width: int, *, is_chosen: bool, is_second: bool = False
) -> Content:
    """The cursor's sign, the text, the figures on the right."""
    sign = view.glyphs.cursor if is_chosen and not is_second else " "
    room = width - _INDENT - _GAP - (len(cost) + _GAP if cost else 0)
    text = content.truncate(room, ellipsis=True)
    line = Content.styled(f"{sign} ", "$primary") + text + " " * (room - text.cell_length)
    if cost:
        line += Content.styled(f" {cost}", "$secondary")
    line += " " * _GAP
    return line.stylize("on $cursor-row") if is_chosen else line


def _told(layer: Layer) -> str:
    return clean(layer.text) or f"not known: {clean(layer.missing)}"


def _tone(layer: Layer) -> str:
    return "$quiet" if layer.text else "$faint"


def _cost(view: View, stack: Stack, layer: Layer) -> str:
    return _cost_text(cost_of(layer, stack, view.snapshot, view.costs))


def _cost_text(cost: Cost) -> str:
    told = []
    if cost.cpu_percent is not None:
        told.append(f"{percent(cost.cpu_percent)}%")
    if cost.memory_bytes is not None:
        told.append(iec(cost.memory_bytes))
    return "  ".join(told)
