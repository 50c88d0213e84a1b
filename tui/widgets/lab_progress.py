"""Where the comparison under way stands: a bar, what it does, the time left, the last output."""

from __future__ import annotations

from textual import getters
from textual.content import Content
from textual.widget import Widget

from tui.console import ConsoleApp
from tui.lab.view import Progress
from tui.text import clean
from tui.units import age
from tui.widgets.lab_text import left_text
from tui.widgets.plainly import fitted

_BAR = 24


class LabProgress(Widget):
    """Two lines; hidden while nothing is under way."""

    DEFAULT_CSS = """
    LabProgress { height: 2; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    app = getters.app(ConsoleApp)

    def __init__(self) -> None:
        super().__init__()
        self._painted = Content("")
        self._progress: Progress | None = None

    def show(self, progress: Progress | None) -> None:
        """Paint it if it would look different."""
        self._progress = progress
        self.display = progress is not None
        if progress is None:
            return
        text = fitted(_painted(progress, self.content_size.width), self.app.glyphs)
        if not text.is_same(self._painted):
            self._painted = text
            self.refresh()

    def on_resize(self) -> None:
        """Laid out by hand."""
        self.show(self._progress)

    def render(self) -> Content:
        """As last shown."""
        return self._painted


def _painted(progress: Progress, width: int) -> Content:
    cells = min(_BAR, max(8, width // 4))
    done = round(cells * progress.step / progress.steps) if progress.steps else 0
    done = max(0, min(cells, done))
    bar = Content.styled("━" * done, "$accent") + Content.styled("─" * (cells - done), "$rule")
    left = left_text(progress)
    words = [f"{progress.step}/{progress.steps}", left, age(progress.elapsed_seconds) + " so far"]
    first = bar + Content.styled("  " + "  ".join(word for word in words if word), "bold")
    last = clean(progress.lines[-1]) if progress.lines else ""
    second = Content.assemble(
        ("◆ ", "$accent"), (clean(progress.doing), "$accent"), (f"  {last}", "$faint")
    )
    return Content("\n").join(
        [first.truncate(width, ellipsis=True), second.truncate(width, ellipsis=True)]
    )
