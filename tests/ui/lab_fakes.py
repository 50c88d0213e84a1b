"""A lab in memory: nothing is measured unless the test says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tests.ui.lab_studies import nginx_run, nginx_study
from tui.errors import UsageError
from tui.lab.table import make_table
from tui.lab.view import Plan, Progress
from tui.results import Arm, Row, Run, RunState, Study, Table

STARTED = "nginx-20260528-203320"


class FakeLab:
    """Implements `LabView` and records what it was asked to do."""

    def __init__(
        self,
        studies: Sequence[Study] = (),
        *,
        progress: Progress | None = None,
        read_only: bool = False,
    ) -> None:
        self.studies = {study.run.id: study for study in studies}
        self.asked: list[tuple[str, str]] = []
        self.error = ""
        """What starting and resuming are refused with."""
        self.left_out: tuple[str, ...] = ()
        """What `unreadable` tells."""
        self._progress = progress
        self._read_only = read_only
        self._receivers: list[Callable[[Progress], None]] = []

    def plan(self, workload: str, *, is_quick: bool, rows: Sequence[Row] = ()) -> Plan:
        return Plan(690.0, 214) if is_quick else Plan(4230.0, 1310)

    def start(self, workload: str, *, is_quick: bool, rows: Sequence[Row] = ()) -> str:
        self._refuse()
        self.asked.append(("start", f"{workload} {'quick' if is_quick else 'full'}"))
        run = replace(nginx_run(), id=STARTED, state=RunState.RUNNING, is_quick=is_quick)
        self.studies[STARTED] = Study(run)
        self.push(under_way(STARTED, step=0, row=None, arm=None, doing="getting ready"))
        return STARTED

    def resume(self, run_id: str) -> str:
        self._refuse()
        self.asked.append(("resume", run_id))
        return run_id

    def _refuse(self) -> None:
        if self._read_only:
            raise UsageError("read-only: will not compare anything")
        if self.error:
            raise UsageError(self.error)

    def cancel(self) -> None:
        self.asked.append(("cancel", ""))

    def progress(self) -> Progress | None:
        return self._progress

    def push(self, progress: Progress) -> None:
        """Make this the newest progress and tell the subscribers."""
        self._progress = progress
        for receive in list(self._receivers):
            receive(progress)

    def subscribe(self, receive: Callable[[Progress], None]) -> Callable[[], None]:
        self._receivers.append(receive)
        return lambda: self._receivers.remove(receive)

    def runs(self, limit: int = 50) -> list[Run]:
        found = sorted((s.run for s in self.studies.values()), key=lambda run: -run.started_at)
        return found[:limit]

    def unreadable(self) -> tuple[str, ...]:
        return self.left_out

    def study(self, run_id: str) -> Study:
        if run_id not in self.studies:
            raise UsageError(f"no comparison {run_id}", "twindeck runs")
        return self.studies[run_id]

    def table(self, run_id: str) -> Table:
        return make_table(self.study(run_id))

    def markdown(self, run_id: str) -> str:
        return f"# {self.study(run_id).run.title}\n\n| row | VM | container |\n"

    def delete(self, run_id: str) -> None:
        self.asked.append(("delete", run_id))
        del self.studies[run_id]


def under_way(run_id: str, **more: object) -> Progress:
    """Disk readings of a quick run, a third of the way."""
    base = Progress(
        run_id=run_id,
        workload="nginx",
        is_quick=True,
        state=RunState.RUNNING,
        step=74,
        steps=214,
        doing="disk: vm, reading 2",
        elapsed_seconds=251.0,
        left_seconds=430.0,
        arm=Arm.VM,
        row=Row.STORAGE,
        lines=("==> lab-nginx: Machine booted and ready!", "fio: 4k randread, 2 s"),
    )
    return replace(base, **more)  # type: ignore[arg-type]


def partial(study: Study, run_id: str, rows: Sequence[Row]) -> Study:
    """The study as it was when only these rows had been measured."""
    run = replace(
        study.run, id=run_id, state=RunState.RUNNING, finished_at=None, busy_seconds=251.0
    )
    wanted = {m.id for m in run.metrics if m.row in rows}
    return Study(run, tuple(m for m in study.measurements if m.metric in wanted))


def history() -> list[Study]:
    """Five runs: four done on this host, one of them full; one cancelled elsewhere."""
    first = nginx_study()
    day = 86400.0
    older = [
        replace(
            nginx_study(seed),
            run=replace(
                first.run,
                id=f"nginx-2026052{8 - seed}-120000",
                started_at=first.run.started_at - seed * day,
            ),
        )
        for seed in (1, 2)
    ]
    full = replace(
        nginx_study(5),
        run=replace(
            first.run,
            id="nginx-20260520-080000",
            started_at=first.run.started_at - 8 * day,
            is_quick=False,
            busy_seconds=4310.0,
        ),
    )
    cut = partial(first, "nginx-20260519-080000", (Row.SIZE, Row.ISOLATION, Row.BOOT))
    elsewhere = replace(
        cut,
        run=replace(
            cut.run,
            state=RunState.CANCELLED,
            started_at=first.run.started_at - 9 * day,
            host_hash="0c77ab1299fe",
            accelerator="kvm",
        ),
    )
    return [first, *older, full, elsewhere]
