"""What the fleet is told to measure, and what a deck's title says of how."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.conftest import SMALL, STANDARD, WIDE, build_app, line_with, text_of
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import container, fleet_of
from tui.app import TwindeckApp
from tui.model import SideName, State
from tui.snapshot import Snapshot
from tui.widgets.filter_box import FilterBox


def crowd() -> Snapshot:
    return fleet_of(*(container(f"c{number:02}", State.RUNNING) for number in range(60)))


def watched_by(app: TwindeckApp) -> frozenset[str] | None:
    assert isinstance(app.fleet, FakeFleet)
    return app.fleet.watched


@pytest.mark.parametrize(
    ("keys", "seen", "unseen"),
    [([], "container:c00", "container:c59"), (["G"], "container:c59", "container:c00")],
)
async def test_only_the_rows_on_the_screen_are_watched(
    keys: list[str], seen: str, unseen: str
) -> None:
    app = build_app(crowd())
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        watched = watched_by(app)
        assert watched is not None
        assert seen in watched
        assert unseen not in watched


async def test_an_order_by_figures_needs_all_of_them() -> None:
    app = build_app(crowd())
    async with app.run_test(size=WIDE) as pilot:
        while "CPU%▼" not in text_of(app):
            await pilot.press("o")
            await pilot.pause()
        assert watched_by(app) is None


@pytest.mark.parametrize("size", [STANDARD, WIDE])
async def test_a_decks_title_says_how_it_is_measured(size: tuple[int, int]) -> None:
    app = build_app()
    async with app.run_test(size=size) as pilot:
        assert "VMs  2 of 6 running  by hypervisor process" in text_of(app)
        await pilot.press("2")
        await pilot.pause()
        assert "Containers  8 of 13 running  by cgroup v1" in text_of(app)


async def test_a_deck_where_nothing_runs_is_not_measured() -> None:
    app = build_app(fleet_of(container("c00", State.STOPPED)))
    async with app.run_test(size=WIDE):
        assert "by cgroup" not in text_of(app)


@pytest.mark.parametrize("size", [STANDARD, WIDE, SMALL])
@pytest.mark.parametrize("method", ["cgroup v1", "cgroup v2 and Engine API"])
async def test_the_filters_count_stays_whole_and_how_it_is_measured_gives_way_first(
    size: tuple[int, int], method: str
) -> None:
    looping = container("restarts-for-ever", State.RESTARTING)
    page = fleet_of(*(container(f"journey-{n}", State.RUNNING) for n in range(40)), looping)
    app = build_app(replace(page, methods={SideName.CONTAINER: method}))
    needle = "journey-3-of-a-name-that-is-rather-long"
    async with app.run_test(size=size) as pilot:
        await pilot.press("slash")
        app.screen.query_one(FilterBox).value = "journey-3"
        await pilot.press("enter")
        await pilot.pause()
        title = line_with(app, "Containers")
        assert "/journey-3  13 shown" in title
        assert f"by {method}" in title or "by" not in title.split()
        await pilot.press("escape", "slash")
        app.screen.query_one(FilterBox).value = needle
        await pilot.pause()
        assert " 0 shown" in line_with(app, "Containers")
