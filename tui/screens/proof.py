"""All that a layer's command prints, to scroll and search."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

from textual import work
from textual.content import Content

from tui.core.architecture import Proof
from tui.core.daemon_pool import DaemonPool
from tui.errors import TwindeckError
from tui.screens.text_screen import TextScreen, named


class ProofScreen(TextScreen):
    """Asked once when it is opened."""

    can_follow = False
    kind: ClassVar[str] = "proof"

    def __init__(self, key: str, proof: Proof) -> None:
        super().__init__(key)
        self._proof = proof
        self._error = ""
        self._pool = DaemonPool(1, "proof")

    def on_mount(self) -> None:
        """Run the command."""
        super().on_mount()
        self._load()

    def on_unmount(self) -> None:
        """Whoever leaves does not wait."""
        self._pool.close()

    @work(exclusive=True)
    async def _load(self) -> None:
        ask = partial(self.app.fleet.prove, self._proof)
        try:
            lines = (await asyncio.wrap_future(self._pool.submit(ask))).splitlines()
        except TwindeckError as error:
            lines, self._error = [], error.line
        self.view.replace(lines)
        self.show_reason(self._error)
        self.show_title()

    def title_text(self) -> Content:
        """Whose, and the command."""
        return named(self.key, f"$ {self._proof.shown}")
