"""Progress and failure in the rows, engines that are away, and text that means harm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.conftest import (
    SMALL,
    STANDARD,
    WIDE,
    build_app,
    line_with,
    lines_of,
    text_of,
    toasts,
    until,
)
from tests.ui.fakes import T_NS, FakeFleet
from tests.ui.fleets import (
    BOOTING,
    HOSTILE,
    container,
    docker_down,
    empty_fleet,
    fleet_of,
    full_fleet,
    job,
    vm,
)
from tui.errors import ActionFailed, UsageError
from tui.glyphs import ASCII
from tui.model import Verb
from tui.screens.logs import OutputScreen
from tui.sides.base import Command
from tui.snapshot import Job, JobState, Snapshot


async def test_the_row_tells_phase_and_seconds_and_the_line_below_the_rest() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("G")
        assert "boot 12s" in line_with(app, "scratch")
        assert "up scratch · boot 12s" in lines_of(app)[-2]
        assert "Waiting for SSH [bold]now[/]" in lines_of(app)[-2]


async def test_seconds_go_on_without_snapshots() -> None:
    app = build_app(fleet_of(vm("scratch")))
    async with app.run_test(size=STANDARD) as pilot:
        assert isinstance(app.fleet, FakeFleet)
        app.fleet.push_job(BOOTING)
        await until(pilot, lambda: "boot 12s" in text_of(app))
        app.clock = replace(app.clock, t_ns=lambda: T_NS + 5_000_000_000)
        await until(pilot, lambda: "boot 17s" in text_of(app))


async def test_a_failure_shows_until_its_output_was_read() -> None:
    app = build_app(outputs={"container:registry": ["Error response from daemon: no"]})
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("2", "j", "j")
        assert "running ✗" in line_with(app, "registry")
        await until(pilot, lambda: "cannot stop registry" in lines_of(app)[-2])
        assert "L whole output" in lines_of(app)[-2]
        await pilot.press("L")
        await until(pilot, lambda: isinstance(app.screen, OutputScreen))
        await until(pilot, lambda: "Error response from daemon" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: "✗" not in line_with(app, "registry"))


async def test_a_failure_is_told_once_where_nobody_looks() -> None:
    app = build_app(fleet_of(vm("one"), container("two")))
    async with app.run_test(size=STANDARD) as pilot:
        assert isinstance(app.fleet, FakeFleet)
        broken = job(Verb.STOP, "container:two", JobState.FAILED, error="cannot stop two: [b]x[/b]")
        app.fleet.push_job(replace(broken, state=JobState.RUNNING))
        await until(pilot, lambda: app.snapshot.jobs)
        app.fleet.push_job(broken)
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == ["cannot stop two: [b]x[/b]"]
        app.fleet.push(replace(app.snapshot, t_ns=1))
        await until(pilot, lambda: app.snapshot.t_ns == 1)
        assert len(toasts(app)) == 1


async def test_busy_is_a_word_not_an_error() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        assert "◈ busy" in line_with(app, "win2022")
        await pilot.press("G", "k", "k")
        await until(pilot, lambda: "vagrant up, pid 4711" in lines_of(app)[-2])


async def test_queued_is_told() -> None:
    waiting: Job = job(Verb.START, "vm:one", JobState.QUEUED, phase=None, phase_t_ns=None)
    app = build_app(replace(fleet_of(vm("one")), jobs={"vm:one": waiting}))
    async with app.run_test(size=STANDARD):
        assert "queued" in line_with(app, " one ")


async def test_a_missing_engine_says_why_and_how_and_the_other_deck_works() -> None:
    app = build_app(docker_down())
    async with app.run_test(size=WIDE) as pilot:
        text = text_of(app)
        assert "Docker cannot be used." in text
        assert "permission denied on /var/run/docker.sock" in text
        assert "sudo usermod -aG docker $USER" in text
        assert "Docker down" in lines_of(app)[0]
        await pilot.press("s")
        assert isinstance(app.fleet, FakeFleet)
        assert app.fleet.asked == [("stop", "vm:nginx")]
        await pilot.press("2", "j", "o", "space", "enter", "s")
        assert len(app.fleet.asked) == 1


async def test_known_rows_of_a_missing_engine_are_stale() -> None:
    app = build_app(docker_down(has_rows=True))
    async with app.run_test(size=WIDE) as pilot:
        assert "stale" in line_with(app, "Containers")
        assert "shop-api-1" in text_of(app)
        assert isinstance(app.fleet, FakeFleet)
        app.fleet.push(fleet_of(vm("one"), container("two")))
        await until(pilot, lambda: "stale" not in text_of(app))


async def test_an_empty_fleet_says_what_to_press() -> None:
    app = build_app(empty_fleet())
    async with app.run_test(size=WIDE):
        assert "No virtual machines yet." in text_of(app)
        assert text_of(app).count("u brings a workload up.") == 2


async def test_the_accelerator_is_always_visible() -> None:
    for size in (WIDE, (120, 30), STANDARD, SMALL):
        app = build_app()
        async with app.run_test(size=size):
            assert "tcg" in lines_of(app)[0], size
            assert "tcg" in line_with(app, "build-agent"), size


async def test_hostile_names_are_only_names() -> None:
    app = build_app(fleet_of(container(HOSTILE), container("\x1b]0;owned\x07\n")))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("2")
        assert "evil[red][/]name" in text_of(app)
        assert "\x1b" not in text_of(app)
        await pilot.press("d")
        await until(pilot, lambda: "Destroy container" in text_of(app))
        await pilot.press("escape", "y")
        await until(pilot, lambda: app.clipboard)
        assert "\x1b" not in app.clipboard


@pytest.mark.parametrize("fleet", [full_fleet(), docker_down(), empty_fleet(), Snapshot()])
async def test_plain_ascii_where_the_terminal_has_no_more(fleet: Snapshot) -> None:
    app = build_app(fleet, glyphs=ASCII)
    async with app.run_test(size=STANDARD) as pilot:
        assert text_of(app).isascii()
        await pilot.press("2")
        await pilot.pause()
        assert text_of(app).isascii()


async def test_a_refused_verb_is_one_line() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:

        def refuse(verb: Verb, key: str, **_how: object) -> Job:
            raise UsageError(f"cannot {verb} {key}: [it] is busy", "wait")

        app.fleet.submit = refuse  # type: ignore[method-assign]
        await pilot.press("s")
        assert toasts(app) == ["cannot stop vm:nginx: [it] is busy → wait"]


async def test_a_shell_that_cannot_be_had_is_one_line() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:

        def refuse(key: str) -> Command:
            raise ActionFailed("no shell in vm:nginx: it has no address yet", "wait")

        app.fleet.shell = refuse  # type: ignore[method-assign]
        await pilot.press("e")
        await until(pilot, lambda: toasts(app))
        assert toasts(app) == ["no shell in vm:nginx: it has no address yet → wait"]


async def test_a_terminal_that_cannot_be_handed_over_is_one_line() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: toasts(app))
        assert "cannot be handed over" in toasts(app)[0]


async def test_every_size_down_to_60x15_shows_state_name_cpu_and_memory() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        for width, height in ((160, 45), (121, 36), (119, 35), (100, 30), (80, 24), (60, 15)):
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda: app.size == (width, height))  # noqa: B023
            await pilot.pause()
            row = line_with(app, "nginx")
            assert "running" in row, (width, height)
            assert "12.4" in row, (width, height)
            assert "412 MiB" in row, (width, height)
            assert "help" in lines_of(app)[-1], (width, height)


async def test_what_was_left_out_at_the_start_is_told() -> None:
    app = build_app(problems=("workloads/x/workload.toml: [ports] is missing",))
    async with app.run_test(size=STANDARD):
        assert toasts(app) == ["workloads/x/workload.toml: [ports] is missing"]


async def test_the_header_takes_the_accelerator_from_a_vm_where_the_engine_does_not_say() -> None:
    snapshot = fleet_of(vm("one", accelerator="kvm"))
    silent = {side: replace(health, accelerator=None) for side, health in snapshot.health.items()}
    app = build_app(replace(snapshot, health=silent))
    async with app.run_test(size=STANDARD):
        assert "Vagrant ok kvm" in lines_of(app)[0]
