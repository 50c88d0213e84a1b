"""Acts on machines: through vagrant, and through libvirt where vagrant is slow or cannot."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

from tui.engines.libvirt.connections import Connections
from tui.engines.vagrant.daily import Daily
from tui.errors import ActionBusy, ActionFailed, TwindeckError, UnknownInstance
from tui.model import AS_USUAL, VAGRANTS, Options, Phase, State, Verb, Workload
from tui.sides.base import Report
from tui.sides.hypervisor import end_tunnels, port_holder
from tui.sides.libvirt import Domain, Libvirt
from tui.sides.machine_rows import Inventory, Machine
from tui.sides.vagrant_command import environment, streaming_vagrant
from tui.sides.vagrant_lock import OwnSessions
from tui.sides.vagrant_output import accelerator_of, phase_of

_BALLOON_SECONDS = 1
"""How often the guest reports its own memory, once it is up."""
SHUTDOWN_SECONDS = 60.0
"""As long as vagrant-libvirt waits for a guest that was asked to shut down."""
_LOOK_SECONDS = 0.5


class MachineActions:
    """Carries out one action at a time per machine; different machines in different threads."""

    def __init__(
        self,
        inventory: Inventory,
        libvirt: Connections,
        own: OwnSessions,
        accelerator: Callable[[], str | None],
        shutdown_seconds: float = SHUTDOWN_SECONDS,
    ) -> None:
        self._inventory = inventory
        self._libvirt = libvirt
        self._own = own
        self._accelerator = accelerator
        self._shutdown_seconds = shutdown_seconds
        self._daily = Daily(self._vagrant, self._follow, libvirt)

    def find(self, name: str) -> Machine:
        """Raises UnknownInstance, EngineUnavailable."""
        machine = self._inventory.machines().get(name)
        if machine is None:
            raise UnknownInstance(f"no VM is called {name}", "twindeck ls")
        return machine

    def _look(self, name: str) -> Machine:
        """As it is now, by the provider's own word where only that can tell."""
        machine = self._inventory.look(name)
        if machine is None:
            raise UnknownInstance(f"no VM is called {name}", "twindeck ls")
        return machine

    def _at(self, domain: Domain) -> Libvirt:
        return self._libvirt.at(domain.uri)

    def up(self, workload: Workload, report: Report, options: Options = AS_USUAL) -> None:
        """Create, start and provision the workload's machine."""
        report.phase(Phase.PREPARE)
        machine = self._look(workload.name)
        _check_free(workload.name, machine)
        self._boot(workload.name, machine, report, options)

    def snapshots(self, name: str) -> list[str]:
        """Names of its snapshots, oldest first. Raises TwindeckError."""
        machine = self._look(name)
        if machine.domain is None:
            self.require_vagrant(machine)
        return self._daily.snapshots(machine)

    def act(self, verb: Verb, name: str, report: Report, options: Options = AS_USUAL) -> None:
        """Any verb but UP."""
        machine = self._look(name)
        _check_free(name, machine)
        if verb in VAGRANTS:
            self._daily.act(verb, name, machine, report, options)
            if verb is Verb.RELOAD:
                self._after_boot(name)
            return
        match verb:
            case Verb.UP | Verb.START:
                self._boot(name, machine, report, options)
            case Verb.STOP:
                self._halt(machine, report)
            case Verb.KILL:
                self._kill(machine, report)
            case Verb.PAUSE:
                self._pause(machine, report)
            case Verb.RESUME:
                self._resume(machine, report)
            case Verb.DESTROY:
                self._destroy(name, machine, report)
            case Verb.RESTART:
                raise ActionFailed(f"A VM cannot {verb} in one step", "stop it, then start it")

    def _boot(
        self, name: str, machine: Machine, report: Report, options: Options = AS_USUAL
    ) -> None:
        if machine.domain is not None and machine.instance.owner is not None:
            report.phase(Phase.START)
            report.line(f"virsh start {machine.domain.name}")
            self._at(machine.domain).start(machine.domain.uuid)
            return
        self._clear_ports(machine)
        # Vagrant insists on the provider a machine was made with; it is named for new ones only.
        is_new = machine.instance.state is State.ABSENT
        provider = (options.provider or machine.entry.provider) if is_new else None
        with self._vagrant(machine, report) as vagrant:
            lines = vagrant.up(
                vm_name=machine.entry.name,
                provider=provider,
                provision=options.provision,
                stream_output=True,
            )
            self._follow(name, lines, report)
        self._after_boot(name)

    def _clear_ports(self, machine: Machine) -> None:
        """Before a boot: its ports must be free, of tunnels from a machine that died above all."""
        if machine.instance.is_live:
            return
        end_tunnels(machine.entry.folder)
        workload = self._inventory.workload(machine.instance.workload)
        if workload is not None:
            _check_port(workload)

    def _follow(self, name: str, lines: Iterator[str], report: Report) -> None:
        told = False
        for line in lines:
            phase = phase_of(line)
            if phase is not None:
                report.phase(phase)
            accelerator = accelerator_of(line)
            if phase is Phase.BOOT and not told:
                # Not to be told is no reason to leave a vagrant that works.
                with contextlib.suppress(TwindeckError):
                    accelerator = self.find(name).instance.accelerator
            if accelerator is not None:
                told = True
                report.accelerator(accelerator)

    def _after_boot(self, name: str) -> None:
        machine = self.find(name)
        if machine.domain is not None and machine.instance.is_live:
            # A guest without a balloon simply has no view of its own.
            with contextlib.suppress(ActionFailed):
                self._at(machine.domain).watch_balloon(machine.domain.uuid, _BALLOON_SECONDS)

    def _halt(self, machine: Machine, report: Report) -> None:
        if machine.domain is not None and not machine.is_vagrants:
            self._shut_down(machine, machine.domain, report)
            return
        try:
            with self._vagrant(machine, report) as vagrant:
                vagrant.halt(vm_name=machine.entry.name)
        except ActionFailed as error:
            # A guest that does not heed the power button fails it, and can only be killed.
            raise ActionFailed(
                str(error), error.fix or f"twindeck kill {machine.instance.key}"
            ) from error

    def _shut_down(self, machine: Machine, domain: Domain, report: Report) -> None:
        """Without vagrant: ask the guest as a power button does."""
        if not machine.instance.is_live:
            return
        libvirt = self._at(domain)
        if machine.instance.state is State.PAUSED:
            report.line(f"virsh resume {domain.name}")
            libvirt.resume(domain.uuid)
        report.line(f"virsh shutdown {domain.name}")
        libvirt.shut_down(domain.uuid)
        deadline = time.monotonic() + self._shutdown_seconds
        while libvirt.state(domain.uuid) is not State.STOPPED:
            if time.monotonic() > deadline:
                raise ActionFailed(
                    f"{machine.instance.name} was asked to shut down, but still runs "
                    f"{self._shutdown_seconds:.0f} s later",
                    f"twindeck kill {machine.instance.key}",
                )
            time.sleep(_LOOK_SECONDS)

    def _kill(self, machine: Machine, report: Report) -> None:
        # `vagrant halt --force` first asks a libvirt guest over ACPI for a minute; that is a stop.
        if machine.domain is not None:
            if machine.instance.state is not State.STOPPED:
                report.line(f"virsh destroy {machine.domain.name}")
                self._at(machine.domain).power_off(machine.domain.uuid)
            if machine.instance.owner is None:
                end_tunnels(machine.entry.folder)
            return
        with self._vagrant(machine, report) as vagrant:
            vagrant.halt(vm_name=machine.entry.name, force=True)

    def _pause(self, machine: Machine, report: Report) -> None:
        # In memory and at once, which is what vagrant-libvirt's suspend does after two seconds.
        if machine.domain is not None:
            report.line(f"virsh suspend {machine.domain.name}")
            self._at(machine.domain).suspend(machine.domain.uuid)
            return
        with self._vagrant(machine, report) as vagrant:
            vagrant.suspend(vm_name=machine.entry.name)

    def _resume(self, machine: Machine, report: Report) -> None:
        if machine.domain is not None and machine.instance.state is State.SUSPENDED:
            report.line(f"virsh start {machine.domain.name}")
            self._at(machine.domain).start(machine.domain.uuid)
            return
        if machine.domain is not None:
            report.line(f"virsh resume {machine.domain.name}")
            self._at(machine.domain).resume(machine.domain.uuid)
            return
        with self._vagrant(machine, report) as vagrant:
            vagrant.resume(vm_name=machine.entry.name)

    def _destroy(self, name: str, machine: Machine, report: Report) -> None:
        entry = machine.entry
        if machine.instance.directory is None:
            raise ActionFailed(
                f"{name} is libvirt's own: what goes with it, only who made it knows",
                f"virsh -c {machine.instance.connection} undefine {entry.name}",
            )
        if machine.instance.owner is not None:
            raise ActionFailed(
                f"{name} is of {machine.instance.owner}: only that Vagrant knows what goes with it",
                f"cd {entry.directory} && vagrant destroy {entry.name}, as its owner",
            )
        by_vagrant = entry.has_vagrantfile
        if by_vagrant:
            try:
                with self._vagrant(machine, report) as vagrant:
                    vagrant.destroy(vm_name=entry.name)
            except ActionFailed as error:
                # The Vagrantfile is there, but the machine was taken out of it.
                if "not found configured" not in str(error):
                    raise
                by_vagrant = False
        if not by_vagrant:
            self._remove(name, machine, report)
        end_tunnels(entry.folder)

    def _remove(self, name: str, machine: Machine, report: Report) -> None:
        """Without its Vagrantfile: undefine the domain and delete the disks that are its own."""
        domain = machine.domain
        if domain is None:
            raise ActionFailed(
                f"{name} cannot be destroyed: its Vagrantfile is gone and libvirt does not know it",
                f"restore {machine.entry.directory}/Vagrantfile, or remove it with its provider",
            )
        libvirt = self._at(domain)
        definition = libvirt.definition(domain.uuid)
        if machine.instance.is_live:
            report.line(f"virsh destroy {domain.name}")
            libvirt.power_off(domain.uuid)
        report.line(f"virsh undefine {domain.name}")
        libvirt.undefine(domain.uuid)
        (machine.entry.folder / "id").unlink(missing_ok=True)
        left = []
        for disk in definition.disks:
            if not belongs(disk, domain.name):
                left.append(disk)
                continue
            report.line(f"virsh vol-delete {disk}")
            libvirt.delete_volume(disk)
        if left:
            raise ActionFailed(
                f"{name} is undefined, but disks that are not clearly its own were left: "
                f"{', '.join(left)}",
                "virsh vol-delete PATH",
            )

    def require_vagrant(self, machine: Machine) -> None:
        """The one guard before any `vagrant`: its Vagrantfile must be there and this user's.

        Raises ActionFailed, with what can be done without vagrant.
        """
        entry, instance, domain = machine.entry, machine.instance, machine.domain
        if machine.is_vagrants:
            return
        if instance.directory is None:
            raise ActionFailed(
                f"{instance.name} is libvirt's own: no Vagrant made it, so none can reach it",
                f"virsh -c {instance.connection} console {entry.name}",
            )
        if instance.owner is not None:
            raise ActionFailed(
                f"{instance.name} is of {instance.owner}: this Vagrant cannot reach it",
                f"cd {entry.directory} && vagrant ssh {entry.name}, as its owner",
            )
        is_there = entry.directory.is_dir()
        gone = (
            entry.directory / (entry.vagrantfile or "Vagrantfile") if is_there else entry.directory
        )
        step = f"put {gone} back"
        if domain is not None and instance.is_live:
            definition = self._inventory.definition(domain)
            if definition is not None and definition.has_terminal:
                step = f"virsh -c {domain.uri} console {domain.name}"
        elif domain is not None:
            step += f", or twindeck destroy {instance.key}"
        what = "Vagrantfile" if is_there else "folder"
        raise ActionFailed(
            f"{instance.name}: its {what} {gone} is gone, so vagrant cannot reach it", step
        )

    @contextlib.contextmanager
    def _vagrant(self, machine: Machine, report: Report) -> Iterator[Any]:
        """python-vagrant in the machine's environment, its lines going to the report."""
        entry = machine.entry
        self.require_vagrant(machine)
        sessions: list[int] = []

        def started(pid: int) -> None:
            sessions.append(pid)
            self._own.add(pid)

        try:
            yield streaming_vagrant(
                entry, environment(entry, self._accelerator()), report.line, started
            )
        finally:
            for session in sessions:
                self._own.discard(session)


def belongs(disk: str, domain: str) -> bool:
    """Whether the file is named as vagrant-libvirt names the disks of that domain."""
    name = PurePath(disk).name
    return re.fullmatch(re.escape(domain) + r"(-vd[a-z]+)?\.(img|qcow2|raw)", name) is not None


def _check_free(name: str, machine: Machine) -> None:
    if machine.instance.busy is not None:
        raise ActionBusy(
            f"{name} is busy: {machine.instance.busy}", "try again when that has ended"
        )


def _check_port(workload: Workload) -> None:
    holder = port_holder(workload.vm_port)
    if holder is not None:
        raise ActionFailed(
            f"port {workload.vm_port} on 127.0.0.1 is taken by {holder}",
            f"end it, or change ports.vm in {workload.folder / 'workload.toml'}",
        )
