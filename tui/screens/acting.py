"""What every screen that shows instances can do to them: one set of keys, one set of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import getters
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.console import ConsoleApp
from tui.core.groups import members_for, start_or_stop_all, turn_of
from tui.core.guard import changing
from tui.model import VAGRANTS, Instance, SideName, State, Verb, verbs_for
from tui.snapshot import JobState, Snapshot
from tui.widgets.cells import visible_name
from tui.widgets.pair import pair_of

_VERB_ACTIONS = {
    "restart": Verb.RESTART,
    "kill": Verb.KILL,
    "destroy": Verb.DESTROY,
}


def start_or_stop(instance: Instance) -> Verb | None:
    """What `s` does to it."""
    verbs = verbs_for(instance)
    if instance.state in (State.PAUSED, State.SUSPENDED):
        return Verb.RESUME if Verb.RESUME in verbs else None
    return next((v for v in (Verb.STOP, Verb.START) if v in verbs), None)


def pause_or_resume(instance: Instance) -> Verb | None:
    """What `p` does to it."""
    verbs = verbs_for(instance)
    return next((v for v in (Verb.PAUSE, Verb.RESUME) if v in verbs), None)


_SENSE: Mapping[str, Callable[[Instance, Snapshot], bool]] = {
    "start_or_stop": lambda instance, _: start_or_stop(instance) is not None,
    "pause_or_resume": lambda instance, _: pause_or_resume(instance) is not None,
    "logs": lambda instance, _: instance.state is not State.ABSENT,
    "inspect": lambda instance, _: instance.state is not State.ABSENT,
    "architecture": lambda instance, _: (
        instance.state is not State.ABSENT and not instance.is_vagrantfile
    ),
    "shell": lambda instance, _: instance.state is State.RUNNING,
    "copy": lambda instance, _: True,
    "output": lambda instance, snapshot: instance.key in snapshot.jobs,
}


class ActingScreen(Screen[None]):
    """A screen with instances to act on. Subclasses say which in `targets`."""

    app = getters.app(ConsoleApp)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start_or_stop", "start/stop", tooltip="Start or stop, by state"),
        Binding("u", "bring_up", "up", tooltip="Bring a workload up as a VM, a container or both"),
        Binding("r", "restart", "restart", tooltip="Restart"),
        Binding("p", "pause_or_resume", "pause", tooltip="Pause or resume, by state"),
        Binding("l", "logs", "logs", tooltip="Follow its log"),
        Binding("e", "shell", "shell", tooltip="Open a shell in it; exit comes back here"),
        Binding("i", "inspect", "inspect", tooltip="Everything the engine knows of it"),
        Binding("L", "output", "output", tooltip="Read the output of its last action"),
        Binding("d", "destroy", "destroy", tooltip="Destroy, after a question"),
        Binding("b", "boot_pair", "boot pair", tooltip="Boot the pair, or compare it in the lab"),
        Binding("c", "comparisons", "comparisons", tooltip="The lab: every comparison so far"),
        Binding("a", "architecture", "architecture", tooltip="What it and its pair run on"),
        Binding("x", "more", "more", tooltip="Reload, provision, suspend, snapshots, box"),
        Binding("K", "kill", "kill", tooltip="Kill at once, without a shutdown"),
        Binding("y", "copy", "copy", show=False, tooltip="Copy its name and address (OSC 52)"),
        Binding("ctrl+r", "reload", "refresh", show=False, tooltip="Ask both engines again now"),
    ]

    def targets(self) -> tuple[Instance, ...]:
        """What an action goes to: the marked instances, or the selected one."""
        raise NotImplementedError

    def group(self) -> tuple[Instance, ...]:
        """The members of a whole group, when the action goes to one."""
        return ()

    @property
    def target(self) -> Instance | None:
        """The first of them, by which keys are worded."""
        return next(iter(self.targets()), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide and refuse what makes no sense now; everything that changes when read-only."""
        if not self.app.may_offer(self, action):
            return False
        target = self.target
        if group := self.group():
            return self._has_sense_for_all(action, group)
        if verb := _VERB_ACTIONS.get(action):
            return target is not None and verb in verbs_for(target)
        if (has_sense := self._has_sense(action, target)) is not None:
            return has_sense
        return super().check_action(action, parameters)

    def _has_sense_for_all(self, action: str, group: Sequence[Instance]) -> bool | None:
        """Likewise for a whole group: verbs only, for those of its members they make sense for."""
        if action == "start_or_stop":
            return start_or_stop_all(group) is not None
        if verb := _VERB_ACTIONS.get(action):
            return bool(members_for(verb, group))
        if (action in _SENSE and action != "copy") or action == "boot_pair":
            return False
        sense = self._has_sense(action, None) if action != "copy" else True
        return super().check_action(action, ()) if sense is None else sense

    def _has_sense(self, action: str, target: Instance | None) -> bool | None:
        """Whether `action` can be done to the target; None for an action that is not ours."""
        if action == "bring_up":
            return bool(self.app.fleet.workloads)
        if action == "boot_pair":
            return len(self._pair()) == 2 or self._comparable() is not None
        if action == "more":
            return any(verbs_for(i) & VAGRANTS for i in self.targets())
        if action == "comparisons":
            return self.app.has_lab
        has_sense = _SENSE.get(action)
        if has_sense is None:
            return None
        return target is not None and has_sense(target, self.app.snapshot)

    def label_for(self, action: str) -> str | None:
        """Word the two-way keys by what they would do now."""
        if (target := self.target) is None:
            return None
        if group := self.group():
            return self._label_for_all(action, group)
        if action == "boot_pair":
            return "compare" if self._comparable() else None
        if action == "start_or_stop" and (verb := start_or_stop(target)):
            return str(verb)
        if action == "pause_or_resume" and (verb := pause_or_resume(target)):
            return str(verb)
        return None

    def _label_for_all(self, action: str, group: Sequence[Instance]) -> str | None:
        if action == "start_or_stop" and (verb := start_or_stop_all(group)):
            return f"{verb} all"
        return f"{action} all" if action in _VERB_ACTIONS else None

    @changing
    def action_start_or_stop(self) -> None:
        """Start or stop, by the state of the first; of a group, start what can be, else stop."""
        if group := self.group():
            self._submit_all(start_or_stop_all(group), group)
        else:
            self._ask(start_or_stop)

    @changing
    def action_pause_or_resume(self) -> None:
        """Pause or resume, by the state of the first."""
        self._ask(pause_or_resume)

    @changing
    def action_restart(self) -> None:
        """Restart."""
        self._submit(Verb.RESTART)

    @changing
    def action_kill(self) -> None:
        """Kill at once."""
        self._submit(Verb.KILL)

    @changing
    def action_destroy(self) -> None:
        """Ask, naming what will be lost, then destroy."""
        lost = members_for(Verb.DESTROY, self.targets())
        if not lost:
            return
        from tui.screens.dialogs import ConfirmDialog, destroy_question

        keys = [i.key for i in lost]
        question = ConfirmDialog(destroy_question(lost), "Destroy")
        self.app.push_screen(question, partial(self._destroy, keys))

    def _destroy(self, keys: Iterable[str], is_sure: bool | None) -> None:
        if is_sure:
            self.app.submit(Verb.DESTROY, keys)
            self._acted()

    @changing
    def action_bring_up(self) -> None:
        """Choose a workload and its sides."""
        from tui.screens.dialogs import WorkloadDialog

        wanted = self.target.workload if self.target else None
        dialog = WorkloadDialog(self.app.fleet.workloads, self.app.snapshot, wanted)
        self.app.push_screen(dialog, self._bring_up)

    def _bring_up(self, choice: tuple[str, tuple[SideName, ...]] | None) -> None:
        if choice:
            self.app.bring_up(*choice)

    @changing
    def action_more(self) -> None:
        """Choose among the verbs that have no key of their own."""
        from tui.screens.more import ask_and_do

        ask_and_do(self.app, self.targets())

    @changing
    def action_boot_pair(self) -> None:
        """Ask what to do with the pair; without a lab there is only one thing to do."""
        if (workload := self._comparable()) is None:
            self.boot_pair()
            return
        from tui.screens.lab_start import ask_and_do

        ask_and_do(self.app, workload, self.boot_pair if len(self._pair()) == 2 else None)

    def boot_pair(self) -> None:
        """Boot both sides of the pair again, so that their boots can be compared."""
        for instance in self._pair():
            verb = next((v for v in (Verb.RESTART, Verb.UP) if v in verbs_for(instance)), None)
            if verb:
                self.app.submit(verb, [instance.key])
            else:
                name = visible_name(instance.name)
                self.app.say(f"{instance.side} {name} is {instance.state}: not booted")

    def action_comparisons(self) -> None:
        """Open the lab."""
        from tui.screens.lab_runs import RunsScreen

        self.app.push_screen(RunsScreen())

    def _comparable(self) -> str | None:
        """The workload the lab could compare; None without a lab or for another instance."""
        if not self.app.has_lab or self.target is None:
            return None
        known = (workload.name for workload in self.app.fleet.workloads)
        return next((name for name in known if name == self.target.workload), None)

    @changing
    def action_shell(self) -> None:
        """Hand the terminal over to a shell in the first."""
        if self.target:
            self.app.open_shell(self.target.key)

    def action_logs(self) -> None:
        """Open its log."""
        if self.target:
            from tui.screens.logs import LogScreen

            self.app.push_screen(LogScreen(self.target.key))

    def action_inspect(self) -> None:
        """Open what the engine knows of it."""
        if self.target:
            from tui.screens.inspect import InspectScreen

            self.app.push_screen(InspectScreen(self.target.key))

    def action_architecture(self) -> None:
        """Show what it runs on, beside its counterpart; or the first two that are marked."""
        if not self.target:
            return
        from tui.screens.architecture import ArchitectureScreen

        marked = self.targets()
        pair = marked if len(marked) > 1 else self._pair()
        made = [i for i in pair if i.state is not State.ABSENT and not i.is_vagrantfile]
        vms_first = sorted(made[:2], key=lambda i: i.side is SideName.CONTAINER)
        self.app.push_screen(ArchitectureScreen(tuple(i.key for i in vms_first)))

    def action_output(self) -> None:
        """Open the output of its last action; a failure counts as read then."""
        if (target := self.target) and (job := self.app.snapshot.jobs.get(target.key)):
            from tui.screens.logs import OutputScreen

            if job.state is JobState.FAILED:
                self.app.read_jobs |= {job.id}
            self.app.push_screen(OutputScreen(target.key))

    def action_copy(self) -> None:
        """Copy names and addresses, a line each."""
        lines = [_address(instance) for instance in self.targets()]
        self.app.copy_to_clipboard("\n".join(lines))
        self.app.say(f"Copied {lines[0]}" if len(lines) == 1 else f"Copied {len(lines)} names")

    def action_reload(self) -> None:
        """Ask both engines again."""
        self.app.fleet.refresh()
        self.app.say("Asking both engines again")

    def _acted(self) -> None:
        """An action went out; subclasses may clear their marks."""

    def _pair(self) -> tuple[Instance, ...]:
        """The first target and, if there is one, its counterpart on the other side."""
        return pair_of(self.app.snapshot, self.target.key) if self.target else ()

    def _submit(self, verb: Verb) -> None:
        if group := self.group():
            self._submit_all(verb, group)
        else:
            self._ask(lambda instance: verb)

    def _submit_all(self, verb: Verb | None, group: Sequence[Instance]) -> None:
        if verb is not None:
            keys = [i.key for i in members_for(verb, group)]
            self.app.submit(verb, keys, turn=turn_of(verb, group))
            self._acted()

    def _ask(self, choose: Callable[[Instance], Verb | None]) -> None:
        """Submit what the first target calls for to all targets it makes sense for."""
        targets = self.targets()
        if not targets or (verb := choose(targets[0])) is None:
            return
        fit = [i for i in targets if verb in verbs_for(i)]
        self.app.submit(verb, [i.key for i in fit])
        if left_out := len(targets) - len(fit):
            self.app.say(f"{verb}: {left_out} of {len(targets)} left out, not in a state for it")
        self._acted()


def _address(instance: Instance) -> str:
    """`container:web 127.0.0.1:8080`."""
    outside: list[Any] = [port.partition("->")[0] for port in instance.ports if "->" in port]
    return " ".join([f"{instance.side}:{visible_name(instance.name)}", *outside])
