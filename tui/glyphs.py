"""The few signs the console draws, with a plain ASCII set for terminals that have no UTF-8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from tui.model import State


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One sign a character wide for each thing; the word always stands beside it."""

    states: Mapping[State, str]
    unhealthy: str
    """Running, but its health check fails."""
    checking: str
    """Running, its health check not yet passed."""
    working: str
    failed: str
    busy: str
    cursor: str
    cursor_away: str
    """The cursor of the deck the keys do not go to."""
    mark: str
    ascending: str
    descending: str
    bars: str
    """Lowest to highest bar of a sparkline."""
    ellipsis: str
    dash: str
    arrow: str
    dot: str
    group: str
    times: str
    is_ascii: bool = field(default=False)

    def cut(self, text: str, width: int) -> str:
        """`text` in at most `width` characters, its end cut off visibly."""
        if len(text) <= width:
            return text
        return text[: max(0, width - 1)] + self.ellipsis if width > 0 else ""

    def cut_left(self, text: str, width: int) -> str:
        """`text` in at most `width` characters, its beginning cut off visibly: for paths."""
        if len(text) <= width:
            return text
        return self.ellipsis + text[len(text) - max(0, width - 1) :] if width > 1 else ""

    def sparkline(self, values: Sequence[float | None], width: int, least_top: float) -> str:
        """The last `width` values as bars, right-aligned; a gap where there is no value.

        The top of the scale is the highest value shown, but at least `least_top`, so that an
        idle instance draws a flat line rather than its own noise.
        """
        shown = tuple(values)[-width:] if width > 0 else ()
        return _bars(self.bars, shown, least_top).rjust(width)


@lru_cache(1024)
def _bars(bars: str, values: tuple[float | None, ...], least_top: float) -> str:
    """Kept, since what is idle draws the same line every second."""
    steps = len(bars) - 1
    top = max(least_top, max((v for v in values if v is not None), default=0.0))
    heights = (None if v is None else min(steps, round(max(0.0, v) / top * steps)) for v in values)
    return "".join(" " if height is None else bars[height] for height in heights)


UNICODE = Glyphs(
    states=MappingProxyType(
        {
            State.RUNNING: "●",
            State.PAUSED: "◐",
            State.SUSPENDED: "◒",
            State.STOPPED: "○",
            State.CREATED: "◇",
            State.RESTARTING: "◑",
            State.REMOVING: "◌",
            State.DEAD: "✗",
            State.ABSENT: "·",
            State.UNKNOWN: "?",
        }
    ),
    unhealthy="!",
    checking="◔",
    working="◆",
    failed="✗",
    busy="◈",
    cursor="▌",
    cursor_away="▏",
    mark="✓",
    ascending="▲",
    descending="▼",
    bars="▁▂▃▄▅▆▇█",
    ellipsis="…",
    dash="—",
    arrow="→",
    dot="·",
    group="▾",
    times="×",
)

ASCII = Glyphs(
    states=MappingProxyType(
        {
            State.RUNNING: "+",
            State.PAUSED: "=",
            State.SUSPENDED: "_",
            State.STOPPED: "-",
            State.CREATED: "o",
            State.RESTARTING: "~",
            State.REMOVING: "~",
            State.DEAD: "x",
            State.ABSENT: ".",
            State.UNKNOWN: "?",
        }
    ),
    unhealthy="!",
    checking="'",
    working=">",
    failed="x",
    busy="#",
    cursor=">",
    cursor_away="|",
    mark="*",
    ascending="^",
    descending="v",
    bars="_.-:=+*#",
    ellipsis="~",
    dash="-",
    arrow=">",
    dot="-",
    group="v",
    times="x",
    is_ascii=True,
)


def glyphs_for(environ: Mapping[str, str]) -> Glyphs:
    """The set the terminal can show, by the locale the user asked for.

    Python itself sets LC_CTYPE to C.UTF-8 where the locale is plain C (PEP 538), so that value
    says nothing of the terminal and LANG is asked instead.
    """
    asked = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if asked == "C.UTF-8" and not environ.get("LC_ALL"):
        asked = environ.get("LANG") or ""
    return UNICODE if asked.lower().replace("-", "").endswith("utf8") else ASCII
