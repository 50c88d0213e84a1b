"""Inspect: JSON as text, searchable, read anew, honest about errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ui import charts_data as data
from tests.ui.charts_data import pair_app
from tests.ui.conftest import line_with, text_of, until
from tui.app import TwindeckApp
from tui.core.secrets import MASK, masked
from tui.errors import EngineUnavailable
from tui.screens.inspect import InspectScreen, json_lines

FULL: dict[str, Any] = {
    "Id": data.CONTAINER.id,
    "Config": {
        "Env": ["PATH=/usr/bin", "NOTE=[red]not markup[/red]"],
        "Labels": {"org.opencontainers.image.title": "nginx", "日本": "ok"},
        "Cmd": ["nginx", "-g", "daemon off;"],
    },
    "State": {"Status": "running", "Pid": 4890, "ExitCode": 0, "OOMKilled": False},
    "Mounts": [{"Type": "volume", "Name": f"data-{n}", "RW": True} for n in range(20)],
}


def inspecting(monkeypatch: pytest.MonkeyPatch, value: Any = FULL) -> TwindeckApp:
    """The console, its fleet answering `value` to inspect."""

    def inspect(key: str, *, reveal: bool = False) -> dict[str, Any]:
        if isinstance(value, Exception):
            raise value
        return dict(value) if reveal else masked(dict(value))

    app = pair_app()
    monkeypatch.setattr(app.fleet, "inspect", inspect)
    return app


async def opened(pilot: Any) -> InspectScreen:
    """The screen, once the engine has answered."""
    screen = InspectScreen(data.CONTAINER.key)
    await pilot.app.push_screen(screen)
    await until(pilot, lambda: screen.is_read)
    await pilot.pause()
    return screen


async def test_json_is_indented_text(monkeypatch: pytest.MonkeyPatch) -> None:
    app = inspecting(monkeypatch)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert '      "NOTE=[red]not markup[/red]"' in text_of(app)
        assert '"日本": "ok"' in text_of(app)


async def test_search_jumps_to_what_is_below(monkeypatch: pytest.MonkeyPatch) -> None:
    app = inspecting(monkeypatch)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("slash", *"data-19", "enter")
        await pilot.pause()
        assert "/data-19: 1 of 1" in text_of(app)
        assert line_with(app, '"data-19"')
        assert screen.view.scroll_y > 0
        await pilot.press("escape")
        assert screen.view.pattern is None
        assert app.screen is screen
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is not screen)


async def test_an_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    app = inspecting(monkeypatch, EngineUnavailable("Docker does not answer", "twindeck doctor"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "Docker does not answer → twindeck doctor" in text_of(app)


async def test_refresh_reads_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    app = inspecting(monkeypatch)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        monkeypatch.setattr(app.fleet, "inspect", lambda key, **_: {"Fresh": key})
        await pilot.press("ctrl+r")
        await until(pilot, lambda: '"Fresh": "container:web"' in text_of(app))
        assert "PATH" not in text_of(app)


SECRETIVE = {"Config": {"Env": ["PATH=/bin", "DB_PASSWORD=hunter2-and-more"]}, "Id": "0f"}


async def test_secrets_are_masked_until_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    app = inspecting(monkeypatch, SECRETIVE)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        assert f"DB_PASSWORD={MASK}" in text_of(app)
        assert "1 secret masked" in text_of(app)
        assert "R reveal" in text_of(app)
        await pilot.press("R")
        await until(pilot, lambda: "DB_PASSWORD=hunter2-and-more" in text_of(app))
        assert "secrets shown" in text_of(app)
        assert "R mask" in text_of(app)
        await pilot.press("R")
        await until(pilot, lambda: "hunter2" not in text_of(app))
        assert screen.is_current


async def test_what_is_masked_is_neither_found_nor_copied_nor_saved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    app = inspecting(monkeypatch, SECRETIVE)
    copied: list[str] = []
    monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("slash", *"hunter2", "enter")
        await pilot.pause()
        assert not screen.view.matches
        await pilot.press("escape", "y", "ctrl+s")
        await until(pilot, lambda: list(tmp_path.glob("twindeck-*-inspect-*.txt")))
        (file,) = tmp_path.glob("twindeck-*-inspect-*.txt")
        for text in (*copied, file.read_text()):
            assert "hunter2" not in text
            assert f"DB_PASSWORD={MASK}" in text


def test_control_characters_never_reach_the_screen() -> None:
    lines = json_lines({"a": "\x1b[31mred\x07", "b\u202e": "x"})
    assert not any(ord(c) < 32 or c == "\u202e" for line in lines for c in line)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
def test_inspect_look(
    snap_compare: Any, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    assert snap_compare(inspecting(monkeypatch), terminal_size=size, run_before=opened)
