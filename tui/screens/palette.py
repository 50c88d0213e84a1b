"""What the command palette offers. Textual's own provider takes titles and help for markup."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from textual.app import SystemCommand
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.console import ConsoleApp
from tui.text import clean


class PlainCommands(Provider):
    """The app's system commands, every word of them as it is written, and the engines found."""

    _engines: Sequence[SystemCommand] = ()

    async def startup(self) -> None:
        """Look once which engines there are: files are read, and nobody is asked."""
        app = self.app
        if isinstance(app, ConsoleApp):
            found = await asyncio.to_thread(app.fleet.engines)
            self._engines = [
                SystemCommand(f"Use {offer.title}", offer.line, partial(app.use_engine, offer))
                for offer in found
                if not offer.is_current
            ]

    async def discover(self) -> Hits:
        """All of them, by title."""
        for command in sorted(self._commands(), key=lambda command: command.title):
            text = clean(command.title)
            yield DiscoveryHit(_lines(Content(text), command), command.callback, text)

    async def search(self, query: str) -> Hits:
        """Those whose title matches, with what matched made visible."""
        matcher = self.matcher(query)
        for command in self._commands():
            text = clean(command.title)
            score, places = matcher.fuzzy_search.match(query, text)
            if score:
                title = Content(text)
                for place in places:
                    title = title.stylize(matcher.match_style, place, place + 1)
                yield Hit(score, _lines(title, command), command.callback, text)

    def _commands(self) -> list[SystemCommand]:
        return [*self.app.get_system_commands(self.screen), *self._engines]


def _lines(title: Content, command: SystemCommand) -> Content:
    return Content.assemble(title, "\n", (clean(command.help), "$quiet not bold"))
