"""The log and inspect screens on a real container that writes as fast as it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.engine.container_kit import Run, docker
from tui.app import TwindeckApp
from tui.fleet.fleet import Fleet
from tui.fleet.meters import Meters
from tui.meters.host import HostMeter
from tui.model import key_of
from tui.screens.inspect import InspectScreen
from tui.screens.logs import LogScreen
from tui.sides.containers import Containers
from tui.store import Store

pytestmark = pytest.mark.engine
FLOOD = 'i=0; while :; do i=$((i+1)); echo "line $i [red]plain[/red] \\033[31mred"; done'


async def until(is_so: Callable[[], object], timeout_seconds: float = 20) -> None:
    async with asyncio.timeout(timeout_seconds):
        while not is_so():
            await asyncio.sleep(0.02)


def counting(word: str) -> tuple[str, ...]:
    return ("sh", "-c", f"i=0; while :; do i=$((i+1)); echo {word} $i; sleep 0.2; done")


@asynccontextmanager
async def following(
    key: str, containers: Containers, folder: Path
) -> AsyncIterator[tuple[TwindeckApp, LogScreen]]:
    """The console over the real engine, with the log of that container open."""
    fleet = Fleet(
        connect=lambda: (containers,),
        open_meters=lambda: Meters(each=(), host=HostMeter()),
        store=Store(folder / "history.db"),
        workloads=[],
    )
    app = TwindeckApp(fleet)
    try:
        async with app.run_test(size=(120, 30)) as pilot:
            await until(lambda: app.snapshot.find(key))
            log = LogScreen(key)
            await app.push_screen(log)
            yield app, log
            await pilot.pause()
            await pilot.pause()
    finally:
        fleet.stop()


async def test_a_log_is_followed_over_docker_restart_and_over_recreation_under_the_same_name(
    run: Run, base_image: str, containers: Containers, tmp_path: Path
) -> None:
    name = run(command=counting("first"))
    key = key_of(containers.name, name)
    async with following(key, containers, tmp_path) as (_app, log):
        await until(lambda: "first 3" in log.view.store.lines)
        await asyncio.to_thread(docker, "restart", "-t", "0", name)
        await until(lambda: log.view.store.lines.count("first 3") == 2)
        lines = list(log.view.store.lines)
        numbers = [int(line.split()[1]) for line in lines if line.startswith("first ")]
        # Nothing twice, nothing left out: each run counts from one, without a gap.
        again = numbers.index(1, 1)
        assert numbers == [*range(1, again + 1), *range(1, len(numbers) - again + 1)]
        await until(lambda: any("── restarted" in line for line in log.view.store.lines))
        await asyncio.to_thread(docker, "rm", "-f", name)
        await until(lambda: log.stream_word() == "ended")
        await asyncio.to_thread(
            docker, "run", "-d", "--name", name, base_image, *counting("second")
        )
        await until(lambda: "second 2" in log.view.store.lines)
        assert "second 1" in log.view.store.lines
        assert any(line.startswith("── another container") for line in log.view.store.lines)
        await until(lambda: log.stream_word() == "following")


async def test_a_flooding_container_is_followed_and_left(
    run: Run, containers: Containers, tmp_path: Path
) -> None:
    key = key_of(containers.name, run(command=("sh", "-c", FLOOD)))
    async with following(key, containers, tmp_path) as (app, log):
        await until(lambda: log.view.store.first > 0)
        line = log.view.store.lines[-1]
        assert line.startswith("line ")
        assert "[red]plain[/red]" in line
        assert "\x1b" not in line
        app.simulate_key("k")
        await until(lambda: not log.view.is_following)
        app.simulate_key("escape")
        await until(lambda: not log.feed.is_running, 3)
        inspect = InspectScreen(key)
        await app.push_screen(inspect)
        await until(lambda: inspect.is_read)
        assert any('"Id"' in text for text in inspect.view.store.lines)
