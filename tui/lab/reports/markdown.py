"""The report that pastes into a README."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tui.lab.reports.words import (
    EMULATED,
    arm_text,
    cell_text,
    kind_of,
    ratio_text,
    vm_heading,
    when,
)
from tui.results import Arm, Row, Study, Table, TableRow
from tui.text import clean
from tui.units import DASH

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")
_ARMS = (Arm.VM, Arm.CONTAINER, Arm.VOLUME, Arm.HOST)


def make(table: Table, study: Study) -> str:
    """The table first, then how it was reached."""
    return "\n".join(_lines(table, study)) + "\n"


def _lines(table: Table, study: Study) -> Iterator[str]:
    run = table.run
    yield f"# {safe(run.title)}: VM and container, measured"
    yield ""
    yield f"{when(run.started_at)}, {kind_of(run)}, run `{run.id}`, host `{run.host_hash}`."
    if run.accelerator == "tcg":
        yield f"**{EMULATED}**"
    yield "Figures: median [95 % interval of the median] (readings); ratio: VM over container."
    yield ""
    yield from _grid(
        ("", vm_heading(run), "container", "ratio", "usually claimed: VM; container", "claim"),
        [_summary(row) for row in table.rows],
    )
    yield ""
    yield "## What decided it, and how it was measured"
    yield ""
    for row in table.rows:
        yield f"- **{row.title}**: {safe(row.why)}. Method: {safe(row.method) or DASH}."
    yield ""
    yield from _details(table)
    yield from _noise(table, study)
    yield "## Host"
    yield ""
    yield from _grid(("", ""), [(safe(k), safe(v)) for k, v in run.host.items()])


def _summary(row: TableRow) -> tuple[str, ...]:
    return (
        row.title,
        safe(cell_text(row.vm)),
        safe(cell_text(row.container)),
        safe(ratio_text(row.ratio)),
        safe(f"{row.claim_vm}; {row.claim_container}"),
        f"**{row.verdict}**",
    )


def _details(table: Table) -> Iterator[str]:
    yield "## Everything measured"
    yield ""
    for row in table.rows:
        if row.row is Row.SIZE or row.lines:
            yield f"### {row.title}"
            yield ""
        names = {Arm.VM: vm_heading(table.run)}
        arms = [a for a in _ARMS if any(arm_text(line, a) for line in row.lines)]
        body = []
        for line in row.lines:
            says = "; ".join(t for t in (line.ratio.says if line.ratio else "", line.remark) if t)
            texts = (safe(arm_text(line, arm)) for arm in arms)
            body.append((safe(line.metric.title), *texts, safe(says)))
        yield from _grid(("", *(names.get(arm, str(arm)) for arm in arms), ""), body)
        yield ""
        for line in row.lines:
            told = "; ".join(f"{arm}: {text}" for arm, text in line.notes.items())
            yield f"- {safe(line.metric.title)}: {safe(line.metric.method)}" + (
                f" ({safe(told)})" if told else ""
            )
        yield ""


def _noise(table: Table, study: Study) -> Iterator[str]:
    yield "## Noise"
    yield ""
    floors = ", ".join(f"{metric} {100 * f:.1f} %" for metric, f in table.floors.items())
    yield f"- A/A run, the container against itself, largest difference of a pair: {floors or DASH}"
    flagged = [m for m in study.measurements if m.noise]
    failed = [m for m in study.measurements if m.error]
    count = len(study.measurements)
    yield f"- {len(flagged)} of {count} readings were disturbed, {len(failed)} failed"
    for text in sorted({text for m in flagged for text in m.noise})[:10]:
        yield f"- {safe(text)}"
    for event in study.run.events:
        yield f"- {when(event.at)}: {safe(event.text)}"
    yield ""


def _grid(head: Sequence[str], body: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for cells in body:
        yield "| " + " | ".join(cells) + " |"


def safe(text: str) -> str:
    """Text of an engine or a user, which must not become markup."""
    return _SPECIAL.sub(r"\\\1", clean(text).replace("\n", " "))
