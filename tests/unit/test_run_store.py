"""Runs in the history, and on their way to another."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.studies import study, taken
from tui import store as store_module
from tui.errors import UsageError
from tui.lab.exchange import dump, parse
from tui.model import Boot, BootPhase, Phase, SideName
from tui.results import Arm, RunEvent, RunState
from tui.run_store import Runs
from tui.store import Store


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(Store(tmp_path / "history.db"))


def test_a_run_comes_back_as_it_was_kept(runs: Runs, tmp_path: Path) -> None:
    whole = study(
        tmp_path,
        taken("boot.warm", Arm.VM, 26.0, parts={"boot": 20.0}, noise=("steal 3 %",), note="x"),
        taken("isolation.kernel", Arm.HOST, text="6.1.0"),
        events=(RunEvent(1.5, "cancelled"),),
    )
    runs.save(whole.run)
    runs.add(whole.run.id, whole.measurements)
    assert runs.study(whole.run.id) == whole


def test_saving_again_brings_up_to_date_and_keeps_the_readings(runs: Runs, tmp_path: Path) -> None:
    whole = study(tmp_path, taken("boot.warm", Arm.VM, 26.0))
    runs.save(replace(whole.run, state=RunState.RUNNING))
    runs.add(whole.run.id, whole.measurements)
    runs.save(whole.run)
    assert runs.study(whole.run.id) == whole
    assert [r.id for r in runs.list()] == [whole.run.id]


def test_the_beginning_of_an_id_is_enough_while_it_is_one_runs(runs: Runs, tmp_path: Path) -> None:
    one = study(tmp_path).run
    runs.save(one)
    assert runs.study("nginx-2026").run.id == one.id
    runs.save(replace(one, id="nginx-20260201-000000"))
    with pytest.raises(UsageError, match="is not one run"):
        runs.study("nginx-2026")
    with pytest.raises(UsageError, match="no run redis"):
        runs.study("redis")


def test_forgetting_takes_the_readings_too(runs: Runs, tmp_path: Path) -> None:
    whole = study(tmp_path, taken("boot.warm", Arm.VM, 26.0))
    for n in range(3):
        run = replace(whole.run, id=f"nginx-{n}", started_at=float(n))
        runs.save(run)
        runs.add(run.id, whole.measurements)
    assert runs.prune(1) == ("nginx-1", "nginx-0")
    assert [r.id for r in runs.list()] == ["nginx-2"]
    file = sqlite3.connect(tmp_path / "history.db")
    assert file.execute("SELECT count(*) FROM measurements").fetchone() == (1,)


def test_an_older_history_is_brought_forward_with_its_boots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.db"
    boot = Boot(SideName.VM, "web", 1.0, 26.0, (BootPhase(Phase.BOOT, 26.0),), "tcg", "web")
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "_MIGRATIONS", store_module._MIGRATIONS[:1])
        Store(path).close()
    # As a Twindeck of that schema stored it.
    file = sqlite3.connect(path)
    file.execute(
        "INSERT INTO boots (id, side, name, started_at, total_seconds, accelerator, workload,"
        " answered) VALUES (1, 'vm', 'web', 1.0, 26.0, 'tcg', 'web', 1)"
    )
    file.execute("INSERT INTO phases VALUES (1, 0, 'boot', 26.0)")
    file.commit()
    file.close()
    new = Store(path)
    assert new.boots() == [boot]
    runs = Runs(new)
    runs.save(study(tmp_path).run)
    assert runs.newest() is not None


def test_runs_travel_as_a_file(tmp_path: Path) -> None:
    whole = study(tmp_path, taken("boot.warm", Arm.VM, 26.0, 27.0))
    assert parse(dump([whole]).encode(), "a file").studies == (whole,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"kind": "other"}',
        '{"kind": "twindeck-runs", "version": 99, "runs": []}',
        '{"kind": "twindeck-runs", "version": 1, "runs": {"run": 1}}',
        "[" * 100_000,
        '{"kind": "twindeck-runs", "version": 1, "runs": [], "more": NaN}',
        '{"kind": "twindeck-runs", "version": 1, "runs": [], "version": 1e999}',
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"^there\.json: ") as refused:
        parse(text.encode(), "there.json")
    assert "\n" not in refused.value.line
