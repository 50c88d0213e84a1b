"""The pair under measurement, brought up from the lab's own project and taken down at the end."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from tui.errors import ActionFailed, TwindeckError, UnknownInstance
from tui.fleet.actions import Actions
from tui.fleet.jobs import JobRun
from tui.lab import tools
from tui.lab.arms import Guest, Inside, run_here
from tui.lab.cancel import Cancelled
from tui.lab.clones import remove_leftovers
from tui.lab.instrument import Output, side_of
from tui.lab.project import SHARED
from tui.model import Boot, Instance, Job, JobState, SideName, State, Verb, Workload, key_of
from tui.results import Arm
from tui.sides.base import Side
from tui.sides.containers import Containers
from tui.sides.docker_link import Link
from tui.sides.libvirt import Libvirt
from tui.sides.machines import Machines
from tui.sides.vagrant_index import Entry

if TYPE_CHECKING:
    from docker import APIClient

GUEST_FOLDER = "/var/lib/twindeck-lab"
_TOOLS_SECONDS = 180.0


class LabRig:
    """Implements `Rig` on the real engines. One thread uses it; any may set `cancel`."""

    def __init__(
        self,
        workload: Workload,
        root: Path,
        *,
        is_quick: bool = False,
        density: int | None = None,
        cancel: Event | None = None,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.workload = workload
        self.is_quick = is_quick
        self.density = density
        self._root = root
        self._cancel = cancel or Event()
        self._on_line = on_line
        self._link = Link()
        self._libvirt = Libvirt()
        # Vagrant and the lab must mean the same machine: the project knows this workload only.
        self._sides: dict[SideName, Side] = {
            SideName.VM: Machines(root, (workload,), libvirt=self._libvirt),
            SideName.CONTAINER: Containers(root, (workload,), self._link),
        }
        self._guest = Guest(self._entry(), self.folder(), self._cancel)
        self._inside = Inside(self._link, workload.name, self._cancel)
        self._equipped: dict[Arm, set[str]] = {}
        self._boots: list[Boot] = []
        self._guest_ip: str | None = None
        self._actions = Actions(
            self._sides.__getitem__, {workload.name: workload}, self._find, self._boots.append
        )

    def instance(self, arm: Arm) -> Instance:
        """As its engine describes it now; state ABSENT when it is not there."""
        side = side_of(arm)
        name = self.workload.name
        found = next((i for i in self._sides[side].list() if i.name == name), None)
        return found or Instance(side=side, name=name, state=State.ABSENT)

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
        try:
            match arm:
                case Arm.VM:
                    output = self._guest.run(argv, timeout_seconds=timeout_seconds, stdin=stdin)
                case Arm.HOST:
                    output = run_here(
                        argv, self._cancel, timeout_seconds=timeout_seconds, stdin=stdin
                    )
                case _:
                    output = self._inside.run(argv, timeout_seconds=timeout_seconds, stdin=stdin)
        except TwindeckError as error:
            raise self._explained(arm, error) from error
        if check and output.code != 0:
            reason = (output.stderr.strip() or output.stdout.strip()).splitlines()[-1:]
            failed = ActionFailed(
                f"{Path(argv[0]).name} on {arm} ended with code {output.code}"
                + (f": {reason[0]}" if reason else "")
            )
            raise self._explained(arm, failed)
        return output

    def tool(self, arm: Arm, name: str) -> tuple[str, ...]:
        """See `Rig.tool`."""
        where = Arm.CONTAINER if arm is Arm.VOLUME else arm
        folder = f"{self._base(where)}/tools"
        if name not in self._equipped.setdefault(where, set()):
            self._bring(where, name, folder)
            self._equipped[where].add(name)
        return tools.command(folder, name)

    def scratch(self, arm: Arm) -> str:
        """See `Rig.scratch`."""
        # The container's layer is all of it that is no volume.
        base = GUEST_FOLDER if arm is Arm.CONTAINER else self._base(arm)
        folder = f"{base}/scratch"
        self.run(arm, ("mkdir", "-p", folder))
        return folder

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
        with self._link.translating("inspect the container", self.workload.name):
            networks = self._link.look().inspect_container(self.workload.name)["NetworkSettings"]
        addresses = [n["IPAddress"] for n in networks["Networks"].values() if n.get("IPAddress")]
        if not addresses:
            raise ActionFailed("the container has no address on a bridge")
        return str(addresses[0])

    def boot(self, arm: Arm) -> Boot:
        """See `Rig.boot`."""
        side = side_of(arm)
        verb = Verb.UP if self.instance(arm).state is State.ABSENT else Verb.START
        self._boots.clear()
        self._perform(verb, side)
        if not self._boots:
            raise ActionFailed(f"the {side} was running already, so its boot was not timed")
        return self._boots[-1]

    def stop(self, arm: Arm) -> None:
        """See `Rig.stop`."""
        if arm is Arm.VM and self._guest_ip is None:
            # Where its next boot can be watched past the tool's tunnel.
            with suppress(TwindeckError):
                self.guest_ip()
        self._hang_up(arm)
        if self.instance(arm).is_live:
            self._perform(Verb.STOP, side_of(arm))

    def pause(self, arm: Arm) -> None:
        """Freeze the side, so that it takes nothing from the one that is measured."""
        if self.instance(arm).state is State.RUNNING:
            self._perform(Verb.PAUSE, side_of(arm))

    def resume(self, arm: Arm) -> None:
        """Let the side go on; one that is shut down stays so."""
        if self.instance(arm).state is State.PAUSED:
            self._perform(Verb.RESUME, side_of(arm))

    def destroy(self, arm: Arm) -> None:
        """Remove the side, whatever state it is in; also when the run was cancelled."""
        self._hang_up(arm)
        self._equipped.pop(arm, None)
        if arm is Arm.VM:
            self._guest_ip = None
        if self.instance(arm).id is not None:
            self._perform(Verb.DESTROY, side_of(arm))

    def take_down(self) -> list[str]:
        """Remove everything the lab made; a line for each thing that could not be removed."""
        left = []
        try:
            domain = f"{self._root.name}_{self.workload.name}"
            remove_leftovers(self._link, self._libvirt, domain, self.workload.name)
        except TwindeckError as error:
            left.append(error.line)
        for arm in (Arm.VM, Arm.CONTAINER):
            try:
                self.destroy(arm)
            except TwindeckError as error:
                left.append(error.line)
        with suppress(TwindeckError), self._link.translating("remove the lab's image"):
            self._link.act().remove_image(f"twindeck/{self.workload.name}:latest")
        shutil.rmtree(self.folder(), ignore_errors=True)
        if not left:
            shutil.rmtree(self._root, ignore_errors=True)
        return left

    def docker(self) -> APIClient:
        """See `Rig.docker`."""
        return self._link.act()

    def libvirt(self) -> Libvirt:
        """See `Rig.libvirt`."""
        provider = self.instance(Arm.VM).provider
        if provider != "libvirt":
            raise ActionFailed(f"only told by libvirt; the VM's provider is {provider}")
        return self._libvirt

    def sleep(self, seconds: float) -> None:
        """See `Rig.sleep`."""
        if self._cancel.wait(seconds):
            raise Cancelled

    def folder(self) -> Path:
        """See `Rig.folder`."""
        folder = self._root / "run"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _perform(self, verb: Verb, side: SideName) -> None:
        job = Job(
            id=0,
            verb=verb,
            side=side,
            name=self.workload.name,
            state=JobState.RUNNING,
            requested_t_ns=time.monotonic_ns(),
        )
        run = JobRun(job, lambda: None)
        run.began()
        try:
            self._actions.perform(run)
        finally:
            for line in run.output:
                self._on_line(f"{job.key}: {line}")

    def _find(self, key: str) -> Instance | None:
        found = (self.instance(arm) for arm in (Arm.VM, Arm.CONTAINER))
        return next((instance for instance in found if instance.key == key), None)

    def _entry(self) -> Entry:
        root = self._root.resolve()
        return Entry(
            name=self.workload.name,
            provider="libvirt",
            directory=root,
            data_path=root / ".vagrant",
        )

    def _base(self, arm: Arm) -> str:
        match arm:
            case Arm.VM:
                return GUEST_FOLDER
            case Arm.HOST:
                return str(self.folder())
            case _:
                return SHARED

    def _bring(self, arm: Arm, name: str, folder: str) -> None:
        tools.refuse_machine(self.run(arm, ("uname", "-m")).stdout)
        archive = tools.bundle((name,))
        self.run(arm, ("mkdir", "-p", folder))
        if arm is Arm.CONTAINER:
            self._inside.copy(archive, folder)
        else:
            self.run(
                arm,
                ("tar", "-xz", "-C", folder, "--no-same-owner"),
                stdin=archive,
                timeout_seconds=_TOOLS_SECONDS,
            )

    def _hang_up(self, arm: Arm) -> None:
        if arm is Arm.VM:
            self._guest.hang_up()

    def _explained(self, arm: Arm, error: TwindeckError) -> TwindeckError:
        """That a command failed because its instance died is what to say."""
        if arm is Arm.HOST:
            return error
        try:
            instance = self.instance(arm)
        except TwindeckError:
            return error
        if instance.state is State.RUNNING and not isinstance(error, UnknownInstance):
            return error
        return ActionFailed(
            f"the {key_of(side_of(arm), self.workload.name)} went away "
            f"while it was measured: it is {instance.state} now"
        )
