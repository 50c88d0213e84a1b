"""Brings a workload up as a container, phase by phase."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker.errors import APIError
from docker.types import Mount

from tui.engines.docker.trouble import reason_of
from tui.errors import ActionFailed
from tui.model import EMPTY, Phase, Workload
from tui.sides.base import Report
from tui.sides.docker_images import prepare
from tui.sides.docker_link import Link
from tui.sides.docker_ports import LOOPBACK, is_port_refusal, is_taken, taken_error
from tui.sides.docker_rows import WORKLOAD_LABEL, name_of

FOLDER_LABEL = "twindeck.folder"
"""The workload's folder: another project may have a workload of that name."""
_RUN_SECONDS = 30.0
_LOOK_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody puts on all he makes, to know it again by."""

    labels: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """On container, image and volume."""
    volume: str = ""
    """Where the container gets a volume of its own, removed with it; "" for none."""
    made: Callable[[str], None] = lambda container_id: None
    """Told the id of a container before that is started."""


UNMARKED = Mark()


def bring_up(link: Link, workload: Workload, report: Report, mark: Mark = UNMARKED) -> None:
    """Create and start the workload's container, or start the one that is there.

    Raises ActionFailed (port taken, no base image, foreign container), EngineUnavailable.
    """
    report.phase(Phase.PREPARE)
    entry = _existing(link, workload, mark)
    if entry is None:
        _check_port(link, workload)
        image = prepare(link, workload, report, mark.labels)
        report.phase(Phase.CREATE)
        container_id = _create(link, workload, image, mark, report)
        _start(link, workload, container_id, report, is_new=True)
        return
    state = entry.get("State")
    if state == "running":
        report.line(f"{workload.name} is running already")
    elif state == "paused":
        report.phase(Phase.START)
        report.line(f"docker unpause {workload.name}")
        with link.translating(f"unpause {workload.name}", workload.name):
            link.act().unpause(entry["Id"])
    else:
        _check_port(link, workload)
        _start(link, workload, entry["Id"], report, is_new=False)


def is_of(workload: Workload, labels: Mapping[str, str]) -> bool:
    """Whether a container with those labels was made of that workload, wherever that lay then."""
    if labels.get(WORKLOAD_LABEL) != workload.name:
        return False
    # None in those of earlier versions; a folder that is no more was moved.
    folder = labels.get(FOLDER_LABEL, "")
    return folder in ("", str(workload.folder)) or not Path(folder, "Dockerfile").is_file()


def _existing(link: Link, workload: Workload, mark: Mark) -> Mapping[str, Any] | None:
    with link.translating("list the containers"):
        entries = link.look().containers(all=True)
    entry = next((e for e in entries if name_of(e) == workload.name), None)
    if entry is None:
        return None
    labels = entry.get("Labels") or {}
    if not is_of(workload, labels) or not mark.labels.items() <= labels.items():
        raise foreign_error(workload.name)
    found: Mapping[str, Any] = entry
    return found


def foreign_error(name: str) -> ActionFailed:
    """A container has the workload's name and is not the workload's."""
    return ActionFailed(
        f"A container named {name} exists that is not the workload's",
        f"rename it: docker rename {name} NEWNAME",
    )


def _check_port(link: Link, workload: Workload) -> None:
    # Told before a build of a minute, not after; the engine's own answer still decides.
    with link.translating("list the containers"):
        api = link.look()
        if link.endpoint.socket is not None and is_taken(workload.container_port):
            raise taken_error(workload.container_port, workload.name, api.containers())


def _create(
    link: Link,
    workload: Workload,
    image: str,
    mark: Mark,
    report: Report,
) -> str:
    labels = {WORKLOAD_LABEL: workload.name, FOLDER_LABEL: str(workload.folder), **mark.labels}
    port = f"{LOOPBACK}:{workload.container_port}:{workload.guest_port}"
    command = ["docker", "create", "--name", workload.name, "-p", port]
    limits = ["-m", f"{workload.memory_mib}m", "--cpus", str(workload.cpus)]
    told = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
    volumes = [Mount(mark.volume, None, labels=dict(mark.labels))] if mark.volume else []
    told += [
        word for volume in volumes for word in ("--mount", f"type=volume,dst={volume['Target']}")
    ]
    report.line(shlex.join([*command, *limits, *told, image]))
    with link.translating(f"create {workload.name}"):
        api = link.act()
        host_config = api.create_host_config(
            port_bindings={f"{workload.guest_port}/tcp": (LOOPBACK, workload.container_port)},
            mem_limit=workload.memory_mib * 1024 * 1024,
            nano_cpus=workload.cpus * 1_000_000_000,
            mounts=volumes,
        )
        created = api.create_container(
            image,
            name=workload.name,
            labels=labels,
            ports=[(workload.guest_port, "tcp")],
            host_config=host_config,
        )
    mark.made(str(created["Id"]))
    return str(created["Id"])


def _start(
    link: Link, workload: Workload, container_id: str, report: Report, *, is_new: bool
) -> None:
    report.phase(Phase.START)
    report.line(f"docker start {workload.name}")
    try:
        start(link, workload.name, container_id)
    except ActionFailed:
        if is_new:
            # A container that never ran is of no use to anybody, and its name is in the way.
            with link.translating(f"remove {workload.name}"):
                link.act().remove_container(container_id, v=True, force=True)
        raise
    report.phase(Phase.BOOT)
    await_first_process(link, workload.name, container_id)


def start(link: Link, name: str, container_id: str) -> None:
    """`docker start`; a port refused is told with its holder. Raises as `Link.translating`."""
    with link.translating(f"start {name}", name):
        api = link.act()
        try:
            api.start(container_id)
        except APIError as error:
            if not is_port_refusal(reason_of(error)):
                raise
            port = _refused_port(api.inspect_container(container_id), reason_of(error))
            raise taken_error(port, name, api.containers()) from error


def _refused_port(inspection: Mapping[str, Any], reason: str) -> int:
    bindings = (inspection.get("HostConfig") or {}).get("PortBindings") or {}
    ports = [int(b["HostPort"]) for bound in bindings.values() for b in bound if b.get("HostPort")]
    named = [port for port in ports if f":{port}" in reason]
    return (named or ports or [0])[0]


def await_first_process(link: Link, name: str, container_id: str) -> None:
    """Return once the container's first process runs. Raises ActionFailed if it ends at once."""
    deadline = time.monotonic() + _RUN_SECONDS
    while True:
        with link.translating(f"inspect {name}", name):
            state = link.look().inspect_container(container_id)["State"]
        if state.get("Running") and state.get("Pid"):
            return
        if state.get("Status") in ("exited", "dead"):
            code = state.get("ExitCode")
            reason = f": {state['Error']}" if state.get("Error") else ""
            raise ActionFailed(
                f"{name} ended at once with exit code {code}{reason}",
                f"twindeck logs container:{name}",
            )
        if time.monotonic() > deadline:
            raise ActionFailed(
                f"{name} did not run within {_RUN_SECONDS:.0f} s", f"twindeck logs container:{name}"
            )
        time.sleep(_LOOK_SECONDS)
