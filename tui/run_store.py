"""The runs of the lab in the history: a run and its measurements, each as one JSON object.

The shapes are those of `tui.results`; export and import use the same objects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Any

from tui.errors import StoreError, UsageError
from tui.results import (
    Arm,
    Better,
    Measurement,
    Metric,
    Row,
    Run,
    RunEvent,
    RunState,
    Study,
)
from tui.store import Store

_NEWEST_FIRST = "ORDER BY started_at DESC, id DESC"


class Runs:
    """What was measured, run by run. Any thread may call; every method raises StoreError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, run: Run) -> None:
        """Insert it, or bring it up to date."""
        with self._store.transaction("IMMEDIATE") as database:
            database.execute(
                "INSERT INTO runs (id, workload, started_at, run) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET run = excluded.run",
                (run.id, run.workload, run.started_at, json.dumps(plain(run))),
            )

    def add(self, run_id: str, measurements: Sequence[Measurement]) -> None:
        """Append measurements of a run, at once and all together."""
        rows = [(run_id, json.dumps(plain(m))) for m in measurements]
        with self._store.transaction("IMMEDIATE") as database:
            database.executemany(
                "INSERT INTO measurements (run_id, measurement) VALUES (?, ?)", rows
            )

    def study(self, run_id: str) -> Study:
        """The run of that id, or the only one that begins so. Raises UsageError."""
        full = self._find(run_id)
        with self._store.transaction() as database:
            row = database.execute("SELECT run FROM runs WHERE id = ?", (full,)).fetchone()
            found = database.execute(
                "SELECT measurement FROM measurements WHERE run_id = ? ORDER BY id", (full,)
            ).fetchall()
        return Study(self._run(row[0]), tuple(self._measurement(text) for (text,) in found))

    def list(self, workload: str | None = None, limit: int = 50) -> list[Run]:
        """Newest first."""
        with self._store.transaction() as database:
            rows = database.execute(
                f"SELECT run FROM runs WHERE :w IS NULL OR workload = :w {_NEWEST_FIRST} LIMIT :n",
                {"w": workload, "n": max(0, limit)},
            ).fetchall()
        return [self._run(text) for (text,) in rows]

    def newest(self) -> Run | None:
        """The last one begun."""
        return next(iter(self.list(limit=1)), None)

    def delete(self, run_ids: Sequence[str]) -> None:
        """Forget runs and all their measurements. Raises UsageError for one there is not."""
        known = [self._find(run_id) for run_id in run_ids]
        with self._store.transaction("IMMEDIATE") as database:
            database.executemany("DELETE FROM runs WHERE id = ?", [(one,) for one in known])

    def prune(self, keep: int, workload: str | None = None) -> tuple[str, ...]:
        """Forget all but the newest `keep`; the ids of those forgotten."""
        old = tuple(run.id for run in self.list(workload, limit=1_000_000)[keep:])
        self.delete(old)
        return old

    def _find(self, run_id: str) -> str:
        with self._store.transaction() as database:
            ids = [i for (i,) in database.execute(f"SELECT id FROM runs {_NEWEST_FIRST}")]
        if run_id in ids:
            return run_id
        near = [one for one in ids if run_id and one.startswith(run_id)]
        if len(near) == 1:
            return str(near[0])
        if near:
            raise UsageError(f"{run_id} is not one run", f"say which: {', '.join(near[:5])}")
        raise UsageError(f"no run {run_id}", "twindeck runs")

    def _run(self, text: str) -> Run:
        try:
            return run_from(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._unreadable(error) from error

    def _measurement(self, text: str) -> Measurement:
        try:
            return measurement_from(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> StoreError:
        return StoreError(
            f"{self._store.path}: a run in the history cannot be read: {error}",
            "twindeck runs rm RUN, or set TWINDECK_DATA to another folder",
        )


def plain(thing: Any) -> Any:
    """A dataclass, and whatever it holds, as what JSON knows."""
    if isinstance(thing, StrEnum):
        return str(thing)
    if hasattr(thing, "__dataclass_fields__"):
        return {field.name: plain(getattr(thing, field.name)) for field in fields(thing)}
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [plain(value) for value in thing]
    return thing


def run_from(values: Mapping[str, Any]) -> Run:
    """The run `plain` made that of. Raises ValueError, TypeError, KeyError."""
    return Run(
        **{
            **values,
            "state": RunState(values["state"]),
            "rows": tuple(Row(row) for row in values["rows"]),
            "metrics": tuple(_metric_from(metric) for metric in values["metrics"]),
            "events": tuple(RunEvent(**event) for event in values["events"]),
        }
    )


def measurement_from(values: Mapping[str, Any]) -> Measurement:
    """The measurement `plain` made that of. Raises ValueError, TypeError, KeyError."""
    return Measurement(**{**values, "arm": Arm(values["arm"]), "noise": tuple(values["noise"])})


def _metric_from(values: Mapping[str, Any]) -> Metric:
    return Metric(**{**values, "row": Row(values["row"]), "better": Better(values["better"])})
