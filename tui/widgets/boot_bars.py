"""Boots as stacked bars: total and longest phase in words first, then all phases to one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from textual.content import Content

from tui.model import Boot, Phase, SideName
from tui.text import clean
from tui.units import seconds
from tui.widgets.plot_layout import Bar, Part
from tui.widgets.plotting import Plot
from tui.widgets.scale import Tick, second_ticks, share

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
_LEAST_BAR_COLUMNS = 20
"""Below this the longest phase is told by its glyph, and names are cut."""
_AXIS_ROWS = 2
_TICK_COLUMNS = 8


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


def bare_seconds(value: float) -> str:
    """Three significant digits without the unit: `0.48`, `38.0`, `125`."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def total_text(boot: Boot) -> str:
    """`49.3 s`; with a star where no probe said that it answers."""
    return seconds(boot.total_seconds) + ("" if boot.answered else "*")


def name_text(boot: Boot) -> str:
    """Address and, for a VM, what accelerates it."""
    name = clean(boot.key)
    if boot.side is SideName.VM:
        name += f" {clean(boot.accelerator) if boot.accelerator else 'accelerator unknown'}"
    return name


def phases_of(boots: Sequence[Boot]) -> list[Phase]:
    """The phases that occur, in their order."""
    present = {phase.name for boot in boots for phase in boot.phases}
    return [phase for phase in Phase if phase in present]


def phase_legend(boots: Sequence[Boot], is_ascii: bool, width: int) -> list[Content]:
    """The phases that occur, each with its glyph; as many lines as it takes."""
    lines: list[Content] = []
    line = Content("")
    for phase in phases_of(boots):
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


def chart(
    boots: Sequence[Boot], width: int, height: int, is_ascii: bool, plot: Plot | None
) -> list[Content]:
    """Title, legend, a row a boot, newest first on each side, and a scale where it has room.

    Without a `plot` to draw with the words alone. Raises ImportError where plotext cannot be had.
    """
    legend = phase_legend(boots, is_ascii, width) if plot else []
    legend = legend if height >= len(legend) + 4 else []
    room = max(0, height - 1 - len(legend))
    shown = newest_by_side(boots, room)
    is_starred = any(not boot.answered for boot in shown) and room > len(shown)
    title = _title(width, " · * no probe: until running" if is_starred else "")
    has_axis = room >= len(shown) + _AXIS_ROWS
    return [title, *legend, *_Table.of(shown, width, is_ascii).rows(has_axis, plot)]


@dataclass(frozen=True, slots=True)
class _Table:
    """Names, totals and longest phases in columns; the bars take what is left of the width."""

    boots: Sequence[Boot]
    is_ascii: bool
    name_columns: int
    total_columns: int
    has_words: bool
    """Whether the longest phase is called by its name, not by its glyph."""
    bar_columns: int

    @classmethod
    def of(cls, boots: Sequence[Boot], width: int, is_ascii: bool) -> _Table:
        """Names are cut, then the longest phase's word falls away, before the bars do."""
        name = max((len(name_text(boot)) for boot in boots), default=0)
        total = max((len(total_text(boot)) for boot in boots), default=0)
        for has_words, most in ((True, width), (False, width), (False, max(8, width // 3))):
            longest = max((len(_longest(boot, is_ascii, has_words)) for boot in boots), default=0)
            cut = min(name, most)
            left = width - cut - total - longest - 4
            if left >= _LEAST_BAR_COLUMNS:
                break
        return cls(boots, is_ascii, cut, total, has_words, max(0, left))

    def rows(self, has_axis: bool, plot: Plot | None) -> list[Content]:
        """One a boot, then the axis."""
        told = [_longest(boot, self.is_ascii, self.has_words) for boot in self.boots]
        most = max((len(words) for words in told), default=0)
        left = [
            Content.assemble(
                name_text(boot)[: self.name_columns].ljust(self.name_columns),
                (f" {total_text(boot):>{self.total_columns}}", "bold"),
                (f"  {words:<{most}} ", f"{_longest_style(boot)} bold"),
            )
            for boot, words in zip(self.boots, told, strict=True)
        ]
        bars = self._bars(has_axis, plot) if plot else []
        blank = Content(" " * (left[0].cell_length if left else 0))
        left += [blank] * (len(bars) - len(left))
        bars += [Content("")] * (len(left) - len(bars))
        return [one + other for one, other in zip(left, bars, strict=True)]

    def _bars(self, has_axis: bool, plot: Plot) -> list[Content]:
        phases = phases_of(self.boots)
        parts = [Part(glyph(p, self.is_ascii), PHASE_STYLES[p][2]) for p in phases]
        columns = self.bar_columns - 1
        longest = max((boot.total_seconds for boot in self.boots), default=0.0)
        shown = []
        for boot in self.boots:
            cells = bar_cells(boot, longest, columns)
            by_phase = {p.name: (n, p.seconds) for p, n in zip(boot.phases, cells, strict=True)}
            found = [by_phase.get(phase, (0, 0.0)) for phase in phases]
            labels = tuple(bare_seconds(took) for _, took in found)
            shown.append(Bar(tuple(n for n, _ in found), labels))
        ticks = [
            Tick(tick.value * columns / longest, tick.label)
            for tick in (second_ticks(longest, columns // _TICK_COLUMNS) if has_axis else ())
        ]
        return plot.bars(parts, shown, ticks, self.bar_columns)


def _longest_style(boot: Boot) -> str:
    phase = max(boot.phases, key=lambda phase: phase.seconds, default=None)
    return PHASE_STYLES[phase.name][2] if phase else ""


def _longest(boot: Boot, is_ascii: bool, has_words: bool) -> str:
    """The phase that took longest and its seconds: `boot 38.0`, or `█ 38.0`."""
    phase = max(boot.phases, key=lambda phase: phase.seconds, default=None)
    if phase is None:
        return ""
    sign = str(phase.name) if has_words else glyph(phase.name, is_ascii)
    return f"{sign} {bare_seconds(phase.seconds)}"


def _title(width: int, note: str = "") -> Content:
    title = Content.styled("Boots", "bold") + Content.styled(
        f"  request to answer, longest phase, same scale{note}", "$quiet"
    )
    return title.truncate(width, ellipsis=True)
