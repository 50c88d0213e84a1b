"""Every command with an enemy's words in every text: nothing a terminal obeys is printed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.hostile import EVIL, escaped, poisoned
from tests.studies import study, taken
from tests.unit.test_cli import Deck
from tui import workloads
from tui.cli import cli, session
from tui.model import Boot, Instance, Phase, SideName
from tui.model import BootPhase as Part
from tui.results import Arm, Measurement, Study
from tui.run_store import Runs
from tui.store import Store

IDS = ("nginx-1", "nginx-2")
NAMES = frozenset({"id", "metric", "workload"})
"""What a file may not bring in otherwise."""


def evil_study(folder: Path, run_id: str) -> Study:
    """All texts of a run and its readings hostile, but those that are checked to be names."""
    one = study(
        folder,
        taken("boot.warm", Arm.VM, 26.0, 27.0, parts={"boot": 1.0}, noise=("steal",), note="n"),
        taken("boot.warm", Arm.CONTAINER, 0.4, 0.5),
        taken("isolation.kernel", Arm.HOST, text="6.1"),
        [Measurement("disk.randread", Arm.VM, 0, error="no fio")],
        id=run_id,
    )
    return Study(poisoned(one.run, NAMES), poisoned(one.measurements, NAMES))


def _evil(one: Instance) -> Instance:
    """All texts hostile; names only of one, so that the others can be called for."""
    name = f"{EVIL}{one.name}" if one.name == "web" else one.name
    evil: Instance = replace(poisoned(one, frozenset({"name", "workload"})), name=name)
    return evil


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deck:
    """Hostile instances, a hostile workload beside a good one, a hostile history."""
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    made = Deck(tmp_path / "project")
    for side in (made.vms, made.containers):
        side.held = {one.name: one for one in map(_evil, side.held.values())}
    workload = made.folder / "workloads" / "nginx" / "workload.toml"
    (made.folder / "workloads" / "worse").mkdir()
    wrong = '[ports]\nguest = "\\u001b]52;c;x\\u0007\\u202e"\n'
    (made.folder / "workloads" / "worse" / "workload.toml").write_text(wrong)
    assert workload.exists()
    store = Store()
    runs = Runs(store)
    for run_id in IDS:
        runs.bring([evil_study(tmp_path, run_id)])
    with store.transaction("IMMEDIATE") as database:
        # As an older version took it in.
        database.execute(
            "INSERT INTO runs SELECT ?, workload, 9.0, run FROM runs WHERE id = ?",
            (f"{EVIL}bad", IDS[0]),
        )
        database.execute("UPDATE runs SET run = replace(run, 'nginx serving', ?)", (EVIL,))
    store.add_boot(
        Boot(SideName.VM, f"{EVIL}web", 1.0, 2.0, (Part(Phase.BOOT, 2.0),), EVIL, workload=EVIL)
    )
    store.close()
    # What comes up here never answers.
    monkeypatch.setattr(workloads, "DEFAULT_TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr(session, "open_fleet", made.open)
    return made


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("ls",),
    ("ls", "--json"),
    ("engines",),
    ("engines", "--json"),
    ("stats", "--count", "1"),
    ("stats", "--count", "1", "--json"),
    ("boots",),
    ("boots", "--json"),
    ("logs", "both", "-n", "5"),
    ("logs", "vm:both"),
    ("inspect", "vm:both"),
    ("up", "nginx"),
    ("up", "worse"),
    ("up", "none"),
    ("start", "idle"),
    ("stop", "vm:both", "--verbose"),
    ("restart", "idle", "--json"),
    ("pause", f"{EVIL}web"),
    ("resume", "container:both"),
    ("kill", "vm:both"),
    ("destroy", "vm:both", "--yes"),
    ("shell", "vm:both"),
    ("reload", f"{EVIL}shop/web", "--provision"),
    ("provision", "vm:both", "--json"),
    ("suspend", f"{EVIL}shop/"),
    ("snapshot", "save", "vm:both", f"{EVIL}x"),
    ("snapshot", "restore", "vm:both", "x", "--yes"),
    ("snapshot", "delete", "vm:both", "x", "--yes"),
    ("snapshot", "list", "vm:both"),
    ("ports", "vm:both"),
    ("box", "outdated", "vm:both"),
    ("box", "update", "vm:both", "--json"),
    ("compare", "worse"),
    ("doctor", "--json"),
    ("setup",),
    ("completion", "bash"),
    ("runs",),
    ("runs", "--json"),
    ("runs", "show", IDS[0]),
    ("runs", "show", IDS[0], "--json"),
    ("runs", "diff", *IDS),
    ("runs", "diff", *IDS, "--json"),
    ("runs", "trend", "boot"),
    ("runs", "trend", "boot.warm", "--json"),
    ("runs", "export", *IDS),
    ("runs", "import", "/nowhere/\x1b[31m"),
    ("runs", "rm", "nginx"),
    ("runs", "rm", f"{EVIL}bad", "--yes"),
    ("runs", "prune", "--keep", "0"),
    ("runs", "prune", "--keep", "1", "--yes"),
    ("architecture", "both"),
    ("architecture", "both", "--proof"),
    ("architecture", f"{EVIL}web", "--json"),
    ("explain", EVIL),
    ("advise",),
    ("advise", "--questions"),
    ("advise", "--answer", "startup=seconds"),
    ("advise", "--answer", "startup=seconds", "--json"),
    ("advise", "--answer", "startup=seconds", "--adr", "-"),
    ("advise", "--answer", f"{EVIL}={EVIL}"),
    ("advise", "--answers", "/nowhere/\x1b[31m"),
    *(("report", IDS[0], "--format", kind) for kind in ("md", "html", "json", "csv")),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]).replace(EVIL, ""))
def test_no_command_prints_what_a_terminal_would_obey(
    deck: Deck, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if words[0] in ("doctor", "setup", "engines"):
        monkeypatch.setenv("DOCKER_HOST", f"unix:///{EVIL}".replace("\0", ""))
    result = deck.run(*words)
    assert "Traceback" not in result.output
    assert not isinstance(result.exception, Exception) or isinstance(
        result.exception, SystemExit
    ), result.exception
    # CSV ends its lines as RFC 4180 has it; a tab is a gap.
    for line in result.output.replace("\r\n", "\n").split("\n"):
        assert escaped(line.replace("\t", " ")) == [], line


def test_every_command_there_is_is_tried() -> None:
    context = click.Context(cli)
    tried = {words[0] for words in COMMANDS}
    assert tried == set(cli.list_commands(context))
    runs = cli.get_command(context, "runs")
    assert isinstance(runs, click.Group)
    assert {words[1] for words in COMMANDS if words[0] == "runs" and len(words) > 1} >= {
        *runs.commands
    }


def test_no_module_of_the_command_line_prints_on_its_own() -> None:
    # All of stdout goes through one function; the rest are cursor moves and clean lines on stderr.
    folder = Path(__file__).parents[2] / "tui" / "cli"
    found = {
        file.name: len(re.findall(r"click\.echo\(|\bprint\(|stdout\.write", file.read_text()))
        for file in folder.glob("*.py")
    }
    assert {name: count for name, count in found.items() if count} == {
        "tables.py": 1,
        "session.py": 1,
        "progress.py": 2,
        "compare_command.py": 2,
    }


def test_a_run_of_hostile_words_is_kept_clean(tmp_path: Path) -> None:
    one = evil_study(tmp_path, "nginx-1")
    runs = Runs(Store(tmp_path / "history.db"))
    runs.bring([one])
    kept = runs.study("nginx-1").run
    assert "[/beta]" in kept.title
    assert escaped(kept.title + kept.host_hash + (kept.accelerator or "")) == []


def test_click_asks_in_clean_words(deck: Deck) -> None:
    result = CliRunner().invoke(cli, ["runs", "prune", "--keep", "0"], input="n\n")
    assert escaped(result.output.replace("\t", " ").replace("\n", "")) == []
