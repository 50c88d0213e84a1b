"""Two small questions: one of several, and a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.errors import UsageError
from tui.text import clean


class ChoiceDialog(ModalScreen[int | None]):
    """One of several, each a name and a remark; gives its number."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x", "dismiss(None)", "cancel", show=False),
        Binding("j", "move(1)", "down", show=False),
        Binding("k", "move(-1)", "up", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple((clean(name), clean(remark)) for name, remark in choices)

    def compose(self) -> ComposeResult:
        """The title, then a line for each."""
        wide = max((len(name) for name, _ in self._choices), default=0)
        lines = [
            Content.from_markup("[bold]$n[/]  [$quiet]$r[/]", n=name.ljust(wide), r=remark)
            for name, remark in self._choices
        ]
        with Vertical(classes="dialog"):
            yield Static(Content.from_markup("[bold]$t[/]\n", t=clean(self._title)))
            yield OptionList(*(Option(line) for line in lines), compact=True)
            yield Static("enter choose   esc cancel", classes="dialog-hint")

    def on_mount(self) -> None:
        """Begin at the first."""
        options = self.query_one(OptionList)
        options.highlighted = 0 if self._choices else None
        options.focus()

    def action_move(self, by: int) -> None:
        """To the next or the one before."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Hand its number back."""
        self.dismiss(event.option_index)


class NameDialog(ModalScreen[str | None]):
    """A name that `check` lets through; what it says of another is shown below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", show=False),
    ]

    def __init__(self, title: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self._title = title
        self._check = check

    def compose(self) -> ComposeResult:
        """The title, the name, and room for what is wrong with it."""
        with Vertical(classes="dialog"):
            yield Static(Content.from_markup("[bold]$t[/]\n", t=clean(self._title)))
            yield Input(placeholder="name", compact=True)
            yield Static("", id="name-wrong", classes="dialog-wrong")
            yield Static("enter save   esc cancel", classes="dialog-hint")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        """Hand the name back, or say why it cannot be one."""
        try:
            self.dismiss(self._check(event.value))
        except UsageError as error:
            self.query_one("#name-wrong", Static).update(Content(clean(error.line)))
