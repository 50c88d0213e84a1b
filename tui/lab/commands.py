"""Commands and tools on every arm, whatever it takes to get there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from tui.errors import ActionFailed, TwindeckError, UnknownInstance
from tui.lab import tools
from tui.lab.arms import Guest, Inside, run_here
from tui.lab.instrument import Output
from tui.lab.project import SHARED
from tui.model import Instance, State
from tui.results import Arm

GUEST_FOLDER = "/var/lib/twindeck-lab"
_TOOLS_SECONDS = 180.0


class Commands:
    """Runs commands, and knows which tools were brought where."""

    def __init__(
        self,
        guest: Guest,
        inside: Inside,
        folder: Path,
        cancel: Event,
        look: Callable[[Arm], Instance],
    ) -> None:
        self._guest = guest
        self._inside = inside
        self._folder = folder
        self._cancel = cancel
        self._look = look
        self._equipped: dict[Arm, set[str]] = {}

    def run(
        self,
        arm: Arm,
        argv: Sequence[str],
        *,
        timeout_seconds: float = 60.0,
        stdin: bytes = b"",
        check: bool = True,
    ) -> Output:
        """See `Rig.run`. Raises ActionFailed, Cancelled."""
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

    def forget(self, arm: Arm) -> None:
        """The side is removed, and with it what was brought there."""
        if arm is Arm.VM:
            self._guest.forget()
        self._equipped.pop(arm, None)

    def _base(self, arm: Arm) -> str:
        match arm:
            case Arm.VM:
                return GUEST_FOLDER
            case Arm.HOST:
                return str(self._folder)
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
        if arm is Arm.VM:
            # One that dies loses what only its cache has, and would come back with empty files.
            self.run(arm, ("sync",))

    def hang_up(self, arm: Arm) -> None:
        """Before the VM goes down: its connection would hang."""
        if arm is Arm.VM:
            self._guest.hang_up()

    def _explained(self, arm: Arm, error: TwindeckError) -> TwindeckError:
        """That a command failed because its instance died is what to say."""
        if arm is Arm.HOST:
            return error
        try:
            instance = self._look(arm)
        except TwindeckError:
            return error
        if instance.state is State.RUNNING and not isinstance(error, UnknownInstance):
            return error
        return ActionFailed(
            f"the {instance.key} went away while it was measured: it is {instance.state} now"
        )
