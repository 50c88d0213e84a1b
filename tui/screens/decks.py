"""The main screen: both decks, the host above, the keys below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from tui.core.groups import start_or_stop_all
from tui.model import Instance, SideName, State, verbs_for
from tui.screens.acting import ActingScreen
from tui.widgets.cells import Moment
from tui.widgets.deck import Deck
from tui.widgets.deck_pane import TITLES, DeckPane
from tui.widgets.filter_box import FilterBox
from tui.widgets.host_bar import HostBar
from tui.widgets.key_footer import KeyFooter
from tui.widgets.ordering import FIGURES
from tui.widgets.selection_charts import SelectionCharts
from tui.widgets.status_line import StatusLine

_TICK_SECONDS = 1.0
_FOOTER = (
    *("start_or_stop", "bring_up", "boot_pair", "logs", "shell", "destroy", "filter", "output"),
    *("restart", "comparisons", "pause_or_resume", "more", "inspect", "mark", "order", "kill"),
)
"""What to show first where not everything fits."""
_TALL_ROWS = 36
"""From this height on the selection's charts stand under the decks."""


class DecksScreen(ActingScreen):
    """VMs on the left, containers on the right; one at a time where there is no room for two."""

    HORIZONTAL_BREAKPOINTS = [(0, "-one"), (120, "-two")]  # noqa: RUF012 (typed by Textual)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (_TALL_ROWS, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "other_deck", "other deck", show=False, tooltip="The other deck"),
        Binding("1", "deck('vm')", "VMs", show=False, tooltip="The VMs"),
        Binding("2", "deck('container')", "containers", show=False, tooltip="The containers"),
        Binding("space", "mark", "mark", tooltip="Mark; actions then go to all marked"),
        Binding("slash", "filter", "filter", tooltip="Show only what matches, on both decks"),
        Binding("o", "order", "order", tooltip="Order by the next column"),
        Binding("z", "zoom", "zoom", show=False, tooltip="This deck alone, and back"),
        Binding("escape", "clear", "clear", show=False, tooltip="Clear the marks, then the filter"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._panes = {side: DeckPane(side) for side in SideName}
        self._active = SideName.VM
        self._worded: tuple[object, ...] = ()
        self._is_behind = False
        self._charts = SelectionCharts()
        self._filter = FilterBox()
        self._filter_line = Horizontal(Static("/"), self._filter, id="filter-line")
        self._status = StatusLine()

    def compose(self) -> ComposeResult:
        """Host bar, decks, the selection's charts, one line of status, the keys."""
        self._dress()
        yield HostBar()
        with Horizontal(id="decks"):
            yield from self._panes.values()
        yield self._charts
        yield self._filter_line
        yield self._status
        yield KeyFooter(_FOOTER)

    def _dress(self) -> None:
        """All classes before the first frame: each change later would style everything anew."""
        size = self.app.size
        classes = {"-thin": self.app.is_thin}
        classes |= _fitting(size.width, self.HORIZONTAL_BREAKPOINTS)
        classes |= _fitting(size.height, self.VERTICAL_BREAKPOINTS)
        self.update_classes(classes, update=False)
        self._filter_line.display = False
        self._active = self._first_side()
        self._panes[self._active].add_class("-active", update=False)

    def on_mount(self) -> None:
        """Follow the fleet; tick only while something is being done."""
        self.set_focus(self.deck)
        # Again when it is shown: where there is room for one deck, a hidden one takes no focus.
        self.call_after_refresh(self._focus_deck)
        self.watch(self.app, "snapshot", self._follow)
        self.watch(self.app, "read_jobs", self._follow, init=False)
        self.watch(self.app, "progress", lambda: self._tick(), init=False)
        self.set_interval(_TICK_SECONDS, self._tick)

    def _first_side(self) -> SideName:
        """Begin where something runs; at the VMs when in doubt."""
        snapshot = self.app.snapshot
        busy = [s for s in SideName if any(i.is_live for i in snapshot.on_side(s))]
        return busy[0] if len(busy) == 1 else SideName.VM

    def _focus_deck(self) -> None:
        """Unless the filter was opened meanwhile: what is typed there would be the deck's keys."""
        # Not `has_focus`, which is told by a message and so comes later.
        if self.focused is not self._filter:
            self.set_focus(self.deck)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to mark or order on an empty deck; no filter in the filter."""
        if action in ("mark", "order"):
            return self.deck.cursor is not None
        if action == "filter":
            return not self._filter.has_focus
        return super().check_action(action, parameters)

    @property
    def deck(self) -> Deck:
        """The deck the keys go to."""
        return self._panes[self._active].deck

    def targets(self) -> tuple[Instance, ...]:
        """The marked instances of both decks, else the selected one or the selected group."""
        selected = self.deck.selected
        return self._marked() or ((selected,) if selected else self.deck.group)

    def group(self) -> tuple[Instance, ...]:
        """The group whose heading is selected, if nothing is marked."""
        return () if self._marked() else self.deck.group

    def _marked(self) -> tuple[Instance, ...]:
        return tuple(i for pane in self._panes.values() for i in pane.deck.marked)

    def _moment(self) -> Moment:
        clock = self.app.clock
        return Moment(
            self.app.snapshot, clock.unix(), clock.t_ns(), self.app.glyphs, self.app.read_jobs
        )

    def _follow(self) -> None:
        """A newer snapshot: repaint what differs, or remember to when this screen is back."""
        if not self.app.is_seen(self):
            self._is_behind = True
            return
        self._is_behind = False
        moment = self._moment()
        for side, pane in self._panes.items():
            pane.others = self._told_of_other(side)
            pane.show(moment)
        self._reword()

    def _tell_watched(self) -> None:
        """Whom to measure where that costs an engine something: an order by figures needs all."""
        decks = [pane.deck for pane in self._panes.values()]
        if any(deck.order.column in FIGURES for deck in decks):
            self.app.fleet.watch(None)
        else:
            chosen = {deck.selected.key for deck in decks if deck.selected}
            self.app.fleet.watch(frozenset(chosen.union(*(deck.in_view for deck in decks))))

    def _tick(self) -> None:
        """Phases count seconds even while no snapshot comes."""
        if any(job.is_active for job in self.app.snapshot.jobs.values()):
            self._follow()
        if self.app.is_seen(self) and (self.app.comparison or self._status.has_comparison):
            self._status.follow()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was up."""
        if self._is_behind:
            self._follow()

    def _reword(self) -> None:
        """Status line, keys and what is measured follow the selection and what is in view."""
        self._tell_watched()
        selected = self.deck.selected
        self._status.group = self.group()
        self._status.key = selected.key if selected else None
        self._status.follow()
        self.set_class(self.deck.cursor is None, "-none")
        if not self.deck.group:
            # A group has no curves of its own: those of the last instance stay, with its name.
            self._charts.aim(self._status.key)
        target = self.target
        worded = (
            self._active,
            target and (target.state, verbs_for(target)),
            start_or_stop_all(self.group()),
            target and target.key in self.app.snapshot.jobs,
            len(self._pair()),
            self._comparable() is not None,
        )
        if worded != self._worded:
            self._worded = worded
            self.refresh_bindings()

    def _told_of_other(self, side: SideName) -> str:
        """What the hidden deck holds, while only one is visible."""
        if self.has_class("-two") and not self.has_class("-zoomed"):
            return ""
        other = next(s for s in SideName if s is not side)
        snapshot = self.app.snapshot
        if (health := snapshot.health.get(other)) and not health.ok:
            return f"{TITLES[other]} down"
        instances = snapshot.on_side(other)
        running = sum(i.state is State.RUNNING for i in instances)
        return f"{TITLES[other]} {running}/{len(instances)}"

    async def on_resize(self, event: events.Resize) -> None:
        """Charts only where there is height for them; titles tell of a deck that is hidden."""
        await self._charts.show(event.size.height >= _TALL_ROWS and not self.app.is_thin)
        self.call_after_refresh(self._follow)

    @on(Deck.Moved)
    def follow_cursor(self) -> None:
        """Another selection, other keys."""
        self._reword()

    @on(Deck.Rearranged)
    def follow_order(self) -> None:
        """Another order, other rows in view."""
        self._tell_watched()

    @on(Deck.Opened)
    def open_details(self, event: Deck.Opened) -> None:
        """Everything about one instance; a failure is read first."""
        from tui.screens.details import DetailsScreen

        self.app.push_screen(DetailsScreen(event.key))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The focused deck is the active one."""
        for side, pane in self._panes.items():
            if event.widget is pane.deck:
                self._activate(side)

    def _activate(self, side: SideName) -> None:
        self._active = side
        for name, pane in self._panes.items():
            pane.set_class(name is side, "-active")
        self._reword()

    def _go_to(self, side: SideName) -> None:
        self._activate(side)
        # At once, see `action_filter`; a deck that was hidden takes the focus when it is shown.
        self.set_focus(self.deck)
        if self.focused is not self.deck:
            self.call_after_refresh(self._focus_deck)

    def action_other_deck(self) -> None:
        """Go to the other deck."""
        self._go_to(next(side for side in SideName if side is not self._active))

    def action_deck(self, side: str) -> None:
        """Go to that deck."""
        self._go_to(SideName(side))

    def action_mark(self) -> None:
        """Mark or unmark the selection."""
        self.deck.toggle_mark()
        self._follow()

    def action_order(self) -> None:
        """Order by the next column."""
        self.deck.sort_by_next()

    def action_zoom(self) -> None:
        """This deck alone, or both again."""
        self.toggle_class("-zoomed")
        self.call_after_refresh(self._follow)

    def action_clear(self) -> None:
        """Marks first, then the filter, then the zoom."""
        decks = [pane.deck for pane in self._panes.values()]
        if any(deck.marks for deck in decks):
            for deck in decks:
                deck.clear_marks()
        elif any(deck.needle for deck in decks):
            self._filter.value = ""
            self.close_filter()
        else:
            self.remove_class("-zoomed")
        self._follow()

    def action_filter(self) -> None:
        """Type to narrow both decks down."""
        self._filter_line.display = True
        self._status.display = False
        # At once: `focus()` waits its turn, and what is typed meanwhile would be the deck's keys.
        self.set_focus(self._filter)

    @on(Input.Changed, "#filter")
    def narrow(self, event: Input.Changed) -> None:
        """Show only what matches, with every letter."""
        for pane in self._panes.values():
            pane.deck.filter(event.value)
        self._follow()

    @on(FilterBox.Left)
    def close_filter(self) -> None:
        """Back to the deck."""
        self._filter_line.display = False
        self._status.display = True
        self.set_focus(self.deck)

    def _acted(self) -> None:
        """Marks have done their duty."""
        for pane in self._panes.values():
            pane.deck.clear_marks()
        self._follow()


def _fitting(cells: int, breakpoints: Sequence[tuple[int, str]]) -> dict[str, bool]:
    """The class of the largest breakpoint reached is on, the others are off."""
    reached = max(least for least, _ in breakpoints if least <= cells)
    return {name: least == reached for least, name in breakpoints}
