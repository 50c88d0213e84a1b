"""The sections of the page: a row each, with every metric, its chart and its method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median

from tui.lab.reports.boots import boot_bars
from tui.lab.reports.charts import strip
from tui.lab.reports.html_text import arm_html, safe, with_code
from tui.lab.reports.words import ARMS, arm_names, says_text
from tui.results import Arm, Line, Study, Table, TableRow, Verdict
from tui.units import figure

_MARKS: Mapping[Verdict, str] = {
    Verdict.CONFIRMED: "✓",
    Verdict.REFUTED: "✗",
    Verdict.UNDECIDED: "?",
}
_SUM_SHARE = 0.01
"""Parts that add up to the value within this are what it is made of."""


def verdict_html(verdict: Verdict) -> str:
    """A sign and a word: never told by colour alone."""
    name = verdict.name.lower()
    return f'<span class="verdict {name}">{_MARKS[verdict]} {safe(str(verdict))}</span>'


def rows_html(table: Table, study: Study) -> Iterator[str]:
    """A section for each row of the table."""
    names = arm_names(table.run)
    for row in table.rows:
        yield from _section(row, study, names)


def _section(row: TableRow, study: Study, names: Mapping[Arm, str]) -> Iterator[str]:
    yield f'<section id="{row.row}" class="row"><h2>{safe(row.title)} {verdict_html(row.verdict)}'
    if study.run.accelerator == "tcg":
        yield '<span class="tag">VM figures: tcg, software emulation</span>'
    yield (
        f'</h2><p class="why">{safe(row.why)}.</p><p class="claim">Usually claimed: VM '
        f"{safe(row.claim_vm)}; container {safe(row.claim_container)}.</p>"
    )
    for line in row.lines:
        yield from _line(line, study, names)
    yield "</section>"


def _line(line: Line, study: Study, names: Mapping[Arm, str]) -> Iterator[str]:
    chart = strip(line, study, names)
    bars = boot_bars(line.metric.id, study, names) if line.metric.id.startswith("boot.") else ""
    kind = " headline" if line.metric.is_headline else ""
    kind += " words" if line.facts else ""
    yield f'<article class="line{kind}"><div class="told"><h3>{safe(line.metric.title)}</h3>'
    texts = {arm: arm_html(line, arm) for arm in ARMS}
    yield '<dl class="arms">'
    for arm in ARMS:
        if texts[arm]:
            yield f'<div><dt class="{arm}">{safe(names[arm])}</dt><dd>{texts[arm]}</dd></div>'
    yield "</dl>"
    if not any(texts.values()):
        yield '<p class="none">not measured in this run</p>'
    says = says_text(line)
    if says:
        yield f'<p class="says">{safe(says)}</p>'
    yield f'{bars}</div><div class="seen">{chart}'
    yield f'<div class="method"><p><b>Method</b> {with_code(line.metric.method)}.</p>'
    for told in (*_made_of(line, study, names), *_notes(line, names)):
        yield f"<p>{told}</p>"
    yield "</div></div></article>"


def _notes(line: Line, names: Mapping[Arm, str]) -> Iterator[str]:
    for arm, text in line.notes.items():
        yield f"<b>{safe(names[arm])}</b> {with_code(text)}."


def _made_of(line: Line, study: Study, names: Mapping[Arm, str]) -> Iterator[str]:
    """What a figure adds up from, where its parts do; a boot's phases have bars instead."""
    if line.metric.id.startswith("boot."):
        return
    for arm in ARMS:
        taken = [m for m in study.measurements if m.metric == line.metric.id and m.arm is arm]
        taken = [m for m in taken if m.value and not (m.error or m.stream or m.is_warmup)]
        sums = [(m.value or 0.0, sum(m.parts.values())) for m in taken if len(m.parts) > 1]
        if not sums or len(sums) != len(taken):
            continue
        if any(abs(total - value) > _SUM_SHARE * abs(value) for value, total in sums):
            continue
        parts = "; ".join(
            f"{key} {figure(median(m.parts.get(key, 0.0) for m in taken), line.metric.unit)}"
            for key in taken[-1].parts
        )
        yield f"<b>{safe(names[arm])} is made of</b> {safe(parts)}."
