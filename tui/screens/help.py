"""The keys that do something now, made from the bindings themselves so that it cannot lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from tui.widgets.key_footer import UNTOLD, Labels, key_text

_SECTIONS = ("On the selection", "Here", "Move", "Everywhere")


def help_entries(screen: Screen[Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(section, [(keys, what they do)]) for what is active on the screen, nearest first."""
    sections: dict[str, dict[str, tuple[list[str], str]]] = {name: {} for name in _SECTIONS}
    told_first = sorted(screen.active_bindings.values(), key=lambda active: not active.binding.show)
    for active in told_first:
        binding = active.binding
        if not active.enabled or not binding.description or binding.action in UNTOLD:
            continue
        label = screen.label_for(binding.action) if isinstance(screen, Labels) else None
        told = binding.tooltip or binding.description
        if label and label != told:
            told = f"{label.capitalize()} ({told[:1].lower()}{told[1:]})"
        section = sections.setdefault(_section(active.node, screen), {})
        section.setdefault(binding.action, ([], told))[0].append(key_text(binding))
    return [
        (name, [(" ".join(dict.fromkeys(keys)), told) for keys, told in entries.values()])
        for name, entries in sections.items()
        if entries
    ]


def _section(node: object, screen: Screen[Any]) -> str:
    if node is screen:
        return "On the selection" if isinstance(screen, Labels) else "Here"
    return "Move" if isinstance(node, Widget) else "Everywhere"


class HelpScreen(ModalScreen[None]):
    """Lists the keys active on the screen it was called from."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1", "dismiss", "close", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, sections: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        """One line a key, under its section."""
        lines: list[Content] = []
        wide = max((len(k) for _, entries in self._sections for k, _ in entries), default=0)
        for section, entries in self._sections:
            lines.append(Content.from_markup("[bold]$s[/]", s=section))
            for keys, told in entries:
                lines.append(
                    Content.from_markup(
                        "  [bold $primary]$k[/]  [$quiet]$t[/]", k=keys.ljust(wide), t=told
                    )
                )
            lines.append(Content(""))
        with Vertical(classes="dialog help"):
            yield Static(Content.from_markup("[bold]Keys that work here now[/]\n"))
            with VerticalScroll():
                yield Static(Content("\n").join(lines[:-1]))
            yield Static("esc close", classes="dialog-hint")

    def action_scroll(self, by: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
