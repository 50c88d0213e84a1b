"""One deck: the list of a side's instances. Paints only the lines that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, getters
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.console import ConsoleApp
from tui.glyphs import UNICODE
from tui.model import Instance, SideName
from tui.snapshot import Snapshot
from tui.widgets.cells import Moment
from tui.widgets.columns import GAP, GUTTER, Column, Fitted, aligned, columns_of, fit
from tui.widgets.lines import Line, Slot, line_of, slots_of
from tui.widgets.ordering import Order, arranged, matches

_TONES = (
    *("plain", "name", "figure", "hot", "quiet", "dim", "trend"),
    *("good", "warn", "bad", "work", "group", "mark"),
)


class Deck(ScrollView, can_focus=True, inherit_bindings=False):
    """The instances of one side. The cursor stays with its instance whatever moves around it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"deck--{tone}" for tone in _TONES} | {
        "deck--cursor",
        "deck--cursor-away",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("g,home", "end(-1)", "First", show=False),
        Binding("G,end", "end(1)", "Last", show=False),
        Binding("enter", "open", "Details", show=False, tooltip="Charts, boots and every figure"),
    ]

    app = getters.app(ConsoleApp)
    cursor: var[str | None] = var(None)
    """Key of the line under the cursor: an instance's or a group heading's."""

    @dataclass
    class Moved(Message):
        """The cursor stands on another line, or on none."""

        deck: Deck
        key: str | None

        @property
        def control(self) -> Deck:
            """The deck it happened on."""
            return self.deck

    @dataclass
    class Opened(Message):
        """The instance under the cursor was opened by enter or a double click."""

        deck: Deck
        key: str

    @dataclass
    class Rearranged(Message):
        """Columns, order or the number of rows changed: headings must follow."""

        deck: Deck

    def __init__(self, side: SideName, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.side = side
        self.order = Order()
        self.needle = ""
        self.marks: frozenset[str] = frozenset()
        self.columns: tuple[Fitted, ...] = ()
        self.total = 0
        """How many instances the side has, those the filter hides included."""
        self._moment = Moment(Snapshot(), 0.0, 0, UNICODE)
        self._instances: list[Instance] = []
        self._slots: list[Slot] = []
        self._painted: dict[int, Line] = {}
        """The lines in view, by number, as they are on the screen; the others cost nothing."""
        self._has_owner = False
        self._inks: dict[tuple[str, Style], Style] = {}

    @property
    def shown(self) -> tuple[Instance, ...]:
        """The instances in view of the filter, in order."""
        return tuple(self._instances)

    @property
    def selected(self) -> Instance | None:
        """The instance under the cursor."""
        return next((i for i in self._instances if i.key == self.cursor), None)

    @property
    def group(self) -> tuple[Instance, ...]:
        """The members that are shown, with the cursor on their group's heading; () elsewhere."""
        if self.cursor is None or not self.cursor.startswith("group:"):
            return ()
        slots = (slot for slot in self._slots if slot.key == self.cursor)
        return next((slot.members for slot in slots), ())

    @property
    def in_view(self) -> frozenset[str]:
        """Keys of the rows that are on the screen."""
        top = self.scroll_offset.y
        shown = self._slots[top : top + self.size.height]
        return frozenset(slot.key for slot in shown if not slot.is_heading)

    @property
    def marked(self) -> tuple[Instance, ...]:
        """The marked instances that are shown, in order."""
        # Every key that is offered asks for them: most of the time there are none.
        return tuple(i for i in self._instances if i.key in self.marks) if self.marks else ()

    def show(self, moment: Moment) -> None:
        """Take over a newer moment; repaint what differs."""
        self._moment = moment
        instances = moment.snapshot.on_side(self.side)
        self.total = len(instances)
        existing = {i.key for i in instances}
        self.marks &= existing
        if (has_owner := any(i.owner is not None for i in instances)) is not self._has_owner:
            self._has_owner = has_owner
            self._fit()
        self._arrange(instances)

    def filter(self, needle: str) -> None:
        """Show only what matches."""
        self.needle = needle
        self._arrange(self._moment.snapshot.on_side(self.side))

    def sort(self, order: Order) -> None:
        """Show in this order."""
        self.order = order
        self._arrange(self._moment.snapshot.on_side(self.side))
        self.post_message(self.Rearranged(self))

    def sort_by_next(self) -> Order:
        """Order by the next column that is shown; with none shown, stay."""
        sortable = [f.spec.column for f in self.columns if f.spec.is_sortable]
        if not sortable:
            return self.order
        now = sortable.index(self.order.column) if self.order.column in sortable else -1
        self.sort(Order(sortable[(now + 1) % len(sortable)]))
        return self.order

    def sort_by(self, column: Column) -> None:
        """Order by a column; once more turns the order round."""
        if column is self.order.column:
            self.sort(replace(self.order, is_reversed=not self.order.is_reversed))
        else:
            self.sort(Order(column))

    def toggle_mark(self) -> None:
        """Mark or unmark the instance under the cursor, and go on to the next; on a heading, all
        of the group."""
        if group := frozenset(i.key for i in self.group):
            self.marks = self.marks - group if group <= self.marks else self.marks | group
            self.refresh()
        elif self.cursor is not None:
            self.marks ^= {self.cursor}
            self._repaint(self.cursor)
            self.action_move(1)

    def clear_marks(self) -> None:
        """Unmark all."""
        self.marks = frozenset()
        self.refresh()

    def _arrange(self, instances: Sequence[Instance]) -> None:
        before = [i.key for i in self._instances]
        at = before.index(self.cursor) if self.cursor in before else 0
        wanted = [i for i in instances if matches(i, self.needle)]
        self._instances = arranged(wanted, self.order, self._moment.snapshot)
        keys = [i.key for i in self._instances]
        self._rebuild()
        if self.cursor not in {slot.key for slot in self._slots}:
            # Never to a heading by itself: what is pressed next would go to all below it.
            self.cursor = keys[min(at, len(keys) - 1)] if keys else None
        if len(before) != len(keys):
            self.post_message(self.Rearranged(self))

    def _rebuild(self) -> None:
        """Make the lines in view anew and repaint those that differ."""
        count = len(self._slots)
        self._slots = slots_of(self._instances, self.order)
        if len(self._slots) != count:
            self.virtual_size = Size(self.size.width, len(self._slots))
            self._repaint_all()
            return
        before, self._painted = self._painted, {}
        top = self.scroll_offset.y
        for y in range(top, min(count, top + self.size.height)):
            self._repaint_changes(y, before.get(y), self._line(y))

    def _line(self, y: int) -> Line:
        """The line of that number; made once a moment."""
        if y not in self._painted:
            self._painted[y] = line_of(self._slots[y], self.columns, self._moment)
        return self._painted[y]

    def _repaint_changes(self, y: int, before: Line | None, now: Line) -> None:
        """Only the cells that differ: over a thin line each byte counts."""
        if before == now:
            return
        if before is None or before.key != now.key or now.is_heading:
            self.refresh_line(y)
            return
        at = y - self.scroll_offset.y
        cells = zip(self.columns, before.cells, now.cells, strict=True)
        changed = [fitted for fitted, old, new in cells if old != new]
        self.refresh(*(Region(f.x, at, f.width, 1) for f in changed))

    def _repaint_all(self) -> None:
        self._painted.clear()
        self.refresh()

    def on_resize(self) -> None:
        """Fit the columns into the new width."""
        self._fit()

    def _fit(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        columns = fit(
            columns_of(self.side, has_trend=not self.app.is_thin, has_owner=self._has_owner), width
        )
        self.virtual_size = Size(width, len(self._slots))
        if columns != self.columns:
            self.columns = columns
            self._repaint_all()
            self.post_message(self.Rearranged(self))

    def _line_at(self, key: str | None) -> int:
        return next((y for y, slot in enumerate(self._slots) if slot.key == key), -1)

    def _repaint(self, key: str | None) -> None:
        if (y := self._line_at(key)) >= 0:
            self.refresh_line(y)

    def watch_cursor(self, before: str | None, now: str | None) -> None:
        """Repaint two lines and keep the new one, with its group's heading, in view."""
        self._repaint(before)
        self._repaint(now)
        self._scroll_to_cursor()
        self.post_message(self.Moved(self, now))

    def _scroll_to_cursor(self) -> None:
        y = self._line_at(self.cursor)
        if y < 0:
            return
        top = y - 1 if y and self._slots[y - 1].is_heading else y
        height = max(1, self.scrollable_content_region.height)
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)
        elif y >= self.scroll_offset.y + height:
            self.scroll_to(y=y - height + 1, animate=False)

    def action_move(self, by: int) -> None:
        """Move the cursor by lines, stopping at the ends."""
        keys = [slot.key for slot in self._slots]
        if keys:
            at = keys.index(self.cursor) if self.cursor in keys else 0
            self.cursor = keys[min(len(keys) - 1, max(0, at + by))]

    def action_page(self, pages: int) -> None:
        """Move by what is in view."""
        self.action_move(pages * max(1, self.scrollable_content_region.height - 1))

    def action_end(self, direction: int) -> None:
        """Move to the first or the last row."""
        self.action_move(direction * len(self._slots))

    def action_open(self) -> None:
        """Open the instance under the cursor."""
        if self.selected is not None:
            self.post_message(self.Opened(self, self.selected.key))

    def on_click(self, event: events.Click) -> None:
        """A click selects, a second one opens."""
        y = event.y + self.scroll_offset.y
        if 0 <= y < len(self._slots):
            self.cursor = self._slots[y].key
            if event.chain == 2:
                self.action_open()

    def on_focus(self) -> None:
        """The cursor shows where the keys go."""
        self._repaint(self.cursor)

    def on_blur(self) -> None:
        """The cursor shows where the keys went."""
        self._repaint(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Paint one line of the view."""
        at = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        base = self.rich_style
        if at >= len(self._slots):
            return Strip.blank(width, base)
        line = self._line(at)
        paint = self._group_segments if line.is_heading else self._row_segments
        segments = paint(line, base)
        # A segment a cell, also where two look alike: a changed one is painted without the other.
        return Strip(segments).adjust_cell_length(width, self._ground(line, base))

    def _ground(self, line: Line, base: Style) -> Style:
        if line.key != self.cursor:
            return base
        name = "deck--cursor" if self.has_focus else "deck--cursor-away"
        return base + self._background(name)

    def _background(self, name: str) -> Style:
        return Style(bgcolor=self.get_component_rich_style(name, partial=True).bgcolor)

    def notify_style_update(self) -> None:
        """Another theme, other colours."""
        self._inks.clear()
        super().notify_style_update()

    def _ink(self, tone: str, ground: Style) -> Style:
        """Textual forgets its component styles with every refresh; these stay."""
        if (tone, ground) not in self._inks:
            style = self.get_component_rich_style(f"deck--{tone}", partial=True)
            self._inks[tone, ground] = ground + style
        return self._inks[tone, ground]

    def _group_segments(self, line: Line, base: Style) -> list[Segment]:
        name, count = line.cells
        ground = self._ground(line, base)
        return [
            self._cursor_segment(line, ground),
            Segment(" " * (GUTTER - 1) + name.text + "  ", self._ink(name.tone, ground)),
            Segment(count.text, self._ink(count.tone, ground)),
        ]

    def _cursor_segment(self, line: Line, ground: Style) -> Segment:
        glyphs = self._moment.glyphs
        sign = " "
        if line.key == self.cursor:
            sign = glyphs.cursor if self.has_focus else glyphs.cursor_away
        return Segment(sign, self._ink("mark" if self.has_focus else "dim", ground))

    def _row_segments(self, line: Line, base: Style) -> list[Segment]:
        glyphs = self._moment.glyphs
        ground = self._ground(line, base)
        mark = glyphs.mark if line.key in self.marks else " "
        segments = [
            self._cursor_segment(line, ground),
            Segment(mark, self._ink("mark", ground)),
        ]
        for index, (fitted, cell) in enumerate(zip(self.columns, line.cells, strict=True)):
            text = aligned(cell.text, fitted)
            segments.append(Segment(text, self._ink(cell.tone, ground)))
            if index < len(self.columns) - 1:
                segments.append(Segment(" " * GAP, ground))
        return segments
