"""The details screen: facts, figures with reasons, panes, zoom, and the decks' actions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.ui import charts_data as data
from tests.ui.charts_data import drawn, pair_app
from tests.ui.conftest import asked_of, line_with, text_of, toasts, until
from tests.ui.fakes import T_NS
from tui.glyphs import ASCII
from tui.model import HealthStatus, Phase, SideName, State, Verb
from tui.screens.decks import DecksScreen
from tui.screens.details import DetailsScreen
from tui.screens.dialogs import ConfirmDialog
from tui.screens.inspect import InspectScreen
from tui.screens.logs import LogScreen, OutputScreen
from tui.snapshot import Job, JobState
from tui.widgets.facts import facts, headline

SIZES = [(80, 24), (160, 45)]


async def test_facts_of_a_vm() -> None:
    vm = replace(data.VM, directory=Path("/srv/lab/web"), busy="vagrant provision, pid 99")
    app = pair_app(replace(data.SNAPSHOT, instances=(vm, data.CONTAINER)))
    async with app.run_test(size=(160, 50)) as pilot:
        await app.push_screen(DetailsScreen(vm.key))
        await drawn(pilot)
        text = text_of(app)
        for fact in (
            "up for  1h02m",
            "busy  vagrant provision, pid 99",
            "port  127.0.0.1:18080 → 80/tcp",
            "box  twindeck/debian12",
            "id  0f3c2a9e-5d1 ",
            "provider  libvirt tcg",
            "pid  4711",
            "directory  /srv/lab/web",
        ):
            assert fact in text


async def test_every_vm_figure_names_its_kind_and_a_missing_one_its_reason() -> None:
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await app.push_screen(DetailsScreen(data.VM.key))
        await drawn(pilot)
        assert "tcg · of a core" in line_with(app, "  CPU  104%")
        assert "tcg · host RSS" in line_with(app, "memory  612 MiB")
        assert "the guest says" in line_with(app, "guest use  212 MiB")
        reason = "the guest's processes are not visible from the host"
        assert line_with(app, "processes").split("processes", 1)[1].split("—")[1].strip() == reason


async def test_a_stopped_instance_has_no_figures_and_says_so() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(data.STOPPED.key))
        await drawn(pilot)
        assert "stopped, exit 137: killed (SIGKILL)" in text_of(app)
        assert "figures  —  none while stopped" in text_of(app)
        assert " 0 B" not in text_of(app)


async def test_tab_turns_to_boots_then_facts_then_back() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(data.VM.key))
        await drawn(pilot)
        assert "−5m" in text_of(app)
        assert "tab boots" in text_of(app)
        await pilot.press("tab")
        assert "longest phase, same scale" in text_of(app)
        assert "−5m" not in text_of(app)
        await pilot.press("tab")
        assert "the guest's processes are not visible from the host" in text_of(app)
        await pilot.press("tab")
        assert "−5m" in text_of(app)
        await pilot.press("shift+tab")
        assert "pid  4711" in text_of(app)


@pytest.mark.parametrize("size", SIZES)
async def test_zoom_gives_the_pane_the_screen_and_escape_gives_it_back(
    size: tuple[int, int],
) -> None:
    app = pair_app()
    async with app.run_test(size=size) as pilot:
        await app.push_screen(DetailsScreen(data.VM.key))
        await drawn(pilot)
        height = app.screen.query_one("TrendChart").size.height
        await pilot.press("z")
        await pilot.pause()
        assert app.screen.query_one("TrendChart").size.height == size[1] - 2 > height
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen.query_one("TrendChart").size.height == height
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, DecksScreen)


ODD_PORTS = tuple(f"127.0.0.1:{n}->{n}/tcp" for n in range(33000, 33200, 2))
"""A hundred that make no range."""


@pytest.mark.parametrize("size", SIZES)
async def test_many_ports_push_no_other_fact_off_and_keys_reach_the_last(
    size: tuple[int, int],
) -> None:
    web = replace(data.CONTAINER, ports=ODD_PORTS)
    app = pair_app(replace(data.SNAPSHOT, instances=(data.VM, web)))
    async with app.run_test(size=size) as pilot:
        await app.push_screen(DetailsScreen(web.key))
        await drawn(pilot)
        for fact in ("image", "id  ", "provider", "created", "pid  "):
            assert fact in text_of(app)
        assert "33198" not in text_of(app)
        await pilot.press("pagedown", "down", "j")
        await until(pilot, lambda: "up for" not in text_of(app))
        await pilot.press("G")
        await until(pilot, lambda: "127.0.0.1:33198" in text_of(app))
        await pilot.press("g")
        await until(pilot, lambda: "up for" in text_of(app))


async def test_an_unhealthy_container_tells_what_its_check_said_to_the_end() -> None:
    said = "curl: (7) Failed to connect to 127.0.0.1 port 8080 after 0 ms: Could not connect to it"
    web = replace(data.CONTAINER, health=HealthStatus.UNHEALTHY, failed_check=f"{said} (exit 7)")
    app = pair_app(replace(data.SNAPSHOT, instances=(data.VM, web)))
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(web.key))
        await drawn(pilot)
        assert "! running, unhealthy" in text_of(app)
        await pilot.press("shift+tab")
        await until(
            pilot, lambda: "Could not connect to it (exit 7)" in " ".join(text_of(app).split())
        )


async def test_a_container_killed_for_want_of_memory_says_so_and_names_its_limit() -> None:
    web = replace(
        data.CONTAINER,
        state=State.STOPPED,
        exit_code=137,
        is_out_of_memory=True,
        memory_limit_bytes=8 * 2**20,
        restart_count=4,
        restart_policy="on-failure:5",
    )
    app = pair_app(replace(data.SNAPSHOT, instances=(data.VM, web)))
    async with app.run_test(size=(160, 45)) as pilot:
        await app.push_screen(DetailsScreen(web.key))
        await drawn(pilot)
        assert "exit code  137" in text_of(app)
        assert "killed: out of memory, limit 8.0 MiB" in line_with(app, "exit code")
        assert "restarts 4 by its policy on-failure:5" in " ".join(
            line_with(app, "restarts").split()
        )


async def test_a_large_screen_shows_everything_at_once() -> None:
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await app.push_screen(DetailsScreen(data.CONTAINER.key))
        await drawn(pilot)
        for word in ("first process, on the host", "−5m", "same scale", "seconds", "76.7"):
            assert word in text_of(app)


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        ("s", ("stop", data.VM.key)),
        ("r", ("restart", data.VM.key)),
        ("p", ("pause", data.VM.key)),
        ("K", ("kill", data.VM.key)),
        ("e", ("shell", data.VM.key)),
    ],
)
async def test_actions_work_here_too(keys: str, asked: tuple[str, str]) -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(data.VM.key))
        await pilot.pause()
        await pilot.press(*keys)
        await until(pilot, lambda: asked in asked_of(app))


async def test_destroy_asks_and_cancel_is_the_default() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(data.VM.key))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        assert not asked_of(app)


async def test_read_only_offers_and_does_nothing_that_changes() -> None:
    app = pair_app(read_only=True)
    async with app.run_test(size=(160, 45)) as pilot:
        await app.push_screen(DetailsScreen(data.VM.key))
        await drawn(pilot)
        await pilot.press(*"srpKdub")
        assert not asked_of(app)
        assert isinstance(app.screen, DetailsScreen)
        assert "restart" not in text_of(app).split("\n")[-1]


@pytest.mark.parametrize(("key", "screen"), [("l", LogScreen), ("i", InspectScreen)])
async def test_logs_and_inspect_open_and_come_back(key: str, screen: type[Any]) -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(data.CONTAINER.key))
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, screen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))


def job(state: JobState, **more: Any) -> Job:
    """An `up` of the VM, asked for half a minute ago."""
    base = Job(1, Verb.UP, SideName.VM, "web", state, T_NS - 31_000_000_000)
    return replace(base, **more)


async def test_a_running_action_shows_phase_and_time_a_failed_one_its_error() -> None:
    running = job(JobState.RUNNING, phase=Phase.BOOT, phase_t_ns=T_NS)
    app = pair_app(replace(data.SNAPSHOT, jobs={data.VM.key: running}))
    async with app.run_test(size=(160, 45)) as pilot:
        await app.push_screen(DetailsScreen(data.VM.key))
        await drawn(pilot)
        assert "up boot 31s" in text_of(app)
        failed = job(JobState.FAILED, error="no box [bold]debian[/bold]")
        app.snapshot = replace(app.snapshot, jobs={data.VM.key: failed})
        await pilot.pause()
        assert "up failed: no box [bold]debian[/bold]" in text_of(app)
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, OutputScreen))


async def test_an_instance_that_goes_away_is_said_to_be_gone() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(data.CONTAINER.key))
        await drawn(pilot)
        app.snapshot = replace(data.SNAPSHOT, instances=(data.VM,))
        await pilot.pause()
        assert "container:web  is gone: esc goes back" in text_of(app)
        await pilot.press(*"srpKdlei")
        assert not asked_of(app)


async def test_figures_follow_the_fleet() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(data.CONTAINER.key))
        await drawn(pilot)
        sample = replace(data.CONTAINER_SAMPLE, cpu_percent=77.7)
        app.snapshot = replace(data.SNAPSHOT, samples={data.CONTAINER.key: sample})
        await pilot.pause()
        assert "CPU  77.7%" in text_of(app)


async def test_copy_says_what_was_copied() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(data.CONTAINER.key))
        await pilot.press("y")
        await until(pilot, lambda: toasts(app))
        assert app.clipboard == "container:web 127.0.0.1:8080"


async def test_hostile_names_are_text_and_ascii_is_ascii() -> None:
    odd = replace(data.STOPPED, state=State.RUNNING, name="a[/b]\x1b[31m$x")
    app = pair_app(replace(data.SNAPSHOT, instances=(odd,)), glyphs=ASCII)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(DetailsScreen(odd.key))
        await drawn(pilot)
        assert "container:a[/b]$x" in text_of(app)
        assert text_of(app).isascii()


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x45"])
@pytest.mark.parametrize("pane", ["trends", "boots", "facts"])
def test_details_look(snap_compare: Any, size: tuple[int, int], pane: str) -> None:
    async def before(pilot: Any) -> None:
        screen = DetailsScreen(data.VM.key)
        await pilot.app.push_screen(screen)
        screen.pane = pane
        await drawn(pilot)

    assert snap_compare(pair_app(), terminal_size=size, run_before=before)


def test_a_machine_says_whose_it_is_who_told_its_state_and_why_it_is_not_known() -> None:
    vm = replace(
        data.VM,
        state=State.UNKNOWN,
        owner="user eve",
        note="vagrant is being asked",
        told_at=1_780_000_000.0,
        connection="qemu:///session",
    )
    rows = {row.label: (row.value, row.note) for row in facts(vm, (), 1_780_000_012.0, ASCII)}
    assert rows["owner"] == ("user eve", "out of this Vagrant's reach")
    assert rows["state"][1] == "vagrant is being asked"
    assert rows["told"][0] == "by vagrant 12s ago"
    assert rows["provider"][0].endswith("qemu:///session")
    assert "of user eve" in headline(vm, ASCII).plain
