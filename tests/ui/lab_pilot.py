"""How tests come to the lab's screens."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.ui.conftest import line_with, text_of, until
from tests.ui.fleets import container, fleet_of, vm
from tests.ui.lab_fakes import FakeLab, history, partial, under_way
from tests.ui.lab_studies import nginx_study
from tui.app import TwindeckApp
from tui.results import Row
from tui.screens.lab import LabScreen
from tui.snapshot import Snapshot

RUNNING = "nginx-20260528-203320"
MEASURED = (Row.SIZE, Row.ISOLATION, Row.STORAGE)


def pair() -> Snapshot:
    return fleet_of(vm("nginx", workload="nginx"), container("nginx", workload="nginx"), vm("zoo"))


def running_lab(**more: object) -> FakeLab:
    """A lab that measures, with three rows done."""
    study = partial(nginx_study(), RUNNING, MEASURED)
    return FakeLab([study, *history()], progress=under_way(RUNNING, **more))


async def open_table(app: TwindeckApp, pilot: Pilot[None]) -> LabScreen:
    """The newest run's table, read."""
    await pilot.press("c")
    await until(pilot, lambda: "in the history" in text_of(app))
    await until(pilot, lambda: line_with(app, "2026-"))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, LabScreen) and app.screen.table)
    await until(pilot, lambda: "Boot time" in text_of(app))
    screen = app.screen
    assert isinstance(screen, LabScreen)
    return screen
