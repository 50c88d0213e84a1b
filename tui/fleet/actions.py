"""Carries out one job: the side acts, the probe waits for the workload, the boot is recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event, Thread

from tui.errors import ActionFailed
from tui.fleet.jobs import JobRun
from tui.model import Boot, Instance, Phase, SideName, State, Verb, Workload
from tui.sides.base import Side

BOOTS = frozenset({Verb.UP, Verb.START, Verb.RELOAD})
_AT_REST = frozenset({State.STOPPED, State.CREATED, State.ABSENT, State.DEAD})
_RUNS = frozenset({State.RUNNING})
WANTED: Mapping[Verb, frozenset[State]] = {
    Verb.UP: _RUNS,
    Verb.START: _RUNS,
    Verb.STOP: _AT_REST,
    Verb.KILL: _AT_REST,
    # Some of Vagrant's providers cannot freeze a machine, and save it instead.
    Verb.PAUSE: frozenset({State.PAUSED, State.SUSPENDED}),
    Verb.RESUME: _RUNS,
    Verb.RELOAD: _RUNS,
    Verb.PROVISION: _RUNS,
    # Where vagrant is told to by its Vagrantfile or provider, it keeps the memory in memory.
    Verb.SUSPEND: frozenset({State.SUSPENDED, State.PAUSED}),
    Verb.DESTROY: frozenset({State.ABSENT}),
}
"""The states that a verb is to lead to; an instance that is gone counts as absent."""
ANEW = frozenset({Verb.RELOAD, Verb.PROVISION})
"""Verbs that have something to do also where they lead to what is."""
_STEPS: Mapping[Verb, str] = {
    **dict.fromkeys((Verb.UP, Verb.START, Verb.RELOAD), "logs"),
    Verb.STOP: "kill",
}
"""The command to go on with when the verb did not get there; `inspect` for the others."""
_LOOK_SECONDS = 0.1


class Actions:
    """Performs jobs on the sides. Called from the job's own thread."""

    def __init__(
        self,
        side_of: Callable[[SideName], Side],
        workloads: Mapping[str, Workload],
        find: Callable[[str], Instance | None],
        record: Callable[[Boot], str | None],
        cancel: Event | None = None,
    ) -> None:
        self._side_of = side_of
        self._workloads = workloads
        self._find = find
        self._record = record
        """Keeps a boot; gives the reason when it could not."""
        self._cancel = cancel or Event()
        """Ends the wait for a workload's answer; what an engine has begun goes on to its end."""

    def perform(self, run: JobRun) -> None:
        """Do it and return when it is done. Raises TwindeckError."""
        workload = self._workload_of(run)
        verb = run.job.verb
        if verb in (Verb.RESTART, Verb.RELOAD):
            self._stop_first(run)
        if verb is Verb.RESTART:
            verb = Verb.START
        if verb is Verb.RESUME and self._is_suspended(run):
            # From the disk, in a new hypervisor: as much of a boot as any.
            verb = Verb.START
        if verb not in BOOTS:
            self._act(run, verb, workload)
            self._verify(run, verb)
        elif workload is None:
            self._act(run, verb, None)
            end_t_ns = time.monotonic_ns()
            self._verify(run, verb)
            self._store(run, None, end_t_ns, answered=False)
        else:
            self._boot(run, verb, workload)

    def _workload_of(self, run: JobRun) -> Workload | None:
        job = run.job
        instance = self._find(job.key)
        if instance is not None:
            return self._workloads.get(instance.workload or "")
        return self._workloads.get(job.name) if job.verb is Verb.UP else None

    def _is_suspended(self, run: JobRun) -> bool:
        instance = self._side_of(run.job.side).look(run.job.name)
        return instance is not None and instance.state is State.SUSPENDED

    def _stop_first(self, run: JobRun) -> None:
        """A restart is a stop, then a boot; only the boot is timed."""
        instance = self._side_of(run.job.side).look(run.job.name)
        if instance is not None and (instance.is_live or instance.state is State.UNKNOWN):
            self._act(run, Verb.STOP, None)
            self._verify(run, Verb.STOP)
        run.restart_clock()

    def _act(self, run: JobRun, verb: Verb, workload: Workload | None) -> None:
        job = run.job
        side = self._side_of(job.side)
        if verb is Verb.UP:
            if workload is None:
                raise ActionFailed(f"{job.name} is no workload of this project", "twindeck ls")
            side.up(workload, run, job.options)
        else:
            side.act(verb, job.name, run, job.options)

    def _verify(self, run: JobRun, verb: Verb) -> None:
        """Raises ActionFailed when the engine does not say that the verb got where it leads."""
        check_reached(verb, run.job.key, self._side_of(run.job.side).look(run.job.name))

    def _boot(self, run: JobRun, verb: Verb, workload: Workload) -> None:
        """Act while a prober knocks; the boot ends with the first good answer.

        It does not knock before the instance runs: a packet to a container without an interface
        yet leaves the bridge's address look-up pending, and that is only tried again after a
        second, so that asking early would make the answer late.
        """
        # Its HTTP client is no small import, and the first frame waits for this module.
        from tui.fleet.probe import wait_answer

        stop = Event()
        answered: list[int] = []
        port = workload.port_on(run.job.side)

        def knock() -> None:
            run.is_booting.wait()
            answer = wait_answer(workload.probe, port, stop)
            if answer is not None:
                answered.append(answer)

        prober = Thread(target=knock, name=f"probe {run.job.key}", daemon=True)
        prober.start()
        try:
            self._act(run, verb, workload)
            run.phase(Phase.ANSWER)
            deadline = time.monotonic() + workload.probe.timeout_seconds
            while prober.is_alive() and time.monotonic() < deadline and not self._cancel.is_set():
                prober.join(_LOOK_SECONDS)
        finally:
            stop.set()
            run.is_booting.set()
        if not answered and self._cancel.is_set():
            raise ActionFailed(f"{run.job.key}: cancelled before {workload.name} answered")
        self._verify(run, verb)
        if not answered:
            raise ActionFailed(
                f"{run.job.key} runs, but {workload.name} did not answer on 127.0.0.1:{port} "
                f"within {workload.probe.timeout_seconds:.0f} s",
                f"twindeck logs {run.job.key}",
            )
        self._store(run, workload, answered[0], answered=True)

    def _store(
        self, run: JobRun, workload: Workload | None, end_t_ns: int, *, answered: bool
    ) -> None:
        job = run.job
        phases = run.timer.phases(end_t_ns)
        total_seconds = sum(p.seconds for p in phases)
        self._record(
            Boot(
                side=job.side,
                name=job.name,
                started_at=time.time() - (time.monotonic_ns() - run.timer.requested_t_ns) / 1e9,
                total_seconds=total_seconds,
                phases=phases,
                accelerator=run.accelerated_by,
                workload=workload.name if workload else None,
                answered=answered,
            )
        )


def check_reached(verb: Verb, key: str, instance: Instance | None) -> None:
    """Whether the engine says of `instance` (None: it is gone) what `verb` was to lead to.

    Raises ActionFailed with what was asked, what is, and how to go on.
    """
    state = instance.state if instance else State.ABSENT
    if state in WANTED.get(verb, frozenset(State)):
        return
    is_ended = instance is not None and state is State.STOPPED
    if verb in BOOTS and instance and is_ended and instance.exit_code == 0:
        # It did what it was started for.
        return
    step = f"twindeck {_STEPS.get(verb, 'inspect')} {key}"
    if instance is None or state is State.UNKNOWN:
        why = f" ({instance.note})" if instance and instance.note else ""
        what = "is gone" if instance is None else f"could not be seen to get there{why}"
        raise ActionFailed(f"{verb} {key}: the engine took it, but {key} {what}", "twindeck ls")
    code = f" with exit code {instance.exit_code}" if is_ended and instance.exit_code else ""
    raise ActionFailed(f"{verb} {key}: the engine took it, but {key} is {state}{code}", step)
