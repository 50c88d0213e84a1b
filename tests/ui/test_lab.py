"""The lab's screens: what they show, what their keys do, and that nothing is lost silently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.conftest import STANDARD, WIDE, build_app, line_with, text_of, toasts, until
from tests.ui.lab_fakes import STARTED, FakeLab, history
from tests.ui.lab_pilot import open_table, pair, running_lab
from tests.ui.lab_studies import nginx_study
from tui.screens.decks import DecksScreen
from tui.screens.lab import LabScreen
from tui.screens.lab_dialogs import StartDialog
from tui.screens.lab_output import LabOutputScreen
from tui.screens.lab_row import RowScreen
from tui.screens.lab_runs import RunsScreen


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


@pytest.mark.parametrize("size", [(60, 15), (70, 20), STANDARD, (110, 30), WIDE])
async def test_every_size_shows_figures_accelerator_and_verdict(size: tuple[int, int]) -> None:
    app = build_app(pair(), lab=FakeLab(history()))
    async with app.run_test(size=size) as pilot:
        await open_table(app, pilot)
        line = line_with(app, "Boot time")
        for word in ("50.2 s", "0.42 s", "refuted"):
            assert word in line
        assert "VM: tcg" in text_of(app)
