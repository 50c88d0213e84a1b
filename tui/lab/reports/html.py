"""One self-contained page: the table, every sample as a dot, the method, the host, the raw data.

It needs no other file, no script and no network, and its policy forbids a browser to load any.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

from tui.lab.reports.html_rows import rows_html, verdict_html
from tui.lab.reports.html_text import cell_html, ratio_html, safe
from tui.lab.reports.method import method_lines
from tui.lab.reports.style import CSS, PATTERNS
from tui.lab.reports.tally import Tally, tally
from tui.lab.reports.words import arm_names, floor_text, kind_of, warnings, when
from tui.results import Arm, Measurement, Study, Table, TableRow, Verdict
from tui.units import figure

_STYLE_HASH = b64encode(sha256(CSS.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'"
"""This very style sheet and nothing else: no script, picture or font, of its own or loaded."""


def make(table: Table, study: Study) -> str:
    """The whole page; the same for the same study."""
    run = table.run
    counts = tally(study, arm_names(run))
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f'<meta name="generator" content="Twindeck {safe(run.twindeck_version)}">',
            f"<title>{safe(run.workload)}: VM and container, measured</title>",
            f"<style>{CSS}</style>",
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"</head><body>{PATTERNS}<main>",
            *_head(table, counts),
            *_summary(table),
            *rows_html(table, study),
            *_method(table),
            *_host(table),
            *_events(table, counts),
            *_raw(study),
            "</main></body></html>\n",
        )
    )


def _head(table: Table, counts: Tally) -> Iterator[str]:
    run = table.run
    yield '<header><p class="over">VM and container, measured on one host</p>'
    yield f"<h1>{safe(run.title or run.workload)}</h1>"
    yield (
        f"<p>{when(run.started_at)} · {kind_of(run)} · run <code>{safe(run.id)}</code> · host "
        f"<code>{safe(run.host_hash)}</code></p>"
    )
    yield f"<p>{safe(counts.line)}</p>"
    for told in warnings(run):
        yield f'<p class="caution"><strong>Note.</strong> {safe(told)}</p>'
    yield "</header>"


def _summary(table: Table) -> Iterator[str]:
    found = Counter(row.verdict for row in table.rows)
    tallied = " ".join(
        f"<span>{found[verdict]} {verdict_html(verdict)}</span>"
        for verdict in Verdict
        if found[verdict]
    )
    vm = arm_names(table.run)[Arm.VM]
    heads = ("Row", vm, "Container", f"{vm} / container", "Usually claimed", "On this host")
    yield '<section><h2 class="quiet">The usual claims, on this host</h2>'
    yield f'<p class="tally">{tallied}</p>'
    yield '<table class="main" role="table"><thead role="rowgroup"><tr role="row">'
    for name in heads:
        yield f'<th role="columnheader" scope="col">{safe(name)}</th>'
    yield '</tr></thead><tbody role="rowgroup">'
    for row in table.rows:
        yield _row(row, vm)
    yield (
        '</tbody></table><p class="key">Median, [95 % interval of the median], number of readings. '
        "Fewer than six readings carry no interval. Ratios are of readings taken next to each "
        "other; A/A is the noise floor, how far the container is from itself.</p></section>"
    )


def _row(row: TableRow, vm: str) -> str:
    measured = row.lines[0].metric.title if row.lines else ""
    cells = (
        ("vm", vm, cell_html(row.vm)),
        ("container", "Container", cell_html(row.container)),
        ("ratio", f"{vm} / container", ratio_html(row.ratio)),
    )
    return (
        f'<tr role="row"><th role="rowheader" scope="row"><a href="#{row.row}">{safe(row.title)}'
        f"</a><small>{safe(measured)}</small></th>"
        + "".join(
            f'<td role="cell" class="{name}" data-head="{safe(head)}">{text}</td>'
            for name, head, text in cells
        )
        + '<td role="cell" class="claim" data-head="Usually claimed">'
        f"VM: {safe(row.claim_vm)}<br>container: {safe(row.claim_container)}</td>"
        f'<td role="cell" class="on">{verdict_html(row.verdict)}</td></tr>'
    )


def _method(table: Table) -> Iterator[str]:
    yield '<section id="method"><h2>How it was measured</h2><ul class="prose">'
    for told in method_lines(table):
        yield f"<li>{safe(told)}</li>"
    yield "</ul>"
    if table.floors:
        yield "<h3>Noise floors</h3><p>The container against itself: the largest difference of a "
        yield 'pair. No smaller difference between the sides counts.</p><dl class="facts">'
        titles = {m.id: m.title for m in table.run.metrics}
        for metric, floor in table.floors.items():
            yield f"<div><dt>{safe(titles.get(metric, metric))} <code>{safe(metric)}</code></dt>"
            yield f"<dd>{safe(floor_text(floor))}</dd></div>"
        yield "</dl>"
    yield "</section>"


def _host(table: Table) -> Iterator[str]:
    yield f'<section id="host"><h2>Host</h2><p>Fingerprint <code>{safe(table.run.host_hash)}'
    yield "</code>: runs with another one are not a before and after.</p>"
    yield '<dl class="facts">'
    for key, value in table.run.host.items():
        yield f"<div><dt>{safe(key)}</dt><dd>{safe(value)}</dd></div>"
    yield "</dl></section>"


def _events(table: Table, counts: Tally) -> Iterator[str]:
    yield '<section id="events"><h2>What happened</h2><ul class="prose">'
    yield f"<li>{safe(counts.line)}.</li>"
    for told in (*counts.failures, *counts.noise):
        yield f"<li>{safe(told)}</li>"
    for event in table.run.events:
        yield f"<li>{when(event.at)}: {safe(event.text)}</li>"
    yield "</ul></section>"


def _raw(study: Study) -> Iterator[str]:
    yield f'<section id="raw"><details><summary>All {len(study.measurements)} readings, in the '
    yield 'order taken</summary><div class="wide"><table class="raw"><thead><tr>'
    for name in ("", "metric", "on", "block", "value", "at (UTC)", "took", "parts", "remarks"):
        yield f'<th scope="col">{name}</th>'
    yield "</tr></thead><tbody>"
    names = arm_names(study.run)
    for number, m in enumerate(study.measurements, 1):
        cells = (
            str(number),
            m.metric,
            names[m.arm],
            f"{m.block}{m.stream}",
            _value(study, m),
            f"{datetime.fromtimestamp(m.started_at, UTC):%H:%M:%S}" if m.started_at else "",
            f"{m.seconds:.1f} s",
            ", ".join(f"{key} {value:.6g}" for key, value in m.parts.items()),
            "; ".join(_remarks(m)),
        )
        yield "<tr>" + "".join(f"<td>{safe(text)}</td>" for text in cells) + "</tr>"
    yield "</tbody></table></div></details></section>"


def _remarks(m: Measurement) -> Iterator[str]:
    if m.error:
        yield f"failed: {m.error}"
    if m.is_warmup:
        yield "warm-up, not counted"
    if m.stream:
        yield f"A/A, stream {m.stream}"
    for text in m.noise:
        yield f"disturbed: {text}"
    if m.note:
        yield m.note


def _value(study: Study, m: Measurement) -> str:
    metric = study.metric(m.metric)
    if m.error and m.value is None:
        return "failed"
    return m.text or (figure(m.value, metric.unit) if metric else str(m.value))
