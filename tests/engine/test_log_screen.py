"""The log and inspect screens on a real container that writes as fast as it can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.container_kit import Run
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


async def test_a_flooding_container_is_followed_and_left(
    run: Run, containers: Containers, tmp_path: Path
) -> None:
    key = key_of(containers.name, run(command=("sh", "-c", FLOOD)))
    fleet = Fleet(
        connect=lambda: (containers,),
        open_meters=lambda: Meters(each=(), host=HostMeter()),
        store=Store(tmp_path / "history.db"),
        workloads=[],
    )
    app = TwindeckApp(fleet)
    try:
        async with app.run_test(size=(120, 30)) as pilot:
            await until(lambda: app.snapshot.find(key))
            log = LogScreen(key)
            await app.push_screen(log)
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
            await pilot.pause()
    finally:
        fleet.stop()
