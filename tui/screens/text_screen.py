"""What every screen of text does: scroll, search, wrap, copy, save."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from tui.console import ConsoleApp
from tui.core.guard import changing
from tui.text import clean
from tui.widgets.key_footer import KeyFooter
from tui.widgets.log_view import LogView
from tui.widgets.plainly import fitted


class TextScreen(Screen[None]):
    """A title with the state of the view on its right, the text, the keys."""

    app = getters.app(ConsoleApp)
    DEFAULT_CSS = """
    TextScreen {
        & .text-title { height: 1; background: $panel; padding: 0 1; }
        & .text-reason { height: auto; max-height: 50%; padding: 0 1; color: $error; }
        & .text-reason { display: none; }
        & .text-reason.-told { display: block; }
        & .text-search { height: 1; border: none; padding: 0 1; display: none; }
        & .text-search.-open { display: block; }
        & KeyFooter { height: 1; dock: bottom; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", tooltip="End the search, or go back"),
        Binding("slash", "search", "search", tooltip="Search; capitals count if you type any"),
        Binding("n", "jump(1)", "next", tooltip="Next match"),
        Binding("N", "jump(-1)", "previous", tooltip="Previous match"),
        Binding("f", "follow", "follow", tooltip="Keep the newest line in sight, or not"),
        Binding("w", "wrap", "wrap", tooltip="Wrap long lines, or not"),
        Binding("y", "copy", "copy", tooltip="Copy the selected text, else the lines on screen"),
        Binding("ctrl+s", "save", "save", tooltip="Save all lines to a file in the home directory"),
        Binding("j", "line(1)", "down", show=False),
        Binding("k", "line(-1)", "up", show=False),
        Binding("g,home", "top", "top", show=False, tooltip="First line"),
        Binding("G,end", "bottom", "bottom", show=False, tooltip="Last line"),
    ]
    can_follow: bool = True
    """Whether more lines may come."""
    kind: ClassVar[str] = "log"
    """What a saved file is of."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.view = self.make_view()

    def make_view(self) -> LogView:
        """The viewer; subclasses may paint their text."""
        return LogView()

    def title_text(self) -> Content:
        """What is shown, and from where."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Title, text, search, keys."""
        yield Static(classes="text-title")
        yield Static(classes="text-reason")
        yield self.view
        yield Input(placeholder="search", classes="text-search", compact=True)
        yield KeyFooter()

    def on_mount(self) -> None:
        """Keys go to the text."""
        self.view.focus()
        self.show_title()

    def show_title(self) -> None:
        """Write the title anew, the state of the view at its right."""
        left, right = self.title_text(), Content(self._state())
        width = self.size.width - 2
        left = left.truncate(max(8, width - right.cell_length - 2), ellipsis=True)
        gap = max(2, width - left.cell_length - right.cell_length)
        whole = fitted(left + " " * gap + right, self.app.glyphs)
        # An answer may come while the screen is on its way out, and its parts are gone already.
        for line in self.query(".text-title").results(Static):
            line.update(whole)

    def show_reason(self, reason: str) -> None:
        """Say above the text why there is no more of it; a title has no room for all of that.

        "" when there is nothing to say any more.
        """
        for line in self.query(".text-reason").results(Static):
            line.update(fitted(Content(clean(reason)), self.app.glyphs))
            line.set_class(bool(reason), "-told")

    def stream_word(self) -> str:
        """What the end of the text does."""
        return "following" if self.view.is_following else "held"

    def _state(self) -> str:
        view = self.view
        parts = [f"{len(view.store):,} lines"]
        if view.pattern is not None:
            hit = "" if view.hit is None else f"{view.hit + 1} of "
            parts.append(f"/{view.pattern.pattern}: {hit}{len(view.matches):,}")
            parts[-1] = parts[-1].replace("\\", "")
        if view.is_wrapping:
            parts.append("wrap")
        if self.can_follow:
            parts.append(self.stream_word())
        return self.app.glyphs.dot.center(3).join(parts)

    @on(LogView.Changed)
    def view_changed(self) -> None:
        """Lines, matches, wrapping or following changed."""
        self.show_title()
        self.refresh_bindings()

    def on_resize(self) -> None:
        """The title is laid out by hand."""
        self.show_title()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what makes sense."""
        if not self.app.may_offer(self, action):
            return False
        match action:
            case "jump":
                return self.view.pattern is not None
            case "follow":
                return self.can_follow
        return super().check_action(action, parameters)

    def label_for(self, action: str) -> str | None:
        """Word the two-way keys by what they would do now."""
        match action:
            case "follow":
                return "hold" if self.view.is_following else "follow"
            case "wrap":
                return "unwrap" if self.view.is_wrapping else "wrap"
            case "back" if self.view.pattern is not None:
                return "end search"
        return None

    def action_back(self) -> None:
        """Close the search line, then end the search, then leave."""
        box = self.query_one(Input)
        if box.has_class("-open") or self.view.pattern is not None:
            self._close_search()
            box.value = ""
            self.view.search("")
        else:
            self.dismiss()

    def action_search(self) -> None:
        """Open the search line."""
        box = self.query_one(Input)
        box.add_class("-open")
        self.set_focus(box)

    def _close_search(self) -> None:
        self.query_one(Input).remove_class("-open")
        self.set_focus(self.view)

    @on(Input.Changed)
    def search_typed(self, message: Input.Changed) -> None:
        """Mark matches while typing."""
        self.view.search(message.value)

    @on(Input.Submitted)
    def search_sent(self) -> None:
        """Go to the nearest match."""
        self._close_search()
        self.view.jump(-1 if self.view.is_following else 1)

    def action_jump(self, step: int) -> None:
        """Next or previous match."""
        self.view.jump(step)

    def action_follow(self) -> None:
        """Keep the newest line in sight, or stay here."""
        self.view.is_following = not self.view.is_following

    def action_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.view.is_wrapping = not self.view.is_wrapping

    def action_line(self, step: int) -> None:
        """One line up or down."""
        self.view.scroll_relative(y=step, animate=False)

    def action_top(self) -> None:
        """The first line."""
        self.view.is_following = False
        self.view.scroll_home(animate=False, force=True)

    def action_bottom(self) -> None:
        """The last line; follows from there."""
        self.view.scroll_end(animate=False, force=True)
        self.view.is_following = self.can_follow

    def action_copy(self) -> None:
        """Copy what is selected, else what is on screen."""
        text = self.get_selected_text() or self.view.visible_text()
        self.app.copy_to_clipboard(text)
        count = len(text.splitlines())
        self.app.say(f"Copied {count} line{'s' if count != 1 else ''}")

    @changing
    def action_save(self) -> None:
        """Save all lines."""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self.app.clock.unix()))
        self._save(Path.home() / file_name(self.key, self.kind, stamp), self.view.store.lines)

    @work
    async def _save(self, path: Path, lines: list[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        if await self.app.save_new(path, text):
            self.app.say(f"Saved {len(lines):,} lines to {path}")


class GrowingScreen(TextScreen):
    """Text that is all in memory and grows at its end, until it is another's."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self._shown: tuple[str, ...] = ()

    def on_mount(self) -> None:
        """Follow the newest line from the start."""
        super().on_mount()
        self.view.is_following = True

    def show_lines(self, lines: tuple[str, ...]) -> None:
        """Add what is new; show all of it anew if it does not begin as what is shown."""
        if lines != self._shown:
            was_following = self.view.is_following
            if self._shown and lines[: len(self._shown)] == self._shown:
                self.view.append(lines[len(self._shown) :])
            else:
                self.view.replace(lines)
                self.view.is_following = was_following
            self._shown = lines
        self.show_title()


def file_name(key: str, kind: str, stamp: str) -> str:
    """`twindeck-vm-web-log-20260101-120000.txt`, whatever the instance is called."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", key).strip("-.")[:80]
    return f"twindeck-{plain}-{kind}-{stamp}.txt"


def named(key: str, what: str, style: str = "$quiet") -> Content:
    """`vm:web  what`, as text."""
    return Content.assemble((clean(key), "bold"), "  ", (clean(what), style))
