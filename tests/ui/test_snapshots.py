"""Every screen at every size, as a picture. Look at the pictures when they change.

`make snapshots` writes them anew; they live in `__snapshots__/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import SMALL, STANDARD, WIDE, build_app, charts_drawn
from tests.ui.fleets import docker_down, empty_fleet, first_run, full_fleet
from tui.glyphs import ASCII, UNICODE
from tui.snapshot import Snapshot
from tui.theme import LIGHT

TWO = (120, 30)


def presses(keys: Iterable[str]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def run(pilot: Pilot[Any]) -> None:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.pause()
        await charts_drawn(pilot)
        await pilot.press(*keys)
        await pilot.app.workers.wait_for_complete()
        await charts_drawn(pilot)

    return run


@pytest.mark.parametrize("size", [WIDE, TWO, STANDARD, SMALL], ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize(
    ("name", "fleet"),
    [
        ("full", full_fleet()),
        ("empty", empty_fleet()),
        ("first_run", first_run()),
        ("docker_down", docker_down()),
        ("stale", docker_down(has_rows=True)),
    ],
    ids=["full", "empty", "first_run", "docker_down", "stale"],
)
def test_decks(snap_compare: Any, size: tuple[int, int], name: str, fleet: Snapshot) -> None:
    assert snap_compare(build_app(fleet), terminal_size=size, run_before=presses(()))


@pytest.mark.parametrize("size", [WIDE, STANDARD], ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("containers", ["2", "j"]),
        ("by_cpu", ["2", "o"]),
        ("filter", ["slash", *"shop"]),
        ("marks", ["space", "space", "2", "space"]),
        ("failed", ["2", "j", "j"]),
        ("booting", ["G"]),
        ("zoom", ["2", "z"]),
        ("destroy", ["space", "2", "space", "d"]),
        ("bring_up", ["u"]),
        ("quit", ["q"]),
        ("help", ["question_mark"]),
        ("palette", ["ctrl+p"]),
    ],
)
def test_screens(snap_compare: Any, size: tuple[int, int], name: str, keys: list[str]) -> None:
    assert snap_compare(build_app(), terminal_size=size, run_before=presses(keys))


@pytest.mark.parametrize("size", [WIDE, STANDARD], ids=lambda s: f"{s[0]}x{s[1]}")
def test_light(snap_compare: Any, size: tuple[int, int]) -> None:
    app = build_app(theme=LIGHT.name)
    assert snap_compare(app, terminal_size=size, run_before=presses(()))


def test_light_dialog(snap_compare: Any) -> None:
    app = build_app(theme=LIGHT.name)
    assert snap_compare(app, terminal_size=STANDARD, run_before=presses(["d"]))


@pytest.mark.parametrize("size", [WIDE, STANDARD], ids=lambda s: f"{s[0]}x{s[1]}")
def test_ascii(snap_compare: Any, size: tuple[int, int]) -> None:
    app = build_app(glyphs=ASCII)
    assert snap_compare(app, terminal_size=size, run_before=presses(["d"]))


def test_read_only(snap_compare: Any) -> None:
    app = build_app(read_only=True)
    assert snap_compare(app, terminal_size=STANDARD, run_before=presses(()))


@pytest.mark.parametrize("size", [WIDE, STANDARD], ids=lambda s: f"{s[0]}x{s[1]}")
def test_no_colour(
    snap_compare: Any, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = build_app(glyphs=UNICODE)
    assert snap_compare(app, terminal_size=size, run_before=presses(["space", "j", "d"]))
