"""Bounded lines of text and the rows they wrap to; no widget, and quick with very long lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

MOST_LINES = 5_000

# Characters that may be no column or two columns wide. Which of them a line holds is one pass in C;
# measuring each character of a megabyte in Python would freeze the keys.
_UNEVEN = re.compile(
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    r"\u0e31-\u0e3a\u0e47-\u0e4e\u1100-\u115f\u200b-\u200f\u20d0-\u20ff\u2329\u232a\u231a\u231b"
    r"\u23e9-\u23f3\u25fd\u25fe\u2614-\u27bf\u2b1b-\u2b55\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3"
    r"\uf900-\ufaff\ufe00-\ufe6f\uff00-\uff60\uffe0-\uffe6\U0001f000-\U0003ffff]"
)


class LineStore:
    """The newest lines, addressed by a number that stays the same while older ones fall out."""

    def __init__(self, most: int = MOST_LINES) -> None:
        self.most = most
        self.lines: list[str] = []
        self.first = 0
        """Number of `lines[0]`: how many have fallen out."""
        self.widest = 0
        """Columns of the widest line there was, at most twice its characters."""
        self._wrap: int | None = None
        self._ends: list[int] = []
        """Row after the last of each line, counted from `_base`; empty while not wrapping."""
        self._base = 0

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def rows(self) -> int:
        """Rows of all lines together."""
        if self._wrap is None:
            return len(self.lines)
        return self._ends[-1] - self._base if self._ends else 0

    def extend(self, lines: Iterable[str]) -> int:
        """Add newest lines; returns how many rows fell out at the top."""
        new = list(lines)[-self.most :]
        self.lines.extend(new)
        self.widest = max(self.widest, max((columns_of(line) for line in new), default=0))
        if self._wrap is not None:
            self._append_rows(new)
        excess = len(self.lines) - self.most
        return self._drop(excess) if excess > 0 else 0

    def wrap(self, columns: int | None) -> None:
        """Wrap at so many columns, or not at all."""
        if columns == self._wrap:
            return
        self._wrap = max(2, columns) if columns is not None else None
        self._ends, self._base = [], 0
        if self._wrap is not None:
            self._append_rows(self.lines)

    def at(self, row: int) -> tuple[int, int, int]:
        """(index in `lines`, first character, character after the last) of a row that exists."""
        if self._wrap is None:
            return row, 0, len(self.lines[row])
        index = bisect_right(self._ends, row + self._base)
        line = self.lines[index]
        per_row = _characters_per_row(line, self._wrap)
        start = (row + self._base - (self._ends[index - 1] if index else self._base)) * per_row
        return index, start, min(len(line), start + per_row)

    def row_of(self, index: int, character: int = 0) -> int:
        """The row that shows that character of that line."""
        if self._wrap is None:
            return index
        first = (self._ends[index - 1] if index else self._base) - self._base
        return first + character // _characters_per_row(self.lines[index], self._wrap)

    def _append_rows(self, lines: list[str]) -> None:
        columns = self._wrap or 2
        end = self._ends[-1] if self._ends else self._base
        for line in lines:
            end += max(1, -(-len(line) // _characters_per_row(line, columns)))
            self._ends.append(end)

    def _drop(self, count: int) -> int:
        del self.lines[:count]
        self.first += count
        if self._wrap is None:
            return count
        dropped = self._ends[count - 1] - self._base
        self._base = self._ends[count - 1]
        del self._ends[:count]
        return dropped


def columns_of(line: str) -> int:
    """Columns a line may take, never too few."""
    return len(line) * (1 if line.isascii() or not _UNEVEN.search(line) else 2)


def _characters_per_row(line: str, columns: int) -> int:
    """A line with wide characters is cut at half the columns, so that it fits whatever it holds."""
    return columns if line.isascii() or not _UNEVEN.search(line) else columns // 2
