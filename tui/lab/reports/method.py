"""How a run was measured, in the few lines an expert looks for first."""

from __future__ import annotations

from tui.lab.statistics import LEAST_SAMPLES, OUTLIER_MADS
from tui.lab.table import LEAST_FLOOR
from tui.results import Run, Table


def method_lines(table: Table) -> tuple[str, ...]:
    """Of the whole run; what belongs to one metric stands with it."""
    run = table.run
    least = f"{100 * LEAST_FLOOR:.0f} %"
    return (
        "In turn: readings of VM, container, volume and host are taken next to each other, in "
        f"blocks; the order within a block is drawn from seed {run.seed} and turned round in the "
        "next (ABBA). Ratios are of readings of the same block.",
        "One at a time: while one is measured the other side is paused, for boots and density it "
        "is shut down.",
        "Against itself first (A/A): the largest difference of such a pair is the noise floor; "
        f"below it, or below {least}, there is no measurable difference. "
        + ("" if table.floors else "This run has no A/A readings."),
        f"Medians with their 95 % interval by order statistics, from {LEAST_SAMPLES} readings on; "
        "fewer carry none. Warm-ups do not count. Failures, outliers (further than "
        f"{OUTLIER_MADS} MAD from the median) and disturbed readings are marked and kept.",
        _length(run),
        "Times are differences of the host's CLOCK_MONOTONIC. "
        f"Method version {run.method_version}, Twindeck {run.twindeck_version or 'unknown'}.",
    )


def _length(run: Run) -> str:
    if run.is_quick:
        return "Quick run: few readings of each, so most figures carry no interval."
    return "Full run: readings go on until the interval is within 5 % of the median, to a cap."
