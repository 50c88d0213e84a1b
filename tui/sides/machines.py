"""The VM side: Vagrant machines, listed from files and the hypervisor, acted on through vagrant.

The `vagrant` command costs a second or more: it is called to act, never to look.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from threading import Event
from typing import Any

from tui.engines.libvirt.pulse import Pulses
from tui.errors import ActionFailed, EngineUnavailable, TwindeckError
from tui.model import Instance, SideName, State, Verb, Workload
from tui.sides.base import Command, Report
from tui.sides.guest_log import console_command, journal_command, lines_of
from tui.sides.libvirt import Libvirt
from tui.sides.machine_actions import MachineActions
from tui.sides.machine_rows import Inventory, Machine, OwnSessions, require_provider
from tui.sides.vagrant_command import additions, environment, is_installed
from tui.sides.vagrant_index import vagrant_home
from tui.snapshot import Health

_FIX = "twindeck setup"


def remembered_accelerator() -> str | None:
    """What this host was seen to boot a guest with; None when it was never tried."""
    try:
        answer = import_module("tui.accelerator").read()
    except ImportError:
        return None
    return None if answer is None else str(answer)


class Machines:
    """Every Vagrant machine of this project, absent ones too, and of the user's other projects.

    The project's machines are called NAME, all others DIRECTORY/NAME.
    """

    name = SideName.VM

    def __init__(
        self,
        project: Path,
        workloads: Sequence[Workload],
        *,
        libvirt: Libvirt | None = None,
        home: Path | None = None,
        accelerator: Callable[[], str | None] = remembered_accelerator,
    ) -> None:
        # Vagrant names its locks after the directory as the kernel tells it.
        project = project.resolve()
        self._libvirt = libvirt or Libvirt()
        self._home = home or vagrant_home()
        self._accelerator = accelerator
        own = OwnSessions()
        self._inventory = Inventory(project, workloads, self._libvirt, self._home, own)
        self._actions = MachineActions(self._inventory, self._libvirt, own, accelerator)
        self._vagrant_version = ""
        self._pulses = Pulses()

    def health(self) -> Health:
        """Whether vagrant and its provider answer; never raises."""
        try:
            self._require()
            version = f"Vagrant {self._version()}"
            if self._libvirt.is_installed:
                version += f", libvirt {self._libvirt.version()}"
        except TwindeckError as error:
            return Health(self.name, ok=False, reason=str(error), fix=error.fix)
        return Health(self.name, ok=True, version=version, accelerator=self._accelerator())

    def ping(self) -> Health:
        """Whether libvirt, where it is installed, gives a sign of life; never raises."""
        try:
            if self._libvirt.is_installed:
                self._pulses.feel((self._libvirt.uri,))
        except TwindeckError as error:
            return Health(self.name, ok=False, reason=str(error), fix=error.fix)
        return Health(self.name, ok=True)

    def list(self) -> list[Instance]:
        """All machines by name; reads files and asks libvirt once. Raises EngineUnavailable."""
        self._require()
        machines = self._inventory.machines()
        return [machines[name].instance for name in sorted(machines)]

    def watch(self, changed: Callable[[], None], stop: Event) -> None:
        """See `Side.watch`; one `virsh event` child, ended on return."""
        self._require()
        from tui.sides.machine_watch import watch_machines

        libvirt = self._libvirt if self._libvirt.is_installed else None
        watch_machines(libvirt, self._home, self._inventory.data_paths, changed, stop)

    def up(self, workload: Workload, report: Report) -> None:
        """Create, start and provision; see `Side.up`."""
        self._require()
        self._actions.up(workload, report)

    def act(self, verb: Verb, name: str, report: Report) -> None:
        """See `Side.act`. Pause and resume of libvirt machines are instant, in memory."""
        self._require()
        self._actions.act(verb, name, report)

    def logs(self, name: str, *, tail: int, follow: bool, stop: Event) -> Iterator[str]:
        """The serial console, or the journal through SSH where no console is kept.

        Raises UnknownInstance, ActionFailed, EngineUnavailable at the first line.
        """
        machine = self._actions.find(name)
        console = self._console(machine)
        if console is not None:
            yield from lines_of(console_command(console, tail=tail, follow=follow), stop)
            return
        if machine.instance.state is not State.RUNNING:
            raise ActionFailed(f"{name} keeps no console log and is {machine.instance.state}")
        entry = machine.entry
        argv = journal_command(entry.name, tail=tail, follow=follow)
        yield from lines_of(argv, stop, cwd=entry.directory, env=environment(entry))

    def shell(self, name: str) -> Command:
        """`vagrant ssh`. Raises UnknownInstance, ActionFailed, EngineUnavailable."""
        machine = self._actions.find(name)
        if machine.instance.state is not State.RUNNING:
            raise ActionFailed(
                f"no shell in {name}: it is {machine.instance.state}", "start or resume it first"
            )
        entry = machine.entry
        return Command(("vagrant", "ssh", entry.name), entry.directory, additions(entry))

    def inspect(self, name: str) -> dict[str, Any]:
        """The index entry, the data folder and the domain. Raises UnknownInstance."""
        machine = self._actions.find(name)
        entry, instance = machine.entry, machine.instance
        definition = self._inventory.definition(machine.domain.uuid) if machine.domain else None
        console = self._console(machine)
        return {
            "name": name,
            "state": str(instance.state),
            "id": instance.id,
            "provider": entry.provider,
            "accelerator": instance.accelerator,
            "box": instance.image,
            "directory": str(entry.directory),
            "data_folder": str(entry.folder),
            "ports": list(instance.ports),
            "pid": instance.pid,
            "busy": instance.busy,
            "console_log": str(console) if console else None,
            "machine_index": dict(entry.raw),
            "domain": dict(definition.tree) if definition else None,
        }

    def _console(self, machine: Machine) -> Path | None:
        """The console's file, if there is one this user may read."""
        if machine.domain is None:
            return None
        definition = self._inventory.definition(machine.domain.uuid)
        if definition is None or definition.console is None:
            return None
        path = Path(definition.console)
        try:
            with path.open("rb"):
                return path
        except OSError:
            return None

    def _require(self) -> None:
        if not is_installed():
            raise EngineUnavailable("Vagrant is not installed", _FIX)
        require_provider(self._libvirt, shutil.which("VBoxManage") is not None)

    def _version(self) -> str:
        """Asked once: it costs a tenth of a second."""
        if not self._vagrant_version:
            import vagrant

            try:
                command = vagrant.Vagrant()  # type: ignore[no-untyped-call]
                self._vagrant_version = command.version()  # type: ignore[no-untyped-call]
            # python-vagrant raises a bare Exception for output it does not know.
            except Exception as error:
                raise EngineUnavailable(f"vagrant does not run: {error}", _FIX) from error
        return self._vagrant_version
