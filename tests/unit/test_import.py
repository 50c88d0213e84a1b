"""Files of runs from elsewhere: whatever is wrong with one, it is told or comes in clean."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile import EVIL, escaped
from tests.studies import study, taken
from tests.wrong_files import all_wrong, places, put, right
from tui.cli import cli
from tui.errors import UsageError
from tui.lab import exchange
from tui.lab.as_json import table_json
from tui.lab.diff import differ, trend
from tui.lab.exchange import Parcel, dump, load, parse
from tui.lab.reports import FORMATS, render
from tui.lab.table import make_table
from tui.results import Arm, Measurement, Row, Study
from tui.run_store import Runs
from tui.store import Store

WRONG = all_wrong()


def outcome(content: bytes) -> tuple[Parcel, str]:
    """What came in, and the line that tells what did not."""
    try:
        parcel = parse(content, "there.json")
    except UsageError as error:
        return Parcel((), ()), error.line
    return parcel, "; ".join(parcel.refused)


def use(one: Study) -> None:
    """Everything that is done with a run."""
    table = make_table(one)
    json.dumps(table_json(table), allow_nan=False)
    for kind in FORMATS:
        render(table, one, kind)
    differ(one, one)
    for metric in one.run.metrics[:1]:
        trend([one], metric.id)


def test_there_are_far_more_than_a_hundred_wrong_files() -> None:
    assert len(WRONG) > 1000
    assert len({content for _, content in WRONG}) > 1000


@pytest.mark.slow
def test_each_is_told_in_one_plain_line_or_comes_in_clean_and_every_report_takes_it() -> None:
    used: set[bytes] = set()
    for name, content in WRONG:
        parcel, told = outcome(content)
        assert told or len(parcel.studies) == len(json.loads(content)["runs"]), name
        assert "\n" not in told, name
        assert "Traceback" not in told, name
        for one in parcel.studies:
            text = dump([one]).encode()
            assert escaped(json.loads(text).__repr__()) == [], name
            if text not in used:
                used.add(text)
                use(one)
    assert len(used) > 20


def test_one_wrong_run_never_hides_the_others_and_is_named() -> None:
    whole = put(right(), ("runs", 0, "measurements", 3, "value"), "26")
    parcel = parse(json.dumps(whole).encode(), "there.json")
    assert [one.run.id for one in parcel.studies] == ["nginx-20260201-093000"]
    assert parcel.refused == (
        "there.json: run 1 of 2 (nginx-20260131-093000): left out: measurements[3]: value: "
        "expected number or nothing, got text",
    )


def test_what_comes_in_is_what_was_written() -> None:
    parcel = parse(json.dumps(right()).encode(), "there.json")
    assert dump(parcel.studies) == dump(parse(dump(parcel.studies).encode(), "x").studies)
    assert json.loads(dump(parcel.studies)) == right()


def test_every_place_of_the_file_is_looked_at() -> None:
    # A type that is right nowhere must be found wherever it is put.
    for path in places(right()):
        content = json.dumps(put(right(), path, [[1]])).encode()
        assert outcome(content)[1], path


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode()))
def test_any_bytes_are_refused_in_one_line(content: bytes) -> None:
    parcel, told = outcome(content)
    assert parcel == Parcel((), ())
    assert told.startswith("there.json: ")


figures = st.floats(-1e18, 1e18).filter(lambda value: value == 0 or abs(value) >= 1e-18)
metrics_of_a_run = [metric.id for metric in study(Path("/tmp")).run.metrics]
readings = st.builds(
    Measurement,
    metric=st.sampled_from(metrics_of_a_run),
    arm=st.sampled_from(Arm),
    block=st.integers(0, 3) | st.integers(0, 2**53),
    value=st.none() | figures | st.sampled_from([0.0, -1.0, 1e18, 1e-18, -1e18]),
    text=st.text(max_size=3),
    seconds=figures.map(abs),
    started_at=st.integers(0, 253_402_214_400).map(float),
    is_warmup=st.booleans(),
    stream=st.sampled_from(["", "", "a", "b", "c"]),
    parts=st.dictionaries(st.sampled_from(["boot", "bridge", "tool", "p99", "x"]), figures),
    noise=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    error=st.sampled_from(["", "", "", "broken"]),
)


@settings(max_examples=60)
@given(st.lists(readings, max_size=12), st.sampled_from([None, "tcg", "kvm"]))
def test_any_readings_within_the_bounds_have_a_table_and_every_report(
    taken_there: list[Measurement], accelerator: str | None
) -> None:
    one = study(Path("/tmp"), taken_there, accelerator=accelerator)
    parcel = parse(dump([one]).encode(), "there.json")
    assert not parcel.refused
    use(parcel.studies[0])


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    return tmp_path


def accepted() -> Iterator[Study]:
    """What came in of the wrong files, each a run of its own, each once."""
    found = (one for _, content in WRONG for one in outcome(content)[0].studies)
    unlike = {dump([one]): one for one in found}
    for number, one in enumerate(unlike.values()):
        yield replace(one, run=replace(one.run, id=f"wrong-{number:04}"))


COMMANDS = (
    ("runs",),
    ("runs", "--json"),
    ("runs", "trend", "boot"),
    ("runs", "trend", "boot.warm", "--json"),
    ("runs", "prune", "--keep", "100000"),
)


@pytest.mark.slow
def test_with_all_of_them_in_the_history_every_command_works(data: Path) -> None:
    store = Store()
    Runs(store).bring(list(accepted()))
    ids = Runs(store).ids()
    store.close()
    assert len(ids) > 150
    first, last = ids[0], ids[-1]
    for words in (
        *COMMANDS,
        ("runs", "diff", first, last),
        ("runs", "export", *ids[:40]),
        ("runs", "prune", "--keep", "100", "--yes"),
        ("runs", "rm", first, "--yes"),
    ):
        result = run(*words)
        assert result.exit_code == 0, (words, result.output)
        assert escaped(result.stdout) == [], words
    for run_id in ids[1:100:7]:
        for words in (("runs", "show", run_id), ("report", run_id, "--format", "html")):
            assert run(*words).exit_code == 0, words


def test_a_file_brings_its_good_runs_in_and_fails_for_the_others(data: Path) -> None:
    whole = right()
    whole["runs"][1]["run"]["state"] = EVIL
    file = data / "there.json"
    file.write_text(json.dumps(whole))
    result = run("runs", "import", str(file))
    assert result.exit_code == 1
    told = result.stderr.splitlines()
    assert told[0] == "nginx-20260131-093000: 5 readings"
    assert told[1].startswith(f"twindeck: {file}: run 2 of 2: left out: state: invalid enum value")
    assert escaped(result.output) == []
    again = run("runs", "import", str(file)).stderr.splitlines()
    assert again[0] == "nginx-20260131-093000: in the history already"


def test_a_file_that_is_too_large_is_not_read_whole(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = data / "large.json"
    with file.open("wb") as out:
        out.truncate(100 * 1024 * 1024)
    for path in (file, Path("/dev/zero")):
        result = run("runs", "import", str(path))
        assert result.exit_code == 2
        assert result.stderr == f"twindeck: {path} cannot be read: larger than 64 MiB\n"
    monkeypatch.setattr(exchange, "MOST_READINGS", 2)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load(data)
    parcel = parse(json.dumps(right()).encode(), "x")
    assert parcel.studies == ()
    assert "more than 2 readings" in parcel.refused[0]


def test_killed_half_way_it_leaves_nothing_and_importing_again_works(data: Path) -> None:
    file = data / "there.json"
    file.write_text(json.dumps(right()))
    # The process dies by a signal in the very middle, before the fourth reading is inserted.
    code = """
import os, signal, sys
from pathlib import Path
from tui.lab.exchange import load
from tui.run_store import Runs
from tui.store import Store
store, seen = Store(), []
def trace(statement):
    seen.append(statement)
    if sum("INTO measurements" in one for one in seen) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
store._database.set_trace_callback(trace)
Runs(store).bring(load(Path(sys.argv[1])).studies)
"""
    killed = subprocess.run([sys.executable, "-c", code, str(file)], check=False, env=os.environ)
    assert killed.returncode == -signal.SIGKILL
    with sqlite3.connect(data / "data" / "history.db") as database:
        for name in ("runs", "measurements"):
            assert database.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
    database.close()
    result = run("runs", "import", str(file))
    assert (result.exit_code, len(result.stderr.splitlines())) == (0, 2)
    assert "Boot time" in run("runs", "show", "nginx-20260131").stdout


def test_rows_of_the_history_that_are_bad_are_told_and_the_others_are_listed(data: Path) -> None:
    store = Store()
    whole = study(data, taken("boot.warm", Arm.VM, 26.0))
    names = ("good-1", "good-2", "bad-1", "bad-2", "bad-3")
    Runs(store).bring([replace(whole, run=replace(whole.run, id=name)) for name in names])
    store.close()
    database = sqlite3.connect(data / "data" / "history.db")
    database.execute("UPDATE runs SET run = '{' WHERE id = 'bad-1'")
    database.execute(
        "UPDATE runs SET run = CAST(replace(run, 'nginx', x'ff') AS TEXT) WHERE id = 'bad-2'"
    )
    database.execute("UPDATE measurements SET measurement = '[]' WHERE run_id = 'bad-3'")
    database.execute("INSERT INTO runs VALUES (?, 'nginx', 9e9, '7')", (f"{EVIL};reboot",))
    database.commit()
    database.close()
    listed = run("runs")
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [
        "RUN", "good-2", "good-1", "bad-3",
    ]  # fmt: skip
    told = listed.stderr.splitlines()
    assert len(told) == 3
    assert told[1] == (
        "twindeck: run bad-2 in the history cannot be read: not UTF-8 text → twindeck runs rm bad-2"
    )
    assert told[0].endswith(" → twindeck runs rm ';reboot'")
    assert escaped(listed.output) == []
    shown = run("runs", "show", "bad-3")
    assert shown.exit_code == 1
    assert "run bad-3 in the history cannot be read: expected table, got list" in shown.stderr
    over_time = run("runs", "trend", "boot")
    assert over_time.exit_code == 0
    assert len(over_time.stdout.splitlines()) == 4
    assert len(over_time.stderr.splitlines()) == 4
    assert run("report").exit_code == 0
    partly = run("runs", "export", "good-1", "bad-1", "good-2")
    assert partly.exit_code == 1
    assert len(json.loads(partly.stdout)["runs"]) == 2
    for name in ("bad-1", "bad-2", "bad-3", ";reboot"):
        assert run("runs", "rm", name, "--yes").exit_code == 0
    assert run("runs").stderr == ""


def test_a_figure_of_our_own_that_is_none_does_not_make_the_run_unreadable(data: Path) -> None:
    runs = Runs(Store())
    one = study(data, taken("cpu.events", Arm.VM, float("nan"), 1.0, parts={"x": float("inf")}))
    runs.save(one.run)
    runs.add(one.run.id, one.measurements)
    first, second = runs.study(one.run.id).measurements
    assert (first.value, first.error, first.parts) == (None, "not a figure: nan", {})
    assert second.value == 1.0
    assert Row.PERFORMANCE in runs.study(one.run.id).run.rows
