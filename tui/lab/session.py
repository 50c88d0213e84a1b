"""One run from bringing the pair up to taking it down, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

from tui.engines.docker.resolver import Resolver
from tui.errors import TwindeckError
from tui.lab.cancel import Cancelled
from tui.lab.clock import RunClock
from tui.lab.estate import engine_id
from tui.lab.fingerprint import fingerprint, with_vm
from tui.lab.journal import RunJournal
from tui.lab.leftovers import clear
from tui.lab.lock import only_run
from tui.lab.noise import Noise
from tui.lab.owner import begin
from tui.lab.plan import RunPlan, Step
from tui.lab.project import lab_folder, make_project
from tui.lab.rig import LabRig
from tui.lab.runner import Runner
from tui.lab.stand import name_of
from tui.lab.view import Progress
from tui.model import Workload
from tui.results import Arm, RunState, Study
from tui.run_store import Runs
from tui.sides.docker_link import Link


class Session:
    """Owns the pair while the run lasts."""

    def __init__(
        self,
        runs: Runs,
        plan: RunPlan,
        study: Study,
        cancel: Event,
        on_line: Callable[[str], None],
        tell: Callable[[Progress], None],
        now: Progress,
        *,
        density: int | None = None,
        docker: Resolver | None = None,
    ) -> None:
        self._plan = plan
        self._cancel = cancel
        self._on_line = on_line
        self._tell_all = tell
        self._density = density
        self._docker = docker or Resolver()
        self._clock = RunClock(plan, study.run.busy_seconds)
        self._study = study
        self._runs = runs
        self._now = now
        self._describe: Callable[[], bool] | None = None

    def run(self, workload: Workload, vagrantfile: Path) -> None:
        """Measure and take down. Raises TwindeckError when it could not even begin."""
        with only_run():
            cleared = clear(lab_folder(), self._tell_of, self._docker)
            own = begin(lab_folder(), workload.name, engine_id(Link(self._docker)))
            try:
                rig = LabRig(
                    make_project(workload, vagrantfile, own),
                    own,
                    is_quick=self._plan.is_quick,
                    density=self._density,
                    cancel=self._cancel,
                    on_line=self._on_line,
                    docker=self._docker,
                )
                journal = RunJournal(self._runs, self._study.run, self._study.measurements)
                for line in cleared:
                    journal.event(line)
            except BaseException:
                own.remove()
                raise
            state, error = RunState.FAILED, "the comparison was interrupted"
            try:
                state, error = self._measure(rig, journal)
            finally:
                self._end(rig, journal, state, error)

    def skipped(self, step: Step) -> None:
        """See `Watch.skipped`."""
        self._clock.skip(step)

    def taking(self, step: Step) -> None:
        """See `Watch.taking`."""
        self._now = replace(self._now, arm=step.arm, row=step.instrument.metrics[0].row)
        self._say(_doing(step))

    def taken(self, step: Step) -> None:
        """See `Watch.taken`."""
        self._clock.count(step)
        if self._describe is not None and self._describe():
            self._describe = None

    def moving(self, what: str) -> None:
        """See `Watch.moving`."""
        self._say(what)

    def _measure(self, rig: LabRig, journal: RunJournal) -> tuple[RunState, str]:
        noise = Noise()
        try:
            self._describe_host(journal)
            others = rig.others()
            if others:
                journal.event(f"before the run: others run on this host: {', '.join(others)}")
            for line in noise.standing():
                journal.event(f"before the run: {line}")
            self._describe = partial(_describe_vm, rig, journal)
            Runner(rig, self._plan, journal, noise, self).run()
        except Cancelled:
            journal.event("cancelled")
            return RunState.CANCELLED, ""
        except TwindeckError as error:
            journal.event(error.line)
            return RunState.FAILED, error.line
        return RunState.DONE, ""

    def _describe_host(self, journal: RunJournal) -> None:
        host, digest = fingerprint(self._docker)
        before = journal.run.host
        if not before:
            journal.host(host, digest, None)
            return
        changed = [key for key, value in host.items() if before.get(key) != value]
        if changed:
            journal.event(f"resumed on a host that is not the same: {', '.join(changed)}")

    def _end(self, rig: LabRig, journal: RunJournal, state: RunState, error: str) -> None:
        self._now = replace(self._now, is_ending=True, arm=None, left_seconds=None, error=error)
        self._say("taking the pair down")
        for line in rig.take_down():
            journal.event(f"could not be removed: {line}")
            error = error or line
        journal.close(state, self._clock.elapsed_seconds)
        self._now = replace(
            self._now,
            state=state,
            is_ending=False,
            error=error,
            step=self._clock.steps if state is not RunState.DONE else self._now.steps,
        )
        self._say(str(state))

    def _tell_of(self, line: str) -> None:
        self._on_line(line)
        self._say(line)

    def _say(self, doing: str) -> None:
        ending = self._now.is_ending or self._now.state is not RunState.RUNNING
        self._now = replace(
            self._now,
            doing=doing,
            step=max(self._now.step, self._clock.steps),
            # A run that settles takes more readings than were planned.
            steps=max(self._now.steps, self._clock.steps),
            elapsed_seconds=self._clock.elapsed_seconds,
            left_seconds=None if ending else self._clock.left_seconds,
        )
        self._tell_all(self._now)


def _describe_vm(rig: LabRig, journal: RunJournal) -> bool:
    """Enter how the VM is built; False while there is none."""
    vm = rig.instance(Arm.VM)
    if not vm.is_live:
        return False
    host, digest = with_vm(journal.run.host, rig)
    journal.host(host, digest, vm.accelerator)
    return True


def _doing(step: Step) -> str:
    number = "warm-up" if step.is_warmup else f"reading {step.block + 1}"
    against = " against itself" if step.stream else ""
    return f"{step.instrument.name}: {name_of(step.arm)}{against}, {number}"
