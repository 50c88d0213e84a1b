"""Medians of two comparisons beside each other; pure functions, no widget."""

from __future__ import annotations

from textual.content import Content

from tui.glyphs import Glyphs
from tui.results import Arm, Line, Run, Table
from tui.text import clean
from tui.units import DASH, figure
from tui.widgets.lab_text import accelerator_words

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
    name = 22 if width < 110 else 34
    room = max(8, (width - name) // 6)
    by = [f" ({clean(table.run.accelerator or '?')})" for table in (first, second)]
    vm = [f"VM {letter}{words}"[: room - 1] for letter, words in zip("AB", by, strict=True)]
    container = [f"CONT. {letter}" if room < 13 else f"CONTAINER {letter}" for letter in "AB"]
    head = "".join(word.ljust(room) for word in (*vm, "B/A", *container, "B/A"))
    out = [Content.styled("".ljust(name) + head, "$faint")]
    others = {line.metric.id: line for row in second.rows for line in row.lines}
    for row in first.rows:
        lines = [line for line in row.lines if is_whole or line.metric.is_headline]
        if is_whole and lines:
            out.append(Content.styled(row.title, "bold"))
        for line in lines:
            title = f"  {clean(line.metric.title)}" if is_whole else row.title
            parts = [Content(glyphs.cut(title, name - 1).ljust(name))]
            for arm in _SIDES:
                style = "$vm" if arm is Arm.VM else "$container"
                parts += _cells(line, others.get(line.metric.id), arm, room, style, glyphs)
            out.append(Content.assemble(*parts).truncate(width, ellipsis=True))
    return out


def _cells(
    first: Line, second: Line | None, arm: Arm, room: int, style: str, glyphs: Glyphs
) -> list[Content]:
    cells = []
    for line in (first, second):
        estimate = line.estimates.get(arm) if line else None
        fact = line.facts.get(arm, "") if line else ""
        text = figure(estimate.median, first.metric.unit) if estimate else clean(fact) or DASH
        cells.append(Content.styled(glyphs.cut(text, room - 1).ljust(room), style))
    cells.append(Content.styled(_change(first, second, arm).ljust(room), "bold"))
    return cells


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
