"""The charts of the selection below the decks, where there is height for them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.timer import Timer

if TYPE_CHECKING:
    from tui.widgets.boot_chart import BootChart
    from tui.widgets.trend_chart import TrendChart

REST_SECONDS = 0.15
"""How long a cursor that runs over rows has to rest before its charts are drawn."""


class SelectionCharts(Horizontal):
    """CPU, memory and boots of one instance and its pair."""

    def __init__(self) -> None:
        super().__init__(id="charts")
        self._charts: tuple[TrendChart | BootChart, ...] = ()
        self._rest: Timer | None = None
        self._key: str | None = None
        self._aimed_t = 0.0

    async def show(self, is_shown: bool) -> None:
        """Make the charts, or remove them."""
        if not is_shown:
            self._charts = ()
            await self.remove_children()
        elif not self.children and self.is_attached:
            # A window may change its size while the console is left: nothing is mounted then.
            # The first frame does not wait for them.
            from tui.widgets.boot_chart import BootChart
            from tui.widgets.trend_chart import TrendChart

            self._charts = (TrendChart(), BootChart())
            self._key = None
            await self.mount(*self._charts)

    def aim(self, key: str | None) -> None:
        """Another selection: drawn at once after a single step, at rest where many follow."""
        if not self._charts or key == self._key:
            return
        now = time.monotonic()
        has_rested, self._aimed_t = now - self._aimed_t >= REST_SECONDS, now
        is_first, self._key = self._key is None, key
        if self._rest is not None:
            self._rest.stop()
        if has_rested or is_first:
            # The cursor is painted first: drawing curves takes longer than a frame has.
            self.call_after_refresh(self._point)
        else:
            self._rest = self.set_timer(REST_SECONDS, self._point)

    def _point(self) -> None:
        for chart in self._charts:
            chart.key = self._key
