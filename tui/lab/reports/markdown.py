"""The report that pastes into a README."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui.lab.reports.method import method_lines
from tui.lab.reports.tally import tally
from tui.lab.reports.words import (
    ARMS,
    arm_names,
    arm_text,
    cell_text,
    floor_text,
    kind_of,
    ratio_text,
    says_text,
    vm_heading,
    warnings,
    when,
)
from tui.results import Study, Table, TableRow
from tui.text import clean
from tui.units import DASH

_SPECIAL = re.compile(r"[\\`*\[\]<>|~]")
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""Between letters and digits it emphasizes nothing."""
_ENTITY = re.compile(r"&(?=#?\w+;)")
_CODE = re.compile(r"(?<!`)`([^`|<>\[\]]+)`(?!`)")
"""Single backticks only: all others are escaped, so that a reader pairs these as we do."""
_NUMBERED = re.compile(r"^(\d+)([.)])(?=\s|$)")
"""`1. x` would begin a list; `1.5 s` does not."""
_LEADING = re.compile(r"^(?=[-+#=])")
_LINK = re.compile(r"(?i)(?<=:)(?=//)|(?<=www)(?=\.)")
"""GitHub makes links of bare addresses."""


def make(table: Table, study: Study) -> str:
    """The table first, then how it was reached, the host, and every line measured."""
    return "\n".join(_lines(table, study)) + "\n"


def _lines(table: Table, study: Study) -> Iterator[str]:
    run = table.run
    yield f"# {safe(run.title or run.workload)}: VM and container, measured"
    yield ""
    origin = f"run {_code(run.id)}, host {_code(run.host_hash)}"
    yield f"{when(run.started_at)}, {kind_of(run)}, {origin}."
    for told in warnings(run):
        yield ""
        yield f"**{safe(told)}**"
    yield ""
    vm = safe(vm_heading(run))
    yield from _grid(
        ("", vm, "container", f"{vm} / container", "usual claim: VM; container", "verdict"),
        [_summary(row) for row in table.rows],
    )
    yield ""
    yield (
        "Figures: median \\[95 % interval of the median\\] (readings); fewer than six readings "
        "carry no interval. Ratios are of readings taken next to each other."
    )
    yield ""
    yield from _decided(table)
    yield from _method(table)
    yield from _noise(table, study)
    yield from _host(table)
    yield from _details(table)


def _summary(row: TableRow) -> tuple[str, ...]:
    measured = f": {safe(row.lines[0].metric.title)}" if row.lines else ""
    return (
        f"**{safe(row.title)}**{measured}",
        safe(cell_text(row.vm)),
        safe(cell_text(row.container)),
        safe(ratio_text(row.ratio)),
        safe(f"{row.claim_vm}; {row.claim_container}"),
        f"**{row.verdict}**",
    )


def _decided(table: Table) -> Iterator[str]:
    label = ", VM figures under software emulation" if table.run.accelerator == "tcg" else ""
    yield f"## What decided it{label}"
    yield ""
    for row in table.rows:
        method = safe(row.method) or DASH
        yield f"- **{safe(row.title)}**, {row.verdict}: {safe(row.why)}. Method: {method}."
    yield ""


def _method(table: Table) -> Iterator[str]:
    yield "## How it was measured"
    yield ""
    for told in method_lines(table):
        yield f"- {safe(told)}"
    yield ""


def _noise(table: Table, study: Study) -> Iterator[str]:
    counts = tally(study, arm_names(study.run))
    floors = ", ".join(f"{safe(metric)} {floor_text(f)}" for metric, f in table.floors.items())
    yield "## Noise and failures"
    yield ""
    yield f"- Noise floors, largest difference of the container from itself: {floors or DASH}"
    yield f"- {counts.line}"
    for told in (*counts.failures, *counts.noise):
        yield f"- {safe(told)}"
    for event in study.run.events:
        yield f"- {when(event.at)}: {safe(event.text)}"
    yield ""


def _host(table: Table) -> Iterator[str]:
    yield f"## Host {_code(table.run.host_hash)}"
    yield ""
    yield from _grid(("", ""), [(safe(k), safe(v)) for k, v in table.run.host.items()])
    yield ""


def _details(table: Table) -> Iterator[str]:
    yield "## Everything measured"
    names = arm_names(table.run)
    for row in table.rows:
        yield ""
        yield f"### {safe(row.title)}"
        yield ""
        if not row.lines:
            yield "Not measured in this run."
            continue
        arms = [a for a in ARMS if any(arm_text(line, a) for line in row.lines)]
        body = [
            (
                safe(line.metric.title),
                *(safe(arm_text(line, arm)) for arm in arms),
                safe(says_text(line)),
            )
            for line in row.lines
        ]
        yield from _grid(("", *(safe(names[arm]) for arm in arms), "VM / container"), body)
        yield ""
        for line in row.lines:
            yield f"- {safe(line.metric.title)}: {safe(line.metric.method)}"
            for arm, text in line.notes.items():
                yield f"  - {safe(names[arm])}: {safe(text)}"


def _grid(head: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for cells in body:
        yield "| " + " | ".join(cells) + " |"


def safe(text: str) -> str:
    """Text of an engine or a user, which must not become markup, a table cell or a link.

    What stands in a pair of backticks stays code, in which nothing else is markup.
    """
    pieces = _CODE.split(clean(text).strip())
    told = [f"`{piece}`" if n % 2 else _plain(piece) for n, piece in enumerate(pieces)]
    # What would begin a heading, an item or a list does so at the beginning only.
    return _LEADING.sub(r"\\", _NUMBERED.sub(r"\1\\\2", "".join(told)))


def _plain(text: str) -> str:
    text = _SPECIAL.sub(r"\\\g<0>", text)
    text = _UNDERSCORE.sub(r"\\_", text)
    return _LINK.sub(r"\\", _ENTITY.sub("&amp;", text))


def _code(text: str) -> str:
    """An id or a hash; whatever else a file may hold in their place is no code."""
    return f"`{re.sub(r'[^A-Za-z0-9_.-]', '', clean(text)) or DASH}`"
