"""A deck with its title and headings, or, where an engine is missing, what to do about it."""

from __future__ import annotations

from textual import events, getters, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui.console import ConsoleApp
from tui.model import SideName, State
from tui.text import clean
from tui.widgets.cells import Moment
from tui.widgets.deck import Deck
from tui.widgets.deck_title import DeckTitle, Part

TITLES = {SideName.VM: "VMs", SideName.CONTAINER: "Containers"}
_EMPTY = {
    SideName.VM: "No virtual machines yet.",
    SideName.CONTAINER: "No containers yet.",
}


class DeckHeading(Widget):
    """Column headings; a click sorts, once more turns the order round."""

    app = getters.app(ConsoleApp)

    def __init__(self, deck: Deck) -> None:
        super().__init__()
        self._deck = deck

    def render(self) -> Content:
        """Headings over their columns, the arrow at the one that orders."""
        parts = ["  "]
        for fitted in self._deck.columns:
            heading = fitted.spec.heading
            if fitted.spec.column is self._deck.order.column:
                glyphs = self.app.glyphs
                is_descending = self._deck.order.is_descending
                heading += glyphs.descending if is_descending else glyphs.ascending
            justify = str.rjust if fitted.spec.is_right else str.ljust
            parts.append(justify(heading, fitted.width)[: fitted.width] + " ")
        return Content("".join(parts).rstrip())

    def on_click(self, event: events.Click) -> None:
        """Sort by the column clicked on."""
        for fitted in self._deck.columns:
            if fitted.x <= event.x <= fitted.x + fitted.width and fitted.spec.is_sortable:
                self.screen.set_focus(self._deck)
                self._deck.sort_by(fitted.spec.column)


class DeckPane(Vertical):
    """One side of the console."""

    app = getters.app(ConsoleApp)

    def __init__(self, side: SideName) -> None:
        super().__init__(id=f"{side}-pane")
        self.side = side
        self.deck = Deck(side, id=f"{side}-deck")
        self.others = ""
        """What the hidden deck holds, told when only this one is visible."""
        self._title = DeckTitle()
        self._heading = DeckHeading(self.deck)
        self._notice = Static(classes="deck-notice")
        self._told: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """The list stays even while a notice stands in its place: it takes the keys."""
        yield self._title
        yield self._notice
        yield self._heading
        yield self.deck

    def show(self, moment: Moment) -> None:
        """Take over a newer moment."""
        self.deck.show(moment)
        self.tell(moment)

    def tell(self, moment: Moment) -> None:
        """Bring title and notice up to date, if anything in them changed."""
        self._title.show(self._title_parts(moment))
        notice = self._notice_text(moment)
        if (notice, bool(self.deck.shown)) == self._told:
            return
        self._told = (notice, bool(self.deck.shown))
        self._notice.update(notice or "")
        self._notice.display = notice is not None
        self._heading.display = notice is None or bool(self.deck.shown)

    def _title_parts(self, moment: Moment) -> list[Part]:
        deck = self.deck
        instances = moment.snapshot.on_side(self.side)
        running = sum(i.state is State.RUNNING for i in instances)
        parts = [Part(Content.styled(TITLES[self.side], "bold"))]
        if self.side is SideName.CONTAINER and (engine := moment.snapshot.engine):
            parts.append(Part(Content.styled(clean(engine), "$accent"), may_be_cut=True))
        if instances:
            told = f"{running} of {deck.total} running"
            parts.append(Part(Content.styled(told, "$quiet"), gives_way=1))
        if running and (method := moment.snapshot.methods.get(self.side)):
            parts.append(Part(Content.styled(f"by {method}", "$faint"), gives_way=3))
        if deck.needle:
            needle = Content.from_markup("[$accent]/$t[/]", t=deck.needle)
            count = Content.styled(f"{len(deck.shown)} shown", "$accent")
            parts += [Part(needle, may_be_cut=True), Part(count)]
        if deck.marks:
            parts.append(Part(Content.styled(f"{len(deck.marks)} marked", "$accent")))
        if self.side in moment.snapshot.stale and instances:
            parts.append(Part(Content.styled("stale", "bold $warning")))
        if self.others:
            other = Content.from_markup("[$faint]tab[/] [$quiet]$t[/]", t=self.others)
            parts.append(Part(other, gives_way=2))
        return parts

    def _notice_text(self, moment: Moment) -> Content | None:
        """None while the list can speak for itself."""
        health = moment.snapshot.health.get(self.side)
        is_vm = self.side is SideName.VM
        engine = "Vagrant" if is_vm else clean(moment.snapshot.engine_words)
        if health is None:
            return (
                None
                if self.deck.total
                else Content.from_markup(
                    "[$faint]Asking $e $d[/]", e=engine, d=self.app.glyphs.ellipsis
                )
            )
        if not health.ok:
            lines = [Content.from_markup("[bold $error]$e cannot be used.[/]", e=engine)]
            if health.reason:
                lines.append(Content.from_markup("$r", r=clean(health.reason)))
            if health.fix:
                lines.append(
                    Content.from_markup("[$faint]To fix it:[/] [bold]$f[/]", f=clean(health.fix))
                )
            if not self.deck.total:
                lines.append(Content.from_markup("[$faint]The other deck works without it.[/]"))
            return Content("\n").join(lines)
        if not self.deck.total:
            hint = (
                ""
                if self.app.is_read_only
                else "\n[bold $primary]u[/] [$quiet]brings a workload up.[/]"
            )
            return Content.from_markup(f"{_EMPTY[self.side]}{hint}")
        if not self.deck.shown:
            return Content.from_markup("Nothing matches [bold]$n[/].", n=self.deck.needle)
        return None

    @on(Deck.Rearranged)
    def follow(self) -> None:
        """Headings stand over the columns as they are."""
        self._heading.refresh()
