"""The list of machines: Vagrant's files name them, the hypervisor says how they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from tui.errors import ActionFailed, EngineUnavailable
from tui.model import Instance, SideName, State, Workload
from tui.sides.hypervisor import Hypervisor, Hypervisors, tunnels
from tui.sides.libvirt import Definition, Domain, Libvirt
from tui.sides.vagrant_index import (
    Entry,
    box_folder,
    data_path_of,
    name_entries,
    read_box,
    read_id,
    read_index,
    read_project,
)
from tui.sides.vagrant_lock import Locks, session_of

_LIVE = (State.RUNNING, State.PAUSED)


@dataclass(frozen=True, slots=True)
class Machine:
    """One row and what stands behind it."""

    entry: Entry
    instance: Instance
    domain: Domain | None = None
    """None with another provider than libvirt, or when there is no such domain."""


class OwnSessions:
    """Sessions of the vagrant commands this process runs, so that they are not *somebody else*."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ids: set[int] = set()

    def add(self, session: int) -> None:
        """A command began."""
        with self._lock:
            self._ids.add(session)

    def discard(self, session: int) -> None:
        """It ended."""
        with self._lock:
            self._ids.discard(session)

    def has(self, session: int | None) -> bool:
        """Whether that session is one of ours."""
        with self._lock:
            return session in self._ids


class Inventory:
    """Lists the machines of this project and of the user's other environments. Thread-safe."""

    def __init__(
        self,
        project: Path,
        workloads: Sequence[Workload],
        libvirt: Libvirt,
        home: Path,
        own: OwnSessions,
    ) -> None:
        self._project = project
        self._workloads: Mapping[str, Workload] = {w.name: w for w in workloads}
        self._libvirt = libvirt
        self._home = home
        self._own = own
        self._lock = Lock()
        self._hypervisors = Hypervisors()
        self._index: list[Entry] = []
        self._definitions: dict[str, Definition] = {}

    def data_paths(self) -> list[Path]:
        """The `.vagrant` folders of every environment known, the project's first."""
        with self._lock:
            return [data_path_of(self._project), *(entry.data_path for entry in self._index)]

    def workload(self, name: str | None) -> Workload | None:
        """The project's workload of that name."""
        return self._workloads.get(name or "")

    def machines(self) -> dict[str, Machine]:
        """Name -> machine. Raises EngineUnavailable."""
        with self._lock:
            return self._list()

    def definition(self, uuid: str) -> Definition | None:
        """The domain's XML as it is now; None when there is none."""
        try:
            return self._libvirt.definition(uuid)
        except ActionFailed:
            return None

    def _list(self) -> dict[str, Machine]:
        domains = self._domains()
        named = name_entries(self._entries(), self._project)
        ids = {name: read_id(entry.folder) for name, entry in named.items()}
        owned = {name: self._domain_of(entry, ids[name], domains) for name, entry in named.items()}
        asked = [d.uuid for d in owned.values() if d is not None and d.state in _LIVE]
        asked += [
            known[0] for name, known in ids.items() if known and named[name].provider != "libvirt"
        ]
        running = self._hypervisors.find(asked)
        locks = Locks(self._home)
        machines = {}
        for name, entry in named.items():
            domain, known = owned[name], ids[name]
            machine_id = domain.uuid if domain else known[0] if known else ""
            row = self._row(name, entry, domain, known, running.get(machine_id))
            if row is not None:
                machines[name] = Machine(entry, replace(row, busy=self._busy(locks, entry)), domain)
        return machines

    def _domains(self) -> dict[str, Domain]:
        if not self._libvirt.is_installed:
            return {}
        domains = {domain.uuid: domain for domain in self._libvirt.domains()}
        self._definitions = {u: d for u, d in self._definitions.items() if u in domains}
        return domains

    def _entries(self) -> list[Entry]:
        """From the index (or the last good one), the project's folders and the workloads."""
        index = read_index(self._home)
        if index is not None:
            self._index = index
        entries = [*self._index, *read_project(self._project, self._workloads)]
        present = {entry.name for entry in entries if entry.directory == self._project}
        provider = "libvirt" if self._libvirt.is_installed else "virtualbox"
        for name in self._workloads.keys() - present:
            entries.append(Entry(name, provider, self._project, data_path_of(self._project)))
        return entries

    def _domain_of(
        self, entry: Entry, known: tuple[str, float] | None, domains: Mapping[str, Domain]
    ) -> Domain | None:
        """By the id on disk; where the folder is gone, by the name and origin Vagrant gave it."""
        if entry.provider != "libvirt":
            return None
        if known is not None:
            return domains.get(known[0])
        name = domain_name(entry)
        for domain in domains.values():
            if domain.name == name and self._came_from(domain, entry):
                return domain
        return None

    def _came_from(self, domain: Domain, entry: Entry) -> bool:
        definition = self._cached(domain.uuid)
        return definition is not None and definition.description.startswith(
            f"Source: {entry.directory}/"
        )

    def _cached(self, uuid: str) -> Definition | None:
        if uuid not in self._definitions:
            found = self.definition(uuid)
            if found is None:
                return None
            self._definitions[uuid] = found
        return self._definitions[uuid]

    def _row(
        self,
        name: str,
        entry: Entry,
        domain: Domain | None,
        known: tuple[str, float] | None,
        hypervisor: Hypervisor | None,
    ) -> Instance | None:
        """None for a ghost: no VM, and no Vagrantfile to make one from."""
        is_own = entry.directory == self._project
        workload = self._workloads.get(entry.name) if is_own else None
        state = _state(entry, domain, known, hypervisor)
        if state is State.ABSENT and workload is None and not entry.has_vagrantfile:
            return None
        is_live = state in _LIVE
        exists = state is not State.ABSENT
        definition = self._cached(domain.uuid) if domain and not hypervisor else None
        accelerator = hypervisor.accelerator if hypervisor else None
        return Instance(
            side=SideName.VM,
            name=name,
            state=state,
            id=domain.uuid if domain else known[0] if known and exists else None,
            image=self._image(entry, workload),
            group="" if is_own else str(entry.directory),
            ports=_ports(entry, workload) if is_live else (),
            created_at=known[1] if known and exists else None,
            started_at=hypervisor.started_at if hypervisor and is_live else None,
            workload=workload.name if workload else None,
            provider=entry.provider,
            accelerator=accelerator or (definition.accelerator if definition else None),
            pid=hypervisor.pid if hypervisor else None,
            directory=entry.directory,
        )

    def _image(self, entry: Entry, workload: Workload | None) -> str | None:
        """The box it was made from, or the one it would be made from."""
        box = entry.box or read_box(entry.folder)
        if box is not None or workload is None or not workload.boxes:
            return box
        on_disk = (b for b in workload.boxes if box_folder(self._home, b).is_dir())
        return next(on_disk, workload.boxes[0])

    def _busy(self, locks: Locks, entry: Entry) -> str | None:
        holder = locks.holder(entry)
        if holder is None or self._own.has(session_of(holder[0])):
            return None
        return f"{holder[1]}, pid {holder[0]}"


def domain_name(entry: Entry) -> str:
    """What vagrant-libvirt calls the domain unless told otherwise."""
    name = f"{entry.directory.name}_{entry.name}"
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_."))


def _state(
    entry: Entry,
    domain: Domain | None,
    known: tuple[str, float] | None,
    hypervisor: Hypervisor | None,
) -> State:
    if entry.provider == "libvirt":
        return domain.state if domain else State.ABSENT
    if hypervisor is not None:
        return State.PAUSED if entry.state == "paused" else State.RUNNING
    # No process: whatever Vagrant wrote down last, it does not run.
    return State.STOPPED if known and entry.state != "not_created" else State.ABSENT


def _ports(entry: Entry, workload: Workload | None) -> tuple[str, ...]:
    if entry.provider == "libvirt":
        return tuple(tunnel.text for tunnel in tunnels(entry.folder))
    if workload is None:
        return ()
    return (f"127.0.0.1:{workload.vm_port}->{workload.guest_port}/tcp",)


def require_provider(libvirt: Libvirt, has_virtualbox: bool) -> None:
    """Raises EngineUnavailable when there is nothing on this host a machine could run in."""
    if not libvirt.is_installed and not has_virtualbox:
        raise EngineUnavailable(
            "Vagrant has no provider: neither libvirt nor VirtualBox is installed",
            "twindeck setup",
        )
