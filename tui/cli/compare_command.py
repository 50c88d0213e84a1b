"""`twindeck compare`: the same workload as a VM and as a container, measured on this host."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import click

from tui.cli.completion import complete_workload
from tui.cli.session import Settings, say
from tui.errors import UsageError
from tui.results import Row, RunState
from tui.text import clean
from tui.units import about

if TYPE_CHECKING:
    from types import FrameType

    from tui.lab.lab import Lab
    from tui.lab.view import Progress

_LOOK_SECONDS = 0.5
_CANCELLED_EXIT_CODE = 130


class RowList(click.ParamType):  # type: ignore[type-arg]
    """`boot,size` as the rows of that name."""

    name = "rows"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Row, ...]:
        """Raises click's usage error for a row there is not."""
        words = [word.strip() for word in str(value).split(",") if word.strip()]
        known = ", ".join(Row)
        for word in words:
            if word not in Row.__members__.values():
                self.fail(f"no row {word}; rows are {known}", param, ctx)
        return tuple(Row(word) for word in words)


@click.command()
@click.argument("workload", required=False, shell_complete=complete_workload)
@click.option("--quick", "is_quick", is_flag=True, help="Fewer readings, in about 12 minutes.")
@click.option(
    "--rows", type=RowList(), default="", metavar="ROW,...", help="These rows only: boot,size,…"
)
@click.option(
    "--density",
    type=click.IntRange(1, 50),
    metavar="N",
    help="Start N more of each side for the density row.  [default: 5 containers, 2 VMs]",
)
@click.option("--resume", "run_id", metavar="RUN", help="Take what an interrupted run lacks.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before a full run.")
@click.option("--json", "as_json", is_flag=True, help="The table as JSON.")
@click.pass_obj
def compare(
    settings: Settings,
    workload: str | None,
    is_quick: bool,
    rows: tuple[Row, ...],
    density: int | None,
    run_id: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Run WORKLOAD as a VM and as a container, measure both, and print the table.

    The instances are the lab's own; yours are not touched. ctrl+c cancels: what was measured is
    kept, what was started is taken down, and --resume goes on from there.
    """
    if (workload is None) == (run_id is None):
        raise UsageError("name a workload, or a run with --resume RUN", "twindeck compare nginx")
    settings.guard.refuse(f"compare {workload}" if workload else f"resume {run_id}")
    from tui.lab.build import open_lab

    lab = open_lab(settings.project, guard=settings.guard, density=density)
    news: SimpleQueue[Progress] = SimpleQueue()
    lab.subscribe(news.put)
    if workload is not None:
        plan = lab.plan(workload, is_quick=is_quick, rows=rows)
        say(f"about {about(plan.seconds)}, {plan.steps} readings")
        if not is_quick and not yes and sys.stdin.isatty():
            click.confirm("Go on?", abort=True, default=True, err=True)
        run_id = lab.start(workload, is_quick=is_quick, rows=rows)
    else:
        assert run_id is not None  # one of the two was given
        run_id = lab.resume(run_id)
    say(f"run {run_id}")
    with _cancelling(lab):
        last = _follow(lab, news)
    _conclude(lab, run_id, last, as_json)


def _conclude(lab: Lab, run_id: str, last: Progress, as_json: bool) -> None:
    if last.error:
        say(f"twindeck: {last.error}")
    from tui.cli.run_table import print_run

    # A run that could not even begin is not in the history; why was told already.
    with suppress(UsageError):
        print_run(lab.table(run_id), as_json=as_json)
    if last.state is RunState.CANCELLED:
        say(f"cancelled; go on with: twindeck compare --resume {run_id}")
        sys.exit(_CANCELLED_EXIT_CODE)
    if last.state is not RunState.DONE:
        sys.exit(1)


@contextmanager
def _cancelling(lab: Lab) -> Iterator[None]:
    """The first signal cancels the run; the pair is taken down before the command ends."""

    def cancel(number: int, frame: FrameType | None) -> None:
        say("cancelling: what was started is taken down, what was measured is kept")
        lab.cancel()

    before = {one: signal.signal(one, cancel) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _follow(lab: Lab, news: SimpleQueue[Progress]) -> Progress:
    """Tell the progress until the run is over; returns the last one."""
    is_live = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    last, told = lab.progress(), ""
    while True:
        is_over = lab.wait(0)
        try:
            while True:
                last = news.get(timeout=0 if is_over else _LOOK_SECONDS)
                if last.doing != told:
                    told = last.doing
                    _tell(last, is_live)
        except Empty:
            pass
        if is_over:
            if is_live:
                click.echo("\r\x1b[K", nl=False, err=True)
            assert last is not None  # a run tells of itself before it begins
            return last


def _tell(progress: Progress, is_live: bool) -> None:
    share = f"[{progress.step}/{progress.steps}]"
    left = "" if progress.left_seconds is None else f" · {about(progress.left_seconds)} left"
    line = clean(f"{share} {progress.doing}{left}")
    if is_live:
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r\x1b[K{line[:width]}", nl=False, err=True)
    else:
        say(line)


COMMANDS: dict[str, click.Command] = {"compare": compare}
