"""A comparison under way: rows fill, cancelling and quitting ask first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.conftest import STANDARD, build_app, line_with, text_of, toasts, until
from tests.ui.lab_fakes import FakeLab, history, partial, under_way
from tests.ui.lab_pilot import MEASURED, RUNNING, open_table, pair, running_lab
from tests.ui.lab_studies import nginx_study
from tui.results import Arm, Row, RunState
from tui.screens.decks import DecksScreen
from tui.screens.dialogs import QuitDialog
from tui.screens.lab_dialogs import CancelDialog, LeavingDialog


async def test_esc_leaves_the_run_going_and_the_decks_tell_of_it() -> None:
    lab = running_lab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await open_table(app, pilot)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, DecksScreen))
        assert "lab nginx: Storage 74/214, 7 min left" in text_of(app)
        assert lab.asked == []


@pytest.mark.parametrize("key", ["x", "ctrl+c"])
async def test_cancel_asks_and_going_on_is_the_default(key: str) -> None:
    lab = running_lab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await open_table(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, CancelDialog))
        assert "74 of 214 readings" in text_of(app)
        await pilot.press("enter")
        assert lab.asked == []
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, CancelDialog))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: lab.asked == [("cancel", "")])
        lab.push(under_way(RUNNING, is_ending=True, left_seconds=None, doing="taking down"))
        await until(pilot, lambda: "taking down" in text_of(app))


async def test_ctrl_c_quits_where_nothing_is_measured() -> None:
    app = build_app(pair(), lab=FakeLab(history()))
    async with app.run_test(size=STANDARD) as pilot:
        await open_table(app, pilot)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app._exit)


async def test_quitting_while_one_runs_says_what_happens_and_waits_for_the_end() -> None:
    lab = running_lab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        assert "comparison of nginx" in text_of(app)
        assert "it can be resumed" in " ".join(text_of(app).split())
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, LeavingDialog))
        assert lab.asked == [("cancel", "")]
        lab.push(under_way(RUNNING, is_ending=True, doing="taking the pair down"))
        await until(pilot, lambda: "taking the pair down" in text_of(app))
        assert not app._exit
        lab.push(under_way(RUNNING, state=RunState.CANCELLED))
        await until(pilot, lambda: app._exit)


async def test_ctrl_c_leaves_even_from_the_last_dialog() -> None:
    lab = running_lab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: isinstance(app.screen, LeavingDialog))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app._exit)


async def test_progress_is_shown_twice_a_second_at_most() -> None:
    lab = running_lab()
    app = build_app(pair(), lab=lab)
    seen: list[int] = []
    async with app.run_test(size=STANDARD) as pilot:
        app.watch(app, "progress", lambda p: seen.append(p.step), init=False)
        for step in range(75, 175):
            lab.push(under_way(RUNNING, step=step, arm=Arm.CONTAINER))
            await pilot.pause(0.001)
        await until(pilot, lambda: seen and seen[-1] == 174)
        assert len(seen) <= 4


async def test_a_screen_beneath_a_whole_one_is_not_painted() -> None:
    lab = running_lab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        decks = app.screen
        screen = await open_table(app, pilot)
        assert app.is_seen(screen)
        assert not app.is_seen(decks)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, CancelDialog))
        assert app.is_seen(screen)
        assert not app.is_seen(decks)


async def test_a_finished_run_loses_its_progress_line_and_says_so() -> None:
    lab = running_lab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await open_table(app, pilot)
        done = nginx_study()
        lab.studies[RUNNING] = replace(done, run=replace(done.run, id=RUNNING))
        lab.push(under_way(RUNNING, state=RunState.DONE, step=214, row=None))
        await until(pilot, lambda: "✓ done" in text_of(app))
        assert "so far" not in text_of(app)
        assert toasts(app) == ["Comparison of nginx done"]


async def test_rows_fill_while_they_are_measured() -> None:
    lab = running_lab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await open_table(app, pilot)
        assert "pending" in line_with(app, "Boot time")
        assert "measuring" in line_with(app, "Storage")
        assert "1.4 GiB" in line_with(app, "Size ")
        assert "74/214" in text_of(app)
        assert "7 min left" in text_of(app)
        lab.studies[RUNNING] = partial(nginx_study(), RUNNING, (*MEASURED, Row.BOOT))
        lab.push(under_way(RUNNING, step=90, row=Row.DENSITY, left_seconds=300.0))
        await until(pilot, lambda: "0.42 s" in line_with(app, "Boot time"))
        assert "measuring" in line_with(app, "Density")
        assert "90/214" in text_of(app)
