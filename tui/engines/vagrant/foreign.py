"""Machines that our Vagrant did not make: another user's, another VAGRANT_HOME's, nobody's.

They are in no index of ours. libvirt tells them: vagrant-libvirt writes the Vagrantfile they come
from into the domain's description; a domain without one came from elsewhere, as virt-manager.
"""

from __future__ import annotations

import contextlib
import os
import pwd
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.sides.libvirt import Definition, Domain
from tui.sides.vagrant_index import Entry, is_machine_name, read_id

_ORIGIN = "Source: "
PLAIN = "libvirt"
"""Whose a domain is that no Vagrant made."""
NOWHERE = Path("/dev/null")
"""Below it no file can be: the place of what has no folder."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """One machine of another Vagrant."""

    entry: Entry
    domain: Domain
    owner: str
    """Whose it is: `user alice`, `another VAGRANT_HOME`, PLAIN."""


def foreign_machines(
    domains: Mapping[str, Domain], definitions: Mapping[str, Definition]
) -> Iterator[Foreign]:
    """Those of the domains that came from a Vagrantfile; others are no machine of Vagrant's.

    Where the Vagrantfile's own `.vagrant` can be read and knows nothing of the domain, it is none
    either: a copy of one, most likely.
    """
    for uuid, domain in domains.items():
        definition = definitions.get(uuid)
        directory = origin_of(definition.description) if definition else None
        if directory is None:
            continue
        folders = _folders(directory)
        folder = next((f for f in folders or () if (read_id(f) or ("",))[0] == uuid), None)
        if folder is None and folders and all(read_id(f) for f in folders):
            continue
        name = folder.parent.name if folder else _name_of(domain, directory)
        entry = Entry(name, "libvirt", directory, directory / ".vagrant")
        yield Foreign(entry, domain, _owner(folder, directory))


def plain_domains(domains: Iterable[Domain]) -> Iterator[Foreign]:
    """Each of them as a machine of libvirt's own."""
    for domain in domains:
        place = "libvirt-session" if domain.uri.endswith("/session") else "libvirt"
        directory = NOWHERE / place
        name = domain.name if is_machine_name(domain.name) else domain.uuid
        yield Foreign(Entry(name, "libvirt", directory, directory), domain, PLAIN)


def origin_of(description: str) -> Path | None:
    """The folder of the Vagrantfile that vagrant-libvirt wrote into a description."""
    origin = description.partition("\n")[0].removeprefix(_ORIGIN)
    if not description.startswith(_ORIGIN + "/") or "\0" in origin:
        return None
    return Path(origin).parent


def _folders(directory: Path) -> list[Path] | None:
    """`.vagrant/machines/*/libvirt` there; None when it cannot be read."""
    machines = directory / ".vagrant" / "machines"
    try:
        names = sorted(folder.name for folder in machines.iterdir())
    except OSError:
        return None
    return [machines / name / "libvirt" for name in names if is_machine_name(name)]


def _name_of(domain: Domain, directory: Path) -> str:
    """Its name in its Vagrantfile, as far as the domain's own tells it."""
    name = domain.name.removeprefix(f"{directory.name}_")
    return name if is_machine_name(name) else domain.uuid


def _owner(folder: Path | None, directory: Path) -> str:
    uid = _creator(folder) if folder else None
    if uid is None:
        with contextlib.suppress(OSError):
            uid = directory.stat().st_uid
    if uid is None:
        return "another user or VAGRANT_HOME"
    if uid == os.getuid():
        return "another VAGRANT_HOME"
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"


def _creator(folder: Path) -> int | None:
    """The user Vagrant noted as the machine's maker."""
    try:
        return int((folder / "creator_uid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
