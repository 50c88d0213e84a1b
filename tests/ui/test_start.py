"""What the first frame costs, and that nothing heavy comes before it."""

from __future__ import annotations

import subprocess
import sys

from tests.ui.conftest import STANDARD, asked_of, build_app, text_of, until
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import fleet_of, vm
from tui.model import Snapshot

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
    early = {name for name in told.stdout.split() if name.startswith("tui.lab")}
    assert early == {"tui.lab", "tui.lab.view"}
    assert not [name for name in told.stdout.split() if name.startswith("tui.screens.lab")]
