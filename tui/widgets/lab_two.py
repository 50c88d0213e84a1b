"""Medians of two comparisons beside each other; pure functions, no widget."""

from __future__ import annotations

from textual.content import Content

from tui.glyphs import Glyphs
from tui.results import Arm, Line, Run, Table
from tui.text import clean
from tui.units import DASH, figure
from tui.widgets.lab_text import accelerator_words, shorter

_SIDES = (Arm.VM, Arm.CONTAINER)


def warnings(first: Run, second: Run) -> list[Content]:
    """What makes the two hard to compare."""
    said = []
    if first.workload != second.workload:
        said.append("two workloads: figures of the workload itself are two different things")
    if first.host_hash != second.host_hash:
        said.append("two hosts, or one that changed: see the fingerprint of either")
    if first.accelerator != second.accelerator:
        kinds = " and by ".join(accelerator_words(run.accelerator) for run in (first, second))
        said.append(f"the VMs were run by {kinds}")
    if first.method_version != second.method_version:
        said.append("measured by two versions of the method")
    return [Content.styled(f"! {clean(words)}", "$warning") for words in said]


def two_lines(
    first: Table, second: Table, width: int, glyphs: Glyphs, *, is_whole: bool
) -> list[Content]:
    """One line a metric: either side's median in A and B and how B differs."""
    name, change = (15, 9) if width < 110 else (34, 12)
    room = max(8, (width - name - 2 * change) // 4)
    head = [Content(" " * name)]
    for side, style in (("VM", "$vm"), ("CONTAINER" if room > 12 else "CONT.", "$container")):
        words = "".join(f"{side} {letter}".ljust(room) for letter in "AB")
        head.append(Content.assemble((words, style), ("B/A".ljust(change), "$faint")))
    out = [Content.assemble(*head)]
    others = {line.metric.id: line for row in second.rows for line in row.lines}
    for row in first.rows:
        lines = [line for line in row.lines if is_whole or line.metric.is_headline]
        if is_whole and lines:
            out.append(Content.styled(row.title, "bold"))
        for line in lines:
            other = others.get(line.metric.id)
            title = f"  {clean(line.metric.title)}" if is_whole else row.title
            parts = [Content(glyphs.cut(title, name - 1).ljust(name))]
            for arm in _SIDES:
                parts += [_cell(each, line, arm, room, glyphs) for each in (line, other)]
                parts.append(Content.styled(_change(line, other, arm).ljust(change), "$quiet"))
            out.append(Content.assemble(*parts).truncate(width, ellipsis=True))
    return out


def _cell(line: Line | None, known: Line, arm: Arm, room: int, glyphs: Glyphs) -> Content:
    """The median, without its unit where that does not fit, or what was seen."""
    estimate = line.estimates.get(arm) if line else None
    if estimate is None:
        text = clean(line.facts.get(arm, "")) if line else ""
        return Content.styled(glyphs.cut(text or DASH, room - 1).ljust(room), "$quiet")
    text = shorter(figure(estimate.median, known.metric.unit), room - 1)
    text = text if len(text) < room else text.partition(" ")[0]
    return Content.styled(glyphs.cut(text, room - 1).ljust(room), "bold")


def _change(first: Line, second: Line | None, arm: Arm) -> str:
    """`+3.1 %`; `same` or `differs` for what was seen."""
    if second is None:
        return ""
    if arm in first.facts and arm in second.facts:
        return "same" if first.facts[arm] == second.facts[arm] else "differs"
    one, other = first.estimates.get(arm), second.estimates.get(arm)
    if one is None or other is None or not one.median:
        return ""
    if other.median == one.median:
        return "same"
    return f"{(other.median / one.median - 1) * 100:+.1f} %"
