"""Every measurement as a line of CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io

from tui.results import Study, Table
from tui.text import clean

HEADER = (
    "run", "row", "metric", "unit", "arm", "block", "stream", "warmup", "value", "text",
    "started_at", "seconds", "parts", "noise", "note", "error",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t")


def make(table: Table, study: Study) -> str:
    """One line a reading, in the order taken; times in Unix seconds."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for m in study.measurements:
        metric = study.metric(m.metric)
        texts = (
            m.text,
            "; ".join(f"{key}={value:g}" for key, value in m.parts.items()),
            "; ".join(m.noise),
            m.note,
            m.error,
        )
        text, parts, noise, note, error = (_inert(t) for t in texts)
        writer.writerow(
            (
                study.run.id,
                metric.row if metric else "",
                m.metric,
                metric.unit if metric else "",
                m.arm,
                m.block,
                m.stream,
                int(m.is_warmup),
                "" if m.value is None else repr(m.value),
                text,
                f"{m.started_at:.3f}",
                f"{m.seconds:.3f}",
                parts,
                noise,
                note,
                error,
            )
        )
    return out.getvalue()


def _inert(text: str) -> str:
    """A spreadsheet must not take what an engine wrote for a formula, nor a terminal for more."""
    plain = clean(text)
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
