"""The runs of the lab in the history: a run and its measurements, each as one JSON object.

The shapes are those of `tui.results`; export and import use the same objects.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

from tui.core.secrets import mask_text
from tui.errors import StoreError, UsageError
from tui.history.run_reader import Unreadable, read_measurement, read_run
from tui.results import Measurement, Run, Study
from tui.store import Store
from tui.text import clean

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
        rows = [(run_id, json.dumps(plain(_finite(m)))) for m in measurements]
        with self._store.transaction("IMMEDIATE") as database:
            database.executemany(
                "INSERT INTO measurements (run_id, measurement) VALUES (?, ?)", rows
            )

    def bring(self, studies: Sequence[Study]) -> tuple[str, ...]:
        """Add whole runs, all of them or none; the ids of those that were new.

        A run the history has is left as it is.
        """
        new: list[str] = []
        with self._store.transaction("IMMEDIATE") as database:
            for study in studies:
                run = study.run
                added = database.execute(
                    "INSERT OR IGNORE INTO runs (id, workload, started_at, run)"
                    " VALUES (?, ?, ?, ?)",
                    (run.id, run.workload, run.started_at, json.dumps(plain(run))),
                ).rowcount
                if added:
                    new.append(run.id)
                    database.executemany(
                        "INSERT INTO measurements (run_id, measurement) VALUES (?, ?)",
                        [(run.id, json.dumps(plain(m))) for m in study.measurements],
                    )
        return tuple(new)

    def study(self, run_id: str) -> Study:
        """The run of that id, or the only one that begins so. Raises UsageError."""
        full = self.find(run_id)
        with self._store.transaction() as database:
            row = database.execute(
                "SELECT CAST(run AS BLOB) FROM runs WHERE id = ?", (full,)
            ).fetchone()
            found = database.execute(
                "SELECT CAST(measurement AS BLOB) FROM measurements WHERE run_id = ? ORDER BY id",
                (full,),
            ).fetchall()
        try:
            taken = tuple(read_measurement(text) for (text,) in found)
            return Study(_run(full, row[0]), taken)
        except Unreadable as error:
            raise StoreError(_unreadable(full, error), _forget(full)) from error

    def list(self, workload: str | None = None, limit: int = 50) -> list[Run]:
        """Newest first; those that cannot be read are left out, `read` tells of them."""
        return [*self.read(workload, limit)[0]]

    def read(
        self, workload: str | None = None, limit: int = 50
    ) -> tuple[tuple[Run, ...], tuple[str, ...]]:
        """The runs, newest first, and a line for each left out: why, and how to be rid of it."""
        with self._store.transaction() as database:
            rows = database.execute(
                "SELECT id, CAST(run AS BLOB) FROM runs WHERE :w IS NULL OR workload = :w"
                f" {_NEWEST_FIRST} LIMIT :n",
                {"w": workload, "n": max(0, limit)},
            ).fetchall()
        runs, told = [], []
        for run_id, text in rows:
            try:
                runs.append(_run(run_id, text))
            except Unreadable as error:
                told.append(f"{_unreadable(run_id, error)} → {_forget(run_id)}")
        return tuple(runs), tuple(told)

    def ids(self, workload: str | None = None) -> tuple[str, ...]:
        """Of all runs, readable or not, newest first."""
        with self._store.transaction() as database:
            rows = database.execute(
                f"SELECT id FROM runs WHERE :w IS NULL OR workload = :w {_NEWEST_FIRST}",
                {"w": workload},
            ).fetchall()
        return tuple(str(run_id) for (run_id,) in rows)

    def newest(self) -> Run | None:
        """The last one begun of those that can be read."""
        return next(iter(self.list()), None)

    def delete(self, run_ids: Sequence[str]) -> None:
        """Forget runs and all their measurements. Raises UsageError for one there is not."""
        known = [self.find(run_id) for run_id in run_ids]
        with self._store.transaction("IMMEDIATE") as database:
            database.executemany("DELETE FROM runs WHERE id = ?", [(one,) for one in known])

    def prune(self, keep: int, workload: str | None = None) -> tuple[str, ...]:
        """Forget all but the newest `keep`; the ids of those forgotten."""
        old = self.ids(workload)[keep:]
        self.delete(old)
        return old

    def find(self, run_id: str) -> str:
        """The whole id of the run of that id, or of the only one that begins so.

        Raises UsageError.
        """
        with self._store.transaction() as database:
            if database.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone():
                return run_id
        ids = self.ids()
        near = [one for one in ids if run_id and clean(one).startswith(run_id)]
        if len(near) == 1:
            return str(near[0])
        if near:
            raise UsageError(f"{run_id} is not one run", f"say which: {', '.join(near[:5])}")
        raise UsageError(f"no run {run_id}", "twindeck runs")


def _run(run_id: str, text: bytes) -> Run:
    run = read_run(text)
    if run.id != run_id:
        raise Unreadable(f"id: it says {run.id}")
    return run


def _finite(taken: Measurement) -> Measurement:
    """JSON has no infinity: such a figure is none, and would make the whole run unreadable."""
    parts = {key: value for key, value in taken.parts.items() if math.isfinite(value)}
    if taken.value is None or math.isfinite(taken.value):
        return taken if len(parts) == len(taken.parts) else replace(taken, parts=parts)
    error = taken.error or f"not a figure: {taken.value}"
    return replace(taken, value=None, error=error, parts=parts)


def _forget(run_id: str) -> str:
    # A file from elsewhere named it: pasted into a shell it must stay one word.
    return f"twindeck runs rm {shlex.quote(clean(run_id))}"


def _unreadable(run_id: str, error: Unreadable) -> str:
    return f"run {clean(run_id)} in the history cannot be read: {error}"


def plain(thing: Any) -> Any:
    """A dataclass, and whatever it holds, as what JSON knows; secrets in its texts are masked."""
    if isinstance(thing, StrEnum):
        return str(thing)
    if isinstance(thing, str):
        return mask_text(thing)
    if hasattr(thing, "__dataclass_fields__"):
        return {field.name: plain(getattr(thing, field.name)) for field in fields(thing)}
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [plain(value) for value in thing]
    return thing
