"""How figures, hosts and dates are written in every report."""

from __future__ import annotations

from datetime import UTC, datetime

from tui.results import Arm, Cell, Estimate, Line, Ratio, Run
from tui.text import clean
from tui.units import DASH, figure, interval

EMULATED = (
    "Every VM figure is under software emulation (tcg). It is what this host does; it does not "
    "say what VMs cost with hardware virtualization."
)


def vm_heading(run: Run) -> str:
    """`VM (tcg)`: no figure of a VM stands without what ran it."""
    return f"VM ({clean(run.accelerator)})" if run.accelerator else "VM"


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


def ratio_text(ratio: Ratio | None) -> str:
    """`80.5 [78–83]`: VM over container."""
    if ratio is None:
        return ""
    ends = f" [{ratio.low:.3g}–{ratio.high:.3g}]" if ratio.low and ratio.high else ""
    return f"{ratio.median:.3g}{ends}"


def when(seconds: float) -> str:
    """`2026-11-23 09:31 UTC`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def kind_of(run: Run) -> str:
    """`quick run, done, 12 min 03 s`."""
    kind = "quick" if run.is_quick else "full"
    whole = round(run.busy_seconds)
    return f"{kind} run, {run.state}, {whole // 60} min {whole % 60:02d} s"
