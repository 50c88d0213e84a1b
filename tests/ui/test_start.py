"""What the first frame costs, and that nothing heavy comes before it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from textual import events

from tests.ui.conftest import STANDARD, WIDE, asked_of, build_app, text_of, until
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import fleet_of, vm
from tests.ui.lab_fakes import FakeLab
from tui.app import TwindeckApp
from tui.snapshot import Snapshot

HEAVY = ("docker", "plotext", "psutil", "vagrant", "sqlite3", "watchfiles", "requests")


def test_the_console_imports_nothing_heavy() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, tui.app; print(*sorted({m.partition('.')[0] for m in sys.modules}))",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert not set(HEAVY) & set(told.stdout.split())


async def test_the_fleet_starts_behind_the_first_frame_and_fills_it() -> None:
    app = build_app(Snapshot())
    fleet = app.fleet
    assert isinstance(fleet, FakeFleet)
    async with app.run_test(size=STANDARD) as pilot:
        assert "Asking Vagrant" in text_of(app)
        await until(pilot, lambda: fleet.is_started)
        fleet.push(fleet_of(vm("one")))
        await until(pilot, lambda: "one" in text_of(app))
        assert asked_of(app) == []
    assert fleet._receivers == []


def test_the_lab_is_imported_when_it_is_opened() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, tui.app; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    of_the_lab = ("tui.lab", "tui.results", "tui.screens.lab", "tui.widgets.lab")
    assert not [name for name in told.stdout.split() if name.startswith(of_the_lab)]


PLOTS = """
import asyncio, sys
from dataclasses import replace
from tests.ui.conftest import build_app, text_of, until
from tests.ui.fleets import full_fleet
from tui.screens.details import DetailsScreen
from tui.widgets.plotted import Plotted

def tell(word):
    print(word, "plotext" in sys.modules)

async def main(is_thin, width, height):
    whole = full_fleet()
    app = build_app(replace(whole, samples={}), is_thin=is_thin)
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        assert "VMs" in text_of(app)
        tell("frame")
        app.snapshot = whole
        await pilot.pause()
        await until(pilot, lambda: all(p.can_plot or p.trouble for p in app.query(Plotted)), 30)
        tell("rows")
        await app.push_screen(DetailsScreen("vm:nginx"))
        plots = app.screen.query(Plotted)
        await until(pilot, lambda: all(p.can_plot or p.trouble for p in plots), 30)
        tell("details")

asyncio.run(main(*map(int, sys.argv[1:])))
"""


@pytest.mark.parametrize(
    ("is_thin", "size", "told"),
    [
        (False, WIDE, "frame False rows True details True"),
        (False, STANDARD, "frame False rows False details True"),
        (True, WIDE, "frame False rows False details False"),
    ],
    ids=["160x45", "80x24", "thin"],
)
def test_plotext_comes_behind_complete_rows_and_only_where_a_chart_is_shown(
    is_thin: bool, size: tuple[int, int], told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLOTS, *map(str, map(int, (is_thin, *size)))],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert " ".join(done.stdout.split()) == told, done.stderr


async def test_the_lab_is_opened_behind_the_first_frame() -> None:
    seen: list[str] = []

    def open_lab() -> FakeLab:
        seen.append(text_of(app))
        return FakeLab()

    app = TwindeckApp(FakeFleet(fleet_of(vm("one"))), open_lab)
    assert app.has_lab
    assert not seen
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: bool(seen))
        (frame,) = seen
        assert "one" in frame
        assert "c comparisons" in frame


async def test_who_asks_for_the_lab_earlier_opens_it_once() -> None:
    opened: list[FakeLab] = []

    def open_lab() -> FakeLab:
        opened.append(FakeLab())
        return opened[-1]

    app = TwindeckApp(FakeFleet(fleet_of(vm("one"))), open_lab)
    first = app.lab
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        assert opened == [first] == [app.lab]


async def test_where_no_history_can_be_kept_no_key_offers_comparisons() -> None:
    app = TwindeckApp(FakeFleet(fleet_of(vm("one"))), lambda: None)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "comparisons" not in text_of(app))
        await pilot.press("c")
        await pilot.pause()
        assert app.screen is app.screen_stack[0]


@pytest.mark.parametrize("key", ["question_mark", "d", "u", "c", "enter", "l"])
async def test_who_quits_while_a_screen_opens_just_leaves(key: str) -> None:
    for turns in range(4, 16, 2):
        app = build_app()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            app.post_message(events.Key(key, None))
            for _ in range(turns):
                await asyncio.sleep(0)
            app.exit()
        assert not app.return_code
