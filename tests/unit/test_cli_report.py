"""`twindeck report`: which run, which format, where to; and what is wrong with a request."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.studies import study, taken
from tui.cli import cli
from tui.results import Arm
from tui.run_store import Runs
from tui.store import Store

OLD, NEW = "nginx-20260131-093000", "nginx-20260201-093000"


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs, a day apart."""
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path))
    store = Store()
    runs = Runs(store)
    old = study(tmp_path, taken("boot.warm", Arm.VM, 20.0))
    for day, run_id in enumerate((OLD, NEW)):
        runs.save(replace(old.run, id=run_id, started_at=old.run.started_at + 86400 * day))
        runs.add(run_id, old.measurements)
    store.close()
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["report", *words])


def test_the_newest_run_as_markdown_without_more_words(history: Path) -> None:
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"run `{NEW}`" in result.stdout
    assert "| **Boot time**" in result.stdout


def test_the_beginning_of_an_id_is_enough(history: Path) -> None:
    assert json.loads(run("nginx-20260131", "--format", "json").stdout)["run"] == OLD


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nginx",), "nginx is not one run"),
        (("redis",), "no run redis"),
        (("", "--format", "md"), "no run"),
        (("--format", "pdf"), "'pdf' is not one of"),
    ],
)
def test_a_wrong_request_is_told_and_prints_nothing(
    history: Path, words: tuple[str, ...], told: str
) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_without_any_run_the_next_step_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path))
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert "→ twindeck compare" in result.stderr


@pytest.mark.parametrize("kind", ["md", "html", "json", "csv"])
def test_a_file_holds_what_stdout_would(history: Path, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "report"
    result = run(OLD, "--format", kind, "--output", str(file))
    assert (result.exit_code, result.output) == (0, "")
    assert file.read_bytes() == run(OLD, "--format", kind).stdout_bytes


def test_a_file_that_cannot_be_written_is_one_line(history: Path) -> None:
    result = run("-o", "/nowhere/report.md")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "twindeck: /nowhere/report.md: cannot be written: No such file or directory "
        "→ mkdir -p /nowhere"
    ]
