"""A deck's title line: what has no room gives way as a whole, in an order of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Part:
    """One statement of the title."""

    text: Content
    gives_way: int = 0
    """Left out when there is no room, the highest number first; 0 stays."""
    may_be_cut: bool = False
    """A user's own text of any length: cut when nothing is left to leave out."""


class DeckTitle(Widget):
    """Shows as many parts as its width holds."""

    def __init__(self) -> None:
        super().__init__(classes="deck-title")
        self._parts: tuple[Part, ...] = ()

    def show(self, parts: Sequence[Part]) -> None:
        """Show these from now on."""
        if tuple(parts) != self._parts:
            self._parts = tuple(parts)
            self.refresh()

    def render(self) -> Content:
        """The parts that fit, in their order."""
        return fitted(self._parts, self.content_size.width)


def fitted(parts: Sequence[Part], width: int) -> Content:
    """The parts joined within `width` cells, as far as parts that give way can make it so."""
    kept = list(parts)
    for part in sorted((p for p in parts if p.gives_way), key=lambda p: -p.gives_way):
        if _width(kept) <= width:
            break
        kept.remove(part)
    excess = _width(kept) - width
    texts = [
        part.text.truncate(max(2, part.text.cell_length - excess), ellipsis=True)
        if part.may_be_cut and excess > 0
        else part.text
        for part in kept
    ]
    return Content(_GAP).join(texts)


def _width(parts: Sequence[Part]) -> int:
    return sum(part.text.cell_length for part in parts) + len(_GAP) * max(0, len(parts) - 1)
