"""Help and palette tell the keys that work now, and none that do not."""

from __future__ import annotations

from tests.ui.conftest import STANDARD, WIDE, asked_of, build_app, text_of, until
from tests.ui.fleets import fleet_of, full_fleet, vm
from tui.app import TwindeckApp
from tui.model import State
from tui.screens.decks import DecksScreen
from tui.screens.help import HelpScreen, help_entries


def told(app: TwindeckApp) -> dict[str, str]:
    return {keys: text for _, entries in help_entries(app.screen) for keys, text in entries}


async def test_help_opens_closes_and_lists_the_keys() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        for word in ("Stop", "Open a shell", "Destroy, after a question", "ctrl+r"):
            assert word in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DecksScreen))


async def test_help_follows_the_state() -> None:
    app = build_app(fleet_of(vm("one", State.STOPPED)))
    async with app.run_test(size=STANDARD):
        assert told(app)["s"].startswith("Start")
        assert "e" not in told(app)
        assert "p" not in told(app)


async def test_help_of_a_read_only_console_has_nothing_that_changes() -> None:
    app = build_app(read_only=True)
    async with app.run_test(size=STANDARD):
        assert not set(told(app)) & set("srpKdube")
        assert {"l", "i", "/"} <= set(told(app))


async def test_every_key_on_the_decks_is_explained() -> None:
    app = build_app(full_fleet())
    async with app.run_test(size=STANDARD):
        keys = {key for keys in told(app) for key in keys.split()}
        expected = set("surpledbcKiyozjkgGq12?/")
        expected |= {"ctrl+r", "ctrl+c", "ctrl+p", "tab", "space", "enter", "esc"}
        assert expected <= keys


async def test_the_palette_brings_workloads_up() -> None:
    app = build_app(fleet_of(vm("one")))
    async with app.run_test(size=WIDE) as pilot:
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Stop", "Shell", "Bring up nginx on both sides", "Theme"} <= titles
        await pilot.press("ctrl+p")
        await pilot.press(*"nginxasaVM")
        await until(pilot, lambda: "as a VM" in text_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: asked_of(app))
        assert asked_of(app) == [("up", "vm:nginx")]


async def test_the_palette_of_a_read_only_console_changes_nothing() -> None:
    app = build_app(read_only=True)
    async with app.run_test(size=WIDE):
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert not {t for t in titles if t.startswith(("Bring", "Stop", "Destroy", "Restart"))}
