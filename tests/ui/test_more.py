"""`x`: what has no key of its own, chosen from a list; what loses something asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList

from tests.ui.conftest import STANDARD, asked_of, build_app, charts_drawn, text_of, toasts, until
from tests.ui.fleets import container, fleet_of, vm
from tui.app import TwindeckApp
from tui.model import Options, State
from tui.screens.choices import ChoiceDialog, NameDialog
from tui.screens.dialogs import ConfirmDialog

SHOP = Path("/srv/shop")
SIZES = [(80, 24), (160, 45)]


def app_with(state: State = State.RUNNING, snapshots: tuple[str, ...] = ()) -> TwindeckApp:
    app = build_app(fleet_of(vm("web", state, directory=SHOP), container("db")))
    app.fleet.kept_snapshots = list(snapshots)  # type: ignore[attr-defined]
    return app


async def choose(pilot: Any, title: str) -> None:
    """Open the menu and take the line of that title."""
    await pilot.press("x")
    await until(pilot, lambda: isinstance(pilot.app.screen, ChoiceDialog))
    lines = [str(option.prompt) for option in pilot.app.screen.query_one(OptionList).options]
    at = next(n for n, line in enumerate(lines) if line.startswith(title))
    await pilot.press(*["down"] * at, "enter")


async def test_what_makes_sense_is_offered_and_done() -> None:
    app = app_with()
    async with app.run_test(size=STANDARD) as pilot:
        await choose(pilot, "reload and provision")
        await until(pilot, lambda: asked_of(app))
        assert asked_of(app) == [("reload", "vm:web")]
        assert app.fleet.options == [Options(provision=True)]  # type: ignore[attr-defined]


async def test_a_snapshot_gets_a_name_and_a_wrong_one_is_told() -> None:
    app = app_with()
    async with app.run_test(size=STANDARD) as pilot:
        await choose(pilot, "save a snapshot")
        await until(pilot, lambda: isinstance(app.screen, NameDialog))
        await pilot.press("a", "/", "b", "enter")
        assert "a snapshot cannot be called" in text_of(app)
        await pilot.press("backspace", "backspace", "enter")
        await until(pilot, lambda: asked_of(app))
        assert asked_of(app) == [("snapshot save", "vm:web")]
        assert app.fleet.options == [Options(snapshot="a")]  # type: ignore[attr-defined]


async def test_going_back_to_a_snapshot_asks_and_the_safe_answer_is_the_default() -> None:
    app = app_with(snapshots=("clean", "later"))
    async with app.run_test(size=STANDARD) as pilot:
        for keys in (["enter"], ["right", "enter"]):
            await choose(pilot, "restore a snapshot")
            await until(pilot, lambda: "Restore a snapshot of web" in text_of(app))
            await pilot.press("down", "enter")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            assert "Bring web back to later?" in text_of(app)
            assert asked_of(app) == []
            await pilot.press(*keys)
        await until(pilot, lambda: asked_of(app))
        assert asked_of(app) == [("snapshot restore", "vm:web")]
        assert app.fleet.options == [Options(snapshot="later")]  # type: ignore[attr-defined]


async def test_without_a_snapshot_it_is_said() -> None:
    app = app_with()
    async with app.run_test(size=STANDARD) as pilot:
        await choose(pilot, "delete a snapshot")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == ["web has no snapshot"]


@pytest.mark.parametrize("key", ["escape", "q", "x"])
async def test_leaving_the_menu_does_nothing(key: str) -> None:
    app = app_with()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("x", key)
        await pilot.pause()
        assert not isinstance(app.screen, ChoiceDialog)
        assert asked_of(app) == []


async def test_there_is_none_for_a_container_and_none_when_read_only() -> None:
    app = app_with()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("2", "x")
        assert not isinstance(app.screen, ChoiceDialog)
    app = build_app(fleet_of(vm("web", directory=SHOP)), read_only=True)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("x")
        assert not isinstance(app.screen, ChoiceDialog)


async def test_s_on_a_paused_or_suspended_machine_lets_it_go_on() -> None:
    for state in (State.PAUSED, State.SUSPENDED):
        app = app_with(state)
        async with app.run_test(size=STANDARD) as pilot:
            await pilot.press("1", "s")
            assert asked_of(app) == [("resume", "vm:web")]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x45"])
def test_the_menu_looks(snap_compare: Any, size: tuple[int, int]) -> None:
    async def before(pilot: Any) -> None:
        await charts_drawn(pilot)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChoiceDialog))

    assert snap_compare(app_with(), terminal_size=size, run_before=before)
