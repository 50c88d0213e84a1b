"""The console: puts the decks on screen and ties the keys that work everywhere."""

from __future__ import annotations

from textual.binding import Binding

from tui.console import ConsoleApp
from tui.screens.decks import DecksScreen


class TwindeckApp(ConsoleApp):
    """Two decks on one console. Starts the fleet it is given; whoever made the fleet stops it."""

    TITLE = "Twindeck"
    CSS_PATH = "app.tcss"
    BINDINGS = [
        Binding("ctrl+c,ctrl+q", "quit", "Quit", priority=True, show=False),
        Binding("q", "quit", "Quit"),
    ]

    def get_default_screen(self) -> DecksScreen:
        """The decks are home."""
        return DecksScreen()
