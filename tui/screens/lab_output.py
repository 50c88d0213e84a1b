"""What the tools of a comparison print, live while it is under way."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content

from tui.lab.view import Progress
from tui.screens.text_screen import TextScreen, named


class LabOutputScreen(TextScreen):
    """The newest lines; follows the run of this session."""

    kind: ClassVar[str] = "comparison"

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id)
        self._shown: tuple[str, ...] = ()

    def on_mount(self) -> None:
        """Show what there is; more comes with the progress."""
        super().on_mount()
        self.view.is_following = True
        self.watch(self.app, "progress", self._follow)

    def _follow(self, progress: Progress | None) -> None:
        lines = progress.lines if progress is not None else ()
        if lines != self._shown:
            was_following = self.view.is_following
            if self._shown and lines[: len(self._shown)] == self._shown:
                self.view.append(lines[len(self._shown) :])
            else:
                self.view.replace(lines)
                self.view.is_following = was_following
            self._shown = lines
        self.show_title()

    def title_text(self) -> Content:
        """Run and what it does."""
        now = self.app.progress
        return named(self.key, now.doing if now is not None else "no output")
