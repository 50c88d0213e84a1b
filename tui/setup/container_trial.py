"""Whether a container really starts: one is started, on a network of its own, and removed.

An engine that answers may still start nothing: for want of a program, a kernel module or a rule.
The image is one static program of a few bytes, made here, so that nothing has to be fetched.
"""

from __future__ import annotations

import io
import json
import struct
import tarfile
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import Any

import requests
from docker import APIClient

from tui.errors import ActionFailed, TwindeckError
from tui.model import Check, Reading, SideName
from tui.setup.host import Host
from tui.setup.needs import CONTAINER_TRIAL, DOCKER, fix_for
from tui.sides.docker_link import Link

LABEL = "twindeck.trial"
_SECONDS = 20
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
        return _failed(host, error)
    return _check(Reading.OK, "one was started on a network of its own, and removed")


def _check(status: Reading, reason: str, fix: str = "") -> Check:
    return Check(CONTAINER_TRIAL, status, reason, fix, SideName.CONTAINER)


def _failed(host: Host, error: TwindeckError) -> Check:
    if not isinstance(error, ActionFailed):
        return _check(Reading.MISSING, f"not tried: {error}", error.fix)
    if "apparmor" in str(error).lower():
        reason = "none starts: the kernel has AppArmor on, and its parser is not installed"
        return _check(Reading.BROKEN, reason, fix_for(host, DOCKER))
    return _check(Reading.BROKEN, f"none starts: {error}", error.fix)


def _start_one(link: Link, program: bytes) -> None:
    """Raises TwindeckError. What was made is removed by the id the engine gave it."""
    api, name = link.act(), f"twindeck-trial-{uuid.uuid4().hex[:12]}"
    labels = {LABEL: name}
    with ExitStack() as made, link.translating("start a container"):
        image = _imported(api, program, name)
        made.callback(_quietly, api.remove_image, image)
        network = str(api.create_network(name, driver="bridge", labels=labels)["Id"])
        made.callback(_quietly, api.remove_network, network)
        limits = api.create_host_config(network_mode=name)
        container = str(
            api.create_container(image, [_PROGRAM], name=name, labels=labels, host_config=limits)[
                "Id"
            ]
        )
        made.callback(_quietly, api.remove_container, container, v=True, force=True)
        api.start(container)
        code = _exit_code(api, container)
    if code != 0:
        raise ActionFailed(
            f"a program that does nothing but end well ended with {code}", "docker info"
        )


def _imported(api: APIClient, program: bytes, name: str) -> str:
    """The id of an image of this program alone."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(_PROGRAM.lstrip("/"))
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, io.BytesIO(program))
    answer = api.import_image_from_data(archive.getvalue(), changes=[f"LABEL {LABEL}={name}"])
    last = json.loads(answer.strip().splitlines()[-1])
    if "error" in last:
        raise ActionFailed(f"Docker cannot import an image: {last['error']}", "docker info")
    return str(last["status"])


def _exit_code(api: APIClient, container: str) -> int:
    try:
        return int(api.wait(container, timeout=_SECONDS)["StatusCode"])
    except requests.Timeout as error:
        reason = f"the container did not end within {_SECONDS} s"
        raise ActionFailed(reason, "docker info") from error


def _quietly(remove: Callable[..., Any], made: str, **options: Any) -> None:
    # What went wrong before is what has to be told.
    with suppress(Exception):
        remove(made, **options)


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
