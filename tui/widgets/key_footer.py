"""The bottom line: the keys that do something to the selection now, and what."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from textual import events
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

_LAST = ("show_help", "quit")
"""Stay visible when others must go."""
UNTOLD = ("screen.copy_text", "app.help_quit")
"""Bindings of the framework that are no keys of ours."""
_GAP = 2
_KEYS = {"question_mark": "?", "slash": "/", "escape": "esc"}


@runtime_checkable
class Labels(Protocol):
    """A screen that words some of its keys by what they would do now."""

    def label_for(self, action: str) -> str | None:
        """What `action` would do now; None for the binding's own description."""


def key_text(binding: Binding) -> str:
    """A key as it is printed: `ctrl+r`, `?`, `esc`; the first where there are several."""
    key = binding.key.partition(",")[0]
    return binding.key_display or _KEYS.get(key, key)


def active_keys(screen: Screen[Any]) -> list[tuple[ActiveBinding, str]]:
    """What can be pressed on this screen now, each with its present wording, one per action."""
    found: dict[str, tuple[ActiveBinding, str]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if not active.enabled or binding.system or binding.action in UNTOLD:
            continue
        label = screen.label_for(binding.action) if isinstance(screen, Labels) else None
        known = found.get(binding.action)
        if known is None or (binding.show and not known[0].binding.show):
            found[binding.action] = (active, label or binding.description)
    return list(found.values())


class KeyFooter(Widget):
    """One line, cut to whole entries; help and quit are never cut."""

    def __init__(self, first: tuple[str, ...] = ()) -> None:
        """`first`: the actions to show first; the others follow as they are bound."""
        super().__init__()
        self._first = first
        self._spans: list[tuple[int, int, ActiveBinding]] = []

    def on_mount(self) -> None:
        """Follow the bindings of the screen it stands on."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> Content:
        """As many keys as go into the width."""
        keys = [(a, label) for a, label in active_keys(self.screen) if a.binding.show and label]
        keys.sort(key=lambda entry: self._rank(entry[0].binding.action))
        last = [entry for entry in keys if entry[0].binding.action in _LAST]
        first = [entry for entry in keys if entry[0].binding.action not in _LAST]
        spare = self.content_size.width + _GAP - sum(_width(*entry) for entry in last)
        shown = []
        told: set[str] = set()
        for entry in first:
            # Two keys may come to the same for a while: `s` and `p` both resume what is paused.
            if entry[1] in told:
                continue
            told.add(entry[1])
            if spare < _width(*entry):
                break
            spare -= _width(*entry)
            shown.append(entry)
        return self._laid_out(shown + last)

    def _rank(self, action: str) -> int:
        return self._first.index(action) if action in self._first else len(self._first)

    def _laid_out(self, keys: list[tuple[ActiveBinding, str]]) -> Content:
        self._spans = []
        parts: list[Content] = []
        x = 0
        for active, label in keys:
            end = x + _width(active, label)
            self._spans.append((x, end, active))
            x = end
            key = key_text(active.binding)
            parts.append(Content.from_markup("[bold $primary]$k[/] [$quiet]$l[/]", k=key, l=label))
        return Content(" " * _GAP).join(parts)

    async def on_click(self, event: events.Click) -> None:
        """A click does what the key does."""
        for begin, end, active in self._spans:
            if begin <= event.x < end - _GAP:
                await self.app.run_action(active.binding.action, active.node)


def _width(active: ActiveBinding, label: str) -> int:
    return len(key_text(active.binding)) + 1 + len(label) + _GAP
