"""What the tools of a comparison print, live while it is under way."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from tui.lab.view import Progress
from tui.screens.text_screen import GrowingScreen, named


class LabOutputScreen(GrowingScreen):
    """The newest lines; follows the run of this session."""

    kind: ClassVar[str] = "comparison"

    def on_mount(self) -> None:
        """Show what there is; more comes with the progress."""
        super().on_mount()
        self.watch(self.app, "progress", self._follow)

    def _follow(self, progress: Progress | None) -> None:
        self.show_lines(progress.lines if progress is not None else ())

    def title_text(self) -> Content:
        """Run and what it does."""
        now = self.app.progress
        return named(self.key, now.doing if now is not None else "no output")
