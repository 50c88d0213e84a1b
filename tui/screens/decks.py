"""The main screen: both decks, the host above, the keys below."""

from __future__ import annotations

from textual import getters
from textual.screen import Screen

from tui.console import ConsoleApp


class DecksScreen(Screen[None]):
    """VMs on the left, containers on the right."""

    app = getters.app(ConsoleApp)
