"""The console for a slow line: rows, and nothing that moves on its own beside them."""

from __future__ import annotations

import pytest

from tests.ui.conftest import build_app, text_of
from tui.screens.decks import DecksScreen


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
async def test_has_figures_but_no_trends_and_no_charts(size: tuple[int, int]) -> None:
    app = build_app(is_thin=True)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        text = text_of(app)
        assert "CPU%" in text
        assert "TREND" not in text
        assert not app.screen.query("TrendChart, BootChart")


async def test_the_rows_get_the_room_of_the_charts() -> None:
    heights = []
    for is_thin in (False, True):
        app = build_app(is_thin=is_thin)
        async with app.run_test(size=(160, 45)) as pilot:
            await pilot.pause()
            assert isinstance(app.screen, DecksScreen)
            heights.append(app.screen.deck.size.height)
    assert heights[1] > heights[0] + 12
