"""Every text of users, engines and files hostile: no screen obeys it or takes it for markup.

What is looked at are the bytes for the terminal, out of the real painting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from tests.hostile import EVIL, MARKUP, escaped, poisoned
from tests.ui.conftest import STANDARD, WIDE, fixed_clock, until
from tests.ui.fakes import NGINX, FakeFleet
from tests.ui.fleets import boots, docker_down, full_fleet, histories
from tests.ui.lab_fakes import FakeLab, history, under_way
from tui.app import TwindeckApp
from tui.glyphs import UNICODE
from tui.results import Study
from tui.snapshot import Snapshot

KEPT = frozenset({"workload", "directory"})
"""The fleet lets no other through: names of workloads are checked, folders are paths."""
KEPT_IN_RUNS = frozenset({"metric"})


class HostileFleet(FakeFleet):
    """Also what an inspection says and the clipboard would hold."""

    def inspect(self, key: str, *, reveal: bool = False) -> dict[str, Any]:
        return {EVIL: [EVIL, {MARKUP: EVIL}], "State": MARKUP}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything the console writes to its terminal."""
    written: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "is_headless", property(lambda _: False))
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, data: written.append(data))
    return written


def hostile_app(snapshot: Snapshot, studies: list[Study] | None = None) -> TwindeckApp:
    logs = {poisoned(key): [EVIL, MARKUP] * 30 for key in ("vm:nginx", "container:nginx")}
    fleet = HostileFleet(
        poisoned(snapshot, KEPT),
        workloads=(replace(NGINX, title=poisoned("web")),),
        problems=(poisoned("a folder"),),
        histories=poisoned(histories(), KEPT),
        boots=poisoned(boots(), KEPT),
        logs=logs,
        outputs=logs,
    )
    found = history() if studies is None else studies
    lab = FakeLab([_evil_run(study) for study in found], progress=None)
    return TwindeckApp(fleet, lambda: lab, clock=fixed_clock(), glyphs=UNICODE)


def _evil_run(study: Study) -> Study:
    run = poisoned(study.run, KEPT_IN_RUNS)
    metrics = tuple(
        replace(evil, id=good.id) for evil, good in zip(run.metrics, study.run.metrics, strict=True)
    )
    return Study(replace(run, metrics=metrics), poisoned(study.measurements, KEPT_IN_RUNS))


def is_on(app: TwindeckApp, name: str) -> Callable[[], bool]:
    return lambda: type(app.screen).__name__ == name


JOURNEYS: tuple[tuple[str, ...], ...] = (
    # Keys, and the screens they must come to; the first is the decks.
    ("DecksScreen",),
    ("enter", "DetailsScreen", "tab", "tab", "z"),
    ("l", "LogScreen", "w", "slash", "x", "enter"),
    ("i", "InspectScreen", "w"),
    ("d", "ConfirmDialog"),
    ("u", "WorkloadDialog"),
    ("question_mark", "HelpScreen"),
    ("ctrl+p", "CommandPalette", *"Bring"),
    ("ctrl+p", "CommandPalette", "down", "down", "down"),
    ("slash", "DecksScreen", *"[/beta]", "enter"),
    ("space", "o", "o", "z", "tab", "space", "DecksScreen"),
    ("q", "QuitDialog"),
    ("c", "RunsScreen", "m", "down", "t", "LabTrendScreen", "tab", "tab"),
    ("c", "RunsScreen", "m", "down", "c", "TwoRunsScreen", "a"),
    ("c", "RunsScreen", "d", "DeleteDialog"),
    ("c", "RunsScreen", "enter", "LabScreen", "enter", "RowScreen", "tab", "tab", "tab"),
)


async def walk(app: TwindeckApp, keys: tuple[str, ...], size: tuple[int, int]) -> None:
    async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
        for key in keys:
            if key.endswith(("Screen", "Dialog", "Palette")):
                await until(pilot, is_on(app, key))
            else:
                await pilot.press(key)
            await pilot.pause()
        await pilot.pause(0.05)


@pytest.mark.parametrize("size", [STANDARD, WIDE], ids=["80x24", "160x45"])
@pytest.mark.parametrize("keys", JOURNEYS, ids=lambda keys: "-".join(keys))
async def test_no_screen_hands_on_what_a_terminal_would_obey(
    sent: list[str], keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    await walk(hostile_app(full_fleet()), keys, size)
    assert any("beta" in text for text in sent)
    assert escaped("".join(sent)) == []


@pytest.mark.parametrize("keys", [("DecksScreen",), ("enter", "DetailsScreen")])
async def test_an_engine_that_is_down_may_give_any_reason(
    sent: list[str], keys: tuple[str, ...]
) -> None:
    await walk(hostile_app(docker_down(has_rows=True)), keys, WIDE)
    assert escaped("".join(sent)) == []


async def test_a_comparison_under_way_may_print_anything(sent: list[str]) -> None:
    app = hostile_app(full_fleet())
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        lab = app.lab
        assert isinstance(lab, FakeLab)
        run_id = next(iter(lab.studies))
        progress = poisoned(under_way("x"))
        lab.push(replace(progress, run_id=run_id))
        for key, screen in (("c", "RunsScreen"), ("enter", "LabScreen"), ("L", "LabOutputScreen")):
            await pilot.press(key)
            await until(pilot, is_on(app, screen))
        await pilot.pause(0.05)
    assert escaped("".join(sent)) == []


async def test_only_a_key_of_the_user_writes_the_clipboard(sent: list[str]) -> None:
    app = hostile_app(full_fleet())
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await pilot.pause(0.05)
        assert not any("\x1b]52" in text for text in sent)
        await pilot.press("y")
        await pilot.pause(0.05)
    clipboard = [text for text in sent if "\x1b]52" in text]
    assert len(clipboard) == 1
