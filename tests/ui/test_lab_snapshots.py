"""The lab's screens as pictures. Look at the pictures when they change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import SMALL, STANDARD, WIDE, build_app, charts_drawn
from tests.ui.lab_fakes import FakeLab, history, partial, under_way
from tests.ui.lab_studies import nginx_study
from tui.glyphs import ASCII
from tui.results import Row
from tui.theme import LIGHT

RUNNING = "nginx-20260528-203320"
MEASURED = (Row.SIZE, Row.ISOLATION, Row.OS_SUPPORT, Row.SECURITY, Row.STORAGE)
SIZES = pytest.mark.parametrize("size", [WIDE, STANDARD], ids=lambda s: f"{s[0]}x{s[1]}")


def done() -> FakeLab:
    return FakeLab(history())


def running() -> FakeLab:
    return FakeLab(
        [partial(nginx_study(), RUNNING, MEASURED), *history()], progress=under_way(RUNNING)
    )


def presses(keys: Sequence[str]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def run(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.app.workers.wait_for_complete()
            await pilot.pause()
            await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await charts_drawn(pilot)

    return run


@SIZES
@pytest.mark.parametrize(
    ("name", "lab", "keys"),
    [
        ("runs", done, ["c", "m"]),
        ("table", done, ["c", "enter", "j"]),
        ("row", done, ["c", "enter", "G", "enter"]),
        ("two", done, ["c", "m", "j", "m", "c"]),
        ("trend", done, ["c", "t"]),
        ("running", running, ["c", "enter", "j"]),
        ("decks", running, []),
    ],
)
def test_lab(
    snap_compare: Any,
    size: tuple[int, int],
    name: str,
    lab: Callable[[], FakeLab],
    keys: list[str],
) -> None:
    assert snap_compare(build_app(lab=lab()), terminal_size=size, run_before=presses(keys))


@pytest.mark.parametrize(
    "keys", [["b"], ["c", "enter", "x"], ["q"]], ids=["start", "cancel", "quit"]
)
def test_dialogs(snap_compare: Any, keys: list[str]) -> None:
    app = build_app(lab=done() if keys == ["b"] else running())
    assert snap_compare(app, terminal_size=STANDARD, run_before=presses(keys))


@pytest.mark.parametrize("keys", [["c"], ["c", "enter"]], ids=["runs", "table"])
def test_small(snap_compare: Any, keys: list[str]) -> None:
    app = build_app(lab=running())
    assert snap_compare(app, terminal_size=SMALL, run_before=presses(keys))


def test_ascii(snap_compare: Any) -> None:
    app = build_app(lab=running(), glyphs=ASCII)
    assert snap_compare(app, terminal_size=WIDE, run_before=presses(["c", "enter", "G"]))


def test_light(snap_compare: Any) -> None:
    app = build_app(lab=done(), theme=LIGHT.name)
    assert snap_compare(app, terminal_size=WIDE, run_before=presses(["c", "enter", "j"]))
