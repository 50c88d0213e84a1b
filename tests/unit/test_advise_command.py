"""`twindeck advise` at a terminal, in a script, and as a decision record."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.hostile import EVIL, escaped
from tests.studies import study, taken
from tui.cli import advise_command, cli
from tui.results import Arm
from tui.run_store import Runs
from tui.store import Store

LEANING = ("startup=seconds", "platform=vms", "tenants=one")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("TWINDECK_DATA", str(folder))
    monkeypatch.setattr("tui.lab.hardware.hardware", lambda: {"CPU": "Some CPU, 2 threads"})
    return folder


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advise_command, "_has_terminal", lambda: True)


def run(*words: str, keys: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["advise", *words], input=keys)


def with_answers(*pairs: str) -> list[str]:
    return [word for pair in pairs for word in ("--answer", pair)]


def keep_run(tmp_path: Path, accelerator: str) -> str:
    made = study(
        tmp_path,
        taken("boot.warm", Arm.VM, 3.0, 3.1, 3.2),
        taken("boot.warm", Arm.CONTAINER, 0.3, 0.31, 0.32),
        accelerator=accelerator,
    )
    store = Store()
    Runs(store).bring([made])
    store.close()
    return made.run.id


def test_without_a_terminal_and_without_answers_it_says_what_to_do() -> None:
    result = run()
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        "twindeck: there is no terminal to ask on, and no answer is given → "
        "give --answers FILE or --answer ID=ANSWER; --questions lists them\n"
    )


def test_answers_of_a_file_and_of_options_are_weighed_the_options_first(tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text('guest = "host-kernel"\nsoftware = "legacy"\n')
    given = json.loads(run("--answers", str(file), "--json").stdout)
    assert given["outcome"] == "vm"
    over = run("--answers", str(file), "--answer", "software=services", "--json")
    assert json.loads(over.stdout)["answers"] == {"guest": "host-kernel", "software": "services"}
    assert json.loads(over.stdout)["outcome"] == "container"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('gues = "other-os"\n', ": no question gues, did you mean guest? → see twindeck"),
        ('guest = "templeos"\n', ": guest: no answer templeos → answers are host-kernel, own-"),
        ("guest = 1\n", ": guest: expected a text in quotes"),
        ("guest = \n", ": malformed TOML at line 1, column"),
        (b"\xff", ": expected UTF-8 text, byte 0 is not"),
    ],
)
def test_a_wrong_answers_file_is_told_with_file_and_key(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    file = tmp_path / "answers.toml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = run("--answers", str(file))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"{file}{told}" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_answers_file_that_is_not_there_is_told() -> None:
    result = run("--answers", "/nowhere/answers.toml")
    assert result.exit_code == 2
    assert "/nowhere/answers.toml: cannot be read: No such file or directory" in result.stderr


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("guest", "guest: expected ID=ANSWER, as guest=other-os"),
        ("guest=templeos", "guest: no answer templeos"),
        ("guset=other-os", "no question guset, did you mean guest?"),
    ],
)
def test_a_wrong_answer_is_told(pair: str, told: str) -> None:
    result = run("--answer", pair)
    assert result.exit_code == 2
    assert told in result.stderr


def test_what_a_terminal_would_obey_in_an_answers_file_is_not_printed(tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text(f"{json.dumps(EVIL)} = {json.dumps(EVIL)}\n")
    result = run("--answers", str(file))
    assert result.exit_code == 2
    assert escaped(result.output) == []


def test_the_questions_are_listed_with_their_answers() -> None:
    result = run("--questions")
    assert result.exit_code == 0
    assert "guest: Which operating system or kernel does it need?" in result.stdout
    assert "  other-os     Windows, BSD or another system" in result.stdout
    listed = json.loads(run("--questions", "--json").stdout)
    assert listed[0]["id"] == "guest"
    assert all(source["address"].startswith("https://") for source in listed[0]["sources"])


def test_nothing_is_decided_by_an_empty_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.toml"
    file.write_text("")
    result = run("--answers", str(file))
    assert result.exit_code == 0
    assert result.stdout.startswith("No answer: not enough answers to choose by\n")


def test_a_kvm_run_of_this_host_changes_the_answer_and_a_tcg_run_does_not(
    tmp_path: Path, data: Path
) -> None:
    words = [*with_answers(*LEANING), "--json"]
    assert json.loads(run(*words).stdout)["outcome"] == "container"
    run_id = keep_run(tmp_path, "kvm")
    measured = json.loads(run(*words).stdout)
    assert measured["outcome"] == "vm"
    assert measured["without_figures"] == ["container"]
    [figure] = measured["measured"]
    assert (figure["run"], figure["accelerator"], figure["counts"]) == (run_id, "kvm", True)
    for file in data.glob("history.db*"):
        file.unlink()
    keep_run(tmp_path, "tcg")
    emulated = json.loads(run(*words).stdout)
    assert emulated["outcome"] == "container"
    assert emulated["measured"][0]["counts"] is False
    assert "software emulation (tcg)" in run(*with_answers(*LEANING)).stdout


def test_a_history_that_cannot_be_read_leaves_the_cited_figures(data: Path) -> None:
    data.mkdir()
    (data / "history.db").write_text("no history at all" * 100)
    result = run("--answer", "software=services")
    assert result.exit_code == 0
    assert result.stdout.startswith("Answer: container\n")
    assert result.stderr.endswith("the cited figures alone are used\n")


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_it_asks_one_question_at_a_time_and_prints_the_answer_alone() -> None:
    result = run(keys="3\nf\n")
    assert result.exit_code == 0
    assert result.stdout.startswith("Answer: VM\n")
    assert "[1/25] Which operating system or kernel does it need?" in result.stderr
    assert "[2/25] Does it load kernel modules of its own?" in result.stderr
    assert "[3/25]" not in result.stderr


@pytest.mark.usefixtures("terminal")
def test_back_why_and_skip() -> None:
    result = run("--json", keys="w\n3\nb\n9\nhost-kernel\n\n1\nf\n")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["answers"] == {"guest": "host-kernel", "devices": "none"}
    assert "A container runs on the kernel that is there" in result.stderr
    assert " *3  Windows, BSD or another system" in result.stderr
    assert "9: not one of 1 to 3 → answer with a number" in result.stderr


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ("kvm", "on this host: 1, as a guest was last booted with kvm"),
        ("tcg", "on this host: 2, as a guest was last booted with tcg"),
        (None, ""),
    ],
)
def test_what_this_host_was_seen_to_boot_with_is_told_where_it_is_asked_and_answers_nothing(
    monkeypatch: pytest.MonkeyPatch, seen: str | None, told: str
) -> None:
    monkeypatch.setattr("tui.accelerator.read", lambda: seen)
    result = run("--json", keys="\n\n\n\n\nf\n")
    assert json.loads(result.stdout)["answers"] == {}
    hints = [line.strip() for line in result.stderr.splitlines() if "on this host" in line]
    assert hints == ([told] if told else [])


@pytest.mark.usefixtures("terminal")
def test_skipping_everything_ends_with_no_guess() -> None:
    result = run(keys="\n" * 25)
    assert result.exit_code == 0
    assert result.stdout.startswith("No answer: not enough answers")


@pytest.mark.usefixtures("terminal")
def test_the_end_of_input_ends_it_without_a_result() -> None:
    result = run(keys="1\n")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Traceback" not in result.output


def test_the_decision_record_has_context_decision_reasons_consequences_and_answers(
    tmp_path: Path,
) -> None:
    run_id = keep_run(tmp_path, "kvm")
    result = run(*with_answers(*LEANING), "--adr", "-")
    assert result.exit_code == 0
    text = result.stdout
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# Run it in: VM",
        "## Context",
        "## Decision",
        "## Reasons",
        "## Measured on this host",
        "## Consequences",
        "## What would change it",
        "## Answers given",
    ]
    assert f"measured here in run {run_id} (kvm, 3 readings a side)" in text
    assert "by the cited ones alone it would be container." in text
    assert "](https://" in text
    assert 'startup = "seconds"' in text


def test_the_answers_in_a_record_give_the_same_advice_again(tmp_path: Path) -> None:
    words = with_answers("software=many", "code=third-party")
    text = run(*words, "--adr", "-").stdout
    file = tmp_path / "answers.toml"
    file.write_text(text.split("```toml\n")[1].split("```")[0])
    assert run("--answers", str(file)).stdout == run(*words).stdout


def test_a_record_goes_to_a_file_beside_the_result(tmp_path: Path) -> None:
    file = tmp_path / "0001-where.md"
    result = run("--answer", "guest=other-os", "--adr", str(file))
    assert result.stdout.startswith("Answer: VM\n")
    assert result.stderr == f"wrote {file}\n"
    assert file.read_text().startswith("# Run it in: VM\n")


def test_a_record_without_an_answer_is_open() -> None:
    words = with_answers("guest=other-os", "virtualization=none")
    text = run(*words, "--adr", "-").stdout
    assert text.startswith("# Undecided\n")
    assert "Status: open (all ruled out)" in text
    assert "Two answers fight: `guest=other-os` and `virtualization=none`" in text


def test_two_results_do_not_share_stdout() -> None:
    result = run("--answer", "guest=other-os", "--json", "--adr", "-")
    assert result.exit_code == 2
    assert "--json and --adr - both want stdout → name a file: --adr FILE" in result.stderr


def test_read_only_writes_no_record_but_prints_it(tmp_path: Path) -> None:
    words = ["--read-only", "advise", "--answer", "guest=other-os"]
    refused = CliRunner().invoke(cli, [*words, "--adr", str(tmp_path / "out.md")])
    assert refused.exit_code == 2
    assert "read-only: will not write" in refused.stderr
    assert CliRunner().invoke(cli, [*words, "--adr", "-"]).exit_code == 0


def test_a_tab_offers_every_answer_that_begins_so() -> None:
    option = next(one for one in advise_command.advise.params if one.name == "answer")
    offered = option.shell_complete(click.Context(advise_command.advise), "guest=o")
    assert [one.value for one in offered] == ["guest=own-linux", "guest=other-os"]


def test_a_run_of_another_host_is_told_and_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_run(tmp_path, "kvm")
    monkeypatch.setattr("tui.lab.hardware.hardware", lambda: {"CPU": "Another"})
    result = run(*with_answers(*LEANING))
    assert result.stdout.startswith("Answer: container\n")
    assert "Not counted: it was measured on another host" in result.stdout


def test_the_documented_example_is_what_comes_out(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "advice.md").read_text()
    file = tmp_path / "ci.toml"
    file.write_text(document.split("```toml\n")[1].split("```")[0])
    shown = document.split("$ twindeck advise --answers ci.toml\n")[1].split("```")[0]
    assert run("--answers", str(file)).stdout == shown


def test_the_document_names_every_question_and_every_measured_answer() -> None:
    document = (Path(__file__).parents[2] / "docs" / "advice.md").read_text()
    listed = json.loads(run("--questions", "--json").stdout)
    assert f"\n{len(listed)} questions; " in document
    for question in listed:
        assert f"`{question['id']}`" in document
        for answer in question["answers"]:
            if answer["metric"]:
                assert f"`{question['id']}={answer['id']}`" in document
                assert f"`{answer['metric']}`" in document
