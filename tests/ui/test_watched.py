"""What the fleet is told to measure, and what the first line says of how."""

from __future__ import annotations

import pytest

from tests.ui.conftest import STANDARD, WIDE, build_app, text_of
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import container, fleet_of
from tui.app import TwindeckApp
from tui.model import Snapshot, State


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


async def test_the_first_line_says_how_containers_are_measured() -> None:
    app = build_app()
    async with app.run_test(size=WIDE):
        assert "Docker 20.10.24 cgroup v1" in text_of(app)
