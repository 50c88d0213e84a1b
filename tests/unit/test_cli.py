"""Every command, over the real fleet standing on engines in memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from types import ModuleType

import click
import pytest
from click.testing import CliRunner, Result

from tests.unit.fleet_fakes import MemoryHost, MemoryMeter, MemorySide
from tui.cli import act_commands, cli, session
from tui.cli.session import Settings
from tui.errors import StoreError
from tui.fleet.fleet import Fleet
from tui.fleet.meters import Meters
from tui.model import (
    Boot,
    BootPhase,
    Check,
    Instance,
    Options,
    Phase,
    Reading,
    SideName,
    State,
    Verb,
)
from tui.project import find_project
from tui.sides.base import Command
from tui.store import Store
from tui.workloads import load_all

WORKLOAD = """
[ports]
guest = 80
container = 8080
vm = 18080
[ready]
kind = "http"
[container]
images = ["debian:bookworm"]
[vm]
boxes = ["debian/bookworm64"]
"""


class Deck:
    """Two engines in memory, a project and a history, and the command line over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "workloads" / "nginx").mkdir(parents=True)
        (folder / "workloads" / "nginx" / "workload.toml").write_text(WORKLOAD)
        (folder / "Vagrantfile").touch()
        self.vms = MemorySide(
            SideName.VM,
            [
                Instance(SideName.VM, "both", State.RUNNING, id="v1", accelerator="tcg"),
                Instance(SideName.VM, "idle", State.STOPPED, id="v2"),
                Instance(SideName.VM, "never", State.ABSENT),
            ],
        )
        self.containers = MemorySide(
            SideName.CONTAINER,
            [
                Instance(SideName.CONTAINER, "both", State.PAUSED, id="c1"),
                Instance(
                    SideName.CONTAINER,
                    "web",
                    State.RUNNING,
                    id="c2",
                    image="nginx:1",
                    ports=("127.0.0.1:8080->80/tcp",),
                    started_at=1_700_000_000.25,
                ),
                Instance(SideName.CONTAINER, "evil\x1b]0;x\x07[red]", State.STOPPED, id="c3"),
            ],
        )

    def open(self, settings: Settings) -> Fleet:
        workloads, errors = load_all(find_project(settings.project))
        return Fleet(
            connect=lambda: (self.vms, self.containers),
            open_meters=lambda: Meters(
                (MemoryMeter(SideName.VM), MemoryMeter(SideName.CONTAINER)), MemoryHost()
            ),
            store=Store(),
            workloads=workloads,
            interval_seconds=settings.interval_seconds,
            guard=settings.guard,
            problems=[error.line for error in errors],
        )

    def run(self, *words: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(cli, ["--project", str(self.folder), *words], input=answer)


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deck:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    made = Deck(tmp_path / "project")
    monkeypatch.setattr(session, "open_fleet", made.open)
    return made


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command


def options_of(command: click.Command) -> set[str]:
    found = {name for p in command.params if isinstance(p, click.Option) for name in p.opts}
    return {name for name in found if name.startswith("--")}


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_command_and_option_has_help_and_stands_in_the_documentation(
    name: str, command: click.Command
) -> None:
    document = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert command.help
    section = re.search(rf"^### .*`{name}[ `].*?(?=^##)", document + "\n##", re.S | re.M)
    assert section, f"docs/cli.md has no section on {name}"
    for option in options_of(command):
        assert option in section.group(), f"docs/cli.md does not tell of {name} {option}"
    help_text = CliRunner().invoke(cli, [name, "--help"])
    assert help_text.exit_code == 0
    assert options_of(command) <= set(re.findall(r"--[a-z-]+", help_text.stdout))


def test_the_options_before_the_command_stand_in_the_documentation() -> None:
    document = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert all(f"`{option}" in document for option in options_of(cli))


def test_ls_lists_both_sides_as_json(deck: Deck) -> None:
    result = deck.run("ls", "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    listed = json.loads(result.stdout)
    assert [(i["side"], i["name"]) for i in listed] == [
        ("vm", "both"),
        ("vm", "idle"),
        ("vm", "never"),
        ("container", "both"),
        ("container", "evil\x1b]0;x\x07[red]"),
        ("container", "web"),
    ]
    web = listed[-1]
    assert (
        web
        | {
            "side": "container",
            "id": "c2",
            "state": "running",
            "image": "nginx:1",
            "ports": ["127.0.0.1:8080->80/tcp"],
            "started_at": "2023-11-14T22:13:20.250Z",
        }
        == web
    )
    assert listed[2]["id"] is None


def test_ls_for_people_is_aligned_and_clean(deck: Deck) -> None:
    lines = deck.run("ls").stdout.splitlines()
    assert lines[0].split() == [
        "SIDE",
        "NAME",
        "STATE",
        "UP",
        "BOOT",
        "ACCEL",
        "OWNER",
        "IMAGE",
        "PORTS",
    ]
    column = lines[0].index("STATE")
    states = {"running", "stopped", "absent", "paused"}
    assert all(line[column:].split()[0] in states for line in lines[1:])
    assert "\x1b" not in "".join(lines)
    assert "evil[red]" in "".join(lines)


def test_ls_of_one_side(deck: Deck) -> None:
    listed = json.loads(deck.run("ls", "--on", "container", "--json").stdout)
    assert {i["side"] for i in listed} == {"container"}


def test_ls_with_an_engine_gone_lists_the_other_and_fails(deck: Deck) -> None:
    deck.vms.down.set()
    result = deck.run("ls", "--json")
    assert result.exit_code == 1
    assert {i["side"] for i in json.loads(result.stdout)} == {"container"}
    assert result.stderr == "twindeck: vm side: it is gone → start it\n"
    assert deck.run("ls", "--on", "container").exit_code == 0


def test_ls_tells_of_a_broken_workload_and_goes_on(deck: Deck) -> None:
    (deck.folder / "workloads" / "bad").mkdir()
    (deck.folder / "workloads" / "bad" / "workload.toml").write_text("nonsense")
    result = deck.run("ls", "--json")
    assert result.exit_code == 0
    assert "bad/workload.toml: malformed TOML" in result.stderr
    assert len(json.loads(result.stdout)) == 6


@pytest.mark.parametrize(
    ("verb", "name", "engine"),
    [
        ("start", "idle", "vm"),
        ("stop", "web", "container"),
        ("restart", "container:web", "container"),
        ("pause", "vm:both", "vm"),
        ("resume", "container:both", "container"),
        ("kill", "vm:both", "vm"),
    ],
)
def test_verbs_reach_the_engine(deck: Deck, verb: str, name: str, engine: str) -> None:
    result = deck.run(verb, name)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    asked = deck.vms.asked if engine == "vm" else deck.containers.asked
    bare = name.rpartition(":")[2]
    # A restart is a stop, then a timed boot.
    steps = [Verb.STOP, Verb.START] if verb == "restart" else [Verb(verb)]
    assert asked == [(step, bare) for step in steps]
    assert re.search(rf"^{engine}:{bare}: \w+ after [\d.]+ s", result.stderr, re.M)


def test_several_at_once_each_once_and_as_json(deck: Deck) -> None:
    result = deck.run("stop", "web", "vm:both", "container:web", "--json")
    assert result.exit_code == 0
    done = json.loads(result.stdout)
    assert [(d["side"], d["name"], d["verb"], d["state"]) for d in done] == [
        ("container", "web", "stop", "done"),
        ("vm", "both", "stop", "done"),
    ]
    assert all(d["seconds"] > 0 and d["error"] is None for d in done)
    assert deck.containers.asked == [(Verb.STOP, "web")]


def test_asking_for_what_is_so_already_is_no_error(deck: Deck) -> None:
    for words in (("start", "web"), ("stop", "idle"), ("pause", "container:both")):
        result = deck.run(*words)
        assert result.exit_code == 0
        assert "already" in result.stderr
    assert deck.run("destroy", "--yes", "never").exit_code == 0
    assert deck.vms.asked == deck.containers.asked == []


def test_what_its_engine_does_not_have_is_destroyed_already(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deck.vms, "look", lambda name: None)
    result = deck.run("destroy", "--yes", "never")
    assert result.exit_code == 0, result.stderr
    assert "is absent already" in result.stderr


def test_already_is_what_the_engine_says_not_what_was_listed(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Instance(SideName.VM, "idle", State.RUNNING, id="v2")
    monkeypatch.setattr(deck.vms, "look", lambda name: deck.vms.held.get("now", runs))
    monkeypatch.setattr(
        deck.vms,
        "act",
        lambda verb, name, report, options: deck.vms.held.update(now=deck.vms.held["idle"]),
    )
    result = deck.run("stop", "idle")
    assert result.exit_code == 0, result.stderr
    assert "already" not in result.stderr
    assert "now" in deck.vms.held, "the engine was asked to stop it"


def test_a_state_that_cannot_be_told_is_never_settled(deck: Deck) -> None:
    deck.vms.held["odd"] = Instance(SideName.VM, "odd", State.UNKNOWN, note="vagrant is silent")
    result = deck.run("ls")
    assert re.search(r"odd +unknown \(vagrant is silent\)", result.stdout)
    result = deck.run("stop", "odd")
    assert result.exit_code == 0
    assert "already" not in result.stderr
    assert deck.vms.asked == [(Verb.STOP, "odd")]


def test_the_list_waits_for_a_provider_that_is_being_asked(deck: Deck) -> None:
    deck.vms.held["far"] = Instance(SideName.VM, "far", State.UNKNOWN, is_asked=True)
    answered = Instance(SideName.VM, "far", State.RUNNING, told_at=1_700_000_000.0)
    timer = Timer(0.5, lambda: deck.vms.announce(answered))
    timer.start()
    rows = json.loads(deck.run("ls", "--on", "vm", "--json").stdout)
    timer.join()
    (far,) = (row for row in rows if row["name"] == "far")
    assert (far["state"], far["told_at"]) == ("running", "2023-11-14T22:13:20.000Z")


def test_another_users_machine_is_marked_and_not_destroyed(deck: Deck) -> None:
    deck.vms.held["shop/web"] = Instance(SideName.VM, "shop/web", State.RUNNING, owner="user eve")
    (line,) = (line for line in deck.run("ls").stdout.splitlines() if "shop/web" in line)
    assert "user eve" in line
    result = deck.run("destroy", "--yes", "vm:shop/web")
    assert result.exit_code == 1
    assert result.stderr == (
        "twindeck: cannot destroy vm:shop/web: it is of user eve, and only who made it knows what "
        "goes with it\n"
    )
    assert deck.vms.asked == []


def test_one_refusal_does_not_leave_the_others_undone(deck: Deck) -> None:
    result = deck.run("pause", "idle", "web", "--json")
    assert result.exit_code == 1
    assert [d["state"] for d in json.loads(result.stdout)] == ["failed", "done"]
    assert "cannot pause vm:idle: it is stopped" in result.stderr
    assert deck.containers.asked == [(Verb.PAUSE, "web")]


def test_a_failed_action_is_one_line_and_exit_code_1(deck: Deck) -> None:
    deck.vms.held["stubborn"] = Instance(SideName.VM, "stubborn", State.RUNNING, id="s")
    result = deck.run("stop", "stubborn")
    assert result.exit_code == 1
    assert result.stderr == "twindeck: vm:stubborn: it would not budge → push harder\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("stop", "both"), "both is on both sides → say container:both or vm:both"),
        (("stop", "wbe"), "no instance wbe, did you mean container:web?"),
        (("stop", "vm:web"), "no instance vm:web"),
        (("up", "apache"), "no workload apache"),
        (("up", "../x"), "no workload ../x"),
        (("compare", "apache"), "no workload apache"),
        (("--read-only", "stop", "web"), "read-only: will not stop web"),
        (("--read-only", "up", "nginx"), "read-only: will not bring nginx up"),
        (("--read-only", "destroy", "--yes", "web"), "read-only: will not destroy web"),
        (("--read-only", "shell", "web"), "read-only: will not open a shell in web"),
        (("destroy", "web"), "no terminal to ask on → add --yes"),
        (("shell", "web"), "a shell needs a terminal"),
        ((), "the console needs a terminal"),
        (("stop",), "Missing argument 'NAME...'"),
        (("ls", "--nonsense"), "No such option '--nonsense'"),
        (("nonsense",), "No such command 'nonsense'"),
        (("--interval", "0", "ls"), "0.0 is not in the range"),
        (("stats", "--count", "0"), "0 is not in the range"),
        (("up", "nginx", "--on", "moon"), "'moon' is not one of"),
        (("completion", "tcsh"), "'tcsh' is not one of"),
    ],
)
def test_a_wrong_request_is_exit_code_2(deck: Deck, words: Sequence[str], message: str) -> None:
    result = deck.run(*words)
    assert result.exit_code == 2, result.output
    assert message in result.stderr.replace("\n", " ")
    assert result.stdout == ""
    assert deck.vms.asked == deck.containers.asked == []


def test_an_instance_on_a_silent_side_is_not_called_unknown(deck: Deck) -> None:
    deck.vms.down.set()
    result = deck.run("stop", "vm:both")
    assert result.exit_code == 1
    assert result.stderr == "twindeck: vm:both: vm side: it is gone → start it\n"
    assert deck.run("stop", "web").exit_code == 0


def test_a_folder_that_is_no_project(deck: Deck, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["--project", str(tmp_path), "ls"])
    assert result.exit_code == 2
    assert "not a project, it has no Vagrantfile" in result.stderr


def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every readiness probe answer at once."""
    monkeypatch.setattr("tui.fleet.probe.wait_answer", lambda *_: time.monotonic_ns())


def test_up_brings_both_sides_up_and_stores_the_boots(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch)
    result = deck.run("up", "nginx", "--json")
    assert result.exit_code == 0, result.stderr
    assert deck.vms.asked == deck.containers.asked == [(Verb.UP, "nginx")]
    assert [d["side"] for d in json.loads(result.stdout)] == ["vm", "container"]
    assert re.search(r"^container:nginx: up after [\d.]+ s$", result.stderr, re.M)
    stored = json.loads(deck.run("boots", "nginx", "--json").stdout)
    assert sorted(boot["side"] for boot in stored) == ["container", "vm"]


def test_a_boot_that_could_not_be_stored_is_told(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(store: Store, boot: Boot) -> None:
        raise StoreError("history.db: its disk is full", "make room")

    answering(monkeypatch)
    monkeypatch.setattr(Store, "add_boot", full)
    result = deck.run("up", "nginx", "--on", "container")
    assert result.exit_code == 0
    assert re.search(r"^container:nginx: up after [\d.]+ s$", result.stderr, re.M)
    assert (
        "twindeck: container:nginx: this boot is not stored: "
        "history.db: its disk is full → make room"
    ) in result.stderr


def test_up_on_one_side_only_and_twice(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch)
    assert deck.run("up", "nginx", "--on", "vm").exit_code == 0
    again = deck.run("up", "nginx", "--on", "vm")
    assert again.exit_code == 0
    assert again.stderr == "vm:nginx: is running already\n"
    assert deck.vms.asked == [(Verb.UP, "nginx")]
    assert deck.containers.asked == []


def test_up_says_what_makes_the_vm_and_whether_it_is_provisioned(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch)
    assert deck.run("up", "nginx", "--provider", "virtualbox", "--no-provision").exit_code == 0
    assert deck.vms.options == [Options(provider="virtualbox", provision=False)]


def test_up_with_one_engine_gone_uses_the_other_and_fails(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch)
    deck.vms.down.set()
    result = deck.run("up", "nginx", "--json")
    assert result.exit_code == 1
    assert [d["state"] for d in json.loads(result.stdout)] == ["failed", "done"]
    assert "vm side: it is gone → start it" in result.stderr


@pytest.mark.parametrize("command", ["up", "compare"])
def test_a_command_for_a_broken_workload_says_what_is_wrong_with_it(
    deck: Deck, command: str
) -> None:
    (deck.folder / "workloads" / "nginx" / "workload.toml").write_text("[ports]\ngest = 1")
    result = deck.run(command, "nginx")
    assert result.exit_code == 2
    assert "ports.gest: unknown key, did you mean guest?" in result.stderr


def test_the_engine_s_words_are_shown_when_asked_for(deck: Deck) -> None:
    assert "stop web" not in deck.run("stop", "web").stderr
    assert "container:web: start web" in deck.run("start", "web", "--verbose").stderr


def test_destroy_asks_and_takes_no_for_an_answer(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act_commands, "is_terminal", lambda: True)
    for answer in ("n\n", "\n"):
        result = deck.run("destroy", "web", answer=answer)
        assert result.exit_code == 1
        assert "removes container:web and everything in it" in result.stderr
        assert "nothing was done" in result.stderr
    assert deck.containers.asked == []
    assert deck.run("destroy", "web", answer="y\n").exit_code == 0
    assert "web" not in deck.containers.held


def test_destroy_with_yes_does_not_ask(deck: Deck) -> None:
    result = deck.run("destroy", "--yes", "web", "idle")
    assert result.exit_code == 0, result.stderr
    assert "web" not in deck.containers.held
    assert "idle" not in deck.vms.held


def test_logs_are_printed_clean(deck: Deck) -> None:
    result = deck.run("logs", "web", "-n", "5")
    assert (result.exit_code, result.stdout) == (0, "one\ntwo\n")


def test_inspect_masks_secrets_unless_they_are_asked_for(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"Env": ["DB_PASSWORD=hunter2", "PATH=/bin"]}
    monkeypatch.setattr(deck.containers, "inspect", lambda name: told)
    masked = json.loads(deck.run("inspect", "web").stdout)
    assert masked == {"Env": ["DB_PASSWORD=********", "PATH=/bin"]}
    assert json.loads(deck.run("inspect", "web", "--reveal").stdout) == told


def test_inspect_is_json(deck: Deck) -> None:
    assert json.loads(deck.run("inspect", "web").stdout) == {"name": "web"}


def test_shell_becomes_the_engine_s_own(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[Command] = []
    monkeypatch.setattr(act_commands, "is_terminal", lambda: True)
    monkeypatch.setattr(act_commands, "replace_process", became.append)
    assert deck.run("shell", "web").exit_code == 0
    assert [command.argv for command in became] == [("sh", "-c", "true")]
    result = deck.run("shell", "idle")
    assert result.exit_code == 1
    assert "no shell in vm:idle: it is stopped → twindeck start vm:idle" in result.stderr


def test_stats_streams_a_json_object_per_sample(deck: Deck) -> None:
    result = deck.run("stats", "--json", "--count", "3", "--interval", "0.1")
    assert result.exit_code == 0
    samples = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(s["side"], s["name"]) for s in samples] == 3 * [
        ("vm", "both"),
        ("container", "both"),
        ("container", "web"),
    ]
    assert all(s["cpu_percent"] >= 2 and s["memory_bytes"] == 1 << 20 for s in samples)
    assert all(s["memory_kind"] == "docker-stats" and s["accelerator"] is None for s in samples)
    moments = [datetime.fromisoformat(s["time"]) for s in samples[::3]]
    assert moments == sorted(set(moments))
    assert abs((datetime.now(UTC) - moments[0]).total_seconds()) < 60


def test_stats_of_some_for_people(deck: Deck) -> None:
    result = deck.run("stats", "web", "--count", "1", "--interval", "0.1")
    assert result.exit_code == 0
    heading, row = result.stdout.splitlines()
    assert heading.startswith("INSTANCE       CPU %  MEMORY")
    assert row.startswith("container:web  2.0    1.0 MiB")


def test_stats_of_what_does_not_run(deck: Deck) -> None:
    result = deck.run("stats", "idle", "--json")
    assert result.exit_code == 1
    assert result.stderr == "twindeck: nothing to measure: vm:idle is stopped\n"
    result = deck.run("stats", "idle", "web", "--count", "1", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["name"] == "web"
    assert result.stderr == "twindeck: nothing to measure: vm:idle is stopped\n"


def test_boots_come_from_the_history_without_any_engine(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_engine(_: Settings) -> Fleet:
        raise AssertionError("boots asked an engine")

    monkeypatch.setattr(session, "open_fleet", no_engine)
    store = Store()
    phases = (BootPhase(Phase.CREATE, 1.0), BootPhase(Phase.ANSWER, 0.5))
    store.add_boot(Boot(SideName.VM, "nginx", 1_700_000_000.25, 1.5, phases, accelerator="tcg"))
    store.add_boot(Boot(SideName.CONTAINER, "nginx", 1_700_000_001.0, 0.2, (), answered=False))
    store.close()
    assert json.loads(deck.run("boots", "--json").stdout)[1] == {
        "side": "vm",
        "name": "nginx",
        "started_at": "2023-11-14T22:13:20.250Z",
        "total_seconds": 1.5,
        "phases": [{"name": "create", "seconds": 1.0}, {"name": "answer", "seconds": 0.5}],
        "accelerator": "tcg",
        "workload": None,
        "engine": "",
        "answered": True,
    }
    assert len(json.loads(deck.run("boots", "nginx", "--limit", "1", "--json").stdout)) == 1
    table = deck.run("boots", "vm:nginx").stdout
    assert "1.50 s  tcg    create 1.00 s, answer 0.50 s" in table
    nothing = deck.run("boots", "other", "--json")
    assert (nothing.exit_code, json.loads(nothing.stdout)) == (0, [])
    assert nothing.stderr == "no boot is stored of other yet\n"


def test_a_history_that_cannot_be_read_is_one_line(deck: Deck, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "history.db").write_text("not a database" * 100)
    result = deck.run("boots")
    assert result.exit_code == 1
    assert re.fullmatch(r"twindeck: .*history\.db: the history cannot be used: .*\n", result.stderr)


def with_checks(monkeypatch: pytest.MonkeyPatch, checks: Sequence[Check]) -> list[bool]:
    asked: list[bool] = []
    module = ModuleType("tui.setup.checks")

    def run_checks(fresh: bool = False, *, may_try: bool = True, docker: object) -> list[Check]:
        asked.append(fresh)
        return list(checks)

    module.run_checks = run_checks  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tui.setup.checks", module)
    return asked


def test_doctor_prints_checks_and_fails_when_one_is_not_ok(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Check("docker", Reading.OK, "Docker 20.10")
    bad = Check("kvm", Reading.BROKEN, "no guest boots", "use tcg", SideName.VM)
    asked = with_checks(monkeypatch, [good, bad])
    result = deck.run("doctor", "--json", "--fresh")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {"check": "docker", "status": "ok", "reason": "Docker 20.10", "fix": "", "side": None},
        {
            "check": "kvm",
            "status": "broken",
            "reason": "no guest boots",
            "fix": "use tcg",
            "side": "vm",
        },
    ]
    assert "broken  kvm     no guest boots → use tcg" in deck.run("doctor").stdout
    assert asked == [True, False]
    with_checks(monkeypatch, [good])
    assert deck.run("doctor").exit_code == 0


def with_setup(monkeypatch: pytest.MonkeyPatch, succeeds: bool) -> list[bool]:
    answers: list[bool] = []
    module = ModuleType("tui.setup.run")

    def setup(
        say: Callable[[str], None], confirm: Callable[[str], bool], host: object, own_box: str
    ) -> bool:
        say(f"plan: nothing{own_box and f' but {own_box}'}")
        answers.append(confirm("Go on?"))
        return succeeds and answers[-1]

    module.setup = setup  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tui.setup.run", module)
    return answers


def test_setup_asks_once_unless_told_not_to(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    answers = with_setup(monkeypatch, succeeds=True)
    assert deck.run("setup", "--yes").exit_code == 0
    refused = deck.run("setup")
    assert refused.exit_code == 2
    assert "plan: nothing" in refused.stderr
    assert "no terminal to ask on → add --yes" in refused.stderr
    monkeypatch.setenv("CI", "true")
    assert deck.run("setup").exit_code == 0
    monkeypatch.delenv("CI")
    monkeypatch.setattr("tui.cli.setup_commands.is_terminal", lambda: True)
    assert deck.run("setup", answer="n\n").exit_code == 1
    assert answers == [True, True, False]
    assert "plan: nothing but my.box" in deck.run("setup", "--yes", "--box", "my.box").stderr
    with_setup(monkeypatch, succeeds=False)
    assert deck.run("setup", "--yes").exit_code == 1


def test_an_unforeseen_error_is_one_line_too() -> None:
    code = (
        "import sys, tui.cli, tui.cli.session as s\n"
        "def broken(settings): raise RuntimeError('a\\nb')\n"
        "s.open_fleet = broken\n"
        "sys.argv = ['twindeck', 'inspect', 'web']\n"
        "tui.cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    line = "twindeck: failed: an unexpected fault, RuntimeError → TWINDECK_DEBUG=1 shows where\n"
    assert done.stderr == line


@pytest.mark.parametrize(
    ("words", "seconds"),
    [((), 1.0), (("--thin",), 3.0), (("--thin", "--interval", "2"), 2.0)],
)
def test_a_thin_line_is_measured_for_seldom_unless_told(
    deck: Deck, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], seconds: float
) -> None:
    opened: list[Settings] = []

    def remember(settings: Settings) -> Fleet:
        opened.append(settings)
        return deck.open(settings)

    monkeypatch.setattr(session, "open_fleet", remember)
    assert deck.run(*words, "ls").exit_code == 0
    assert [settings.interval_seconds for settings in opened] == [seconds]


def test_what_python_warns_of_reaches_no_user() -> None:
    """A user's regular expression may be of a kind that Python warns of, while the console runs."""
    code = (
        "import re, sys, tui.cli, tui.cli.session as s\n"
        "def warned(settings): re.compile('[[a]'); sys.exit(3)\n"
        "s.open_fleet = warned\n"
        "sys.argv = ['twindeck', 'inspect', 'web']\n"
        "tui.cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (3, "")


def test_tools_of_administrators_are_found_with_an_ordinary_users_path() -> None:
    code = (
        "import os, sys, tui.cli, tui.cli.session as s\n"
        "def told(settings): print(os.environ['PATH']); sys.exit(0)\n"
        "s.open_fleet = told\n"
        "sys.argv = ['twindeck', 'inspect', 'web']\n"
        "tui.cli.main()\n"
    )
    path = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == f"{path}:/usr/local/sbin:/usr/sbin:/sbin\n", done.stderr


def test_ctrl_c_before_the_commands_are_there_ends_without_a_word() -> None:
    code = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from tui.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
