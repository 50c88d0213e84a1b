"""A shell takes the terminal, gives it back, and fails in one plain line."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.ui.conftest import STANDARD, build_app, text_of, toasts, until
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import fleet_of, vm
from tui.app import TwindeckApp
from tui.sides.base import Command


def app_with(command: Command, monkeypatch: pytest.MonkeyPatch) -> TwindeckApp:
    app = build_app(fleet_of(vm("one")))
    assert isinstance(app.fleet, FakeFleet)
    app.fleet.command = command
    # The test terminal cannot be handed over; everything but that is real.
    monkeypatch.setattr(app, "suspend", nullcontext)
    return app


async def test_the_command_runs_with_its_directory_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = 'printf "%s %s" "$PWD" "$GREETING" > note'
    app = app_with(Command(("sh", "-c", note), tmp_path, {"GREETING": "a b; c"}), monkeypatch)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("e")
        await until(pilot, (tmp_path / "note").exists)
        await until(pilot, lambda: "running" in text_of(app))
        assert (tmp_path / "note").read_text() == f"{tmp_path} a b; c"
        assert toasts(app) == []


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("no-such-program",), "No shell in vm:one: No such file or directory"),
        (("sh", "-c", "exit 255"), "The shell in vm:one ended with code 255"),
        (("sh", "-c", "exit 3"), "The shell in vm:one ended with code 3"),
    ],
)
async def test_a_failure_is_one_line(
    argv: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_with(Command(argv), monkeypatch)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == [told]


async def test_leaving_with_ctrl_c_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_with(Command(("sh", "-c", "touch done; exit 130"), tmp_path), monkeypatch)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("e")
        await until(pilot, (tmp_path / "done").exists)
        await pilot.pause()
        assert toasts(app) == []
