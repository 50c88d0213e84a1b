"""The table as JSON, the shape docs/lab.md documents."""

from __future__ import annotations

from typing import Any

from tui.results import Arm, Cell, Estimate, Line, Ratio, Table, TableRow
from tui.units import timestamp


def table_json(table: Table) -> dict[str, Any]:
    """`{run, workload, host, rows: [{row, claim, verdict, method, vm, container, ratio, …}], …}`.

    A side is `{value, unit, low, high, samples, note}`, or `{reason}` where nothing could be had.
    """
    run = table.run
    return {
        "run": run.id,
        "workload": run.workload,
        "host": {"hash": run.host_hash, "accelerator": run.accelerator, **run.host},
        "rows": [_row(row) for row in table.rows],
        "state": str(run.state),
        "quick": run.is_quick,
        "started_at": timestamp(run.started_at),
        "seconds": run.busy_seconds,
        "seed": run.seed,
        "method_version": run.method_version,
        "noise_floors": dict(table.floors),
        "events": [{"at": timestamp(event.at), "text": event.text} for event in run.events],
    }


def _row(row: TableRow) -> dict[str, Any]:
    return {
        "row": str(row.row),
        "claim": {"vm": row.claim_vm, "container": row.claim_container},
        "verdict": str(row.verdict),
        "why": row.why,
        "method": row.method,
        "vm": _cell(row.vm),
        "container": _cell(row.container),
        "ratio": _ratio(row.ratio),
        "lines": [_line(line) for line in row.lines],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    if cell.value is None:
        return {"reason": cell.reason}
    return {
        "value": cell.value,
        "unit": cell.unit,
        "low": cell.low,
        "high": cell.high,
        "samples": list(cell.samples),
        "note": cell.note,
    }


def _ratio(ratio: Ratio | None) -> dict[str, Any] | None:
    if ratio is None:
        return None
    return {
        "median": ratio.median,
        "low": ratio.low,
        "high": ratio.high,
        "n": ratio.n,
        "floor": ratio.floor,
        "outcome": str(ratio.outcome),
        "says": ratio.says,
    }


def _line(line: Line) -> dict[str, Any]:
    arms: dict[str, Any] = {}
    for arm in Arm:
        found: dict[str, Any] = {}
        if arm in line.estimates:
            found.update(_estimate(line.estimates[arm]))
        if arm in line.facts:
            found["text"] = line.facts[arm]
        if arm in line.reasons:
            found["reason"] = line.reasons[arm]
        if found:
            arms[str(arm)] = {**found, "note": line.notes.get(arm, "")}
    return {
        "metric": line.metric.id,
        "title": line.metric.title,
        "unit": line.metric.unit,
        "method": line.metric.method,
        "arms": arms,
        "ratio": _ratio(line.ratio),
        "remark": line.remark,
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {
        "median": estimate.median,
        "low": estimate.low,
        "high": estimate.high,
        "mad": estimate.mad,
        "least": estimate.least,
        "most": estimate.most,
        "n": estimate.n,
        "failed": estimate.n_failed,
        "samples": list(estimate.samples),
        "outliers": list(estimate.outliers),
    }
