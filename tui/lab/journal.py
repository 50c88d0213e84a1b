"""The record of a run, kept in the history reading by reading."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock

from tui.results import Measurement, Run, RunEvent, RunState, Study
from tui.run_store import Runs


class RunJournal:
    """Writes through: what it was told is on disk when the call returns. Raises StoreError."""

    def __init__(self, runs: Runs, run: Run, measurements: Sequence[Measurement] = ()) -> None:
        self._runs = runs
        self._lock = Lock()
        self._run = run
        self._measurements = list(measurements)
        runs.save(run)

    @property
    def run(self) -> Run:
        """As it stands."""
        with self._lock:
            return self._run

    @property
    def study(self) -> Study:
        """The run and all its measurements so far."""
        with self._lock:
            return Study(self._run, tuple(self._measurements))

    @property
    def measurements(self) -> Sequence[Measurement]:
        """All so far, those of before an interruption first."""
        return self._measurements

    def add(self, measurements: Sequence[Measurement]) -> None:
        """Keep them, at once."""
        self._runs.add(self.run.id, measurements)
        with self._lock:
            self._measurements.extend(measurements)

    def event(self, text: str) -> None:
        """Keep that this happened, with its time."""
        events = (*self.run.events, RunEvent(time.time(), text))
        self._save(replace(self.run, events=events))

    def host(self, fingerprint: Mapping[str, str], digest: str, accelerator: str | None) -> None:
        """Where it runs; what ran the VM is known once it has."""
        known = accelerator or self.run.accelerator
        self._save(replace(self.run, host=dict(fingerprint), host_hash=digest, accelerator=known))

    def close(self, state: RunState, busy_seconds: float) -> None:
        """It is over, for now or for good."""
        self._save(
            replace(self.run, state=state, finished_at=time.time(), busy_seconds=busy_seconds)
        )

    def _save(self, run: Run) -> None:
        with self._lock:
            self._run = run
        self._runs.save(run)
