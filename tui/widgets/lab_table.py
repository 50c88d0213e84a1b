"""The comparison as a table: eleven lines, as many columns as fit; pure functions, no widget."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from tui.glyphs import Glyphs
from tui.lab.view import Progress
from tui.results import Cell, Table, TableRow
from tui.text import clean
from tui.units import interval
from tui.widgets.lab_text import cell_text, ratio_text, row_state, shorter, verdict_text

_TITLE = 15
_FIGURE = 14
_INTERVAL = 20
_CLAIM = 16
_RATIO = 20
_VERDICT, _LONG_VERDICT = 14, 18


@dataclass(frozen=True, slots=True)
class Widths:
    """Characters of each column, the blank after it included; 0 for one that is left out."""

    title: int
    figure: int
    interval: int
    claim: int
    ratio: int
    verdict: int


def widths_for(width: int) -> Widths:
    """Figures and verdict always; the ratio, intervals, then claims, where there is room; the rest
    is given to the ratio and the figures."""
    verdict = _VERDICT if width < 100 else _LONG_VERDICT + 1
    if width < _TITLE + 2 * _FIGURE + _RATIO + verdict - 2:
        figure = max(8, (width - _TITLE - verdict) // 2)
        return Widths(_TITLE, figure, 0, 0, 0, verdict)
    spare = width - _TITLE - 2 * _FIGURE - _RATIO - verdict
    spans = _INTERVAL if spare >= 2 * _INTERVAL else 0
    spare -= 2 * spans
    claims = _CLAIM if spare >= 2 * _CLAIM else 0
    spare -= 2 * claims
    ratio = _RATIO + min(max(0, spare), 10)
    return Widths(_TITLE, _FIGURE + max(0, spare - 10) // 2, spans, claims, ratio, verdict)


def heading(widths: Widths, accelerator: str | None) -> Content:
    """What the columns are; the VM's names what ran it."""
    vm = f"VM ({clean(accelerator)})"[: widths.figure - 1] if accelerator else "VM"
    parts = [Content(" " * (1 + widths.title))]
    for side, style in ((vm, "$vm"), ("CONTAINER", "$container")):
        quiet = "95 % interval".ljust(widths.interval)[: widths.interval]
        quiet += "usual claim".ljust(widths.claim)[: widths.claim]
        parts.append(Content.assemble((side.ljust(widths.figure), style), (quiet, "$faint")))
    ratio = "RATIO".ljust(widths.ratio)[: widths.ratio]
    parts.append(Content.styled(ratio + "VERDICT", "$faint"))
    return Content.assemble(*parts)


def table_lines(
    table: Table, progress: Progress | None, width: int, glyphs: Glyphs
) -> list[tuple[str, Content]]:
    """(row, its line) for each; `progress` of this run while it is under way, else None."""
    widths = widths_for(width - 1)
    return [
        (str(row.row), _line(row, row_state(row, table.run, progress), widths, glyphs))
        for row in table.rows
    ]


def _line(row: TableRow, state: str, widths: Widths, glyphs: Glyphs) -> Content:
    is_empty = state in ("pending", "not asked", "not measured")
    # Nothing to divide where something was seen, not counted: that gets the ratio's room.
    is_fact = row.ratio is None and isinstance(row.container.value, str)
    extra = widths.ratio if is_fact and not widths.claim else 0
    parts = [Content.styled(_cut(row.title, widths.title, glyphs), "$quiet" if is_empty else "")]
    for cell, claim, room in (
        (row.vm, row.claim_vm, 0),
        (row.container, row.claim_container, extra),
    ):
        shown = Cell(None) if is_empty else cell
        parts.append(_side(shown, claim, widths, room, glyphs))
    if not extra:
        ratio = "" if is_empty else ratio_text(row.ratio, widths.ratio - 1)
        parts.append(Content(_cut(ratio, widths.ratio, glyphs)))
    parts.append(_last(row, state, widths))
    return Content.assemble(*parts)


def _side(cell: Cell, claim: str, widths: Widths, extra: int, glyphs: Glyphs) -> Content:
    """Figure, interval and claim of one side, as many of them as there are columns for."""
    between = interval(cell.low, cell.high, cell.unit) if widths.interval else ""
    style = "bold" if isinstance(cell.value, float | int) else "$quiet"
    if between:
        text = cell_text(cell, widths.figure - 1)
        between = shorter(between, widths.interval - 1)
        figure = Content.assemble(
            (_cut(text, widths.figure, glyphs), style),
            (_cut(between, widths.interval, glyphs), "$quiet"),
        )
    else:
        room = widths.figure + widths.interval + extra
        text = cell_text(cell, room - 1)
        if cell.value is None and cell.reason and room > _FIGURE:
            text = f"{text} {cell.reason}"
        figure = Content.styled(_cut(text, room, glyphs), style)
    return figure + Content.styled(_cut(claim, widths.claim, glyphs), "$faint")


def _last(row: TableRow, state: str, widths: Widths) -> Content:
    if state == "measuring":
        return Content.styled("◆ measuring", "bold $accent")
    if state:
        return Content.styled(f"· {state}", "$faint")
    return verdict_text(row.verdict, is_short=widths.verdict < _LONG_VERDICT)


def _cut(text: str, width: int, glyphs: Glyphs) -> str:
    """The text with a blank after it, cut to its column."""
    return glyphs.cut(clean(text), max(0, width - 1)).ljust(width)
