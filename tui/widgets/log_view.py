"""A viewer of bounded text: follows, wraps, searches; every line is text, never markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice, pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.widgets.line_store import MOST_LINES, LineStore

_MOST_MATCHES_PER_LINE = 20
Span = tuple[int, int, str]
"""First character, character after the last, component class."""


class LogView(ScrollView, can_focus=True):
    """Lines, newest at the bottom. Only the rows on screen are ever rendered."""

    ALLOW_SELECT = True
    COMPONENT_CLASSES: ClassVar[set[str]] = {"log-view--match", "log-view--hit", "log-view--key"}
    DEFAULT_CSS = """
    LogView {
        background: $background;
        scrollbar-size: 0 1;
        &:focus { background-tint: transparent; }
        & .log-view--match { background: $warning 40%; }
        & .log-view--hit { background: $warning; color: $background; text-style: bold; }
        & .log-view--key { color: $text-primary; }
    }
    """
    is_following: var[bool] = var(False)
    """Whether the newest line is kept in sight."""
    is_wrapping: var[bool] = var(False)

    class Changed(Message):
        """Following, wrapping, matches or the number of lines changed."""

    def __init__(
        self, *, most_lines: int = MOST_LINES, paint: Callable[[str], list[Span]] | None = None
    ) -> None:
        super().__init__()
        self.store = LineStore(most_lines)
        self.pattern: re.Pattern[str] | None = None
        self.matches: list[tuple[int, int]] = []
        """(line number, first character) of each match, in reading order."""
        self.hit: int | None = None
        """Index in `matches` of the one jumped to."""
        self._paint = paint

    def append(self, lines: Iterable[str]) -> None:
        """Add newest lines in one go; what scrolls out of the bound is gone."""
        new = list(lines)
        dropped = self.store.extend(new)
        if self.pattern is not None:
            self._match_new(min(len(new), len(self.store)))
        self._resize()
        if self.is_following:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)
        elif dropped:
            self.scroll_to(
                y=max(0, self.scroll_y - dropped), animate=False, immediate=True, force=True
            )
        self.refresh()
        self.post_message(self.Changed())

    def replace(self, lines: Iterable[str]) -> None:
        """Show these lines and no others, from the top."""
        self.store = LineStore(self.store.most)
        self.matches, self.hit = [], None
        self.append(lines)

    def _resize(self) -> None:
        self.store.wrap(self.scrollable_content_region.width if self.is_wrapping else None)
        width = 0 if self.is_wrapping else self.store.widest
        self.virtual_size = Size(width, self.store.rows)

    def on_resize(self) -> None:
        """Wrap anew, keeping the top line at the top."""
        self._rewrap()

    def watch_is_wrapping(self) -> None:
        """Wrap or not, keeping the top line at the top."""
        if self.is_mounted:
            self._rewrap()
            self.post_message(self.Changed())

    def watch_is_following(self, is_following: bool) -> None:
        """Jump to the newest line when following begins."""
        if self.is_mounted and is_following:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)
        self.post_message(self.Changed())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Going up stops following, so that the text stays where it is being read."""
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and new_value < self.max_scroll_y:
            self.is_following = False

    def _rewrap(self) -> None:
        top = self.store.at(self.scroll_offset.y)[0] if self._has_row(self.scroll_offset.y) else 0
        was_following = self.is_following
        self._resize()
        if was_following:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)
        elif len(self.store):
            self.scroll_to(y=self.store.row_of(top), animate=False, immediate=True, force=True)
        self.is_following = was_following
        self.refresh()

    def _has_row(self, row: int) -> bool:
        return 0 <= row < self.store.rows

    def search(self, text: str) -> None:
        """Mark `text` everywhere (capitals count only if it has any); "" ends the search."""
        flags = re.NOFLAG if text != text.lower() else re.IGNORECASE
        self.pattern = re.compile(re.escape(text), flags) if text else None
        self.matches, self.hit = [], None
        if self.pattern is not None:
            self._match_new(len(self.store))
        self.refresh()
        self.post_message(self.Changed())

    def _match_new(self, count: int) -> None:
        assert self.pattern is not None
        fallen = sum(1 for number, _ in self.matches if number < self.store.first)
        if fallen:
            del self.matches[:fallen]
            self.hit = None if self.hit is None or self.hit < fallen else self.hit - fallen
        for index in range(len(self.store) - count, len(self.store)):
            line = self.store.lines[index]
            number = self.store.first + index
            found = islice(self.pattern.finditer(line), _MOST_MATCHES_PER_LINE)
            self.matches.extend((number, match.start()) for match in found)

    def jump(self, step: int) -> None:
        """To the next (1) or previous (-1) match, round the ends; stops following."""
        if not self.matches:
            return
        self.is_following = False
        if self.hit is None:
            self.hit = self._first_hit(step)
        else:
            self.hit = (self.hit + step) % len(self.matches)
        number, character = self.matches[self.hit]
        row = self.store.row_of(number - self.store.first, character)
        height = self.scrollable_content_region.height
        if not self.scroll_y <= row < self.scroll_y + height:
            self.scroll_to(y=max(0, row - height // 2), animate=False, immediate=True, force=True)
        if not self.is_wrapping:
            self._show_column(character)
        self.refresh()
        self.post_message(self.Changed())

    def _first_hit(self, step: int) -> int:
        """The match nearest to what is on screen, in the direction asked."""
        row = self.scroll_offset.y if step > 0 else self.scroll_offset.y + self.size.height - 1
        row = min(row, self.store.rows - 1)
        here = self.store.first + self.store.at(row)[0]
        if step > 0:
            return next((i for i, (n, _) in enumerate(self.matches) if n >= here), 0)
        last = len(self.matches) - 1
        return next((i for i in range(last, -1, -1) if self.matches[i][0] <= here), last)

    def _show_column(self, character: int) -> None:
        width = self.scrollable_content_region.width
        if not self.scroll_x <= character < self.scroll_x + width - 1:
            self.scroll_to(
                x=max(0, character - width // 2), animate=False, immediate=True, force=True
            )

    def visible_text(self) -> str:
        """The lines on screen, whole."""
        top = self.scroll_offset.y
        rows = range(top, min(self.store.rows, top + self.scrollable_content_region.height))
        indices = dict.fromkeys(self.store.at(row)[0] for row in rows)
        return "\n".join(self.store.lines[index] for index in indices)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text selected with the mouse, row by row as it is shown."""
        rows = (self.store.at(row) for row in range(self.store.rows))
        text = "\n".join(self.store.lines[i][start:end] for i, start, end in rows)
        return selection.extract(text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the selection."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        scroll_x, scroll_y = self.scroll_offset
        width = self.size.width
        style = self.rich_style
        row = scroll_y + y
        if not self._has_row(row):
            return Strip.blank(width, style)
        index, start, end = self.store.at(row)
        text = self.store.lines[index][start:end]
        segments = self._segments(text, self._spans(index, start, end, row), style)
        strip = Strip(segments).crop_extend(scroll_x, scroll_x + width, style)
        return strip.apply_offsets(scroll_x, row)

    def _spans(self, index: int, start: int, end: int, row: int) -> list[tuple[int, int, Style]]:
        """Painted stretches of a row, later ones on top, counted from the row's beginning."""
        line = self.store.lines[index]
        named = self._paint(line) if self._paint else []
        if self.pattern is not None:
            hit = self.matches[self.hit] if self.hit is not None else None
            for match in self.pattern.finditer(line):
                is_hit = hit == (self.store.first + index, match.start())
                named.append((*match.span(), "log-view--hit" if is_hit else "log-view--match"))
        spans = [
            (max(first, start) - start, min(last, end) - start, self.get_component_rich_style(name))
            for first, last, name in named
            if first < end and last > start
        ]
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(row)) is not None:
            chosen = self.screen.get_component_rich_style("screen--selection")
            spans.append((span[0], end - start if span[1] == -1 else span[1], chosen))
        return spans

    def _segments(
        self, text: str, spans: list[tuple[int, int, Style]], style: Style
    ) -> list[Segment]:
        edges = sorted({0, len(text), *(edge for a, b, _ in spans for edge in (a, b))})
        edges = [edge for edge in edges if 0 <= edge <= len(text)]
        segments: list[Segment] = []
        for first, last in pairwise(edges):
            covering = (s for a, b, s in spans if a <= first and last <= b)
            segments.append(Segment(text[first:last], Style.combine([style, *covering])))
        return segments


def painter(pattern: str, name: str) -> Callable[[str], list[Span]]:
    """Paints what the first group of `pattern` matches with a component class."""
    return partial(_painted, re.compile(pattern), name)


def _painted(pattern: re.Pattern[str], name: str, line: str) -> list[Span]:
    return [(*match.span(1), name) for match in pattern.finditer(line)]
