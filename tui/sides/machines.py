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

from tui.core.log_mark import LogMark
from tui.core.reasons import reason_of
from tui.engines.libvirt.connections import Connections
from tui.engines.libvirt.pulse import Pulses
from tui.engines.vagrant.containers import events_command
from tui.engines.vagrant.environments import Environments
from tui.engines.vagrant.status import Asker
from tui.errors import ActionFailed, EngineUnavailable, TwindeckError
from tui.model import AS_USUAL, Instance, Options, SideName, State, Verb, Workload
from tui.sides.base import Command, Report
from tui.sides.guest_log import (
    LogFailed,
    console_command,
    container_command,
    journal_command,
    lines_of,
)
from tui.sides.machine_actions import MachineActions
from tui.sides.machine_rows import Inventory, Machine
from tui.sides.vagrant_command import additions, environment, is_installed
from tui.sides.vagrant_index import vagrant_home
from tui.sides.vagrant_lock import OwnSessions
from tui.sides.vagrant_output import failure
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
        libvirt: Connections | None = None,
        home: Path | None = None,
        accelerator: Callable[[], str | None] = remembered_accelerator,
        environments: Environments | None = None,
    ) -> None:
        # Vagrant names its locks after the directory as the kernel tells it.
        project = project.resolve()
        self._libvirt = libvirt or Connections()
        self._home = home or vagrant_home()
        self._accelerator = accelerator
        own = OwnSessions()
        self._asker = Asker()
        self._heard: dict[str, tuple[str, ...]] = {}
        self._renew = Event()
        self._environments = environments
        self._inventory = Inventory(
            project, workloads, self._libvirt, self._home, own, self._asker, environments
        )
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
                self._pulses.feel(self._libvirt.answering)
        except TwindeckError as error:
            return Health(self.name, ok=False, reason=str(error), fix=error.fix)
        return Health(self.name, ok=True)

    def list(self) -> list[Instance]:
        """All machines by name; reads files and asks libvirt once. Raises EngineUnavailable."""
        self._require()
        machines = self._inventory.machines()
        if (streams := self._streams()) != self._heard:
            self._heard = streams
            self._renew.set()
        return [machines[name].instance for name in sorted(machines)]

    def watch(self, changed: Callable[[], None], stop: Event) -> None:
        """See `Side.watch`; one `virsh event` child, ended on return."""
        self._require()
        from tui.sides.machine_watch import watch_machines

        self._asker.told = changed
        if self._environments is not None:
            self._environments.definitions.told = changed
        try:
            watch_machines(self._streams, self._renew, self._home, self._inventory, changed, stop)
        finally:
            if stop.is_set():
                self._asker.close()
                if self._environments is not None:
                    self._environments.definitions.close()

    def _streams(self) -> dict[str, tuple[str, ...]]:
        """Name -> command that prints a line an event, of each engine that answered last."""
        streams: dict[str, tuple[str, ...]] = {}
        if self._libvirt.is_installed:
            for uri in self._libvirt.answering:
                streams[f"libvirt at {uri}"] = self._libvirt.at(uri).events_command()
        if containers := self._inventory.containers():
            streams["Docker"] = events_command(containers)
        return streams

    def look(self, name: str) -> Instance | None:
        """See `Side.look`; a provider that only vagrant can ask takes it seconds."""
        self._require()
        machine = self._inventory.look(name)
        return machine.instance if machine else None

    def forget(self) -> None:
        """See `Side.forget`."""
        self._asker.forget()
        if self._environments is not None:
            self._environments.definitions.forget()

    def up(self, workload: Workload, report: Report, options: Options = AS_USUAL) -> None:
        """Create, start and provision; see `Side.up`."""
        self._require()
        self._actions.up(workload, report, options)

    def act(self, verb: Verb, name: str, report: Report, options: Options = AS_USUAL) -> None:
        """See `Side.act`. Pause and resume of libvirt machines are instant, in memory."""
        self._require()
        self._actions.act(verb, name, report, options)

    def snapshots(self, name: str) -> Sequence[str]:
        """See `Side.snapshots`."""
        self._require()
        return self._actions.snapshots(name)

    def log_source(self, name: str) -> str:
        """See `Side.log_source`."""
        machine = self._actions.find(name)
        if machine.instance.is_vagrantfile:
            return "vagrant status"
        if machine.container is not None:
            return "stdout and stderr"
        return "serial console" if self._console(machine) else "journal by SSH"

    def logs(
        self,
        name: str,
        *,
        tail: int,
        follow: bool,
        stop: Event,
        mark: LogMark | None = None,
    ) -> Iterator[str]:
        """The serial console, or the journal through SSH where no console is kept.

        A following reader of the console goes on over the machine's restarts; `mark` stays as it
        is.

        Raises UnknownInstance, ActionFailed, EngineUnavailable.
        """
        machine = self._machine(name)
        entry, cwd, env = machine.entry, None, None
        if machine.container is not None:
            argv = container_command(machine.container, tail=tail, follow=follow)
        elif (console := self._console(machine)) is not None:
            argv = console_command(console, tail=tail, follow=follow)
        else:
            if machine.instance.state is not State.RUNNING:
                raise ActionFailed(f"{name} keeps no console log and is {machine.instance.state}")
            self._actions.require_vagrant(machine)
            argv = journal_command(entry.name, tail=tail, follow=follow)
            cwd, env = entry.directory, environment(entry)
        try:
            yield from lines_of(argv, stop, cwd=cwd, env=env)
        except LogFailed as error:
            if cwd is not None:
                raise failure("ssh", entry.name, entry.directory, error.lines) from error
            raise ActionFailed(f"the log of {name} cannot be read: {error.lines[-1]}") from error
        except OSError as error:
            raise ActionFailed(
                f"the log of {name} cannot be read: {argv[0]}: {error.strerror}"
            ) from error

    def shell(self, name: str) -> Command:
        """`vagrant ssh`. Raises UnknownInstance, ActionFailed, EngineUnavailable."""
        machine = self._machine(name)
        instance = machine.instance
        if instance.state is not State.RUNNING:
            raise ActionFailed(
                f"no shell in {name}: it is {instance.state}", "start or resume it first"
            )
        entry = machine.entry
        if machine.container is not None:
            return Command(("docker", "exec", "-it", machine.container, "sh"))
        if instance.directory is None and machine.domain is not None:
            definition = self._inventory.definition(machine.domain)
            if definition is not None and definition.has_terminal:
                return Command(("virsh", "-c", machine.domain.uri, "console", machine.domain.uuid))
        self._actions.require_vagrant(machine)
        return Command(("vagrant", "ssh", entry.name), entry.directory, additions(entry))

    def query(self, name: str) -> Command:
        """See `Side.query`."""
        machine = self._machine(name)
        if machine.container is not None:
            raise ActionFailed(f"{name} is a container: its provider is docker")
        if machine.instance.directory is None:
            raise ActionFailed(f"{name} is not Vagrant's, so nobody knows how to log in there")
        self._actions.require_vagrant(machine)
        entry = machine.entry
        return Command(("vagrant", "ssh", entry.name, "-c"), entry.directory, additions(entry))

    def inspect(self, name: str) -> dict[str, Any]:
        """The index entry, the data folder and the domain. Raises UnknownInstance."""
        machine = self._actions.find(name)
        entry, instance = machine.entry, machine.instance
        definition = self._inventory.definition(machine.domain) if machine.domain else None
        console = self._console(machine)
        return {
            "name": name,
            "state": str(instance.state),
            "note": instance.note or None,
            "told_at": instance.told_at,
            "owner": instance.owner,
            "connection": instance.connection,
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

    def _machine(self, name: str) -> Machine:
        """Raises ActionFailed for a Vagrantfile's own row; UnknownInstance, EngineUnavailable."""
        machine = self._actions.find(name)
        if machine.instance.is_vagrantfile:
            raise ActionFailed(machine.instance.note)
        return machine

    def _console(self, machine: Machine) -> Path | None:
        """The console's file, if there is one this user may read."""
        if machine.domain is None:
            return None
        definition = self._inventory.definition(machine.domain)
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
        has_provider = self._libvirt.is_installed or shutil.which("VBoxManage") is not None
        if not has_provider and self._inventory.is_empty:
            raise EngineUnavailable(
                "Vagrant has no provider: neither libvirt nor VirtualBox is installed", _FIX
            )

    def _version(self) -> str:
        """Asked once: it costs a tenth of a second."""
        if not self._vagrant_version:
            import vagrant

            try:
                command = vagrant.Vagrant()  # type: ignore[no-untyped-call]
                self._vagrant_version = command.version()  # type: ignore[no-untyped-call]
            # python-vagrant raises a bare Exception for output it does not know.
            except Exception as error:
                raise EngineUnavailable(
                    f"vagrant does not run: {reason_of(error)}", _FIX
                ) from error
        return self._vagrant_version
