"""The pair under measurement, brought up from the lab's own project and taken down at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from tui.engines.docker.resolver import Resolver
from tui.engines.libvirt.connections import Connections
from tui.errors import ActionFailed, TwindeckError, UnknownInstance
from tui.fleet.actions import Actions
from tui.fleet.jobs import JobRun
from tui.lab.arms import Guest, Inside
from tui.lab.cancel import Cancelled
from tui.lab.commands import Commands
from tui.lab.estate import Estate
from tui.lab.instrument import Output, side_of
from tui.lab.owner import CONTAINER, RunFolder
from tui.lab.project import SHARED
from tui.model import Boot, Instance, SideName, State, Verb, Workload
from tui.results import Arm
from tui.sides.base import Side
from tui.sides.containers import Containers
from tui.sides.docker_images import prepare
from tui.sides.docker_link import Link
from tui.sides.docker_up import Mark
from tui.sides.libvirt import Libvirt
from tui.sides.machines import Machines
from tui.sides.vagrant_index import Entry, data_path_of
from tui.snapshot import Job, JobState

if TYPE_CHECKING:
    from docker import APIClient


class LabRig:
    """Implements `Rig` on the real engines. One thread uses it; any may set `cancel`.

    It makes all under the mark of the run, and acts on nothing that does not have it.
    """

    def __init__(
        self,
        workload: Workload,
        own: RunFolder,
        *,
        is_quick: bool = False,
        density: int | None = None,
        cancel: Event | None = None,
        on_line: Callable[[str], None] = lambda line: None,
        docker: Resolver | None = None,
    ) -> None:
        self.workload = workload
        self.is_quick = is_quick
        self.density = density
        self.run_id = own.run
        self._own = own
        self._cancel = cancel or Event()
        self._on_line = on_line
        self._link = Link(docker)
        self._estate = Estate(own, self._link, Connections())
        mark = Mark(own.labels, SHARED, self.made)
        # Vagrant and the lab must mean the same machine: the project knows this workload only.
        self._sides: dict[SideName, Side] = {
            SideName.VM: Machines(own.root, (workload,)),
            SideName.CONTAINER: Containers(own.root, (workload,), self._link, mark),
        }
        self._commands = Commands(
            Guest(self._entry(), self.folder(), self._cancel),
            Inside(self._link, self.container_id, self._cancel),
            self.folder(),
            self._cancel,
            self.instance,
        )
        self._boots: list[Boot] = []
        self._guest_ip: str | None = None
        self._acted_on: Instance | None = None
        self._actions = Actions(
            self._sides.__getitem__,
            {workload.name: workload},
            # Looked up before the clock runs: to list a side takes as long as a container's start.
            lambda key: self._acted_on,
            self._boots.append,
            self._cancel,
        )

    def instance(self, arm: Arm) -> Instance:
        """As its engine describes it now; state ABSENT when it is not there."""
        side = side_of(arm)
        name = self.workload.name
        found = next((i for i in self._sides[side].list() if i.name == name), None)
        return found or Instance(side=side, name=name, state=State.ABSENT)

    def container_id(self) -> str:
        """See `Rig.container_id`."""
        found = self.instance(Arm.CONTAINER)
        if found.id is None:
            raise UnknownInstance(f"the container {self.workload.name} is gone")
        return found.id

    def made(self, container_id: str) -> None:
        """See `Rig.made`."""
        self._own.record(CONTAINER, container_id)

    def run(
        self,
        arm: Arm,
        argv: Sequence[str],
        *,
        timeout_seconds: float = 60.0,
        stdin: bytes = b"",
        check: bool = True,
    ) -> Output:
        """See `Rig.run`."""
        return self._commands.run(
            arm, argv, timeout_seconds=timeout_seconds, stdin=stdin, check=check
        )

    def tool(self, arm: Arm, name: str) -> tuple[str, ...]:
        """See `Rig.tool`."""
        return self._commands.tool(arm, name)

    def scratch(self, arm: Arm) -> str:
        """See `Rig.scratch`."""
        return self._commands.scratch(arm)

    def guest_ip(self) -> str:
        """See `Rig.guest_ip`."""
        answer = self.run(Arm.VM, ("hostname", "-I")).stdout.split()
        if not answer:
            raise ActionFailed("the VM has no address")
        self._guest_ip = answer[0]
        return answer[0]

    def last_guest_ip(self) -> str | None:
        """See `Rig.last_guest_ip`."""
        return self._guest_ip

    def container_ip(self) -> str:
        """See `Rig.container_ip`."""
        container_id = self.container_id()
        with self._link.translating("inspect the container", self.workload.name):
            networks = self._link.look().inspect_container(container_id)["NetworkSettings"]
        addresses = [n["IPAddress"] for n in networks["Networks"].values() if n.get("IPAddress")]
        if not addresses:
            raise ActionFailed("the container has no address on a bridge")
        return str(addresses[0])

    def boot(self, arm: Arm) -> Boot:
        """See `Rig.boot`."""
        instance = self.instance(arm)
        if instance.is_live:
            raise ActionFailed(f"{instance.key} runs already, so its boot cannot be timed")
        # One that died left a connection behind, and may come back with another address.
        self._commands.hang_up(arm)
        self._boots.clear()
        try:
            self._perform(Verb.UP if instance.state is State.ABSENT else Verb.START, instance)
        except ActionFailed:
            if self._cancel.is_set():
                raise Cancelled from None
            raise
        return self._boots[-1]

    def build(self) -> float:
        """See `Rig.build`."""
        began = time.monotonic()
        run = self._job(Verb.UP, self.instance(Arm.CONTAINER))
        try:
            prepare(self._link, self.workload, run, self._own.labels)
        finally:
            self._keep_output(run)
        return time.monotonic() - began

    def stop(self, arm: Arm) -> None:
        """See `Rig.stop`."""
        if arm is Arm.VM and self._guest_ip is None:
            # Where its next boot can be watched past the tool's tunnel.
            with suppress(TwindeckError):
                self.guest_ip()
        self._commands.hang_up(arm)
        instance = self.instance(arm)
        if instance.is_live:
            self._perform(Verb.STOP, instance)

    def pause(self, arm: Arm) -> None:
        """Freeze the side, so that it takes nothing from the one that is measured."""
        instance = self.instance(arm)
        if instance.state is State.RUNNING:
            self._perform(Verb.PAUSE, instance)

    def resume(self, arm: Arm) -> None:
        """Let the side go on; one that is shut down stays so."""
        instance = self.instance(arm)
        if instance.state is State.PAUSED:
            self._perform(Verb.RESUME, instance)

    def destroy(self, arm: Arm) -> None:
        """Remove the side, whatever state it is in; also when the run was cancelled."""
        self._commands.forget(arm)
        if arm is Arm.VM:
            self._guest_ip = None
        instance = self.instance(arm)
        if instance.id is not None:
            self._perform(Verb.DESTROY, instance)

    def take_down(self) -> list[str]:
        """Remove everything the run made; a line for each thing that could not be removed."""
        estate, left = self._estate, []
        steps = [estate.remove_containers, estate.remove_images]
        # Whatever vagrant makes, it makes this folder first.
        if self._entry().data_path.exists():
            # The copies stand on the VM's disk.
            vm = partial(self.destroy, Arm.VM)
            steps = [self._remove_copies, vm, estate.remove_domains, *steps]
        for step in steps:
            try:
                step()
            except TwindeckError as error:
                left.append(error.line)
        return [*dict.fromkeys(left)] or self._own.remove()

    def _remove_copies(self) -> None:
        self._estate.remove_domains(but=self.instance(Arm.VM).id)

    def others(self) -> list[str]:
        """What else runs on this host's engines, each by its address."""
        running = []
        for side in (self._sides[SideName.VM], Containers(self._own.root, (), self._link)):
            # An engine that does not answer has its say when its side is measured.
            with suppress(TwindeckError):
                running += [i.key for i in side.list() if i.state is State.RUNNING]
        return [key for key in running if not key.endswith(f":{self.workload.name}")]

    def docker(self) -> APIClient:
        """See `Rig.docker`."""
        return self._link.act()

    def libvirt(self) -> Libvirt:
        """See `Rig.libvirt`."""
        vm = self.instance(Arm.VM)
        if vm.provider != "libvirt":
            raise ActionFailed(f"only told by libvirt; the VM's provider is {vm.provider}")
        if vm.id is None:
            raise ActionFailed(f"the VM {vm.name} is gone")
        return self._estate.at(vm.id)

    def sleep(self, seconds: float) -> None:
        """See `Rig.sleep`."""
        if self._cancel.wait(seconds):
            raise Cancelled

    def folder(self) -> Path:
        """See `Rig.folder`."""
        return self._own.scratch

    def _perform(self, verb: Verb, instance: Instance) -> None:
        self._estate.check(instance)
        try:
            self._do(verb, instance)
        finally:
            if instance.side is SideName.VM and instance.id is None:
                # Marked once there is one; what could not be done has an error of its own.
                with suppress(TwindeckError):
                    self._estate.check(self.instance(Arm.VM))

    def _do(self, verb: Verb, instance: Instance) -> None:
        self._acted_on = instance
        run = self._job(verb, instance)
        run.began()
        try:
            self._actions.perform(run)
        finally:
            self._keep_output(run)

    @staticmethod
    def _job(verb: Verb, instance: Instance) -> JobRun:
        job = Job(
            id=0,
            verb=verb,
            side=instance.side,
            name=instance.name,
            state=JobState.RUNNING,
            requested_t_ns=time.monotonic_ns(),
        )
        return JobRun(job, lambda: None)

    def _keep_output(self, run: JobRun) -> None:
        for line in run.output:
            self._on_line(f"{run.job.key}: {line}")

    def _entry(self) -> Entry:
        return Entry(
            name=self.workload.name,
            provider="libvirt",
            directory=self._own.root,
            data_path=data_path_of(self._own.root),
        )
