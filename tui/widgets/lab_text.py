"""The words of a comparison on screen: verdicts, states, figures; pure functions, no widget."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType

from textual.content import Content

from tui.lab.view import Progress
from tui.results import Cell, Ratio, Row, Run, RunState, TableRow, Verdict
from tui.text import clean
from tui.units import DASH, about, age, figure

VERDICTS: Mapping[Verdict, tuple[str, str, str]] = MappingProxyType(
    {
        Verdict.CONFIRMED: ("✓", "confirmed", "$success"),
        Verdict.REFUTED: ("✗", "refuted", "$warning"),
        Verdict.UNDECIDED: ("?", "not decided", "$quiet"),
    }
)
"""Sign, word, style; the word alone tells them apart."""
TITLES: Mapping[Row, str] = MappingProxyType(
    {
        Row.SIZE: "Size",
        Row.BOOT: "Boot time",
        Row.PERFORMANCE: "Performance",
        Row.ISOLATION: "Isolation",
        Row.OS_SUPPORT: "OS support",
        Row.SECURITY: "Security",
        Row.PORTABILITY: "Portability",
        Row.RESOURCES: "Resource usage",
        Row.DENSITY: "Density",
        Row.NETWORKING: "Networking",
        Row.STORAGE: "Storage",
    }
)
_STATES: Mapping[RunState, tuple[str, str]] = MappingProxyType(
    {
        RunState.RUNNING: ("◆", "$accent"),
        RunState.CANCELLED: ("◇", "$warning"),
        RunState.FAILED: ("✗", "$error"),
        RunState.DONE: ("✓", "$success"),
    }
)
_SHORT_RATIOS = (
    (", under software emulation", " tcg"),
    ("no measurable difference", "none measurable"),
    ("not distinguishable", "indistinguishable"),
)
_EMULATED = "tcg"


def has_figures(row: TableRow) -> bool:
    """Whether anything was measured for the row yet."""
    return any(line.estimates or line.facts for line in row.lines) or any(
        cell.value is not None for cell in (row.vm, row.container)
    )


def row_state(row: TableRow, run: Run, progress: Progress | None) -> str:
    """`measuring`, `pending`, `not asked`, `not measured`; empty for a row with figures.

    `progress` is that of this run while it is under way, else None.
    """
    if row.row not in run.rows:
        return "not asked"
    if progress is not None and not progress.is_ending and progress.row is row.row:
        return "measuring"
    if has_figures(row):
        return ""
    if any(line.reasons for line in row.lines):
        return ""
    return "pending" if progress is not None and not progress.is_ending else "not measured"


def verdict_text(verdict: Verdict, *, is_short: bool = False) -> Content:
    """`✓ confirmed`."""
    sign, word, style = VERDICTS[verdict]
    word = word if is_short else str(verdict)
    return Content.styled(f"{sign} {word}", style)


def cell_text(cell: Cell, width: int) -> str:
    """A figure with its unit, what was seen, or a dash."""
    if cell.value is None:
        return DASH
    if isinstance(cell.value, str):
        return clean(cell.value)
    return shorter(figure(cell.value, cell.unit), width)


def shorter(text: str, width: int) -> str:
    """With a shorter unit where the long one does not fit."""
    return text if len(text) <= width else text.replace("events/s", "ev/s")


def ratio_text(ratio: Ratio | None, width: int) -> str:
    """What the ratio says, in shorter words where the long ones do not fit."""
    if ratio is None:
        return ""
    says = clean(ratio.says)
    for long, short in _SHORT_RATIOS:
        if len(says) > width:
            says = says.replace(long, short)
    return says


def accelerator_words(accelerator: str | None) -> str:
    """`tcg, software emulation`."""
    match accelerator:
        case None:
            return "accelerator not known yet"
        case "tcg":
            return "tcg, software emulation"
        case "kvm":
            return "kvm, hardware virtualization"
    return clean(accelerator)


def accelerator_line(accelerator: str | None) -> Content:
    """What ran the VM, and what its figures do not say."""
    words = f"VM: {accelerator_words(accelerator)}"
    if accelerator != _EMULATED:
        return Content.styled(words, "$quiet")
    warning = " · says nothing of VMs with hardware virtualization"
    return Content.assemble((words, "bold $warning"), (warning, "$warning"))


def state_text(run: Run, progress: Progress | None) -> Content:
    """`✓ done`; `progress` is that of this run while it is under way, else None."""
    if progress is not None and progress.is_ending:
        return Content.styled("◆ taking down", "$accent")
    if run.state is RunState.RUNNING and progress is None:
        return Content.styled("◇ interrupted", "$warning")
    sign, style = _STATES[run.state]
    return Content.styled(f"{sign} {run.state}", style)


def kind_text(run: Run) -> str:
    """`quick` or `full`."""
    return "quick" if run.is_quick else "full"


def date_text(unix: float) -> str:
    """`2026-11-23 09:31`, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(unix))


def left_text(progress: Progress) -> str:
    """`7 min left`."""
    if progress.is_ending:
        return "taking down"
    return "" if progress.left_seconds is None else f"{about(progress.left_seconds)} left"


def progress_words(progress: Progress) -> str:
    """`lab nginx: Storage 34/210, 7 min left`."""
    row = f" {TITLES[progress.row]}" if progress.row is not None else ""
    parts = [f"lab {clean(progress.workload)}:{row} {progress.step}/{progress.steps}"]
    if left := left_text(progress):
        parts.append(left)
    return ", ".join(parts)


def run_length(run: Run) -> str:
    """`11m40s`; empty before it ended."""
    return age(run.busy_seconds) if run.busy_seconds else ""
