"""The container side, on the Docker Engine's API."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from tui.errors import ActionFailed, EngineUnavailable, TwindeckError
from tui.model import Instance, SideName, State, Verb, Workload
from tui.sides.base import Command, Report
from tui.sides.docker_actions import perform
from tui.sides.docker_link import Link, unknown
from tui.sides.docker_rows import absent, instance_of, name_of, state_of
from tui.sides.docker_runs import Runs
from tui.sides.docker_streams import closed_on, lines_of
from tui.sides.docker_up import UNMARKED, Mark, bring_up
from tui.snapshot import Health

_EVENTS = (
    "create", "start", "restart", "die", "stop", "pause", "unpause", "rename", "destroy",
)  # fmt: skip
"""Those that change what `list` tells; exec, top, attach, health checks and the like do not."""
_SHELL = "command -v bash >/dev/null && exec bash || exec sh"


class Containers:
    """All containers of one Docker Engine, and the project's workloads that have none yet."""

    name = SideName.CONTAINER

    def __init__(
        self,
        project: Path,
        workloads: Sequence[Workload],
        link: Link | None = None,
        mark: Mark = UNMARKED,
    ) -> None:
        """With labels in `mark` it knows no container without them."""
        self._project = project
        self._workloads = tuple(workloads)
        self._by_name = {workload.name: workload for workload in workloads}
        self._link = link or Link()
        self._mark = mark
        self._runs = Runs(self._link)

    def health(self) -> Health:
        """Whether the engine answers; never raises."""
        try:
            with self._link.translating("tell its version"):
                version = self._link.look().version()
        except TwindeckError as error:
            return Health(side=self.name, ok=False, reason=str(error), fix=error.fix)
        parts = [str(part.get("Name", "")) for part in version.get("Components") or ()]
        product = "Podman" if any("Podman" in part for part in parts) else "Docker"
        number = str(version.get("Version", "")).partition("+")[0]
        return Health(side=self.name, ok=True, version=f"{product} {number}")

    def list(self) -> list[Instance]:
        """All containers, then the workloads without one. Raises EngineUnavailable."""
        entries = self._entries()
        runs = self._runs.of(entries)
        found = [instance_of(entry, runs.get(entry["Id"]), self._by_name) for entry in entries]
        return found + absent(self._workloads, {instance.name for instance in found})

    def look(self, name: str) -> Instance | None:
        """See `Side.look`."""
        found = [entry for entry in self._entries() if name_of(entry) == name]
        return instance_of(found[0], None, self._by_name) if found else None

    def forget(self) -> None:
        """Nothing is remembered: the engine is asked at every listing."""

    def log_source(self, name: str) -> str:
        """See `Side.log_source`."""
        return "stdout and stderr"

    def _entries(self) -> Sequence[Mapping[str, Any]]:
        labels = [f"{key}={value}" for key, value in self._mark.labels.items()]
        try:
            with self._link.translating("list the containers"):
                entries: Sequence[Mapping[str, Any]] = self._link.look().containers(
                    all=True, filters={"label": labels} if labels else None
                )
                return entries
        except ActionFailed as error:
            # A refusal to list (HTTP 500 of an ailing engine) leaves nothing to work with.
            raise EngineUnavailable(str(error), "docker info") from error

    def watch(self, changed: Callable[[], None], stop: Event) -> None:
        """Call `changed` once connected and after every event that may alter `list()`.

        Returns within 0.5 s of `stop`. Raises EngineUnavailable when the engine goes away.
        """
        with self._link.translating("send its events"):
            filters = {"type": "container", "event": [*_EVENTS]}
            stream = self._link.look().events(decode=True, filters=filters)
            with closed_on(stop, stream), self._runs.watched():
                changed()
                for event in stream:
                    if stop.is_set():
                        return
                    self._runs.forget(str((event.get("Actor") or {}).get("ID", "")))
                    changed()
        if not stop.is_set():
            self._link.drop()
            raise EngineUnavailable("Docker closed the connection", "docker info")

    def up(self, workload: Workload, report: Report) -> None:
        """Build what is missing, create and start. Raises ActionFailed, EngineUnavailable."""
        bring_up(self._link, workload, report, self._mark)

    def act(self, verb: Verb, name: str, report: Report) -> None:
        """Any verb but UP. Raises UnknownInstance, ActionFailed, EngineUnavailable."""
        entry = self._find(name)
        try:
            perform(self._link, verb, entry, report)
        finally:
            self._runs.forget(str(entry["Id"]))

    def logs(self, name: str, *, tail: int, follow: bool, stop: Event) -> Iterator[str]:
        """Standard output and error in one, raw, oldest first; `tail` lines of what there is.

        Raises UnknownInstance, ActionFailed (logging driver that keeps none), EngineUnavailable.
        """
        container_id = str(self._find(name)["Id"])
        with self._link.translating(f"read the logs of {name}", name):
            stream = self._link.look().logs(
                container_id, stdout=True, stderr=True, stream=True, follow=follow, tail=tail
            )
            with closed_on(stop, stream):
                for line in lines_of(stream):
                    if stop.is_set():
                        return
                    yield line

    def shell(self, name: str) -> Command:
        """`docker exec -it` with bash if the image has it. Raises ActionFailed, UnknownInstance."""
        entry = self._find(name)
        if state_of(entry) is not State.RUNNING:
            raise ActionFailed(f"{name} is not running, so it has no shell", "start it first")
        docker = shutil.which("docker")
        if docker is None:
            raise ActionFailed(
                "A shell needs the docker command, which is not installed", "twindeck setup"
            )
        host = os.environ.get("DOCKER_HOST")
        return Command(
            argv=(docker, "exec", "-it", str(entry["Id"]), "sh", "-c", _SHELL),
            env={"DOCKER_HOST": host} if host else {},
        )

    def inspect(self, name: str) -> dict[str, Any]:
        """`docker inspect` of it. Raises UnknownInstance, EngineUnavailable."""
        entry = self._find(name)
        with self._link.translating(f"inspect {name}", name):
            inspection: dict[str, Any] = self._link.look().inspect_container(entry["Id"])
            return inspection

    def _find(self, name: str) -> Mapping[str, Any]:
        # The engine also takes the first letters of an id for a name; a user's typo must not.
        for entry in self._entries():
            if name_of(entry) == name:
                return entry
        raise unknown(name)
