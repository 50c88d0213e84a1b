"""Every measurement as a line of CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io

from tui.results import Arm, Measurement, Study, Table
from tui.text import clean

HEADER = (
    "run", "row", "metric", "unit", "arm", "block", "stream", "warmup", "value", "text",
    "started_at", "seconds", "parts", "noise", "note", "error", "accelerator",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, wide forms included."""


def make(table: Table, study: Study) -> str:
    """One line a reading, in the order taken; times in Unix seconds, all digits of figures."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for m in study.measurements:
        writer.writerow(_cells(study, m))
    return out.getvalue()


def _cells(study: Study, m: Measurement) -> tuple[str, ...]:
    metric = study.metric(m.metric)
    cells = (
        study.run.id,
        metric.row if metric else "",
        m.metric,
        metric.unit if metric else "",
        m.arm,
        m.block,
        m.stream,
        int(m.is_warmup),
        "" if m.value is None else m.value,
        m.text,
        round(m.started_at, 3),
        round(m.seconds, 3),
        "; ".join(f"{key}={value!r}" for key, value in m.parts.items()),
        "; ".join(m.noise),
        m.note,
        m.error,
        study.run.accelerator or "" if m.arm is Arm.VM else "",
    )
    return tuple(_inert(cell) for cell in cells)


def _inert(cell: object) -> str:
    """A spreadsheet must not take what an engine wrote for a formula, nor a terminal for more."""
    if isinstance(cell, int | float):
        return repr(cell)
    plain = clean(str(cell))
    return f"'{plain}" if plain.lstrip().startswith(_FORMULA) else plain
