"""One instance in full: what it is, what it costs, how it boots; every action works here too."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tui.console import ConsoleApp
from tui.model import Boot, Instance, verbs_for
from tui.screens.acting import ActingScreen
from tui.snapshot import Job, JobState, Snapshot
from tui.text import clean
from tui.units import age
from tui.widgets.boot_chart import BootChart
from tui.widgets.facts import boot_table, facts, figures, headline, table
from tui.widgets.key_footer import KeyFooter
from tui.widgets.plainly import fitted
from tui.widgets.trend_chart import TrendChart

PANES = ("trends", "boots", "facts")
_ROOMY_COLUMNS, _ROOMY_ROWS = 110, 34


class BootTable(Widget):
    """The boots beside the bars, phase by phase in seconds."""

    boots: reactive[tuple[Boot, ...]] = reactive((), layout=True)
    """Newest first."""

    def render(self) -> Content:
        """One row a boot; empty without any."""
        app = self.app
        assert isinstance(app, ConsoleApp)
        if not self.boots:
            return Content()
        return fitted(boot_table(self.boots, app.clock.unix(), self.size.width), app.glyphs)


class DetailsScreen(ActingScreen):
    """Facts and figures on top, charts below: all where there is room, else one by `tab`."""

    DEFAULT_CSS = """
    DetailsScreen {
        & .details-title { height: 1; background: $panel; padding: 0 1; }
        & .details-top { height: 10; padding: 0 1; }
        & .details-top > Horizontal { height: auto; }
        & .details-facts, & .details-figures { width: 1fr; height: auto; }
        & .details-figures { padding: 0 0 0 2; }
        & .details-boots { height: 1fr; }
        & TrendChart, & .details-boots { padding: 0 1; }
        & .details-boots { layout: vertical; }
        & BootTable { width: 1fr; height: auto; max-height: 45%; padding: 1 0 0 0; }
        & KeyFooter { height: 1; dock: bottom; }

        &.-trends .details-boots { display: none; }
        &.-boots TrendChart { display: none; }
        &.-facts { & TrendChart, & .details-boots { display: none; } }
        &.-facts .details-top { height: 1fr; }
        &.-facts .details-top > Horizontal { layout: vertical; }
        &.-facts .details-figures { padding: 1 0 0 0; }
        &.-zoomed.-trends, &.-zoomed.-boots { & .details-top { display: none; } }

        &.-roomy {
            & .details-top { height: auto; max-height: 14; padding: 1 1; }
            & .details-top > Horizontal { layout: horizontal; }
            & .details-figures { padding: 0 0 0 2; }
            & TrendChart, & .details-boots { display: block; }
            & TrendChart { height: 3fr; }
            & .details-boots { height: 2fr; padding: 1 1 0 1; }
            & .details-boots { layout: horizontal; }
            & BootTable { height: 1fr; max-height: 100%; padding: 0; }
        }
        &.-roomy.-zoomed {
            &.-trends .details-boots { display: none; }
            &.-boots TrendChart { display: none; }
            &.-facts { & TrendChart, & .details-boots { display: none; } }
            &.-facts .details-top { height: 1fr; max-height: 100%; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", tooltip="Back to the decks"),
        Binding("tab", "turn(1)", "next pane", tooltip="Trends, boots, facts"),
        Binding("shift+tab", "turn(-1)", "previous pane", show=False),
        Binding("z", "zoom", "zoom", tooltip="Give the pane the whole screen, or not"),
        Binding("down,j", "scroll_facts(1)", "down", show=False, tooltip="Facts further down"),
        Binding("up,k", "scroll_facts(-1)", "up", show=False),
        Binding("pagedown", "page_facts(1)", "page down", show=False),
        Binding("pageup", "page_facts(-1)", "page up", show=False),
        Binding("g,home", "end_facts(-1)", "first", show=False),
        Binding("G,end", "end_facts(1)", "last", show=False),
    ]
    pane: reactive[str] = reactive(PANES[0])
    """Which of `PANES` is shown where there is no room for all."""
    is_zoomed: reactive[bool] = reactive(False)

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self._last: Instance | None = None
        self._shape: tuple[int, ...] = ()
        self._worded: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Title, facts and figures, charts, keys."""
        yield Static(classes="details-title")
        with VerticalScroll(classes="details-top", can_focus=False), Horizontal():
            yield Static(classes="details-facts")
            yield Static(classes="details-figures")
        yield TrendChart()
        with Horizontal(classes="details-boots"):
            yield BootChart()
            yield BootTable()
        yield KeyFooter()

    def on_mount(self) -> None:
        """Follow the fleet."""
        chart = self.query_one(BootChart)
        self.query_one(TrendChart).key = chart.key = self.key
        self.watch(self.app, "snapshot", self._take, init=False)
        self.watch(chart, "boots", self._take_boots)
        self._take(self.app.snapshot)

    def targets(self) -> tuple[Instance, ...]:
        """The one shown, while it exists."""
        instance = self.app.snapshot.find(self.key)
        return (instance,) if instance else ()

    def on_resize(self, event: events.Resize) -> None:
        """All panes where there is room."""
        is_roomy = event.size.width >= _ROOMY_COLUMNS and event.size.height >= _ROOMY_ROWS
        self.set_class(is_roomy, "-roomy")
        self.call_after_refresh(self._take, self.app.snapshot)

    def watch_pane(self, pane: str) -> None:
        """Show that pane."""
        for each in PANES:
            self.set_class(each == pane, f"-{each}")
        self.refresh_bindings()
        self.call_after_refresh(self._take, self.app.snapshot)

    def watch_is_zoomed(self, is_zoomed: bool) -> None:
        """Give it the screen, or not."""
        self.set_class(is_zoomed, "-zoomed")
        self.refresh_bindings()

    def label_for(self, action: str) -> str | None:
        """Say what comes next."""
        if action.startswith("turn"):
            return PANES[(PANES.index(self.pane) + 1) % len(PANES)]
        if action == "zoom":
            return "unzoom" if self.is_zoomed else f"zoom {self.pane}"
        return super().label_for(action)

    def action_turn(self, step: int) -> None:
        """The next or previous pane."""
        self.pane = PANES[(PANES.index(self.pane) + step) % len(PANES)]

    @property
    def _top(self) -> VerticalScroll:
        return self.query_one(".details-top", VerticalScroll)

    def action_scroll_facts(self, lines: int) -> None:
        """Facts and figures some lines further."""
        self._top.scroll_relative(y=lines, animate=False)

    def action_page_facts(self, pages: int) -> None:
        """Facts and figures a page further."""
        self.action_scroll_facts(pages * max(1, self._top.size.height - 1))

    def action_end_facts(self, direction: int) -> None:
        """The first or the last fact."""
        if direction < 0:
            self._top.scroll_home(animate=False)
        else:
            self._top.scroll_end(animate=False)

    def action_zoom(self) -> None:
        """The pane alone, or everything."""
        self.is_zoomed = not self.is_zoomed

    def action_back(self) -> None:
        """Leave the zoom, then the screen."""
        if self.is_zoomed:
            self.is_zoomed = False
        else:
            self.dismiss()

    def _take_boots(self, boots: tuple[Boot, ...]) -> None:
        self.query_one(BootTable).boots = boots

    def _take(self, snapshot: Snapshot) -> None:
        instance = snapshot.find(self.key)
        self.query_one(".details-title", Static).update(
            fitted(self._title(instance, snapshot), self.app.glyphs), layout=False
        )
        if instance is None:
            return
        self._last = instance
        app = self.app
        left, right = self.query_one(".details-facts"), self.query_one(".details-figures")
        rows = facts(instance, app.fleet.workloads, app.clock.unix(), app.glyphs)
        assert isinstance(left, Static)
        assert isinstance(right, Static)
        costs = figures(instance, snapshot)
        texts = [
            (part, fitted(table(told, part.content_size.width), app.glyphs))
            for part, told in ((left, rows), (right, costs))
        ]
        # Another number of rows moves the charts; other figures in the same rows move nothing.
        shape = (*(text.plain.count("\n") for _, text in texts), left.content_size.width)
        is_moved, self._shape = shape != self._shape, shape
        for part, text in texts:
            part.update(text, layout=is_moved)
        self._reword(instance, snapshot)

    def _reword(self, instance: Instance, snapshot: Snapshot) -> None:
        """The footer is painted again only when a key would do something else."""
        worded = (verbs_for(instance), self.key in snapshot.jobs, self._pair())
        if worded != self._worded:
            self._worded = worded
            self.refresh_bindings()

    def _title(self, instance: Instance | None, snapshot: Snapshot) -> Content:
        if instance is None:
            gone = "is gone" if self._last else "is not known"
            return Content.assemble((clean(self.key), "bold"), f"  {gone}: esc goes back")
        title = headline(instance, self.app.glyphs)
        job = snapshot.jobs.get(self.key)
        return title + "  " + self._job(job) if job else title

    def _job(self, job: Job) -> Content:
        """The newest action: its phase and time while it runs, its error once it failed."""
        if job.is_active:
            took = age((self.app.clock.t_ns() - job.requested_t_ns) / 1e9)
            phase = f" {job.phase}" if job.phase else ""
            return Content.styled(f"{job.verb}{phase} {took}", "$primary bold")
        if job.state is JobState.FAILED and job.id not in self.app.read_jobs:
            return Content.styled(f"{job.verb} failed: {clean(job.error)}", "$error bold")
        return Content()
