"""How the command line shows a comparison: eleven lines that fit 80 columns, or JSON."""

from __future__ import annotations

from textwrap import shorten

from tui.cli.tables import print_json, put
from tui.lab.as_json import table_json
from tui.lab.reports.words import vm_heading
from tui.results import Cell, Outcome, Ratio, RunState, Table, TableRow
from tui.text import clean
from tui.units import about, figure

_WIDTHS = (14, 18, 18, 9)


def print_run(table: Table, *, as_json: bool) -> None:
    """On stdout."""
    if as_json:
        print_json(table_json(table))
        return
    run = table.run
    kind = "quick" if run.is_quick else "full"
    title = f"{run.id}: {run.title}, {kind}, {run.state}, {about(run.busy_seconds)}"
    put(clean(title))
    if run.accelerator == "tcg":
        put("VM figures are under software emulation (tcg): not those of VMs on hardware")
    put()
    put(_columns("", vm_heading(run), "container", "VM/cont.", "usual claim"))
    for row in table.rows:
        put(_columns(*_row(row)))
    reasons = [
        f"{row.row}, {side}: {cell.reason}"
        for row in table.rows
        for side, cell in (("vm", row.vm), ("container", row.container))
        if cell.reason
    ]
    if reasons and run.state is not RunState.RUNNING:
        put()
    for reason in reasons:
        put(clean(reason))


def _row(row: TableRow) -> tuple[str, str, str, str, str]:
    return (row.title, _cell(row.vm), _cell(row.container), _times(row.ratio), str(row.verdict))


def _cell(cell: Cell) -> str:
    if cell.value is None:
        return "—"
    text = cell.value if isinstance(cell.value, str) else figure(cell.value, cell.unit)
    return clean(text)


def _times(ratio: Ratio | None) -> str:
    if ratio is None:
        return ""
    if ratio.outcome is Outcome.NONE:
        return "≈ 1"
    return f"{ratio.median:,.0f}" if ratio.median >= 1000 else f"{ratio.median:.3g}"


def _columns(*texts: str) -> str:
    *cells, last = texts
    fitted = (
        (text if len(text) <= width else shorten(text, width, placeholder="…")[:width]).ljust(width)
        for text, width in zip(cells, _WIDTHS, strict=True)
    )
    return " ".join((*fitted, last)).rstrip()
