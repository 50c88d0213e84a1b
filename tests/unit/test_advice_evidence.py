"""Which runs of the history count as this host's own figures, and what they say of an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.studies import study, taken
from tui.advice.chart import load_chart
from tui.advice.decide import decide
from tui.advice.evidence import gather, wanted_metrics
from tui.advice.model import Figure
from tui.lab.hardware import hardware
from tui.results import Arm, Measurement, RunState
from tui.run_store import Runs
from tui.store import Store

CHART = load_chart()
HERE = {"CPU": "Some CPU, 2 threads"}
LEANING = {"startup": "seconds", "platform": "vms", "tenants": "one"}

Keep = Callable[..., str]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(Store(tmp_path / "history.db"))


@pytest.fixture
def keep(runs: Runs, tmp_path: Path) -> Keep:
    """Store a run with those readings; each one is newer than the one before."""
    count = 0

    def add(*groups: list[Measurement], accelerator: str = "kvm", **changes: object) -> str:
        nonlocal count
        count += 1
        made = study(tmp_path, *groups, accelerator=accelerator, **changes)
        run = replace(made.run, id=f"nginx-{count}", started_at=float(count))
        runs.bring([replace(made, run=run)])
        return run.id

    return add


def boots(vm: float, container: float) -> list[Measurement]:
    return [
        *taken("boot.warm", Arm.VM, vm, vm + 0.1, vm + 0.2),
        *taken("boot.warm", Arm.CONTAINER, container, container + 0.01, container + 0.02),
    ]


def figures(runs: Runs, here: dict[str, str] | None = None) -> dict[str, Figure]:
    return gather(runs, wanted_metrics(CHART), HERE if here is None else here)


def leader(found: dict[str, Figure]) -> str:
    advice = decide(CHART, LEANING, found)
    assert len(advice.leaders) == 1
    return advice.leaders[0].id


def test_every_metric_the_chart_names_is_one_the_lab_measures(tmp_path: Path) -> None:
    assert wanted_metrics(CHART) <= {metric.id for metric in study(tmp_path).run.metrics}


def test_without_a_run_there_are_no_figures_and_the_cited_ones_decide(runs: Runs) -> None:
    assert figures(runs) == {}
    assert leader({}) == "container"


def test_a_quick_boot_under_kvm_turns_the_answer(runs: Runs, keep: Keep) -> None:
    run_id = keep(boots(3.0, 0.3))
    found = figures(runs)
    assert found["boot.warm"].run_id == run_id
    assert found["boot.warm"].vm == pytest.approx(3.1)
    assert leader(found) == "vm"


def test_the_same_run_under_software_emulation_changes_nothing_and_says_so(
    runs: Runs, keep: Keep
) -> None:
    keep(boots(3.0, 0.3), accelerator="tcg")
    found = figures(runs)
    assert leader(found) == "container"
    assert decide(CHART, LEANING, found).without_figures is None
    assert "software emulation (tcg)" in decide(CHART, LEANING, found).findings[0].says


def test_a_size_is_no_speed_and_counts_under_emulation_too(runs: Runs, keep: Keep) -> None:
    sizes = [*taken("move.size", Arm.VM, 300e6), *taken("move.size", Arm.CONTAINER, 60e6)]
    keep(sizes, accelerator="tcg")
    found = figures(runs)
    assert found["move.size"].unfit == ""
    finding = decide(CHART, {"image": "often"}, found).findings[0]
    assert finding.passes == {"vm": True, "container": True}


def test_the_newest_finished_run_counts(runs: Runs, keep: Keep) -> None:
    keep(boots(30.0, 0.3))
    newest = keep(boots(3.0, 0.3))
    keep(boots(1.0, 0.3), state=RunState.CANCELLED)
    assert figures(runs)["boot.warm"].run_id == newest


def test_an_older_run_on_hardware_counts_before_a_newer_emulated_one(
    runs: Runs, keep: Keep
) -> None:
    hardware_run = keep(boots(3.0, 0.3))
    keep(boots(50.0, 0.3), accelerator="tcg")
    assert figures(runs)["boot.warm"].run_id == hardware_run


def test_a_figure_of_one_side_alone_is_none(runs: Runs, keep: Keep) -> None:
    keep(taken("boot.warm", Arm.VM, 3.0, 3.1))
    assert figures(runs) == {}


def test_a_run_of_another_host_does_not_count_and_says_so(runs: Runs, keep: Keep) -> None:
    keep(boots(3.0, 0.3))
    found = figures(runs, {"CPU": "Another CPU, 64 threads"})
    assert leader(found) == "container"
    assert found["boot.warm"].unfit == (
        "it was measured on another host (CPU: Some CPU, 2 threads)"
    )


def test_a_disk_quicker_than_the_hosts_own_is_no_evidence(runs: Runs, keep: Keep) -> None:
    keep(
        [
            *taken("disk.randread", Arm.VM, 9000.0, 9100.0),
            *taken("disk.randread", Arm.CONTAINER, 1000.0, 1010.0),
            *taken("disk.randread", Arm.HOST, 1000.0, 1010.0),
        ]
    )
    assert "a cache answered" in figures(runs)["disk.randread"].unfit


def test_no_difference_beyond_the_noise_speaks_for_neither_side(runs: Runs, keep: Keep) -> None:
    keep(
        [
            *taken("http.published", Arm.VM, 1000.0, 1001.0),
            *taken("http.published", Arm.CONTAINER, 1001.0, 1000.0),
        ]
    )
    advice = decide(CHART, {"network": "heavy"}, figures(runs))
    points = {one.outcome.id: one.points for one in advice.standings}
    assert points["vm"] == points["container"] == 6
    assert advice.findings[0].says.endswith("Neither is slower by enough to decide.")


def test_a_run_that_cannot_be_read_hides_no_other(runs: Runs, keep: Keep, tmp_path: Path) -> None:
    good = keep(boots(3.0, 0.3))
    bad = keep(boots(1.0, 0.3))
    store = Store(tmp_path / "history.db")
    with store.transaction("IMMEDIATE") as database:
        database.execute("UPDATE measurements SET measurement = '{' WHERE run_id = ?", (bad,))
    assert figures(runs)["boot.warm"].run_id == good


def test_this_hosts_hardware_stands_in_the_fingerprint_under_the_same_labels() -> None:
    found = hardware()
    assert list(found) == ["CPU", "Memory"]
    assert all(found.values())
