"""The lab's screens over a real history with runs from elsewhere, some of them beyond reading."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.studies import study, taken
from tests.ui.conftest import STANDARD, fixed_clock, line_with, text_of, toasts, until
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import full_fleet
from tests.wrong_files import all_wrong
from tui.app import TwindeckApp
from tui.errors import UsageError
from tui.glyphs import UNICODE
from tui.lab.exchange import dump, parse
from tui.lab.lab import Lab
from tui.results import Arm, Row, Study
from tui.run_store import Runs
from tui.screens.lab import LabScreen
from tui.screens.lab_row import RowScreen
from tui.screens.lab_trend import LabTrendScreen
from tui.screens.lab_two import TwoRunsScreen
from tui.store import Store


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(Store(tmp_path / "history.db"))


def app_over(runs: Runs, tmp_path: Path) -> TwindeckApp:
    lab = Lab(project=tmp_path, workloads=[], runs=runs)
    fleet = FakeFleet(full_fleet())
    return TwindeckApp(fleet, lambda: lab, clock=fixed_clock(), glyphs=UNICODE)


async def test_runs_that_cannot_be_read_are_counted_and_the_others_stay_usable(
    runs: Runs, tmp_path: Path
) -> None:
    whole = study(tmp_path, taken("boot.warm", Arm.VM, 26.0))
    for n, name in enumerate(("good", "bad", "torn")):
        run = replace(whole.run, id=name, started_at=whole.run.started_at - n * 86400)
        runs.bring([replace(whole, run=run)])
    with sqlite3.connect(tmp_path / "history.db") as database:
        database.execute("UPDATE runs SET run = '{' WHERE id = 'bad'")
        database.execute("UPDATE measurements SET measurement = '[]' WHERE run_id = 'torn'")
    database.close()
    app = app_over(runs, tmp_path)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: "2 in the history" in text_of(app))
        assert "1 cannot be read, `twindeck runs` says why" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Boot time" in text_of(app))
        await pilot.press("escape", "down", "enter")
        await until(pilot, lambda: "run torn in the history cannot be read" in text_of(app))
        await pilot.press("escape", "t")
        await until(pilot, lambda: line_with(app, "26.0 s"))


def extremes() -> list[Study]:
    """What came in of files with a number or a text at its bounds, each once."""
    found: dict[str, Study] = {}
    for _, content in all_wrong():
        try:
            studies = parse(content, "there.json").studies
        except UsageError:
            continue
        found.update((dump([one]), one) for one in studies)
    first = next(iter(found.values()))
    return [
        replace(one, run=replace(one.run, id=f"run-{number:03}"))
        for number, one in enumerate(found.values())
        if one.measurements != first.measurements or one.run.started_at != first.run.started_at
    ][:10]


@pytest.mark.slow
async def test_every_screen_of_the_lab_takes_every_run_that_came_in(
    runs: Runs, tmp_path: Path
) -> None:
    studies = extremes()
    runs.bring(studies)
    app = app_over(runs, tmp_path)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: f"{len(studies)} in the history" in text_of(app))
        for one, other in zip(studies[::2], studies[1::2], strict=False):
            for screen in (
                LabScreen(one.run.id),
                LabScreen(other.run.id),
                RowScreen(one.run.id, Row.BOOT),
                TwoRunsScreen(one.run.id, other.run.id),
                LabTrendScreen(one.run),
            ):
                await app.push_screen(screen)
                await app.workers.wait_for_complete()
                await pilot.pause()
                assert "cannot be read" not in text_of(app)
                app.pop_screen()
    assert app.return_code in (None, 0)


async def test_what_the_history_cannot_do_is_said_once_and_the_console_goes_on() -> None:
    fleet = FakeFleet(full_fleet())
    fleet.faults = ("the last known fleet is not shown: it is damaged",)
    app = TwindeckApp(fleet, clock=fixed_clock(), glyphs=UNICODE)
    async with app.run_test(size=STANDARD, notifications=True) as pilot:
        await until(pilot, lambda: toasts(app))
        fleet.faults = (*fleet.faults, "vm:web: this boot is not stored: the disk is full")
        for _ in range(3):
            fleet.push(full_fleet())
            await pilot.pause()
        said = [text for text in toasts(app) if text in fleet.faults]
        assert said == list(fleet.faults)
