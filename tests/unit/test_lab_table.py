"""The table says what was measured, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.studies import study, taken
from tui.lab.as_json import table_json
from tui.lab.table import make_table
from tui.results import Arm, Measurement, Outcome, Row, TableRow, Verdict

VM, CONTAINER, HOST = Arm.VM, Arm.CONTAINER, Arm.HOST
SIX = (1.0, 1.01, 0.99, 1.02, 0.98, 1.0)


def row(tmp: Path, which: Row, *groups: list[Measurement], **changes: object) -> TableRow:
    table = make_table(study(tmp, *groups, **changes))
    return next(r for r in table.rows if r.row is which)


def test_a_run_has_its_rows_in_their_order_measured_or_not(tmp_path: Path) -> None:
    table = make_table(study(tmp_path))
    assert [r.row for r in table.rows] == list(Row)
    assert all(r.vm.value is None and r.vm.reason for r in table.rows)
    assert all(r.verdict is Verdict.UNDECIDED for r in table.rows)


def test_boots_outside_the_quoted_ranges_refute_the_claim(tmp_path: Path) -> None:
    boot = row(
        tmp_path,
        Row.BOOT,
        taken("boot.warm", VM, *(26 * x for x in SIX)),
        taken("boot.warm", CONTAINER, *(0.3 * x for x in SIX)),
    )
    assert boot.verdict is Verdict.REFUTED
    assert boot.vm.value == pytest.approx(26)
    assert boot.vm.note.startswith("tcg, software emulation")
    assert boot.ratio is not None
    assert boot.ratio.median == pytest.approx(86.7, rel=0.05)
    assert "under software emulation" in boot.ratio.says


def test_warm_ups_and_the_aa_run_are_kept_but_not_counted(tmp_path: Path) -> None:
    boot = row(
        tmp_path,
        Row.BOOT,
        taken("boot.warm", CONTAINER, 99.0, is_warmup=True),
        taken("boot.warm", CONTAINER, 0.3, 0.31, stream="a"),
        taken("boot.warm", CONTAINER, 0.3, 0.3, 0.3),
    )
    assert boot.container.samples == (0.3, 0.3, 0.3)


def test_below_the_noise_floor_there_is_no_measurable_difference(tmp_path: Path) -> None:
    groups = (
        taken("cpu.events", VM, *(1000 * x for x in SIX)),
        taken("cpu.events", CONTAINER, *(1030 * x for x in SIX)),
    )
    quiet = row(tmp_path, Row.PERFORMANCE, *groups, accelerator="kvm")
    assert quiet.ratio is not None
    assert "slower" in quiet.ratio.says
    noisy = (
        taken("cpu.events", CONTAINER, 1000.0, 1000.0, stream="a"),
        taken("cpu.events", CONTAINER, 1050.0, 1000.0, stream="b"),
    )
    loud = row(tmp_path, Row.PERFORMANCE, *groups, *noisy, accelerator="kvm")
    assert loud.ratio is not None
    assert loud.ratio.floor == pytest.approx(0.05)
    assert loud.ratio.says == "no measurable difference"


def test_a_host_that_drifted_since_the_aa_run_is_no_quieter_for_it(tmp_path: Path) -> None:
    groups = (
        taken("cpu.events", CONTAINER, 1000.0, 1001.0, stream="a"),
        taken("cpu.events", CONTAINER, 1001.0, 1000.0, stream="b"),
        taken("cpu.events", CONTAINER, *(900 * x for x in SIX)),
        taken("cpu.events", VM, *(950 * x for x in SIX)),
    )
    found = row(tmp_path, Row.PERFORMANCE, *groups, accelerator="kvm")
    assert found.ratio is not None
    assert found.ratio.floor == pytest.approx(0.11, abs=0.01)
    assert found.ratio.outcome is Outcome.NONE


def test_the_host_is_compared_block_by_block(tmp_path: Path) -> None:
    """The host halves its speed for all: no side is slower than it for that."""
    halves = [1.0, 1.0, 0.5, 0.5, 0.5, 1.0]
    groups = [taken("cpu.events", arm, *(1000 * x for x in halves)) for arm in (CONTAINER, HOST)]
    line = row(tmp_path, Row.PERFORMANCE, *groups).lines[0]
    assert line.remark == "container/host 1, no measurable difference"


def test_an_interval_around_one_is_not_distinguishable(tmp_path: Path) -> None:
    found = row(
        tmp_path,
        Row.PERFORMANCE,
        taken("cpu.events", VM, 90, 120, 95, 130, 90, 125),
        taken("cpu.events", CONTAINER, 100, 100, 100, 100, 100, 100),
        accelerator="kvm",
    )
    assert found.ratio is not None
    assert found.ratio.says == "not distinguishable"


def test_emulation_decides_no_claim_on_speed(tmp_path: Path) -> None:
    groups = (
        taken("cpu.events", VM, *(200 * x for x in SIX)),
        taken("cpu.events", CONTAINER, *(1000 * x for x in SIX)),
        taken("cpu.events", HOST, *(1000 * x for x in SIX)),
    )
    emulated = row(tmp_path, Row.PERFORMANCE, *groups)
    assert emulated.verdict is Verdict.UNDECIDED
    assert "software emulation" in emulated.why
    assert row(tmp_path, Row.PERFORMANCE, *groups, accelerator="kvm").verdict is Verdict.CONFIRMED


def test_a_disk_quicker_than_the_hosts_wins_nothing(tmp_path: Path) -> None:
    storage = row(
        tmp_path,
        Row.STORAGE,
        taken("disk.randread", VM, 900, 900),
        taken("disk.randread", CONTAINER, 95, 95),
        taken("disk.randread", HOST, 100, 100),
    )
    assert storage.ratio is not None
    assert storage.ratio.says == "host cache suspected: no winner"
    assert "vm beat the host" in storage.lines[0].remark
    assert storage.verdict is Verdict.UNDECIDED


def test_a_failed_reading_is_data_and_a_failed_side_a_reason(tmp_path: Path) -> None:
    died = [Measurement("boot.warm", VM, 0, error="the vm:lab-nginx went away")]
    boot = row(tmp_path, Row.BOOT, died, taken("boot.warm", CONTAINER, 0.3, 0.3))
    assert boot.vm.reason == "the vm:lab-nginx went away"
    assert boot.container.value == 0.3
    part = row(tmp_path, Row.BOOT, died, taken("boot.warm", VM, 26.0, 27.0))
    assert "1 of 3 readings failed" in part.vm.note
    assert part.lines[0].estimates[VM].n_failed == 1


def test_separate_and_shared_kernels_confirm_the_claim_on_isolation(tmp_path: Path) -> None:
    isolation = row(
        tmp_path,
        Row.ISOLATION,
        *(taken("isolation.boot_id", arm, text=told) for arm, told in
          ((VM, "b"), (CONTAINER, "a"), (HOST, "a"))),
    )  # fmt: skip
    assert isolation.verdict is Verdict.CONFIRMED


def test_the_json_has_the_promised_shape(tmp_path: Path) -> None:
    table = make_table(study(tmp_path, taken("boot.warm", VM, 26.0, 27.0)))
    whole = json.loads(json.dumps(table_json(table), allow_nan=False))
    assert {"run", "workload", "host", "rows"} <= whole.keys()
    boot = next(r for r in whole["rows"] if r["row"] == "boot")
    assert {"row", "claim", "verdict", "method", "vm", "container", "ratio"} <= boot.keys()
    assert boot["vm"].keys() == {"value", "unit", "low", "high", "samples", "note"}
    assert boot["container"].keys() == {"reason"}
