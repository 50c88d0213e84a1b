"""The lab's screens: what they show, what their keys do, and that nothing is lost silently."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import STANDARD, WIDE, build_app, line_with, text_of, toasts, until
from tests.ui.fleets import container, fleet_of, vm
from tests.ui.lab_fakes import STARTED, FakeLab, history, partial, under_way
from tests.ui.lab_studies import nginx_study
from tui.app import TwindeckApp
from tui.model import Snapshot
from tui.results import Arm, Row, RunState
from tui.screens.decks import DecksScreen
from tui.screens.dialogs import QuitDialog
from tui.screens.lab import LabScreen
from tui.screens.lab_dialogs import CancelDialog, DeleteDialog, LeavingDialog, StartDialog
from tui.screens.lab_output import LabOutputScreen
from tui.screens.lab_row import RowScreen
from tui.screens.lab_runs import RunsScreen
from tui.screens.lab_trend import LabTrendScreen
from tui.screens.lab_two import TwoRunsScreen

RUNNING = "nginx-20260528-203320"
MEASURED = (Row.SIZE, Row.ISOLATION, Row.STORAGE)


def pair() -> Snapshot:
    return fleet_of(vm("nginx", workload="nginx"), container("nginx", workload="nginx"), vm("zoo"))


def running_lab(**more: object) -> FakeLab:
    """A lab that measures, with three rows done."""
    study = partial(nginx_study(), RUNNING, MEASURED)
    return FakeLab([study, *history()], progress=under_way(RUNNING, **more))


async def open_table(app: TwindeckApp, pilot: Pilot[None]) -> LabScreen:
    """The newest run's table, read."""
    await pilot.press("c")
    await until(pilot, lambda: "in the history" in text_of(app))
    await until(pilot, lambda: line_with(app, "2026-"))
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, LabScreen) and app.screen.table)
    await until(pilot, lambda: "Boot time" in text_of(app))
    screen = app.screen
    assert isinstance(screen, LabScreen)
    return screen


@pytest.mark.parametrize(
    ("keys", "kind"), [(["enter"], "quick"), (["j", "enter"], "full")], ids=["quick", "full"]
)
async def test_b_tells_the_length_then_starts_and_opens_the_table(
    keys: list[str], kind: str
) -> None:
    lab = FakeLab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: "about 12 min, 214 readings" in text_of(app))
        await until(pilot, lambda: "about 1 h 10 min, 1310 readings" in text_of(app))
        assert "Boot the pair now" in text_of(app)
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(app.screen, LabScreen))
        assert lab.asked == [("start", f"nginx {kind}")]
        await until(pilot, lambda: "pending" in text_of(app))
        assert lab.progress() is not None
        assert "getting ready" in text_of(app)


async def test_b_then_esc_starts_nothing() -> None:
    lab = FakeLab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, StartDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DecksScreen))
        assert lab.asked == []


async def test_a_refused_start_says_why_and_stays() -> None:
    lab = FakeLab()
    lab.error = "another twindeck measures on this host"
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, StartDialog))
        await pilot.press("enter")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == ["another twindeck measures on this host"]
        assert isinstance(app.screen, DecksScreen)


async def test_b_while_one_runs_opens_that() -> None:
    app = build_app(pair(), lab=running_lab())
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: "Open the comparison" in text_of(app))
        assert "Compare, quick" not in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LabScreen))


async def test_nothing_is_started_resumed_or_deleted_read_only() -> None:
    lab = FakeLab(history(), read_only=True)
    app = build_app(pair(), lab=lab, read_only=True)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("b")
        assert isinstance(app.screen, DecksScreen)
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert not [title for title in titles if title.startswith("Compare")]
        await open_table(app, pilot)
        await pilot.press("r", "escape", "d", "G", "r")
        assert isinstance(app.screen, RunsScreen)
        assert lab.asked == []


async def test_the_table_has_eleven_rows_with_words_and_the_accelerator() -> None:
    app = build_app(pair(), lab=FakeLab(history()))
    async with app.run_test(size=STANDARD) as pilot:
        await open_table(app, pilot)
        text = text_of(app)
        assert "VM: tcg, software emulation" in text
        assert "VM (tcg)" in text
        for title in ("Size", "Resource usage", "OS support", "Storage"):
            assert line_with(app, title)
        assert "✓ confirmed" in line_with(app, "Size ")
        assert "✗ refuted" in line_with(app, "Boot time")
        assert "? not decided" in line_with(app, "Networking")
        assert all(len(line) <= STANDARD[0] for line in text.splitlines())


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


async def test_a_row_opens_into_samples_noise_failures_and_method() -> None:
    app = build_app(pair(), lab=FakeLab(history()))
    async with app.run_test(size=WIDE) as pilot:
        await open_table(app, pilot)
        await pilot.press("G", "enter")
        await until(pilot, lambda: isinstance(app.screen, RowScreen) and "Random" in text_of(app))
        text = text_of(app)
        for word in ("n 6", "MAD", "CPU stolen 3.1 % (1 reading)", "No space left", "fio 4k"):
            assert word in text
        assert "volume" in text
        assert "AMD EPYC" in text
        await pilot.press("tab")
        await until(pilot, lambda: "On disk" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, LabScreen))


async def test_y_copies_the_markdown() -> None:
    app = build_app(pair(), lab=FakeLab(history()))
    async with app.run_test(size=STANDARD) as pilot:
        await open_table(app, pilot)
        await pilot.press("y")
        await until(pilot, lambda: toasts(app))
        assert app.clipboard.startswith("# nginx serving one static page")


async def test_the_output_of_the_run_under_way_can_be_read() -> None:
    app = build_app(pair(), lab=running_lab())
    async with app.run_test(size=STANDARD) as pilot:
        await open_table(app, pilot)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, LabOutputScreen))
        await until(pilot, lambda: "Machine booted" in text_of(app))


async def test_runs_show_state_host_accelerator_and_ratio() -> None:
    app = build_app(pair(), lab=FakeLab(history()))
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
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: line_with(app, "2026-05-19"))
        await pilot.press("r")
        assert lab.asked == []
        await pilot.press("G", "r")
        await until(pilot, lambda: lab.asked == [("resume", "nginx-20260519-080000")])


async def test_delete_asks_and_keeping_is_the_default() -> None:
    lab = FakeLab(history())
    app = build_app(pair(), lab=lab)
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
    app = build_app(pair(), lab=FakeLab(history()))
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
    app = build_app(pair(), lab=FakeLab(history()))
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
    app = build_app(pair(), lab=FakeLab())
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: "No comparison yet" in text_of(app))
        await pilot.press("enter", "d", "m", "t", "c")
        assert isinstance(app.screen, RunsScreen)


async def test_hostile_words_of_a_run_are_text() -> None:
    study = nginx_study()
    evil = replace(study.run, workload="we[red]b\x1b[31m", host={"CPU[/]": "\x1b]0;x\x07[b]hot"})
    lab = FakeLab([replace(study, run=evil)])
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await open_table(app, pilot)
        assert "we[red]b" in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RowScreen) and "[b]hot" in text_of(app))
        assert "\x1b" not in text_of(app)


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


async def test_started_and_resumed_runs_are_known_by_the_same_id() -> None:
    lab = FakeLab()
    app = build_app(pair(), lab=lab)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, StartDialog))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LabScreen))
        assert isinstance(app.screen, LabScreen)
        assert app.screen.run_id == STARTED
        assert app.screen.progress is not None
