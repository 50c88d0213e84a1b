"""Whether a container really starts: one is started, on a network of its own, and removed.

An engine that answers may still start nothing: for want of a program, a kernel module or a rule.
The image is one static program of a few bytes, made here, so that nothing has to be fetched.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import requests
from docker import APIClient
from docker.errors import DockerException

from tui.errors import ActionFailed, TwindeckError
from tui.model import Check, Reading, SideName
from tui.setup.host import Host
from tui.setup.needs import (
    CONTAINER_TRIAL,
    DOCKER,
    SETUP,
    fix_for,
    is_debian_like,
    lacks_apparmor_parser,
)
from tui.sides.docker_link import Link

LABEL = "twindeck.trial"
_SECONDS = 20
_FINISHED_SECONDS = 0.5
_ODD_ANSWERS = (LookupError, TypeError, ValueError, AttributeError)
"""What taking an answer apart raises that has another shape than Docker's."""
_PROGRAM = "/exit"
_LOAD_ADDRESS = 0x400000
_HEADERS_BYTES = 64 + 56
# ELF machine number, and exit(0) in machine code: mov eax,60; xor edi,edi; syscall.
_X86_64 = (62, bytes.fromhex("b83c00000031ff0f05"))
# mov x0,#0; mov x8,#93; svc #0.
_AARCH64 = (183, bytes.fromhex("000080d2a80b80d2010000d4"))
_MACHINES: Mapping[str, tuple[int, bytes]] = {
    "amd64": _X86_64,
    "x86_64": _X86_64,
    "arm64": _AARCH64,
    "aarch64": _AARCH64,
}


def check_start(host: Host, link: Link, *, may_try: bool = True) -> Check:
    """Start a container of ours on the engine that is meant; nothing of it is left."""
    if not may_try:
        return _check(Reading.OK, "not tried: this is read-only")
    try:
        with link.translating("tell its version"):
            machine = _MACHINES.get(str(link.look().version().get("Arch", "")))
        if machine is None:
            return _check(Reading.OK, "not tried: the engine's processor is none we know")
        _start_one(link, elf(*machine))
    except TwindeckError as error:
        return _failed(host, link, error)
    except _ODD_ANSWERS:
        reason = "none starts: what answers there does not answer as a Docker Engine"
        return _check(Reading.BROKEN, reason, "docker version")
    return _check(Reading.OK, "one was started on a network of its own, and removed")


def _check(status: Reading, reason: str, fix: str = "") -> Check:
    return Check(CONTAINER_TRIAL, status, reason, fix, SideName.CONTAINER)


def _failed(host: Host, link: Link, error: TwindeckError) -> Check:
    if not isinstance(error, ActionFailed):
        return _check(Reading.MISSING, f"not tried: {error}", error.fix)
    is_here = link.endpoint.is_default
    if is_here and "apparmor_parser" in str(error) and lacks_apparmor_parser(host):
        reason = "none starts: the kernel has AppArmor on, and its parser is not installed"
        fix = SETUP if is_debian_like(host) else "install apparmor_parser (package apparmor)"
        return _check(Reading.BROKEN, reason, fix)
    return _check(
        Reading.BROKEN, f"none starts: {error}", _fix(host, is_here, str(error), error.fix)
    )


def _fix(host: Host, is_here: bool, reason: str, otherwise: str) -> str:
    if "iptables" in reason:
        if is_here and host.which("iptables") is None:
            return fix_for(host, DOCKER)
        return "sudo iptables -L shows whether rules can be set there"
    if "address pool" in reason:
        return "no subnet is free; remove networks nobody uses: docker network prune"
    return otherwise


def _start_one(link: Link, program: bytes) -> None:
    """Raises TwindeckError. Nothing of what was made is left."""
    name = f"twindeck-trial-{uuid.uuid4().hex[:12]}"
    with link.translating("start a container"):
        try:
            code = _exit_code(link, program, name)
        except KeyboardInterrupt:
            # The engine finishes what it was asked for, whether anybody waits or not.
            time.sleep(_FINISHED_SECONDS)
            raise
        finally:
            left = _sweep(link, name)
    if code != 0:
        raise ActionFailed(
            f"a program that does nothing but end well ended with {code}", "docker info"
        )
    if left:
        raise ActionFailed(
            f"one was started, but its {left} could not be removed",
            f"look for what has the label: docker ps -a --filter label={LABEL}",
        )


def _exit_code(link: Link, program: bytes, name: str) -> int:
    """Of a container with this program alone. All that is made has `name` as its label."""
    api, labels = link.look(), {LABEL: name}
    image = _imported(api, program, f"LABEL {LABEL}={name}")
    api.create_network(name, driver="bridge", labels=labels)
    made = api.create_container(
        *(image, [_PROGRAM]),
        name=name,
        labels=labels,
        host_config=api.create_host_config(network_mode=name),
    )
    link.act().start(made["Id"])
    try:
        return int(link.act().wait(made["Id"], timeout=_SECONDS)["StatusCode"])
    except requests.Timeout as error:
        reason = f"the container did not end within {_SECONDS} s"
        raise ActionFailed(reason, "docker info") from error


def _imported(api: APIClient, program: bytes, label: str) -> str:
    """The id of an image of this program alone."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(_PROGRAM.lstrip("/"))
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, io.BytesIO(program))
    last = json.loads(api.import_image(src=archive.getvalue(), changes=[label]).splitlines()[-1])
    if "error" in last:
        raise ActionFailed(f"Docker cannot import an image: {last['error']}", "docker info")
    return str(last["status"])


def _sweep(link: Link, name: str) -> str:
    """Remove what has `name` as its label, by the engine's ids; the first kind that could not be.

    Also what an interrupted request made, whose answer with the id was never read.
    """
    api, marked = link.act(), {"label": f"{LABEL}={name}"}
    kinds: tuple[tuple[str, Callable[[], Any], Callable[[str], Any]], ...] = (
        (
            "container",
            lambda: api.containers(all=True, filters=marked),
            lambda it: api.remove_container(it, v=True, force=True),
        ),
        ("network", lambda: api.networks(filters=marked), api.remove_network),
        ("image", lambda: api.images(filters=marked), api.remove_image),
    )
    left = []
    for kind, found, remove in kinds:
        try:
            # An engine that knows no such filter lists everything.
            for entry in found():
                if (entry.get("Labels") or {}).get(LABEL) == name:
                    remove(entry["Id"])
        except (DockerException, requests.RequestException, OSError, *_ODD_ANSWERS):
            left.append(kind)
    return left[0] if left else ""


def elf(machine: int, code: bytes) -> bytes:
    """A static 64-bit little-endian program of that machine code alone, see elf(5)."""
    size = _HEADERS_BYTES + len(code)
    entry = _LOAD_ADDRESS + _HEADERS_BYTES
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    executable, one_program_header = 2, 1
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(identity, executable, machine, 1, entry, 64, 0, 0, 64, 56, one_program_header, 0, 0, 0),
    )
    load, read_and_execute, page = 1, 5, 0x10000
    segment = struct.pack(
        "<IIQQQQQQ", load, read_and_execute, 0, _LOAD_ADDRESS, _LOAD_ADDRESS, size, size, page
    )
    return header + segment + code
