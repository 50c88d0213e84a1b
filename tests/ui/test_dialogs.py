"""Questions: the safe answer is the default, and quitting never drops work silently."""

from __future__ import annotations

import pytest

from tests.ui.conftest import STANDARD, asked_of, build_app, text_of, until
from tests.ui.fleets import container, fleet_of, full_fleet, vm
from tui.model import SideName, State
from tui.screens.decks import DecksScreen
from tui.screens.dialogs import ConfirmDialog, QuitDialog, WorkloadDialog


async def test_destroy_names_what_is_lost() -> None:
    app = build_app(fleet_of(vm("a"), container("b", State.STOPPED)))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("space", "tab", "space", "d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        text = text_of(app)
        assert "Destroy 2 instances?" in text
        assert "VM         a  running" in text
        assert "container  b  stopped" in text
        assert "disk and everything on it is lost" in text
        assert "writable layer is lost" in text


@pytest.mark.parametrize("keys", [["enter"], ["escape"], ["q"], ["d"], ["tab", "tab", "enter"]])
async def test_nothing_but_a_deliberate_yes_destroys(keys: list[str]) -> None:
    app = build_app(fleet_of(vm("a")))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press(*keys)
        await pilot.pause()
        assert asked_of(app) == []


async def test_right_and_enter_is_a_deliberate_yes() -> None:
    app = build_app(fleet_of(vm("a")))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("right", "enter")
        await until(pilot, lambda: asked_of(app))
        assert asked_of(app) == [("destroy", "vm:a")]


async def test_marks_survive_a_cancelled_destroy() -> None:
    app = build_app(fleet_of(vm("a"), vm("b")))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("space", "d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DecksScreen))
        screen = app.screen
        assert isinstance(screen, DecksScreen)
        assert screen.deck.marks == {"vm:a"}


@pytest.mark.parametrize(
    ("keys", "sides"),
    [
        (["enter"], [SideName.VM, SideName.CONTAINER]),
        (["down", "enter"], [SideName.VM]),
        (["j", "j", "enter"], [SideName.CONTAINER]),
        (["escape"], []),
    ],
)
async def test_workload_dialog_gives_sides(keys: list[str], sides: list[SideName]) -> None:
    app = build_app(fleet_of())
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, WorkloadDialog))
        assert "127.0.0.1:18080" in text_of(app)
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(app.screen, DecksScreen))
        assert asked_of(app) == [("up", f"{side}:nginx") for side in sides]


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_quit_leaves_at_once_when_nothing_runs(key: str) -> None:
    app = build_app(fleet_of(vm("a")))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: app._exit)


async def test_quit_asks_while_something_runs_and_staying_is_the_default() -> None:
    app = build_app(full_fleet())
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        assert "up scratch  VM, boot" in text_of(app)
        assert "vagrant goes on" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DecksScreen))
        assert not app._exit


async def test_quit_and_let_it_go_on() -> None:
    app = build_app(full_fleet())
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app._exit)


async def test_ctrl_c_twice_always_leaves() -> None:
    app = build_app(full_fleet())
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("ctrl+c")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app._exit)


async def test_ctrl_c_leaves_from_the_filter_too() -> None:
    app = build_app(fleet_of(vm("a")))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("slash", "x", "ctrl+c")
        await until(pilot, lambda: app._exit)
