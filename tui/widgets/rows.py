"""Lines of text of which only those that differ are painted again."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget


class Rows(Widget):
    """Shows the rows it was given last; a row keeps its strip for as long as it stays."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Content] = []
        self._strips: dict[int, Strip] = {}

    def lay(self, rows: Sequence[Content]) -> None:
        """Show these from the top; what lies below them is blank."""
        before, self._rows = self._rows, list(rows)
        if len(before) != len(self._rows):
            self._repaint_all()
            return
        pairs = enumerate(zip(before, self._rows, strict=True))
        changed = [y for y, (old, new) in pairs if not old.is_same(new)]
        for y in changed:
            self._strips.pop(y, None)
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def notify_style_update(self) -> None:
        """Another theme, other colours."""
        self._strips.clear()
        super().notify_style_update()

    def _on_resize(self) -> None:
        self._repaint_all()

    def _repaint_all(self) -> None:
        self._strips.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row in the widget's style."""
        if y not in self._strips:
            row = self._rows[y] if y < len(self._rows) else Content("")
            width = self.content_size.width
            strips = Visual.to_strips(self, row, width, 1, self.visual_style)
            self._strips[y] = strips[0] if strips else Strip.blank(width)
        return self._strips[y]
