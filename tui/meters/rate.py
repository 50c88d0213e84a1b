"""CPU per cent from two readings of a counter."""

from __future__ import annotations

FIRST = "needs two samples"
RESET = "its counter started anew"


def cpu_percent(
    before: tuple[int, int] | None, now: tuple[int, int]
) -> tuple[float | None, str | None]:
    """Share of one core x 100 between two (time ns, CPU ns) readings, and why there is none.

    The same figure as `docker stats`: its share of the host's CPU time times the number of cores.
    """
    if before is None:
        return None, FIRST
    elapsed, used = now[0] - before[0], now[1] - before[1]
    if elapsed <= 0:
        return None, FIRST
    if used < 0:
        return None, RESET
    return 100.0 * used / elapsed, None
