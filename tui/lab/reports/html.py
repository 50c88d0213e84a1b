"""One self-contained page: the table, every sample as a dot, the method, the host, the raw data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from tui.lab.reports.charts import boot_bars, strip
from tui.lab.reports.style import CSS
from tui.lab.reports.words import (
    EMULATED,
    arm_text,
    cell_text,
    kind_of,
    ratio_text,
    vm_heading,
    when,
)
from tui.results import Arm, Line, Measurement, Study, Table, Verdict
from tui.text import clean
from tui.units import DASH, figure

_MARKS: Mapping[Verdict, str] = {
    Verdict.CONFIRMED: "✓",
    Verdict.REFUTED: "✗",
    Verdict.UNDECIDED: "?",
}


def make(table: Table, study: Study) -> str:
    """Needs no other file, no script and no network."""
    title = f"{table.run.workload}: VM and container, measured"
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_safe(title)}</title><style>{CSS}</style></head><body><main>",
            *_head(table),
            *_summary(table),
            *_rows(table, study),
            *_host(table, study),
            *_raw(study),
            "</main></body></html>\n",
        )
    )


def _head(table: Table) -> Iterator[str]:
    run = table.run
    yield f"<header><h1>{_safe(run.title)}</h1>"
    yield (
        f"<p>As a VM and as a container, {when(run.started_at)}, {kind_of(run)}. "
        f"Run <code>{_safe(run.id)}</code>, host <code>{_safe(run.host_hash)}</code>.</p>"
    )
    if run.accelerator == "tcg":
        yield f'<p class="caution">{_safe(EMULATED)}</p>'
    yield "</header>"


def _summary(table: Table) -> Iterator[str]:
    yield '<div class="wide"><table class="main"><thead><tr><th></th>'
    yield f"<th>{_safe(vm_heading(table.run))}</th><th>Container</th>"
    yield "<th>VM / container</th><th>Usually claimed</th><th>On this host</th></tr></thead><tbody>"
    for row in table.rows:
        yield (
            f'<tr><th scope="row"><a href="#{row.row}">{_safe(row.title)}</a></th>'
            f"<td>{_cell(cell_text(row.vm))}</td><td>{_cell(cell_text(row.container))}</td>"
            f"<td>{_cell(ratio_text(row.ratio))}</td>"
            f'<td class="claim">{_safe(row.claim_vm)}<br>{_safe(row.claim_container)}</td>'
            f"<td>{_verdict(row.verdict)}</td></tr>"
        )
    yield "</tbody></table></div>"
    yield (
        '<p class="key">Median [95 % interval of the median] (readings). Ratios are of readings '
        "taken next to each other. Fewer than six readings carry no interval.</p>"
    )


def _rows(table: Table, study: Study) -> Iterator[str]:
    for row in table.rows:
        yield f'<section id="{row.row}"><h2>{_safe(row.title)} {_verdict(row.verdict)}</h2>'
        yield f"<p>{_safe(row.why)}</p>"
        for line in row.lines:
            yield from _line(line, table.floors, study)
        yield "</section>"


def _line(line: Line, floors: Mapping[str, float], study: Study) -> Iterator[str]:
    yield f'<div class="line"><h3>{_safe(line.metric.title)}</h3>'
    arms = [arm for arm in Arm if arm_text(line, arm)]
    yield '<dl class="arms">'
    for arm in arms:
        name = vm_heading(study.run) if arm is Arm.VM else str(arm)
        yield f"<div><dt>{_safe(name)}</dt><dd>{_cell(arm_text(line, arm))}</dd></div>"
    yield "</dl>"
    if line.ratio is not None:
        yield f'<p class="says">{_safe(line.ratio.says)}</p>'
    if line.remark:
        yield f'<p class="says">{_safe(line.remark)}</p>'
    if any(line.estimates[a].n > 1 for a in line.estimates):
        yield strip(line)
    if line.metric.id.startswith("boot."):
        yield boot_bars([m for m in study.measurements if m.metric == line.metric.id])
    floor = floors.get(line.metric.id)
    told = [f"Method: {line.metric.method}."]
    if floor is not None:
        told.append(f"Noise floor (A/A): {100 * floor:.1f} %.")
    told += [f"{arm}: {text}." for arm, text in line.notes.items()]
    yield f'<p class="method">{_safe(" ".join(told))}</p></div>'


def _host(table: Table, study: Study) -> Iterator[str]:
    yield '<section id="host"><h2>Host</h2><div class="wide"><table><tbody>'
    for key, value in table.run.host.items():
        yield f'<tr><th scope="row">{_safe(key)}</th><td>{_safe(value)}</td></tr>'
    yield "</tbody></table></div><h3>What happened</h3><ul>"
    flagged = sum(1 for m in study.measurements if m.noise)
    yield f"<li>{flagged} of {len(study.measurements)} readings were disturbed.</li>"
    for event in table.run.events:
        yield f"<li>{when(event.at)}: {_safe(event.text)}</li>"
    yield "</ul></section>"


def _raw(study: Study) -> Iterator[str]:
    yield f"<details><summary>All {len(study.measurements)} readings</summary>"
    yield '<div class="wide"><table class="raw"><thead><tr>'
    for name in ("metric", "on", "block", "value", "took", "", "noise"):
        yield f"<th>{name}</th>"
    yield "</tr></thead><tbody>"
    for m in study.measurements:
        cells = (m.metric, str(m.arm), _block(m), _value(study, m), f"{m.seconds:.1f} s")
        told = (m.error or m.note, "; ".join(m.noise))
        yield "<tr>" + "".join(f"<td>{_safe(text)}</td>" for text in (*cells, *told)) + "</tr>"
    yield "</tbody></table></div></details>"


def _block(m: Measurement) -> str:
    return "warm-up" if m.is_warmup else f"A/A {m.block}{m.stream}" if m.stream else str(m.block)


def _value(study: Study, m: Measurement) -> str:
    metric = study.metric(m.metric)
    if m.error:
        return "failed"
    return m.text or (figure(m.value, metric.unit) if metric else str(m.value))


def _verdict(verdict: Verdict) -> str:
    name = verdict.name.lower()
    return f'<span class="verdict {name}">{_MARKS[verdict]} {_safe(str(verdict))}</span>'


def _cell(text: str) -> str:
    """The figure stands out from its interval."""
    head, bracket, rest = text.partition(" [")
    if not bracket:
        head, bracket, rest = text.partition(" (")
    if not head or head == DASH:
        return f'<span class="none">{_safe(text)}</span>'
    return f"<strong>{_safe(head)}</strong><small>{_safe(bracket + rest)}</small>"


def _safe(text: str) -> str:
    return escape(clean(text))
