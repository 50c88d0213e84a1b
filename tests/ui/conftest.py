"""What every test of the console needs: a fixed clock, an app on a fake fleet, `until`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.fakes import NOW, T_NS, FakeFleet
from tests.ui.fleets import boots, full_fleet, histories
from tests.ui.lab_fakes import FakeLab
from tui.app import TwindeckApp
from tui.console import Clock
from tui.glyphs import UNICODE, Glyphs
from tui.screens.decks import DecksScreen
from tui.snapshot import Snapshot
from tui.widgets.boot_chart import BootChart
from tui.widgets.plotted import Plotted
from tui.widgets.trend_chart import TrendChart

WIDE = (160, 45)
STANDARD = (80, 24)
SMALL = (60, 15)

MakeApp = Callable[..., TwindeckApp]


def fixed_clock() -> Clock:
    """The moment at which all fake snapshots are taken."""
    return Clock(unix=lambda: NOW, t_ns=lambda: T_NS)


def build_app(
    snapshot: Snapshot | None = None,
    *,
    lab: FakeLab | None = None,
    glyphs: Glyphs = UNICODE,
    theme: str = "",
    is_thin: bool = False,
    **fleet: Any,
) -> TwindeckApp:
    """The console on a fake fleet and a fake lab (an empty one by default) at a fixed moment."""
    fake = FakeFleet(
        full_fleet() if snapshot is None else snapshot,
        histories=histories(),
        boots=boots(),
        **fleet,
    )
    opened = lab or FakeLab()
    app = TwindeckApp(fake, lambda: opened, clock=fixed_clock(), glyphs=glyphs, is_thin=is_thin)
    if theme:
        app.theme = theme
    return app


def asked_of(app: TwindeckApp) -> list[tuple[str, str]]:
    """What the fake fleet was asked to do."""
    assert isinstance(app.fleet, FakeFleet)
    return app.fleet.asked


async def until(pilot: Pilot[Any], is_so: Callable[[], object], timeout_seconds: float = 5) -> None:
    """Wait for a fact, not for a time."""
    async with asyncio.timeout(timeout_seconds):
        while not is_so():
            await pilot.pause(0.01)


async def charts_drawn(pilot: Pilot[Any]) -> None:
    """Until every chart in sight follows the cursor, has its data and is drawn."""
    app = pilot.app
    assert isinstance(app, TwindeckApp)

    def is_drawn() -> bool:
        for screen in filter(app.is_seen, app.screen_stack):
            charts = (*screen.query(TrendChart), *screen.query(BootChart))
            if (
                isinstance(screen, DecksScreen)
                and not screen.deck.group
                and any(chart.key != screen.deck.cursor for chart in charts)
            ):
                return False
            if not all(chart.is_read for chart in screen.query(BootChart)):
                return False
            if not all(plot.can_plot or plot.trouble for plot in screen.query(Plotted)):
                return False
        return True

    await until(pilot, is_drawn, 20)
    await pilot.pause()


def lines_of(app: TwindeckApp) -> list[str]:
    """The screen as text."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def text_of(app: TwindeckApp) -> str:
    """The screen as one text."""
    return "\n".join(lines_of(app))


def line_with(app: TwindeckApp, word: str) -> str:
    """The first line of the screen with that word in it."""
    return next((line for line in lines_of(app) if word in line), "")


def toasts(app: TwindeckApp) -> list[str]:
    """Messages shown so far."""
    return [notification.message for notification in app._notifications]


@pytest.fixture
def make_app() -> MakeApp:
    """Builds the console on a fake fleet."""
    return build_app
