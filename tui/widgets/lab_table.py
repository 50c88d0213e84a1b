"""The comparison as a table: eleven lines, as many columns as fit; pure functions, no widget."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from tui.glyphs import Glyphs
from tui.lab.view import Progress
from tui.results import Cell, Table, TableRow
from tui.text import clean
from tui.units import interval
from tui.widgets.lab_text import cell_text, ratio_text, row_state, verdict_text

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
    """Figures and verdict always; intervals, then claims, where there is room; the rest is given
    to the ratio and the figures."""
    verdict = _VERDICT if width < 100 else _LONG_VERDICT + 1
    spare = width - _TITLE - 2 * _FIGURE - _RATIO - verdict
    spans = _INTERVAL if spare >= 2 * _INTERVAL else 0
    spare -= 2 * spans
    claims = _CLAIM if spare >= 2 * _CLAIM else 0
    spare -= 2 * claims
    ratio = _RATIO + min(max(0, spare), 10)
    return Widths(_TITLE, _FIGURE + max(0, spare - 10) // 2, spans, claims, ratio, verdict)


def heading(widths: Widths) -> Content:
    """What the columns are."""
    cells = ["".ljust(widths.title)]
    for side in ("VM", "CONTAINER"):
        cells.append(side.ljust(widths.figure))
        cells.append("95 % interval".ljust(widths.interval) if widths.interval else "")
        cells.append("usual claim".ljust(widths.claim) if widths.claim else "")
    cells += ["RATIO".ljust(widths.ratio), "VERDICT"]
    return Content.styled(" " + "".join(cells), "$faint")


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
    dim = "$faint" if state in ("pending", "not asked", "not measured") else ""
    # Nothing to divide where something was seen, not counted: that gets the ratio's room.
    is_fact = row.ratio is None and isinstance(row.container.value, str)
    extra = widths.ratio if is_fact and not widths.claim else 0
    title = Content.styled(_cut(row.title, widths.title, glyphs), dim)
    parts = [title, _side(row.vm, row.claim_vm, widths, 0, dim or "$vm bold", glyphs)]
    style = dim or "$container bold"
    parts.append(_side(row.container, row.claim_container, widths, extra, style, glyphs))
    if not extra:
        ratio = "" if dim else ratio_text(row.ratio, widths.ratio - 1)
        parts.append(Content(_cut(ratio, widths.ratio, glyphs)))
    parts.append(_last(row, state, widths))
    return Content.assemble(*parts)


def _side(
    cell: Cell, claim: str, widths: Widths, extra: int, style: str, glyphs: Glyphs
) -> Content:
    """Figure, interval and claim of one side, as many of them as there are columns for."""
    text = cell_text(cell)
    if between := interval(cell.low, cell.high, cell.unit) if widths.interval else "":
        figure = Content.assemble(
            (_cut(text, widths.figure, glyphs), style),
            (_cut(between, widths.interval, glyphs), "$quiet"),
        )
    else:
        room = widths.figure + widths.interval + extra
        if cell.value is None and cell.reason and room > _FIGURE:
            text, style = f"{text} {cell.reason}", "$quiet"
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
