"""`twindeck runs` and `twindeck report`: what was measured, again, elsewhere, and over time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli.run_table import print_run
from tui.cli.session import Settings, say
from tui.cli.tables import print_json, put, table
from tui.core.files import replace_file
from tui.core.guard import Guard
from tui.errors import StoreError, UsageError
from tui.results import Arm, Estimate, Row, Run, Study
from tui.text import clean
from tui.units import about, figure, timestamp

if TYPE_CHECKING:
    from tui.run_store import Runs

_FORMATS = ("md", "html", "json", "csv")
_MANY = 10_000


def _guard() -> Guard:
    settings = click.get_current_context().find_object(Settings)
    return settings.guard if settings else Guard()


def _open() -> Runs:
    from tui.run_store import Runs
    from tui.store import Store

    return Runs(Store(guard=_guard()))


@click.group(invoke_without_command=True)
@click.option("--workload", metavar="NAME", help="Of this workload only.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def runs(ctx: click.Context, workload: str | None, as_json: bool) -> None:
    """List the comparisons kept in the history, newest first."""
    if ctx.invoked_subcommand is not None:
        return
    found, unreadable = _open().read(workload, _MANY)
    _tell(unreadable)
    if as_json:
        print_json([_summary(run) for run in found])
        return
    rows = [
        (
            run.id,
            "quick" if run.is_quick else "full",
            str(run.state),
            about(run.busy_seconds),
            run.accelerator or "—",
            run.host_hash or "—",
        )
        for run in found
    ]
    put(table(("RUN", "KIND", "STATE", "TOOK", "ACCELERATOR", "HOST"), rows))


def _summary(run: Run) -> dict[str, object]:
    return {
        "run": run.id,
        "workload": run.workload,
        "started_at": timestamp(run.started_at),
        "state": str(run.state),
        "quick": run.is_quick,
        "seconds": run.busy_seconds,
        "accelerator": run.accelerator,
        "host": run.host_hash,
        "rows": [str(row) for row in run.rows],
    }


@runs.command()
@click.argument("run_id", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="The table as JSON.")
def show(run_id: str, as_json: bool) -> None:
    """Print the table of RUN."""
    from tui.lab.table import make_table

    print_run(make_table(_open().study(run_id)), as_json=as_json)


@runs.command()
@click.argument("first")
@click.argument("second")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def diff(first: str, second: str, as_json: bool) -> None:
    """Put the medians of two runs side by side."""
    from tui.lab.diff import differ, unlike

    history = _open()
    one, two = history.study(first), history.study(second)
    for line in unlike(one.run, two.run):
        say(f"{line}: not a before and after")
    pairs = differ(one, two)
    if as_json:
        print_json(
            [
                {
                    "metric": p.metric.id,
                    "unit": p.metric.unit,
                    "arm": str(p.arm),
                    "first": p.first.median if p.first else None,
                    "second": p.second.median if p.second else None,
                    "ratio": p.change,
                }
                for p in pairs
            ]
        )
        return
    rows = [
        (
            p.metric.id,
            str(p.arm),
            figure(p.first.median if p.first else None, p.metric.unit),
            figure(p.second.median if p.second else None, p.metric.unit),
            "—" if p.change is None else f"{p.change:.2f}",
        )
        for p in pairs
    ]
    put(table(("METRIC", "ON", one.run.id, two.run.id, "2ND/1ST"), rows))


@runs.command()
@click.argument("metric", metavar="ROW|METRIC")
@click.option("--workload", metavar="NAME", help="Of this workload only.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def trend(metric: str, workload: str | None, as_json: bool) -> None:
    """Show a row's headline, or any metric, over all runs, oldest first."""
    from tui.lab.diff import trend as over_runs

    history = _open()
    found_runs, unreadable = history.read(workload, _MANY)
    _tell(unreadable)
    studies = _readable(history, [run.id for run in found_runs])
    if metric in Row.__members__.values():
        headlines = (m for s in studies for m in s.run.metrics if m.is_headline)
        metric = next((m.id for m in headlines if m.row == metric), metric)
    found = over_runs(studies, metric)
    if not found:
        raise UsageError(f"no run has figures of {metric}", "twindeck runs show RUN --json")
    known = next(m for s in studies for m in s.run.metrics if m.id == metric)
    if as_json:
        print_json(
            [
                {"run": run.id, "metric": metric, "unit": known.unit}
                | {str(arm): e.median for arm, e in arms.items()}
                for run, arms in found
            ]
        )
        return
    arms = [arm for arm in Arm if any(arm in estimates for _, estimates in found)]
    put(clean(f"{metric}: {known.title}"))
    rows = [
        (run.id, run.accelerator or "—", *(_median(estimates, arm, known.unit) for arm in arms))
        for run, estimates in found
    ]
    put(table(("RUN", "ACCELERATOR", *(str(arm).upper() for arm in arms)), rows))


def _tell(lines: Sequence[str]) -> None:
    for line in lines:
        say(f"twindeck: {line}")


def _readable(history: Runs, run_ids: Sequence[str]) -> list[Study]:
    """Those of the runs that can be read; the others are told. Raises UsageError."""
    studies = []
    for run_id in run_ids:
        try:
            studies.append(history.study(run_id))
        except StoreError as error:
            say(f"twindeck: {error.line}")
    return studies


def _median(estimates: dict[Arm, Estimate], arm: Arm, unit: str) -> str:
    found = estimates.get(arm)
    return figure(found.median if found else None, unit)


@runs.command()
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN...")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Not stdout.")
def export(run_ids: Sequence[str], output: Path | None) -> None:
    """Write runs, with every reading, as JSON for another host."""
    from tui.lab.exchange import dump

    _refuse_file(output)
    studies = _readable(_open(), run_ids)
    _write(dump(studies), output)
    if len(studies) < len(run_ids):
        sys.exit(1)


@runs.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def import_(file: Path) -> None:
    """Add the runs of FILE to the history; those it has are left as they are.

    A run in it that is wrong is told and left out; the others come in, all at once.
    """
    _guard().refuse(f"import {file}")
    from tui.lab.exchange import load

    parcel = load(file)
    new = _open().bring(parcel.studies)
    for study in parcel.studies:
        count = f"{len(study.measurements)} readings"
        say(f"{study.run.id}: {count if study.run.id in new else 'in the history already'}")
    _tell(parcel.refused)
    if parcel.refused:
        sys.exit(1)


@runs.command()
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN...")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def rm(run_ids: Sequence[str], yes: bool) -> None:
    """Forget runs and all their readings."""
    _guard().refuse(f"forget {', '.join(run_ids)}")
    history = _open()
    full = [history.find(run_id) for run_id in run_ids]
    _confirm(full, yes)
    history.delete(full)


@runs.command()
@click.option("--keep", type=click.IntRange(0), required=True, metavar="N", help="The newest N.")
@click.option("--workload", metavar="NAME", help="Of this workload only.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def prune(keep: int, workload: str | None, yes: bool) -> None:
    """Forget all runs but the newest."""
    _guard().refuse("forget any run")
    history = _open()
    old = history.ids(workload)[keep:]
    if not old:
        say("nothing to forget")
        return
    _confirm(old, yes)
    history.delete(old)
    for run_id in old:
        say(f"forgot {run_id}")


def _confirm(run_ids: Sequence[str], yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"forgetting {', '.join(run_ids)} is asked first, and there is no terminal to ask on",
            "add --yes",
        )
    click.confirm(clean(f"Forget {', '.join(run_ids)}?"), abort=True, err=True)


@click.command()
@click.argument("run_id", required=False, metavar="[RUN]")
@click.option(
    "--format",
    "kind",
    type=click.Choice(_FORMATS),
    default="md",
    show_default=True,
    help="As what.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Not stdout.")
def report(run_id: str | None, kind: str, output: Path | None) -> None:
    """Print the report of RUN, of the newest run without one."""
    from tui.lab.reports import render
    from tui.lab.table import make_table

    _refuse_file(output)
    history = _open()
    if run_id is None:
        newest = history.newest()
        if newest is None:
            raise UsageError("nothing was compared yet", "twindeck compare nginx --quick")
        run_id = newest.id
    study = history.study(run_id)
    _write(render(make_table(study), study, kind), output)


def _refuse_file(output: Path | None) -> None:
    """Before anything is read: what read-only will not write is not made either."""
    if output is not None:
        _guard().refuse(f"write {output}")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        put(text, nl=False)
        return
    replace_file(output, text)


COMMANDS: dict[str, click.Command] = {"runs": runs, "report": report}
