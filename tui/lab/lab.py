"""The lab as the console and the command line use it: start, watch, cancel and resume a run."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from tui import __version__
from tui.core.guard import Guard
from tui.core.reasons import reason_of
from tui.core.secrets import mask_text
from tui.engines.docker.resolver import Resolver
from tui.errors import TwindeckError, UsageError
from tui.lab.view import Plan, Progress
from tui.model import Workload
from tui.results import Row, Run, RunState, Study, Table
from tui.run_store import Runs
from tui.workloads import find

if TYPE_CHECKING:
    from tui.lab.plan import RunPlan

_LINES = 200


class Lab:
    """Implements `LabView`. A run has a thread of its own; everything else returns soon.

    What measures brings the engines' libraries with it, so it is imported when it is needed.
    """

    def __init__(
        self,
        *,
        project: Path,
        workloads: Sequence[Workload],
        runs: Runs,
        guard: Guard = Guard(),  # noqa: B008 (frozen)
        density: int | None = None,
        docker: Resolver | None = None,
    ) -> None:
        self._project = project
        self._workloads: Mapping[str, Workload] = {w.name: w for w in workloads}
        self._runs = runs
        self._guard = guard
        self._density = density
        self._docker = docker or Resolver()
        self._lock = Lock()
        self._receivers: list[Callable[[Progress], None]] = []
        self._progress: Progress | None = None
        self._cancel = Event()
        self._thread: Thread | None = None

    def plan(self, workload: str, *, is_quick: bool, rows: Sequence[Row] = ()) -> Plan:
        """How long a run would take and of how many readings. Raises UsageError."""
        from tui.lab.plan import make_plan

        plan = make_plan(self._workload(workload), rows, is_quick=is_quick, seed=0)
        return Plan(seconds=plan.seconds, steps=plan.steps)

    def start(self, workload: str, *, is_quick: bool, rows: Sequence[Row] = ()) -> str:
        """Begin a run and return its id. Raises UsageError, StoreError."""
        self._guard.refuse(f"compare {workload}")
        seed = random.SystemRandom().randrange(1_000_000)
        one = self._workload(workload)
        now = datetime.now(UTC)
        run = Run(
            id=f"{workload}-{now:%Y%m%d-%H%M%S}",
            workload=workload,
            title=one.title,
            started_at=now.timestamp(),
            state=RunState.RUNNING,
            is_quick=is_quick,
            rows=tuple(row for row in Row if not rows or row in rows),
            seed=seed,
            twindeck_version=__version__,
        )
        self._begin(one, Study(run))
        return run.id

    def resume(self, run_id: str) -> str:
        """Take what a run still lacks. Raises UsageError, StoreError."""
        self._guard.refuse(f"resume {run_id}")
        study = self._runs.study(run_id)
        if study.run.state is RunState.DONE:
            raise UsageError(f"{study.run.id} is done: nothing is left to measure")
        workload = self._workload(study.run.workload)
        self._begin(workload, replace(study, run=replace(study.run, state=RunState.RUNNING)))
        return study.run.id

    def cancel(self) -> None:
        """Have the run under way end; its instances are taken down, what it measured is kept."""
        self._cancel.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Until the run is over and taken down; False when the time was over first."""
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way, its taking down included."""
        return self._thread is not None and self._thread.is_alive()

    def progress(self) -> Progress | None:
        """Of the run under way, or of the last one of this session."""
        with self._lock:
            return self._progress

    def subscribe(self, receive: Callable[[Progress], None]) -> Callable[[], None]:
        """Call `receive` from a lab thread with every progress; returns the undo."""
        with self._lock:
            self._receivers.append(receive)

        def undo() -> None:
            with self._lock:
                if receive in self._receivers:
                    self._receivers.remove(receive)

        return undo

    def runs(self, limit: int = 50) -> list[Run]:
        """Newest first. Raises StoreError."""
        return self._runs.list(limit=limit)

    def unreadable(self) -> tuple[str, ...]:
        """A line for each run that `runs` left out: why, and the next step. Raises StoreError."""
        return self._runs.read()[1]

    def study(self, run_id: str) -> Study:
        """A run with its measurements. Raises UsageError, StoreError."""
        return self._runs.study(run_id)

    def table(self, run_id: str) -> Table:
        """The table of a run, of one under way as far as it is. Raises UsageError, StoreError."""
        from tui.lab.table import make_table

        return make_table(self._runs.study(run_id))

    def markdown(self, run_id: str) -> str:
        """The report of a run. Raises UsageError, StoreError."""
        from tui.lab.reports import render
        from tui.lab.table import make_table

        study = self._runs.study(run_id)
        return render(make_table(study), study, "md")

    def delete(self, run_id: str) -> None:
        """Forget a run. Raises UsageError (read-only, the one under way), StoreError."""
        self._guard.refuse(f"forget {run_id}")
        now = self.progress()
        if self.is_busy and now is not None and now.run_id == run_id:
            raise UsageError(f"{run_id} is under way", "cancel it first")
        self._runs.delete([run_id])

    def _workload(self, name: str) -> Workload:
        return self._workloads.get(name) or find(self._project, name)

    def _begin(self, workload: Workload, study: Study) -> None:
        if self.is_busy:
            raise UsageError("a comparison is under way", "wait for it or cancel it")
        from tui.lab.plan import make_plan

        self._cancel = Event()
        plan = make_plan(workload, study.run.rows, is_quick=study.run.is_quick, seed=study.run.seed)
        metrics = {m.id: m for i in plan.all for m in i.metrics if m.row in study.run.rows}
        study = replace(study, run=replace(study.run, metrics=tuple(metrics.values())))
        now = _at_start(study.run, plan)
        self._tell(now)
        # Of one engine to its end, whatever the console uses meanwhile.
        docker = self._docker.pinned()
        self._thread = Thread(
            target=self._work, args=(workload, plan, study, now, docker), name="lab", daemon=False
        )
        self._thread.start()

    def _work(
        self, workload: Workload, plan: RunPlan, study: Study, now: Progress, docker: Resolver
    ) -> None:
        from tui.lab.session import Session

        lines: deque[str] = deque(maxlen=_LINES)

        def keep(line: str) -> None:
            lines.append(mask_text(line))

        def tell(progress: Progress) -> None:
            self._tell(replace(progress, lines=tuple(lines)))

        session = Session(
            self._runs,
            plan,
            study,
            self._cancel,
            keep,
            tell,
            now,
            density=self._density,
            docker=docker,
        )
        try:
            session.run(workload, self._project / "Vagrantfile")
        except TwindeckError as error:
            self._fail(error.line)
        except Exception as error:  # a thread's edge: nothing above would show it
            self._fail(f"the comparison failed: {reason_of(error)}")

    def _fail(self, reason: str) -> None:
        last = self.progress()
        assert last is not None  # told before the thread began
        self._tell(replace(last, state=RunState.FAILED, is_ending=False, error=reason))

    def _tell(self, progress: Progress) -> None:
        with self._lock:
            self._progress = progress
            receivers = tuple(self._receivers)
        for receive in receivers:
            receive(progress)


def _at_start(run: Run, plan: RunPlan) -> Progress:
    return Progress(
        run_id=run.id,
        workload=run.workload,
        is_quick=run.is_quick,
        state=RunState.RUNNING,
        step=0,
        steps=plan.steps,
        doing="getting ready",
        elapsed_seconds=run.busy_seconds,
        left_seconds=plan.seconds,
    )
