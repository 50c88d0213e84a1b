"""What a closed screen leaves behind."""

from __future__ import annotations

import gc

from textual._styles_cache import StylesCache

from tests.ui.conftest import WIDE, build_app


def painters() -> int:
    """How many widgets' painted lines are in memory."""
    gc.collect()
    return sum(type(thing) is StylesCache for thing in gc.get_objects())


async def test_a_dialog_that_was_closed_leaves_no_painted_lines() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("question_mark")
        await pilot.press("escape")
        await pilot.pause()
        before = painters()
        for _ in range(8):
            await pilot.press("question_mark")
            await pilot.press("escape")
            await pilot.pause()
        assert painters() <= before + 8
