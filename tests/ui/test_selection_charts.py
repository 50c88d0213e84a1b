"""The charts under the decks follow the cursor without holding it up."""

from __future__ import annotations

import asyncio

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import WIDE, MakeApp, charts_drawn, until
from tui.screens.decks import DecksScreen
from tui.widgets import selection_charts
from tui.widgets.selection_charts import SelectionCharts
from tui.widgets.trend_chart import TrendChart


@pytest.fixture
def aims(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Every key that the trend chart was given, in turn."""
    seen: list[str | None] = []
    watch = TrendChart.watch_key
    monkeypatch.setattr(
        TrendChart, "watch_key", lambda chart: (seen.append(chart.key), watch(chart))
    )
    return seen


def cursor(pilot: Pilot[None]) -> str | None:
    screen = pilot.app.screen
    assert isinstance(screen, DecksScreen)
    return screen.deck.cursor


async def test_after_a_single_step_the_charts_follow_without_a_wait(
    make_app: MakeApp, aims: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_app().run_test(size=WIDE) as pilot:
        await charts_drawn(pilot)
        # A rest that would never end: only a step that is drawn at once can come through.
        await asyncio.sleep(selection_charts.REST_SECONDS)
        monkeypatch.setattr(SelectionCharts, "set_timer", pytest.fail)
        await pilot.press("j")
        await until(pilot, lambda: aims[-1] == cursor(pilot))


async def test_a_cursor_that_runs_over_rows_has_its_charts_drawn_where_it_rests(
    make_app: MakeApp, aims: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection_charts, "REST_SECONDS", 0.5)
    async with make_app().run_test(size=WIDE) as pilot:
        await charts_drawn(pilot)
        aims.clear()
        passed = []
        for key in ("j", "tab", "j", "j"):
            await pilot.press(key)
            passed.append(cursor(pilot))
        await until(pilot, lambda: aims[-1:] == [cursor(pilot)])
        assert len(set(passed)) == 4
        assert not set(aims) & set(passed[1:-1])
