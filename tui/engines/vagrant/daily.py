"""What Vagrant can do with a machine beyond what both sides share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from tui.core.snapshot_names import check_name
from tui.engines.libvirt.connections import Connections
from tui.engines.vagrant.look import LookFailed, Looking
from tui.errors import ActionFailed
from tui.model import Options, State, Verb
from tui.sides.base import Report
from tui.sides.hypervisor import end_tunnels, tunnels
from tui.sides.libvirt import Domain
from tui.sides.machine_rows import Machine
from tui.sides.vagrant_command import environment
from tui.sides.vagrant_output import error_exit, failure, unescaped

LIST_SECONDS = 60.0

Session = Callable[[Machine, Report], AbstractContextManager[Any]]
"""python-vagrant in the machine's environment, its lines going to the report."""
Follow = Callable[[str, Iterator[str], Report], None]
"""Reads the lines of a boot to their end and tells its phases."""


class Daily:
    """Carries out one of them; the machine is known to be free. Raises TwindeckError."""

    def __init__(self, session: Session, follow: Follow, libvirt: Connections) -> None:
        self._session = session
        self._follow = follow
        self._libvirt = libvirt

    def act(
        self, verb: Verb, name: str, machine: Machine, report: Report, options: Options
    ) -> None:
        """Any of VAGRANTS."""
        if verb is Verb.SUSPEND:
            self._suspend(machine, report)
            return
        words = _words(verb, machine, options)
        had_tunnels = bool(tunnels(machine.entry.folder))
        with self._session(machine, report) as vagrant:
            self._follow(name, vagrant.lines(*words), report)
        if verb is Verb.SNAPSHOT_RESTORE and machine.domain is not None and had_tunnels:
            self._renew_tunnels(machine, machine.domain, report)

    def snapshots(self, machine: Machine) -> list[str]:
        """Their names, oldest first."""
        if machine.domain is not None:
            return self._libvirt.at(machine.domain.uri).snapshots(machine.domain.uuid)
        entry = machine.entry
        words = ["vagrant", "snapshot", "list", entry.name, "--machine-readable"]
        try:
            text, errors = Looking().run(words, entry.directory, environment(entry), LIST_SECONDS)
        except LookFailed as error:
            raise ActionFailed(f"vagrant snapshot list {error}") from error
        found = parse_snapshots(text)
        if found is None:
            lines = error_exit(text) or errors.splitlines()
            raise failure("snapshot list", entry.name, entry.directory, lines)
        return found

    def _renew_tunnels(self, machine: Machine, domain: Domain, report: Report) -> None:
        """A guest that went back in time does not know the connections that its ports come by.

        Vagrant makes them anew when it resumes a machine, and at no other time while it runs.
        """
        end_tunnels(machine.entry.folder)
        libvirt = self._libvirt.at(domain.uri)
        if libvirt.state(domain.uuid) is not State.RUNNING:
            return
        report.line(f"virsh suspend {domain.name}")
        libvirt.suspend(domain.uuid)
        with self._session(machine, report) as vagrant:
            vagrant.resume(vm_name=machine.entry.name)

    def _suspend(self, machine: Machine, report: Report) -> None:
        domain = machine.domain
        if domain is None:
            with self._session(machine, report) as vagrant:
                vagrant.suspend(vm_name=machine.entry.name)
            return
        # `vagrant suspend` keeps it in memory, unless its Vagrantfile says otherwise.
        report.line(f"virsh managedsave {domain.name}")
        self._libvirt.at(domain.uri).save(domain.uuid)
        end_tunnels(machine.entry.folder)


def parse_snapshots(text: str) -> list[str] | None:
    """Out of what `vagrant snapshot list NAME --machine-readable` printed; None for no list.

    A heading without words, then a name a line; with words, they say that there is none.
    """
    rows = [line.split(",", 4) for line in text.splitlines()]
    told = [(row[3], unescaped(row[4])) for row in rows if len(row) == 5 and row[2] == "ui"]
    headings = [words.partition(": ")[2] for kind, words in told if kind == "output"]
    if not headings or error_exit(text):
        return None
    return [] if any(headings) else [name for kind, name in told if kind == "detail"]


def _words(verb: Verb, machine: Machine, options: Options) -> list[str]:
    """The vagrant command's words. Raises UsageError for a snapshot's name that cannot be one."""
    name = machine.entry.name
    provision = {None: [], True: ["--provision"], False: ["--no-provision"]}[options.provision]
    match verb:
        case Verb.RELOAD:
            return ["reload", name, *provision]
        case Verb.PROVISION:
            return ["provision", name]
        case Verb.SNAPSHOT_SAVE | Verb.SNAPSHOT_RESTORE | Verb.SNAPSHOT_DELETE:
            snapshot = check_name(options.snapshot)
            # A machine is as it was then, also in what was provisioned.
            more = ["--no-provision"] if verb is Verb.SNAPSHOT_RESTORE else []
            return [*verb.split(), name, snapshot, *more]
        case Verb.BOX_OUTDATED:
            return ["box", "outdated"]
        case Verb.BOX_UPDATE:
            return ["box", "update", name]
    raise ActionFailed(f"vagrant has no {verb}")
