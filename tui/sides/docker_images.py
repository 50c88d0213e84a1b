"""The image a workload runs from: a base that is at hand, and a build when the folder changed."""

from __future__ import annotations

import hashlib
import json
import shlex
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import requests
from docker import APIClient
from docker.errors import ImageNotFound
from docker.utils import parse_repository_tag

from tui.core.plain_files import refuse_way_out
from tui.errors import ActionFailed, TwindeckError
from tui.model import EMPTY, Workload
from tui.sides.base import Report
from tui.sides.docker_link import ACT_SECONDS, Link
from tui.sides.docker_rows import WORKLOAD_LABEL

CONTEXT_LABEL = "twindeck.context"
_CONNECT_SECONDS = 5.0
_SILENCE_SECONDS = 30.0
"""A registry that says nothing for so long is given up."""
_BUILD_SILENCE_SECONDS = 900
_LAST_LINES = 3
_CHUNK_BYTES = 2**20


def prepare(
    link: Link, workload: Workload, report: Report, labels: Mapping[str, str] = EMPTY
) -> str:
    """Name of an up-to-date image of the workload, built now if need be, with those labels.

    Raises ActionFailed (also when the name stands for an image that Twindeck did not build),
    EngineUnavailable.
    """
    labels = {WORKLOAD_LABEL: workload.name, **labels}
    base_name, base_id = choose_base(link, workload, report)
    wanted = context_hash(workload.folder, base_id)
    image = f"twindeck/{workload.name}:latest"
    found = _image(link, image)
    known = (found.get("Config") or {}).get("Labels") or {}
    if found and not labels.items() <= known.items():
        raise ActionFailed(
            f"An image named {image} exists that Twindeck did not build",
            f"give it another name: docker tag {image} NEWNAME, then docker rmi {image}",
        )
    if known.get(CONTEXT_LABEL) == wanted:
        report.line(f"{image} is up to date with {workload.folder.name}/ on {base_name}")
        return image
    _build(link, workload, image, base_name, {CONTEXT_LABEL: wanted, **labels}, report)
    return image


def choose_base(link: Link, workload: Workload, report: Report) -> tuple[str, str]:
    """Name and id of the first base image present, else of the first that can be pulled.

    Raises ActionFailed when none can be had.
    """
    for name in workload.container_images:
        if image_id := _id_of(link, name):
            return name, image_id
    for name in workload.container_images:
        report.line(f"docker pull {shlex.quote(name)}")
        try:
            _pull(link, name, report)
        except TwindeckError as error:
            report.line(error.line)
            continue
        if image_id := _id_of(link, name):
            return name, image_id
    raise ActionFailed(
        f"No base image for {workload.name}: none of {', '.join(workload.container_images)} "
        "is present or can be pulled",
        "twindeck setup",
    )


def context_hash(folder: Path, base_id: str) -> str:
    """SHA-256 over the names, modes and contents of all files below `folder`, and the base's id."""
    digest = hashlib.sha256(base_id.encode())
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        mode = state.st_mode
        if not stat.S_ISLNK(mode) and not stat.S_ISREG(mode):
            continue
        kind = f"{stat.S_IFMT(mode):o} {mode & stat.S_IXUSR:o}"
        # A link's size is that of its text.
        head = json.dumps([str(path.relative_to(folder)), kind, state.st_size])
        digest.update(head.encode())
        if stat.S_ISLNK(mode):
            digest.update(str(path.readlink()).encode())
        else:
            with path.open("rb") as file:
                # Piece by piece: a workload may bring files larger than the memory.
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
    return digest.hexdigest()


def _image(link: Link, name: str) -> Mapping[str, Any]:
    """Inspection of a local image; empty when there is none."""
    with link.translating(f"look for the image {name}"):
        try:
            found: Mapping[str, Any] = link.look().inspect_image(name)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return {}
    return found


def _id_of(link: Link, name: str) -> str:
    return str(_image(link, name).get("Id", ""))


def _pull(link: Link, name: str, report: Report) -> None:
    repository, tag = parse_repository_tag(name)
    with link.translating(f"pull {name}"):
        api = link.act()
        # The SDK's own pull waits for ever on a registry that does not answer.
        answer = api.post(
            f"{api.base_url}/v{api.api_version}/images/create",
            params={"fromImage": repository, "tag": tag or "latest"},
            stream=True,
            timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
        )
        with answer:
            _check(answer, name)
            _relay(_messages(answer.iter_lines()), f"pull {name}", report, f"docker pull {name}")


def _check(answer: requests.Response, name: str) -> None:
    if answer.status_code >= 400:
        try:
            reason = str(answer.json()["message"])
        except (ValueError, KeyError):
            reason = f"status {answer.status_code}"
        raise ActionFailed(f"Docker cannot pull {name}: {reason}")


def _messages(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.strip():
            yield json.loads(line)


def _build(
    link: Link,
    workload: Workload,
    image: str,
    base_name: str,
    labels: Mapping[str, str],
    report: Report,
) -> None:
    refuse_way_out(workload.folder / "Dockerfile")
    if not (workload.folder / "Dockerfile").is_file():
        raise ActionFailed(
            f"{workload.name} has no Dockerfile in {workload.folder}", "write one: ARG BASE, FROM"
        )
    command = ["docker", "build", "--network", "host", "--build-arg", f"BASE={base_name}"]
    report.line(shlex.join([*command, "-t", image, str(workload.folder)]))
    with link.translating(f"build {image}"):
        # Not BuildKit: the classic builder needs no plug-in and is in every engine.
        fix = f"correct {workload.folder / 'Dockerfile'} and try again"
        stream = _build_stream(link.act(), workload, image, base_name, labels)
        _relay(stream, f"build {image}", report, fix)


def _build_stream(
    api: APIClient, workload: Workload, image: str, base_name: str, labels: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    stream: Iterator[dict[str, Any]] = api.build(
        path=str(workload.folder),
        tag=image,
        buildargs={"BASE": base_name},
        labels=dict(labels),
        network_mode="host",
        rm=True,
        forcerm=True,
        decode=True,
        timeout=max(_BUILD_SILENCE_SECONDS, int(ACT_SECONDS)),
    )
    return stream


def _relay(messages: Iterator[dict[str, Any]], what: str, report: Report, fix: str) -> None:
    """Pass a build's or pull's output on; raise ActionFailed with its last lines on an error."""
    last: list[str] = []
    rest = status = ""
    for message in messages:
        if error := message.get("error"):
            reason = " / ".join([*last, str(error)])
            raise ActionFailed(f"Docker cannot {what}: {reason}", fix)
        # Only a line feed ends a line: progress rewrites its line with carriage returns.
        *lines, rest = (rest + str(message.get("stream", ""))).split("\n")
        for line in filter(str.strip, lines):
            report.line(line)
            last = [*last, line.strip()][-_LAST_LINES:]
        # A pull repeats its progress many times a second; each layer's new status is one line.
        now = f"{message['id']}: {message['status']}" if message.get("id") else ""
        if now and now != status:
            report.line(now)
            status = now
