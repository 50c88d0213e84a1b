"""Runs actions: one at a time per instance, in the order asked; keeps their output."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import BoundedSemaphore, Condition, Event, Lock, Thread

from tui.core.reasons import reason_of
from tui.errors import TwindeckError
from tui.fleet.boottimer import BootTimer
from tui.model import AS_USUAL, Options, Phase, SideName, Verb
from tui.snapshot import Job, JobState
from tui.text import clean

OUTPUT_LINES = 5000
_BOOTING = (Phase.BOOT, Phase.PROVISION, Phase.ANSWER)
AT_ONCE = {SideName.VM: 4, SideName.CONTAINER: 8}


class JobRun:
    """One job while it runs: the `Report` the side talks to."""

    def __init__(self, job: Job, changed: Callable[[], None], turn: str = "") -> None:
        self._lock = Lock()
        self._job = job
        self._lines: deque[str] = deque(maxlen=OUTPUT_LINES)
        self._changed = changed
        self.turn = turn
        self.timer = BootTimer(job.requested_t_ns)
        self.accelerated_by: str | None = None
        self.is_booting = Event()
        """Set once it runs: from BOOT on the workload may answer."""

    @property
    def job(self) -> Job:
        """As it stands now."""
        with self._lock:
            return self._job

    @property
    def output(self) -> tuple[str, ...]:
        """Cleaned output so far, oldest first."""
        with self._lock:
            return tuple(self._lines)

    def line(self, text: str) -> None:
        """One line of output, raw."""
        cleaned = _shown(text)
        with self._lock:
            self._lines.append(cleaned)
            if cleaned.strip():
                self._job = replace(self._job, last_line=cleaned.strip())
        self._changed()

    def phase(self, phase: Phase) -> None:
        """`phase` begins now."""
        now = time.monotonic_ns()
        with self._lock:
            if self.timer.begin(phase, now):
                self._job = replace(self._job, phase=phase, phase_t_ns=now)
        if phase in _BOOTING:
            self.is_booting.set()
        self._changed()

    def accelerator(self, name: str) -> None:
        """What accelerates the VM."""
        self.accelerated_by = name

    def began(self) -> None:
        """Its turn has come; a boot is timed from here, not from its place in the queue."""
        with self._lock:
            self.timer = BootTimer(time.monotonic_ns())
        self._move(JobState.RUNNING, "")

    def restart_clock(self) -> None:
        """What came before was not part of the boot."""
        now = time.monotonic_ns()
        with self._lock:
            self.timer = BootTimer(now)
            self._job = replace(self._job, phase=Phase.PREPARE, phase_t_ns=now)
        self._changed()

    def finished(self, error: str = "") -> None:
        """It is over; `error` is one plain line, "" for success."""
        if error:
            error = _shown(error)
            with self._lock:
                self._lines.append(error)
        self._move(JobState.FAILED if error else JobState.DONE, error)

    def _move(self, state: JobState, error: str) -> None:
        now = time.monotonic_ns()
        with self._lock:
            self._job = replace(
                self._job,
                state=state,
                error=error,
                finished_t_ns=None if state is JobState.RUNNING else now,
            )
        self._changed()


def _shown(text: str) -> str:
    # Its patterns are compiled with it, and the first frame needs none.
    from tui.core.secrets import mask_text

    return mask_text(clean(text))


class JobBoard:
    """All jobs: a queue per instance, each served by a thread of its own while it has work."""

    def __init__(self, work: Callable[[JobRun], None], changed: Callable[[], None]) -> None:
        self._work = work
        self._changed = changed
        self._lock = Lock()
        self._numbers = itertools.count(1)
        self._newest: dict[str, JobRun] = {}
        self._runs: dict[int, JobRun] = {}
        self._queues: dict[str, deque[JobRun]] = {}
        self._turns: dict[str, deque[int]] = {}
        """Turn -> ids of the jobs that take it, the one at work first."""
        self._over = Condition(self._lock)
        self._slots = {side: BoundedSemaphore(count) for side, count in AT_ONCE.items()}

    def jobs(self) -> dict[str, Job]:
        """Key -> what to show of it: the job at work, else the newest."""
        with self._lock:
            shown = dict(self._newest)
            shown.update({key: queue[0] for key, queue in self._queues.items() if queue})
        return {key: run.job for key, run in shown.items()}

    def find(self, job_id: int) -> Job | None:
        """One job as it stands now; the last 200 are remembered."""
        with self._lock:
            run = self._runs.get(job_id)
        return run.job if run else None

    def output(self, key: str) -> tuple[str, ...]:
        """Output of the job `jobs()` shows for that instance."""
        with self._lock:
            queue = self._queues.get(key)
            run = queue[0] if queue else self._newest.get(key)
        return run.output if run else ()

    def is_active(self, key: str) -> bool:
        """Whether a job on that instance waits or runs."""
        with self._lock:
            return bool(self._queues.get(key))

    def is_busy(self, side: SideName) -> bool:
        """Whether any job of that side waits or runs."""
        with self._lock:
            return any(queue and queue[0].job.side is side for queue in self._queues.values())

    def forget(self, side: SideName) -> None:
        """What was done on that side is not to be shown on instances of another engine."""
        with self._lock:
            self._newest = {k: r for k, r in self._newest.items() if r.job.side is not side}

    def submit(
        self,
        verb: Verb,
        side: SideName,
        name: str,
        turn: str = "",
        options: Options = AS_USUAL,
    ) -> Job:
        """Queue a verb behind those already asked of the instance.

        Jobs with the same `turn` are done one after the other, in the order asked.
        """
        job = Job(
            id=next(self._numbers),
            verb=verb,
            side=side,
            name=name,
            state=JobState.QUEUED,
            requested_t_ns=time.monotonic_ns(),
            options=options,
        )
        run = JobRun(job, self._changed, turn)
        with self._lock:
            self._remember(run)
            if turn:
                self._turns.setdefault(turn, deque()).append(job.id)
            queue = self._queues.setdefault(job.key, deque())
            queue.append(run)
            is_first = len(queue) == 1
        if is_first:
            Thread(target=self._serve, args=(job.key,), name=f"job {job.key}", daemon=True).start()
        self._changed()
        return job

    @contextmanager
    def _in_turn(self, run: JobRun) -> Iterator[None]:
        """While it is its turn; what does not take turns need not wait."""
        if not run.turn:
            yield
            return
        with self._over:
            self._over.wait_for(lambda: self._turns[run.turn][0] == run.job.id)
        try:
            yield
        finally:
            with self._over:
                waiting = self._turns[run.turn]
                waiting.popleft()
                if not waiting:
                    del self._turns[run.turn]
                self._over.notify_all()

    def _remember(self, run: JobRun) -> None:
        self._newest[run.job.key] = run
        self._runs[run.job.id] = run
        while len(self._runs) > 200:
            self._runs.pop(next(iter(self._runs)))

    def _serve(self, key: str) -> None:
        while True:
            with self._lock:
                queue = self._queues[key]
                if not queue:
                    del self._queues[key]
                    break
                run = queue[0]
            self._serve_one(run)
            with self._lock:
                queue.popleft()
            self._changed()

    def _serve_one(self, run: JobRun) -> None:
        with self._in_turn(run), self._slots[run.job.side]:
            run.began()
            try:
                self._work(run)
            except TwindeckError as error:
                run.finished(error.line)
            except Exception as error:  # a thread's edge: nothing above would show it
                run.finished(f"{run.job.verb} {run.job.key} failed: {reason_of(error)}")
            else:
                run.finished()
