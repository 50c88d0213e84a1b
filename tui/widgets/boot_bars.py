"""Boots as stacked bars of text: one glyph a phase, total seconds at the end; pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from textual.content import Content

from tui.model import Boot, Phase, SideName
from tui.text import clean
from tui.units import seconds
from tui.widgets.scale import share

PHASE_STYLES: Mapping[Phase, tuple[str, str, str]] = MappingProxyType(
    {
        Phase.PREPARE: ("░", ".", "$secondary"),
        Phase.CREATE: ("▒", ":", "$container"),
        Phase.START: ("▓", "=", "$success"),
        Phase.BOOT: ("█", "#", "$vm"),
        Phase.PROVISION: ("▚", "%", "$warning"),
        Phase.ANSWER: ("▪", "o", "$accent"),
    }
)
"""Phase -> glyph, its ASCII stand-in, style. The glyph alone tells phases apart."""


def glyph(phase: Phase, is_ascii: bool) -> str:
    """The sign of a phase."""
    unicode_sign, ascii_sign, _ = PHASE_STYLES[phase]
    return ascii_sign if is_ascii else unicode_sign


def bar_cells(boot: Boot, longest_seconds: float, columns: int) -> tuple[int, ...]:
    """Cells of each phase; together the boot's share of `columns`, at least one cell."""
    if longest_seconds <= 0 or columns <= 0:
        return (0,) * len(boot.phases)
    cells = max(1, min(columns, round(columns * boot.total_seconds / longest_seconds)))
    return share(cells, [phase.seconds for phase in boot.phases])


def bar(boot: Boot, longest_seconds: float, columns: int, is_ascii: bool) -> Content:
    """The stacked bar, then the total, whose end is never cut by the bar."""
    parts = [
        Content.styled(glyph(phase.name, is_ascii) * cells, PHASE_STYLES[phase.name][2])
        for phase, cells in zip(boot.phases, bar_cells(boot, longest_seconds, columns), strict=True)
    ]
    return Content.assemble(*parts)


def total_text(boot: Boot) -> str:
    """`49.3 s`; with a star where no probe said that it answers."""
    return seconds(boot.total_seconds) + ("" if boot.answered else "*")


def name_text(boot: Boot) -> str:
    """Address and, for a VM, what accelerates it."""
    name = clean(boot.key)
    if boot.side is SideName.VM:
        name += f" {clean(boot.accelerator) if boot.accelerator else 'accelerator unknown'}"
    return name


def phase_legend(boots: Sequence[Boot], is_ascii: bool, width: int) -> list[Content]:
    """The phases that occur, in their order, each with its glyph; as many lines as it takes."""
    present = {phase.name for boot in boots for phase in boot.phases}
    lines: list[Content] = []
    line = Content("")
    for phase in Phase:
        if phase not in present:
            continue
        sign = Content.styled(glyph(phase, is_ascii) * 2, PHASE_STYLES[phase][2])
        entry = sign + f" {phase}"
        if line.cell_length and line.cell_length + 2 + entry.cell_length > width:
            lines.append(line)
            line = Content("")
        line = line + ("  " if line.cell_length else "") + entry
    return [*lines, line] if line.cell_length else lines


def newest_by_side(boots: Sequence[Boot], limit: int) -> list[Boot]:
    """The newest boots that fit in `limit` rows, shared between the sides, grouped by side.

    VMs stand above containers, as they stand left of them on the decks.
    """
    sides = {side: [b for b in boots if b.side is side] for side in SideName}
    present = [side for side in SideName if sides[side]]
    if not present or limit < 1:
        return []
    taken = dict.fromkeys(present, 0)
    while sum(taken.values()) < min(limit, len(boots)):
        for side in present:
            if taken[side] < len(sides[side]) and sum(taken.values()) < limit:
                taken[side] += 1
    return [boot for side in present for boot in sides[side][: taken[side]]]


def chart(boots: Sequence[Boot], width: int, height: int, is_ascii: bool) -> Content:
    """Title, legend and one bar a boot, newest first on each side, on one common scale."""
    head = [_title(width)]
    legend = phase_legend(boots, is_ascii, width)
    head += legend if height >= len(legend) + 4 else []
    shown = newest_by_side(boots, max(0, height - len(head)))
    if any(not boot.answered for boot in shown) and height > len(head) + len(shown):
        head[0] = _title(width, " · * no probe: until running")
    longest = max((boot.total_seconds for boot in shown), default=0.0)
    names = [name_text(boot) for boot in shown]
    label = min(max((len(name) for name in names), default=0), max(8, width // 3))
    total = max((len(total_text(boot)) for boot in shown), default=0)
    columns = max(0, width - label - total - 2)
    rows = [
        Content(name[:label].ljust(label) + " ")
        + bar(boot, longest, columns, is_ascii)
        + Content.styled(" " + total_text(boot), "bold")
        for boot, name in zip(shown, names, strict=True)
    ]
    return Content("\n").join([*head, *rows])


def _title(width: int, note: str = "") -> Content:
    title = Content.styled("Boots", "bold") + Content.styled(
        f"  request to answer, same scale{note}", "$quiet"
    )
    return title.truncate(width, ellipsis=True)
