"""Inspections of containers, each made once a run: a hundred containers cost one list call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any

from docker.errors import NotFound

from tui.engines.docker.answers import checked_inspection
from tui.errors import ActionFailed, EngineUnavailable
from tui.sides.docker_link import Link
from tui.sides.docker_rows import Run, is_worth_inspecting, run_of


class Runs:
    """Keeps what `list` cannot tell (pid, start, why it was killed) while events are watched to
    disprove it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._lock = Lock()
        self._runs: Mapping[str, Run] = {}
        self._changed: set[str] = set()
        self._is_watched = False
        self._watches = 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """From here to the end of the block every change is told by `forget`."""
        self._set_watched(True)
        try:
            yield
        finally:
            self._set_watched(False)

    def forget(self, container_id: str) -> None:
        """An event or an action changed it."""
        with self._lock:
            self._changed.add(container_id)

    def of(self, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Run]:
        """Container id -> run, for those of `entries`, the engine's list, that are worth it.

        The engine holds an inspection for as long as it starts or ends that container. One that
        does not come in time hides no row: it and those behind it are asked for at the next list.
        """
        watch, kept = self._kept()
        runs: dict[str, Run] = {}
        is_in_time = True
        for entry in filter(is_worth_inspecting, entries):
            run = kept.get(entry["Id"])
            if run is None and is_in_time:
                try:
                    run = self._inspect(entry["Id"])
                except EngineUnavailable:
                    is_in_time = False
            if run is not None:
                runs[entry["Id"]] = run
        with self._lock:
            # Inspections made before the watch began may have missed a change.
            self._runs = runs if watch == self._watches else {}
        return runs

    def _kept(self) -> tuple[int, Mapping[str, Run]]:
        # Changes told from here on are left for the next list: its inspections may be older.
        with self._lock:
            changed, self._changed = self._changed, set()
            runs = self._runs if self._is_watched else {}
            kept = {k: run for k, run in runs.items() if k not in changed and run.is_settled}
            return self._watches, kept

    def _set_watched(self, is_watched: bool) -> None:
        with self._lock:
            self._is_watched = is_watched
            self._watches += 1
            self._runs = {}

    def _inspect(self, container_id: str) -> Run | None:
        try:
            with self._link.translating("inspect a container"):
                try:
                    answer = self._link.look().inspect_container(container_id)
                    return run_of(checked_inspection(answer))
                except NotFound:
                    return None
        except ActionFailed:
            # One container the engine cannot describe must not hide the others.
            return None
