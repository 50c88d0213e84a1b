"""How figures, hosts and dates are written in every report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from tui.results import Arm, Cell, Estimate, Line, Outcome, Ratio, Run, RunState
from tui.text import clean
from tui.units import DASH, figure, interval, plain_number

EMULATED = (
    "Every VM figure is under software emulation (tcg). It is what this host does; it does not "
    "say what VMs cost with hardware virtualization."
)
ARMS = (Arm.VM, Arm.CONTAINER, Arm.VOLUME, Arm.HOST)
"""In the order of every report: the two sides first."""


def vm_heading(run: Run) -> str:
    """`VM (tcg)`: no figure of a VM stands without what ran it."""
    return f"VM ({clean(run.accelerator)})" if run.accelerator else "VM"


def arm_names(run: Run) -> Mapping[Arm, str]:
    """How each arm is called in this run's reports."""
    return {arm: vm_heading(run) if arm is Arm.VM else str(arm) for arm in Arm}


def warnings(run: Run) -> list[str]:
    """What a reader must know before the first figure."""
    told = []
    if run.accelerator == "tcg":
        told.append(EMULATED)
    if run.state is not RunState.DONE:
        told.append(
            f"This run is not complete ({run.state}): it holds what was measured until then."
        )
    return told


def cell_text(cell: Cell) -> str:
    """`49.3 s [47.0–51.2 s] (6)`, a fact, or why there is none."""
    if cell.value is None:
        return f"{DASH} ({clean(cell.reason)})"
    if isinstance(cell.value, str):
        return clean(cell.value)
    ends = interval(cell.low, cell.high, cell.unit)
    return (
        figure(cell.value, cell.unit) + (f" [{ends}]" if ends else "") + f" ({len(cell.samples)})"
    )


def arm_text(line: Line, arm: Arm) -> str:
    """What a line has on one arm."""
    if arm in line.estimates:
        return estimate_text(line.estimates[arm], line.metric.unit)
    if arm in line.facts:
        return clean(line.facts[arm])
    return f"{DASH} ({clean(line.reasons[arm])})" if arm in line.reasons else ""


def estimate_text(estimate: Estimate, unit: str) -> str:
    """Median, interval, number of readings, and of failures."""
    ends = interval(estimate.low, estimate.high, unit)
    failed = f", {estimate.n_failed} failed" if estimate.n_failed else ""
    middle = figure(estimate.median, unit)
    return middle + (f" [{ends}]" if ends else "") + f" ({estimate.n}{failed})"


def ratio_number(ratio: Ratio) -> str:
    """`80.5 [78.0–83.0]`: VM over container."""
    number = plain_number(ratio.median)
    if ratio.low is None or ratio.high is None:
        return number
    return f"{number} [{plain_number(ratio.low)}–{plain_number(ratio.high)}]"


def without_winner(ratio: Ratio) -> str:
    """The words of a ratio that is no difference; empty for one that is."""
    return "" if ratio.outcome is Outcome.DIFFERENT else str(ratio.outcome)


def ratio_text(ratio: Ratio | None) -> str:
    """The number, or in words that there is no difference and the number after them."""
    if ratio is None:
        return ""
    words = without_winner(ratio)
    return f"{words} ({ratio_number(ratio)})" if words else ratio_number(ratio)


def floor_text(floor: float) -> str:
    """`A/A 3.1 %`: how far an arm was from itself."""
    return f"A/A {100 * floor:.1f} %"


def says_text(line: Line) -> str:
    """How the sides differ, with the noise floor beside it, and how they stand to the host."""
    told = []
    if line.ratio is not None:
        says = clean(line.ratio.says)
        floor = line.ratio.floor
        told.append(says if floor is None else f"{says} ({floor_text(floor)})")
    if line.remark:
        told.append(clean(line.remark))
    return "; ".join(told)


def when(seconds: float) -> str:
    """`2026-11-23 09:31 UTC`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def kind_of(run: Run) -> str:
    """`quick run, done, 12 min 03 s`."""
    kind = "quick" if run.is_quick else "full"
    whole = round(run.busy_seconds)
    return f"{kind} run, {run.state}, {whole // 60} min {whole % 60:02d} s"
