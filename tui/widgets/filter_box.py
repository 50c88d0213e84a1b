"""One line to type in what the decks shall be narrowed down to."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterBox(Input):
    """Every letter narrows; enter keeps the filter, escape drops it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down,up,tab", "leave(True)", "keep the filter", key_display="enter"),
        Binding("escape", "leave(False)", "clear it"),
    ]

    class Left(Message):
        """Typing is over; the value says what is left of the filter."""

    def __init__(self) -> None:
        super().__init__(placeholder="name, image, group, state or port", compact=True, id="filter")
        self.cursor_blink = False

    def action_leave(self, is_kept: bool) -> None:
        """Keep or drop what was typed, then hand the keys back."""
        if not is_kept:
            self.value = ""
        self.post_message(self.Left())
