"""A list of single lines with a cursor; a line is painted again only when it reads otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, getters
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget

from tui.console import ConsoleApp
from tui.widgets.plainly import fitted


class ListLine(Widget):
    """One line; its first cell is the cursor's."""

    app = getters.app(ConsoleApp)

    def __init__(self, key: str, text: Content) -> None:
        super().__init__()
        self.key = key
        self._text = text

    def show(self, text: Content) -> None:
        """Read otherwise, or do nothing."""
        if not text.is_same(self._text):
            self._text = text
            self.refresh()

    def render(self) -> Content:
        """Cursor and text."""
        glyphs = self.app.glyphs
        sign = glyphs.cursor if self.has_class("-cursor") else " "
        return Content.styled(sign, "$primary") + fitted(self._text, glyphs)

    def on_click(self, event: events.Click) -> None:
        """A click chooses, a second one opens."""
        lines = self.parent
        if isinstance(lines, LineList):
            lines.cursor = self.key
            if event.chain == 2:
                lines.action_open()


class LineList(VerticalScroll, can_focus=True):
    """Lines by key. Keeps the cursor on its key while lines come and go."""

    DEFAULT_CSS = """
    LineList { height: auto; scrollbar-size-vertical: 1; overflow-x: hidden; }
    LineList > ListLine {
        width: 1fr; height: 1; text-wrap: nowrap; text-overflow: clip;
        &.-cursor { background: $cursor-row-away; }
    }
    LineList:focus > ListLine.-cursor { background: $cursor-row; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("g,home", "end(-1)", "First", show=False),
        Binding("G,end", "end(1)", "Last", show=False),
        Binding("enter", "open", "open", tooltip="Open the line under the cursor"),
    ]
    cursor: var[str | None] = var(None)
    """Key of the line under the cursor; None in an empty list."""

    @dataclass
    class Moved(Message):
        """The cursor went to another line."""

        key: str | None

    @dataclass
    class Opened(Message):
        """A line was chosen."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (named by Textual)
        super().__init__(id=id)
        self._keys: list[str] = []

    def show(self, entries: Sequence[tuple[str, Content]]) -> None:
        """These lines, in this order."""
        keys = [key for key, _ in entries]
        if keys == self._keys:
            for line, (_, text) in zip(self.query(ListLine), entries, strict=True):
                line.show(text)
            return
        index = self._index()
        self._keys = keys
        self.remove_children()
        self.mount_all([ListLine(key, text) for key, text in entries])
        if self.cursor in keys:
            self._mark()
        else:
            self.cursor = keys[min(index, len(keys) - 1)] if keys else None

    def watch_cursor(self, before: str | None, key: str | None) -> None:
        """Two lines look different now."""
        self._mark()
        if before != key:
            self.post_message(self.Moved(key))

    def _mark(self) -> None:
        # Lines of an earlier list may still be on their way out.
        for line in self.query(ListLine):
            if line.has_class("-cursor") != (line.key == self.cursor):
                line.toggle_class("-cursor")
                line.refresh()
            if line.key == self.cursor:
                line.scroll_visible(animate=False)

    def _index(self) -> int:
        return self._keys.index(self.cursor) if self.cursor in self._keys else 0

    def action_move(self, by: int) -> None:
        """Some lines up or down."""
        if self._keys:
            self.cursor = self._keys[max(0, min(len(self._keys) - 1, self._index() + by))]

    def action_page(self, by: int) -> None:
        """A page up or down."""
        self.action_move(by * max(1, self.size.height - 1))

    def action_end(self, by: int) -> None:
        """The first or the last line."""
        self.action_move(by * len(self._keys))

    def action_open(self) -> None:
        """Choose the line under the cursor."""
        if self.cursor is not None:
            self.post_message(self.Opened(self.cursor))
