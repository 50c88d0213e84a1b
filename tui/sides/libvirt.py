"""libvirt through `virsh`: 20 ms a call, and its events from one long-lived child."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tui.engines.libvirt.uris import default_uri
from tui.errors import ActionFailed, EngineUnavailable
from tui.model import State

CALL_SECONDS = 30.0
SAVE_SECONDS = 600.0
"""A guest's whole memory is written to disk."""
_FIX = "twindeck setup"
_DOMAIN_XML = re.compile(r"<domain\b.*?</domain>", re.DOTALL)
_XML_UUID = re.compile(r"<uuid>([0-9a-f-]{36})</uuid>")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LISTED = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s+(.+)")
_STATE = re.compile(r"state\.state=(\d+)")
_STATES: Mapping[str, State] = {
    # virDomainState; a guest on its way down (4) still runs.
    "1": State.RUNNING,
    "2": State.RUNNING,
    "3": State.PAUSED,
    "4": State.RUNNING,
    "5": State.STOPPED,
    "6": State.STOPPED,
    "7": State.PAUSED,
}


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain as libvirt lists it."""

    uuid: str
    name: str
    state: State
    uri: str = ""
    """The connection it was listed at."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What of a domain's XML is of use."""

    accelerator: str
    description: str
    console: str | None
    """File the serial console is written to."""
    has_terminal: bool
    """Whether there is a serial console to talk to (`virsh console`)."""
    disks: tuple[str, ...]
    """Files of its writable disks."""
    tree: Mapping[str, Any]
    """All of it, JSON-ready."""


def parse_domains(text: str) -> list[Domain]:
    """From `list --all --uuid --name`, `domstats --state` and a list of the UUIDs of those whose
    memory is saved on disk, one after the other."""
    saved = {line.strip() for line in text.splitlines() if _UUID.fullmatch(line.strip())}
    uuids: dict[str, str] = {}
    states: dict[str, State] = {}
    name = None
    for line in text.splitlines():
        if listed := _LISTED.fullmatch(line.strip()):
            uuids[listed[2]] = listed[1]
        elif line.startswith("Domain: '") and line.endswith("'"):
            name = line[len("Domain: '") : -1]
        elif name is not None and line.strip().startswith("state.state="):
            states[name] = _STATES.get(line.strip().partition("=")[2], State.UNKNOWN)
    return [
        Domain(uuid, name, _with_saved(states.get(name, State.UNKNOWN), uuid in saved))
        for name, uuid in uuids.items()
    ]


def _with_saved(state: State, is_saved: bool) -> State:
    return State.SUSPENDED if is_saved and state is State.STOPPED else state


def parse_definition(text: str) -> Definition:
    """Raises ActionFailed when it is no domain XML."""
    try:
        root = ElementTree.fromstring(text)
        tree = {root.tag: _as_dict(root)}
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise ActionFailed("libvirt gave no readable domain XML") from error
    kind = root.get("type", "")
    console = root.find("./devices/serial[@type='file']/source")
    disks = []
    for disk in root.findall("./devices/disk[@device='disk']"):
        source = disk.find("source")
        if source is not None and disk.find("readonly") is None and source.get("file"):
            disks.append(str(source.get("file")))
    return Definition(
        accelerator={"qemu": "tcg"}.get(kind, kind or "unknown"),
        description=root.findtext("description", ""),
        console=None if console is None else console.get("path"),
        has_terminal=root.find("./devices/console") is not None
        and root.find("./devices/console[@type='file']") is None,
        disks=tuple(disks),
        tree=tree,
    )


def _as_dict(element: ElementTree.Element) -> dict[str, Any] | str:
    """Attributes as `@name`, text as `#text`, repeated children as lists."""
    text = (element.text or "").strip()
    if not element.attrib and not len(element):
        return text
    tree: dict[str, Any] = {f"@{key}": value for key, value in element.attrib.items()}
    for child in element:
        value = _as_dict(child)
        if child.tag not in tree:
            tree[child.tag] = value
        elif isinstance(tree[child.tag], list):
            tree[child.tag].append(value)
        else:
            tree[child.tag] = [tree[child.tag], value]
    if text:
        tree["#text"] = text
    return tree


def is_installed() -> bool:
    """Whether there is a `virsh` to ask."""
    return shutil.which("virsh") is not None


class Libvirt:
    """One libvirt daemon. Every method raises EngineUnavailable when it does not answer."""

    def __init__(self, uri: str | None = None) -> None:
        self.uri = uri or default_uri()

    @property
    def is_installed(self) -> bool:
        """Whether there is a `virsh` to ask."""
        return is_installed()

    def domains(self) -> list[Domain]:
        """All domains, defined or running."""
        text = self._run(
            "list --all --uuid --name; domstats --state --nowait; "
            "list --all --with-managed-save --uuid"
        )
        return [replace(domain, uri=self.uri) for domain in parse_domains(text)]

    def state(self, uuid: str) -> State:
        """Of one domain. Raises ActionFailed when it is gone."""
        # Asked by UUID, it answers with the name.
        told = _STATE.search(self._run("domstats", "--state", uuid))
        return _STATES.get(told[1], State.UNKNOWN) if told else State.UNKNOWN

    def definitions(self, uuids: Sequence[str]) -> dict[str, Definition]:
        """UUID -> definition in one call; domains that are gone are left out."""
        if not uuids:
            return {}
        found = {}
        for xml in _DOMAIN_XML.findall(self._run("; ".join(f"dumpxml {uuid}" for uuid in uuids))):
            uuid = _XML_UUID.search(xml)
            if uuid is not None:
                found[uuid[1]] = parse_definition(xml)
        return found

    def definition(self, uuid: str) -> Definition:
        """Raises ActionFailed when the domain is gone."""
        return parse_definition(self.xml(uuid))

    def xml(self, uuid: str, *, is_inactive: bool = False) -> str:
        """The domain's XML as it runs, or as it will start. Raises ActionFailed when it is gone."""
        return self._run("dumpxml", uuid, *(("--inactive",) if is_inactive else ()))

    def version(self) -> str:
        """`9.0.0`."""
        found = re.search(r"Using library: libvirt (\S+)", self._run("version"))
        return found[1] if found else "?"

    def define(self, file: Path) -> None:
        """Enter a domain from its XML. Raises ActionFailed."""
        self._run("define", str(file))

    def start(self, name: str) -> None:
        """Raises ActionFailed."""
        self._run("start", name)

    def address(self, name: str, mac: str) -> str | None:
        """What the interface with that MAC was leased; None before it was. Raises ActionFailed."""
        for line in self._run("domifaddr", name).splitlines():
            words = line.split()
            if mac in words:
                return words[-1].partition("/")[0]
        return None

    def save(self, uuid: str) -> None:
        """End it with its memory saved on disk; `start` goes on from there. Raises ActionFailed."""
        self._run("managedsave", uuid, seconds=SAVE_SECONDS)

    def snapshots(self, uuid: str) -> list[str]:
        """Names of its snapshots, oldest first. Raises ActionFailed."""
        return [n for n in self._run("snapshot-list", uuid, "--name").splitlines() if n.strip()]

    def suspend(self, uuid: str) -> None:
        """Pause in memory, at once. Raises ActionFailed."""
        self._run("suspend", uuid)

    def resume(self, uuid: str) -> None:
        """Undo `suspend`. Raises ActionFailed."""
        self._run("resume", uuid)

    def shut_down(self, uuid: str) -> None:
        """Ask the guest to shut down (ACPI); it may take its time, or not heed it.

        Raises ActionFailed.
        """
        self._run("shutdown", uuid)

    def power_off(self, uuid: str) -> None:
        """End the hypervisor process. Raises ActionFailed."""
        self._run("destroy", uuid)

    def undefine(self, uuid: str) -> None:
        """Forget the domain and what libvirt keeps of it, not its disks. Raises ActionFailed."""
        self._run("undefine", uuid, "--managed-save", "--snapshots-metadata", "--nvram")

    def mark(self, uuid: str, namespace: str, element: str) -> None:
        """Put the element into the domain's metadata, for as long as it is defined.

        Raises ActionFailed.
        """
        self._run("metadata", uuid, namespace, "--key", "lab", "--set", element, "--config")

    def delete_volume(self, path: str) -> None:
        """Raises ActionFailed."""
        self._run("vol-delete", path)

    def watch_balloon(self, uuid: str, seconds: int) -> None:
        """Have the guest's balloon driver report its memory so often. Raises ActionFailed."""
        self._run("dommemstat", uuid, "--period", str(seconds), "--live")

    def events_command(self) -> tuple[str, ...]:
        """Prints a line per start, stop, pause, … of any domain until it is ended."""
        return tuple(self._argv("event", "--event", "lifecycle", "--loop"))

    def _argv(self, *command: str) -> list[str]:
        return ["virsh", "--quiet", "--connect", self.uri, *command]

    def _run(self, *command: str, seconds: float = CALL_SECONDS) -> str:
        try:
            done = subprocess.run(
                self._argv(*command),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                env={**os.environ, "LC_ALL": "C"},
                start_new_session=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise EngineUnavailable("libvirt is not installed: no virsh found", _FIX) from error
        except subprocess.TimeoutExpired as error:
            raise EngineUnavailable(
                f"libvirt at {self.uri} did not answer in {seconds:.0f} s", _FIX
            ) from error
        if done.returncode == 0:
            return done.stdout
        raise _failure(self.uri, command[0], done.stderr)


def _failure(uri: str, command: str, stderr: str) -> ActionFailed | EngineUnavailable:
    lines = [line.removeprefix("error: ").strip() for line in stderr.splitlines() if line.strip()]
    if any("failed to connect" in line.lower() for line in lines):
        return EngineUnavailable(f"libvirt at {uri} does not answer: {lines[-1]}", _FIX)
    return ActionFailed(f"virsh {command}: {lines[-1] if lines else 'failed without a word'}")
