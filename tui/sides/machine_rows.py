"""The list of machines: Vagrant's files name them, the hypervisor says how they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from tui.engines.libvirt.connections import Connections, Listing
from tui.engines.vagrant.containers import container_states
from tui.engines.vagrant.environments import Environments, Known, unread_rows
from tui.engines.vagrant.foreign import NOWHERE, foreign_machines, plain_domains
from tui.engines.vagrant.status import Asker
from tui.errors import ActionFailed
from tui.model import Instance, SideName, State, Workload
from tui.sides.hypervisor import Hypervisors, tunnels
from tui.sides.libvirt import Definition, Domain
from tui.sides.machine_states import Inquiry, Seen, Told, told_of
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
from tui.sides.vagrant_lock import Locks, OwnSessions, session_of

_LIVE = (State.RUNNING, State.PAUSED)


@dataclass(frozen=True, slots=True)
class Machine:
    """One row and what stands behind it."""

    entry: Entry
    instance: Instance
    domain: Domain | None = None
    """None with another provider than libvirt, or when there is no such domain."""
    container: str | None = None
    """Id of the container that Vagrant's docker provider made, where this host's Docker has it."""
    inquiry: Inquiry | None = None
    """How vagrant is asked for its state; None where that is read with every listing."""

    @property
    def is_vagrants(self) -> bool:
        """Whether our vagrant can act on it: it is this user's, and its Vagrantfile is there."""
        return self.instance.owner is None and self.entry.has_vagrantfile


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What may become a row."""

    entry: Entry
    known: tuple[str, float] | None
    """Its id and when it was created, as Vagrant's files say."""
    domain: Domain | None
    owner: str | None = None
    """See `Instance.owner`."""


class Inventory:
    """Lists the machines of this project and of the user's other environments. Thread-safe."""

    def __init__(
        self,
        project: Path,
        workloads: Sequence[Workload],
        libvirt: Connections,
        home: Path,
        own: OwnSessions,
        asker: Asker,
        environments: Environments | None = None,
    ) -> None:
        self._environments = environments
        self._project = project
        self._workloads: Mapping[str, Workload] = {w.name: w for w in workloads}
        self._libvirt = libvirt
        self._home = home
        self._own = own
        self._asker = asker
        self._lock = Lock()
        self._containers: tuple[str, ...] = ()
        self._hypervisors = Hypervisors()
        self._index: list[Entry] = []
        self._known = Known()
        self._definitions: dict[str, Definition] = {}

    def data_paths(self) -> list[Path]:
        """The `.vagrant` folders of every environment known, the project's first."""
        with self._lock:
            return [data_path_of(self._project), *(entry.data_path for entry in self._index)]

    def vagrantfiles(self) -> tuple[Path, ...]:
        """Those whose machines are listed beside the project's, as of the last listing."""
        return self._environments.files if self._environments is not None else ()

    def workload(self, name: str | None) -> Workload | None:
        """The project's workload of that name."""
        return self._workloads.get(name or "")

    def containers(self) -> tuple[str, ...]:
        """Ids of the docker provider's machines in the last listing."""
        with self._lock:
            return self._containers

    @property
    def is_empty(self) -> bool:
        """Whether Vagrant's index names no machine of any provider."""
        return not read_index(self._home)

    def machines(self) -> dict[str, Machine]:
        """Name -> machine. Raises EngineUnavailable."""
        with self._lock:
            return self._list()

    def look(self, name: str) -> Machine | None:
        """One machine, by an answer that is not older than the question.

        May wait for vagrant, up to a minute. Raises EngineUnavailable.
        """
        with self._lock:
            machine = self._list(may_ask=False).get(name)
        if machine is None or machine.inquiry is None:
            return machine
        self._asker.ask(machine.inquiry.key, machine.inquiry.question, machine.inquiry.mark)
        return self.machines().get(name)

    def definition(self, domain: Domain) -> Definition | None:
        """The domain's XML as it is now; None when there is none."""
        try:
            return self._libvirt.at(domain.uri).definition(domain.uuid)
        except ActionFailed:
            return None

    def _list(self, *, may_ask: bool = True) -> dict[str, Machine]:
        listing = self._listing()
        candidates = self._candidates(listing)
        seen = Seen(
            listing,
            self._hypervisors.find(_ids_with_a_process(candidates.values())),
            self._container_states(candidates.values()),
            Locks(self._home),
            self._asker,
            may_ask,
            self._known.asked,
        )
        machines = {}
        for name, candidate in candidates.items():
            entry, domain, known = candidate.entry, candidate.domain, candidate.known
            told = told_of(seen, entry, domain, known)
            row = self._row(name, candidate, told, seen)
            if row is not None:
                container = known[0] if known and known[0] in seen.containers else None
                machines[name] = Machine(entry, row, domain, container, told.inquiry)
        for entry, row in unread_rows(self._known):
            machines.setdefault(row.name, Machine(entry, row))
        return machines

    def _listing(self) -> Listing:
        if not self._libvirt.is_installed:
            return Listing()
        listing = self._libvirt.listing()
        self._definitions = {u: d for u, d in self._definitions.items() if u in listing.domains}
        return listing

    def _candidates(self, listing: Listing) -> dict[str, _Candidate]:
        """Name -> what may be a row: this user's machines, then those of other Vagrants."""
        ours = {}
        left = dict(listing.domains)
        for entry in self._entries():
            known = read_id(entry.folder)
            domain = self._domain_of(entry, known, listing.domains)
            ours[id(entry)] = _Candidate(entry, known, domain)
            if domain is not None:
                left.pop(domain.uuid, None)
        self._learn(left.values())
        foreign = list(foreign_machines(left, self._definitions))
        for found in foreign:
            left.pop(found.domain.uuid, None)
        theirs = [
            _Candidate(found.entry, read_id(found.entry.folder), found.domain, found.owner)
            for found in (*foreign, *plain_domains(left.values()))
        ]
        by_entry = {**ours, **{id(candidate.entry): candidate for candidate in theirs}}
        named = name_entries((c.entry for c in by_entry.values()), self._project)
        return {name: by_entry[id(entry)] for name, entry in named.items()}

    def _learn(self, domains: Iterable[Domain]) -> None:
        """Read the definitions that are not known yet, a call a connection."""
        new: dict[str, list[str]] = {}
        for domain in domains:
            if domain.uuid not in self._definitions:
                new.setdefault(domain.uri, []).append(domain.uuid)
        for uri, uuids in new.items():
            self._definitions.update(self._libvirt.at(uri).definitions(uuids))

    def _container_states(self, candidates: Iterable[_Candidate]) -> dict[str, State]:
        ids = [c.known[0] for c in candidates if c.known and c.entry.provider == "docker"]
        states = container_states(ids)
        self._containers = tuple(states)
        return states

    def _entries(self) -> list[Entry]:
        """From the index (or the last good one), the project's folders and the workloads."""
        index = read_index(self._home)
        if index is not None:
            self._index = index
        if self._environments is not None:
            self._known = self._environments.known(self._index, self._project)
        entries = [*self._index, *read_project(self._project, self._workloads)]
        present = {entry.name for entry in entries if entry.directory == self._project}
        provider = "libvirt" if self._libvirt.is_installed else "virtualbox"
        for name in self._workloads.keys() - present:
            entries.append(Entry(name, provider, self._project, data_path_of(self._project)))
        # Last: of a machine that was made it is known with what.
        return [*entries, *self._known.entries]

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
        definition = self._cached(domain)
        return definition is not None and definition.description.startswith(
            f"Source: {entry.directory}/"
        )

    def _cached(self, domain: Domain) -> Definition | None:
        self._learn([domain])
        return self._definitions.get(domain.uuid)

    def _row(self, name: str, candidate: _Candidate, told: Told, seen: Seen) -> Instance | None:
        """None for a ghost: no VM, and no Vagrantfile to make one from."""
        entry, domain, known = candidate.entry, candidate.domain, candidate.known
        is_own = entry.directory == self._project and candidate.owner is None
        workload = self._workloads.get(entry.name) if is_own else None
        if told.state is State.ABSENT and workload is None and not entry.has_vagrantfile:
            return None
        machine_id = domain.uuid if domain else known[0] if known else None
        hypervisor = seen.hypervisors.get(machine_id or "")
        is_live = told.state in _LIVE
        exists = told.state is not State.ABSENT
        definition = self._cached(domain) if domain and not hypervisor else None
        accelerator = hypervisor.accelerator if hypervisor else None
        rank, is_autostarted = self._known.places.get((entry.directory, entry.name), (0, True))
        directory = None if entry.directory.parent == NOWHERE else entry.directory
        return Instance(
            side=SideName.VM,
            name=name,
            state=told.state,
            id=machine_id if exists else None,
            image=self._image(entry, workload),
            group="" if is_own else str(directory or entry.directory.name),
            ports=_ports(entry, workload) if is_live else (),
            created_at=known[1] if known and exists else None,
            started_at=hypervisor.started_at if hypervisor and is_live else None,
            workload=workload.name if workload else None,
            provider=entry.provider,
            accelerator=accelerator or (definition.accelerator if definition else None),
            pid=hypervisor.pid if hypervisor else None,
            busy=self._busy(seen.locks, entry),
            directory=directory,
            connection=domain.uri if domain else None,
            owner=candidate.owner,
            told_at=told.at,
            rank=rank,
            is_autostarted=is_autostarted,
            is_asked=told.is_asked,
            note=told.note,
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


def _ids_with_a_process(candidates: Iterable[_Candidate]) -> list[str]:
    """Ids that a hypervisor's command line may name."""
    found = []
    for candidate in candidates:
        if candidate.domain is not None:
            if candidate.domain.state in _LIVE:
                found.append(candidate.domain.uuid)
        elif candidate.known and candidate.entry.provider not in ("libvirt", "docker"):
            found.append(candidate.known[0])
    return found


def _ports(entry: Entry, workload: Workload | None) -> tuple[str, ...]:
    if entry.provider == "libvirt":
        return tuple(tunnel.text for tunnel in tunnels(entry.folder))
    if workload is None or entry.provider == "docker":
        return ()
    return (f"127.0.0.1:{workload.vm_port}->{workload.guest_port}/tcp",)
