"""The list of comparisons: open, resume, delete, two side by side, a trend."""

from __future__ import annotations

from tests.ui.conftest import STANDARD, WIDE, build_app, line_with, text_of, until
from tests.ui.fleets import full_fleet
from tests.ui.lab_fakes import FakeLab, history
from tui.screens.lab_dialogs import DeleteDialog
from tui.screens.lab_runs import RunsScreen
from tui.screens.lab_trend import LabTrendScreen
from tui.screens.lab_two import TwoRunsScreen


async def test_runs_show_state_host_accelerator_and_ratio() -> None:
    app = build_app(full_fleet(), lab=FakeLab(history()))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: "5 in the history" in text_of(app))
        await until(pilot, lambda: "longer" in line_with(app, "2026-05-28"))
        assert "full" in line_with(app, "2026-05-20")
        line = line_with(app, "2026-05-19")
        assert "cancelled" in line
        assert "kvm" in line
        assert "0c77ab12" in line


async def test_a_cancelled_run_can_be_resumed_and_a_done_one_cannot() -> None:
    lab = FakeLab(history())
    app = build_app(full_fleet(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: line_with(app, "2026-05-19"))
        await pilot.press("r")
        assert lab.asked == []
        await pilot.press("G", "r")
        await until(pilot, lambda: lab.asked == [("resume", "nginx-20260519-080000")])


async def test_delete_asks_and_keeping_is_the_default() -> None:
    lab = FakeLab(history())
    app = build_app(full_fleet(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: line_with(app, "2026-05-19"))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DeleteDialog))
        await pilot.press("enter")
        assert lab.asked == []
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DeleteDialog))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "4 in the history" in text_of(app))
        assert lab.asked == [("delete", "nginx-20260528-201320")]


async def test_two_marked_runs_stand_side_by_side() -> None:
    app = build_app(full_fleet(), lab=FakeLab(history()))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: line_with(app, "2026-05-19"))
        await pilot.press("m", "G", "m", "c")
        await until(pilot, lambda: isinstance(app.screen, TwoRunsScreen))
        await until(pilot, lambda: "host 0c77ab12  VM kvm" in text_of(app))
        assert "two hosts" in text_of(app)
        assert "hardware virtualization and by tcg" in text_of(app)
        assert "same" in line_with(app, "Isolation")
        await pilot.press("a")
        await until(pilot, lambda: "Cold boot" in text_of(app))


async def test_a_trend_takes_only_runs_that_can_be_compared() -> None:
    app = build_app(full_fleet(), lab=FakeLab(history()))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: line_with(app, "2026-05-19"))
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, LabTrendScreen) and app.screen.is_ready)
        await until(pilot, lambda: "3 quick runs on this host" in text_of(app))
        assert "Warm boot" in text_of(app)
        await pilot.press("tab", "tab")
        await until(pilot, lambda: "no figures of this row" in text_of(app))


async def test_an_empty_history_says_how_to_begin() -> None:
    app = build_app(full_fleet(), lab=FakeLab())
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: "No comparison yet" in text_of(app))
        await pilot.press("enter", "d", "m", "t", "c")
        assert isinstance(app.screen, RunsScreen)
