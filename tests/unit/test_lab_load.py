"""A workload's own load command: what is run, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tui.errors import ActionFailed
from tui.lab.instrument import Output
from tui.lab.instruments import load
from tui.model import Load, Probe, Workload
from tui.results import Arm, Better, Row

PGBENCH = """\
pgbench (15.8 (Debian 15.8-0+deb12u1))
number of transactions actually processed: 1523
latency average = 5.252 ms
initial connection time = 12.1 ms
tps = 761.594021 (without initial connection time)
"""
LOAD = Load(
    title="TPC-B, 4 clients",
    argv=("pgbench", "-p", "{port}", "-T", "{seconds}", "-j", "{cpus}", "-D", "x={y}"),
    pattern=r"tps = ([\d.]+)",
    unit="transactions/s",
    prepare=("pgbench", "-i", "-p", "{port}"),
)


class FakeRig:
    """Answers every command alike."""

    def __init__(self, workload: Workload, stdout: str, stderr: str = "") -> None:
        self.workload = workload
        self.output = Output(stdout, stderr, 0, 3.5)
        self.ran: list[tuple[Arm, tuple[str, ...]]] = []

    def run(self, arm: Arm, argv: Sequence[str], **_options: Any) -> Output:
        self.ran.append((arm, tuple(argv)))
        return self.output


def make_workload(given: Load | None = LOAD) -> Workload:
    return Workload("w", "w", Path(), 5432, 8080, 18080, Probe("tcp"), cpus=2, load=given)


def test_a_workload_without_one_has_no_such_figure() -> None:
    assert load.instruments(make_workload(None), is_quick=True) == ()


def test_placeholders_are_filled_and_the_number_is_found() -> None:
    workload = make_workload()
    (instrument,) = load.instruments(workload, is_quick=True)
    rig: Any = FakeRig(workload, PGBENCH)
    assert instrument.prepare is not None
    instrument.prepare(rig, Arm.VM)
    (reading,) = instrument.measure(rig, Arm.CONTAINER)
    assert (reading.metric, reading.value) == ("load.result", 761.594021)
    assert reading.parts == {"host_seconds": 3.5}
    assert rig.ran == [
        (Arm.VM, ("pgbench", "-i", "-p", "5432")),
        (Arm.CONTAINER, ("pgbench", "-p", "5432", "-T", "3", "-j", "2", "-D", "x={y}")),
    ]
    assert instrument.arms == (Arm.VM, Arm.CONTAINER)


def test_the_metric_is_what_the_folder_says() -> None:
    slower = Load("wait", ("t",), "(.)", "ms", more_is_better=False, row="storage")
    (instrument,) = load.instruments(make_workload(slower), is_quick=False)
    (metric,) = instrument.metrics
    assert (metric.id, metric.row, metric.unit) == ("load.result", Row.STORAGE, "ms")
    assert metric.better is Better.LESS
    assert not metric.is_headline
    (instrument,) = load.instruments(make_workload(), is_quick=False)
    assert instrument.metrics[0].row is Row.PERFORMANCE
    assert "pgbench -p 5432 -T 10 -j 2" in instrument.metrics[0].method


def test_nothing_to_prepare_runs_nothing() -> None:
    workload = make_workload(Load("t", ("t",), "(1)", "x"))
    (instrument,) = load.instruments(workload, is_quick=True)
    rig: Any = FakeRig(workload, "")
    assert instrument.prepare is not None
    instrument.prepare(rig, Arm.VM)
    assert rig.ran == []


@pytest.mark.parametrize(
    ("pattern", "stdout", "stderr", "words"),
    [
        (r"tps = (\d+)", "connection refused\n", "", "was to print what .* connection refused"),
        (r"tps = (\d+)", "", "", "it printed nothing"),
        (r"tps = (\S+)", "tps = many", "", "a decimal number; its last line: tps = many"),
        (r"tps = (\S+)", "tps = inf", "", "a decimal number"),
        (r"tps = \d+", "tps = 5", "", "a decimal number"),
        (r"tps = (\d+)?", "tps = ", "", "a decimal number"),
    ],
)
def test_what_is_no_result_is_refused(pattern: str, stdout: str, stderr: str, words: str) -> None:
    given = Load("t", ("pgbench",), pattern, "x")
    with pytest.raises(ActionFailed, match=words):
        load.parse(given, Output(stdout, stderr, 0, 1.0))


def test_a_result_on_the_other_stream_counts() -> None:
    assert load.parse(LOAD, Output("", "tps = 12.5\n", 0, 1.0)) == 12.5
