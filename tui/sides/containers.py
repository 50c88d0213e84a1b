"""The container side, on the Docker Engine's API."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from tui.core.log_mark import LogMark
from tui.engines.docker.answers import checked_entries
from tui.engines.docker.identity import (
    PODMAN,
    identity_of,
    podman_identity,
    product_in,
)
from tui.errors import ActionFailed, EngineUnavailable, TwindeckError
from tui.model import AS_USUAL, Instance, Options, SideName, State, Verb, Workload
from tui.model import PODMAN as PROVIDER_PODMAN
from tui.sides.base import Command, Report
from tui.sides.docker_actions import perform
from tui.sides.docker_link import Link, unknown
from tui.sides.docker_marks import lines_behind, since_of
from tui.sides.docker_rows import WORKLOAD_LABEL, Run, absent, instance_of, name_of, state_of
from tui.sides.docker_runs import Runs
from tui.sides.docker_shell import require_shell
from tui.sides.docker_streams import closed_on, lines_of, no_log
from tui.sides.docker_up import UNMARKED, Mark, bring_up, is_of
from tui.snapshot import Health

if TYPE_CHECKING:
    from docker import APIClient

_EVENTS = (
    "create", "start", "restart", "die", "stop", "pause", "unpause", "rename", "destroy",
    "health_status", "oom",
    # Podman's own names for the end and the removal: its filter knows no others.
    "died", "remove",
)  # fmt: skip
"""Those that change what `list` tells; exec, top, attach and the like do not."""
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
        self._engine: str | None = None
        """Which engine the rows came from."""
        self._asked_after_drops = -1

    def health(self) -> Health:
        """Whether the engine answers; never raises."""
        try:
            product = self._link.product()
        except TwindeckError as error:
            return Health(side=self.name, ok=False, reason=str(error), fix=error.fix)
        endpoint = self._link.endpoint
        where = "" if endpoint.is_default else f" at {endpoint.label}"
        return Health(side=self.name, ok=True, version=f"{product}{where}")

    def ping(self) -> Health:
        """Whether the engine gives a sign of life within two seconds; never raises."""
        try:
            self._link.ping()
        except TwindeckError as error:
            return Health(side=self.name, ok=False, reason=str(error), fix=error.fix)
        return Health(side=self.name, ok=True)

    def list(self) -> list[Instance]:
        """All containers, then the workloads without one. Raises EngineUnavailable."""
        self._recognise()
        entries = self._entries()
        runs = self._runs.of(entries)
        found = [self._instance(entry, runs.get(entry["Id"])) for entry in entries]
        return found + absent(self._workloads, {instance.name for instance in found})

    def _instance(self, entry: Mapping[str, Any], run: Run | None) -> Instance:
        is_podman = (self._engine or "").startswith(PODMAN)
        provider = PROVIDER_PODMAN if is_podman else "docker"
        return instance_of(entry, run, self._workloads_of(entry), provider)

    def _workloads_of(self, entry: Mapping[str, Any]) -> Mapping[str, Workload]:
        """The workload the container was made of, if it is one of the project's."""
        labels = entry.get("Labels") or {}
        workload = self._by_name.get(labels.get(WORKLOAD_LABEL, ""))
        return {workload.name: workload} if workload and is_of(workload, labels) else {}

    def _recognise(self) -> None:
        """Note which engine answers; before its rows, so that a swap in between is noticed."""
        drops = self._link.drops
        if drops != self._asked_after_drops:
            self._engine = self._identity(self._link.look)
            self._asked_after_drops = drops

    def _require_same_engine(self) -> None:
        """Refuse to act on another engine than the rows came from. Raises ActionFailed."""
        if self._mark.labels:
            # No other engine has anything with those; and the question would count as boot time.
            return
        now = self._identity(self._link.act)
        if self._engine is None:
            self._engine = now
        if now == self._engine:
            return
        where = self._link.endpoint.label
        # The next listing looks anew who answers.
        self._link.drop()
        raise ActionFailed(
            f"Another engine answers at {where} than the one these rows are of: nothing was done",
            "look at the rows again, then repeat it",
        )

    def _identity(self, client: Callable[[], APIClient]) -> str:
        # Acting is given minutes; an engine that hangs is not to take them before it begins.
        if product_in(self._link.ping()).startswith(PODMAN):
            return podman_identity(self._link.endpoint)
        with self._link.translating("tell who it is"):
            return identity_of(client().info())

    def look(self, name: str) -> Instance | None:
        """See `Side.look`. Raises ActionFailed when another engine than the rows' answers."""
        self._require_same_engine()
        found = [entry for entry in self._entries() if name_of(entry) == name]
        return self._instance(found[0], None) if found else None

    def forget(self) -> None:
        """Nothing is remembered: the engine is asked at every listing."""

    def log_source(self, name: str) -> str:
        """See `Side.log_source`."""
        return "stdout and stderr"

    def _entries(self) -> Sequence[Mapping[str, Any]]:
        labels = [f"{key}={value}" for key, value in self._mark.labels.items()]
        try:
            with self._link.translating("list the containers"):
                answer = self._link.look().containers(
                    all=True, filters={"label": labels} if labels else None
                )
                return checked_entries(answer)
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
            where = self._link.endpoint.label
            raise EngineUnavailable(f"Docker at {where} closed the connection", "docker info")

    def up(self, workload: Workload, report: Report, options: Options = AS_USUAL) -> None:
        """Build what is missing, create and start. Raises ActionFailed, EngineUnavailable."""
        self._require_same_engine()
        bring_up(self._link, workload, report, self._mark)

    def snapshots(self, name: str) -> Sequence[str]:
        """A container has none."""
        raise ActionFailed(f"{name} is a container, which has no snapshots")

    def act(self, verb: Verb, name: str, report: Report, options: Options = AS_USUAL) -> None:
        """Any verb but UP. Raises UnknownInstance, ActionFailed, EngineUnavailable."""
        self._require_same_engine()
        entry = self._find(name)
        try:
            perform(self._link, verb, entry, report)
        finally:
            self._runs.forget(str(entry["Id"]))

    def logs(
        self,
        name: str,
        *,
        tail: int,
        follow: bool,
        stop: Event,
        mark: LogMark | None = None,
    ) -> Iterator[str]:
        """Standard output and error in one, raw, oldest first; `tail` lines of what there is.

        Ends when the container does. With `mark`, only what came behind it in its own log.

        Raises UnknownInstance, ActionFailed (logging driver that keeps none), EngineUnavailable.
        """
        container_id = str(self._find(name)["Id"])
        try:
            yield from self._log_lines(name, container_id, tail, follow, stop, mark)
        except ActionFailed as error:
            raise no_log(self._link, name, container_id, error) from error

    def _log_lines(
        self,
        name: str,
        container_id: str,
        tail: int,
        follow: bool,
        stop: Event,
        mark: LogMark | None,
    ) -> Iterator[str]:
        with self._link.translating(f"read the logs of {name}", name):
            stream = self._link.look().logs(
                container_id,
                stdout=True,
                stderr=True,
                stream=True,
                follow=follow,
                tail=tail,
                timestamps=mark is not None,
                since=since_of(mark, container_id),
            )
            with closed_on(stop, stream):
                lines = lines_of(stream)
                if mark is not None:
                    lines = lines_behind(mark, stream, container_id)
                for line in lines:
                    if stop.is_set():
                        return
                    yield line

    def shell(self, name: str) -> Command:
        """`docker exec -it` with bash if the image has it. Raises ActionFailed, UnknownInstance."""
        self._require_same_engine()
        entry = self._find(name)
        if state_of(entry) is not State.RUNNING:
            raise ActionFailed(
                f"{name} is not running, so it has no shell", f"twindeck start container:{name}"
            )
        docker = self._docker("A shell")
        require_shell(self._link, name, str(entry["Id"]))
        words = ("exec", "-it", str(entry["Id"]), "sh", "-c", _SHELL)
        return Command(argv=(*docker.argv, *words), env=docker.env)

    def query(self, name: str) -> Command:
        """See `Side.query`."""
        return self._docker("This")

    def _docker(self, what: str) -> Command:
        """The docker command on this engine. Raises ActionFailed."""
        docker = shutil.which("docker")
        if docker is None:
            raise ActionFailed(
                f"{what} needs the docker command, which is not installed", "twindeck setup"
            )
        return Command((docker,), env=self._link.endpoint.environment)

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
