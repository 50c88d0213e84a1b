"""The table on stdout: what is shown of a row, and why of one that could not be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.studies import study, taken
from tui.cli.run_table import print_run
from tui.lab.table import make_table
from tui.results import Arm, Measurement, Row, RunState


def test_each_side_without_a_figure_gives_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    died = Measurement("cpu.events", Arm.VM, 0, error="the VM went away:\x1b[2J it is stopped")
    one = study(
        tmp_path,
        taken("boot.warm", Arm.VM, 20.0),
        taken("boot.warm", Arm.CONTAINER, 0.25),
        taken("cpu.events", Arm.CONTAINER, 4500.0),
        [died],
        rows=(Row.BOOT, Row.PERFORMANCE),
        state=RunState.CANCELLED,
    )
    print_run(make_table(one), as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("Boot time") and "20.0 s" in line for line in lines)
    assert lines[-2:] == ["", "performance, vm: the VM went away: it is stopped"]
    assert all(len(line) <= 80 for line in lines)
