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
    return (
        _inert(study.run.id),
        str(metric.row) if metric else "",
        _inert(m.metric),
        _inert(metric.unit) if metric else "",
        str(m.arm),
        str(m.block),
        _inert(m.stream),
        str(int(m.is_warmup)),
        "" if m.value is None else repr(m.value),
        _inert(m.text),
        f"{m.started_at:.3f}",
        f"{m.seconds:.3f}",
        _inert("; ".join(f"{key}={value!r}" for key, value in m.parts.items())),
        _inert("; ".join(m.noise)),
        _inert(m.note),
        _inert(m.error),
        _inert(study.run.accelerator or "") if m.arm is Arm.VM else "",
    )


def _inert(text: str) -> str:
    """A spreadsheet must not take what an engine wrote for a formula, nor a terminal for more."""
    plain = clean(text)
    return f"'{plain}" if plain.lstrip().startswith(_FORMULA) else plain
