"""`--read-only` goes through every command and option there is: none changes anything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tests.changes import noted, tree
from tests.studies import study, taken
from tests.unit.fleet_fakes import MemoryHost, MemoryMeter
from tests.unit.test_cli import Deck
from tui.cli import cli
from tui.core.architecture import Proof
from tui.core.guard import Guard
from tui.errors import UsageError
from tui.fleet.meters import Meters
from tui.lab.exchange import dump
from tui.model import Boot, SideName
from tui.results import Arm, RunState
from tui.run_store import Runs
from tui.setup.host import Host
from tui.store import Store

_ALWAYS = ("yes", "count")
"""Options without which a command asks or does not end."""


def leaves(
    command: click.Command = cli, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, by the words that call it."""
    context = click.Context(command)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from leaves(inner, (*words, name))
    if words and (not isinstance(command, click.Group) or command.invoke_without_command):
        yield words, command


class Ground:
    """A project, a history with a run, engines in memory; and what a command is given."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        home = folder / "home"
        home.mkdir()
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("TWINDECK_DATA", str(folder / "data"))
        monkeypatch.delenv("CI", raising=False)
        monkeypatch.chdir(home)
        self.deck = Deck(folder / "project")
        # Everything above the engines is the real thing.
        sides = (self.deck.vms, self.deck.containers)
        monkeypatch.setattr("tui.fleet.build._connect", lambda *_: sides)
        meters = (MemoryMeter(SideName.VM), MemoryMeter(SideName.CONTAINER))
        monkeypatch.setattr("tui.fleet.build._open_meters", lambda *_: Meters(meters, MemoryHost()))
        # `doctor` looks for programs; here are none.
        empty = folder / "bin"
        empty.mkdir()
        monkeypatch.setenv("PATH", str(empty))
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/no.sock")
        monkeypatch.setattr(
            "tui.setup.checks.Host", lambda: Host(root=folder, env={"PATH": str(empty)})
        )
        # A command that only looks is no change; one that logs in to a guest is.
        self.looked: list[Proof] = []
        monkeypatch.setattr("tui.architecture.ask.ask", self._look)
        self.run_id = self._fill()
        self.exported = folder / "runs.json"
        self.exported.write_text(self._other_run())

    def _look(self, proof: Proof) -> str:
        self.looked.append(proof)
        return ""

    def _fill(self) -> str:
        store = Store()
        boot = Boot(SideName.CONTAINER, "web", 1.7e9, 1.0, (), None, "nginx", True)
        store.add_boot(boot)
        runs = Runs(store)
        measured = study(self.folder, taken("boot.warm", Arm.VM, 3.0, 3.1))
        run = replace(measured.run, state=RunState.CANCELLED)
        runs.save(run)
        runs.add(run.id, measured.measurements)
        store.close()
        return run.id

    def _other_run(self) -> str:
        other = study(self.folder, taken("boot.warm", Arm.VM, 3.0))
        return dump([replace(other, run=replace(other.run, id="nginx-20260101-000000"))])

    def value_for(self, parameter: click.Parameter) -> list[str]:
        """One value for a parameter, by what it is."""
        kind: Any = parameter.type
        if isinstance(kind, click.Choice):
            return [str(kind.choices[0])]
        if isinstance(kind, click.IntRange | click.FloatRange):
            return [str(max(int(kind.min or 0), 1))]
        if isinstance(kind, click.Path):
            is_input = isinstance(parameter, click.Argument)
            return [str(self.exported if is_input else self.folder / "home" / "out")]
        known = {
            **dict.fromkeys(("name", "names"), "container:web"),
            "workload": "nginx",
            "snapshot": "clean",
            "provider": "libvirt",
            **dict.fromkeys(("run_id", "run_ids", "first", "second"), self.run_id),
            "metric": "boot.warm",
            "box": "https://boxes.example/own.box",
            "rows": "boot",
            "answer": "guest=other-os",
            "word": "cgroup",
        }
        if parameter.name not in known:
            pytest.fail(f"say here what {parameter.name} of a command may be")
        return [known[parameter.name]]

    def calls(self, words: tuple[str, ...], command: click.Command) -> Iterator[list[str]]:
        """The command with nothing but what it needs, then with each option besides."""
        options = [p for p in command.params if isinstance(p, click.Option)]
        arguments = [p for p in command.params if isinstance(p, click.Argument)]
        values = [word for a in arguments for word in self.value_for(a)]
        needed = [o for o in options if o.required or o.name in _ALWAYS]
        always = [w for o in needed for w in self.option(o)]
        yield [*words, *always, *values]
        for option in options:
            if option not in needed:
                yield [*words, *always, *self.option(option), *values]
                # An option may stand for the argument: `compare --resume RUN`.
                yield [*words, *always, *self.option(option)]

    def option(self, option: click.Option) -> list[str]:
        return [option.opts[-1], *([] if option.is_flag else self.value_for(option))]

    def run(self, words: list[str], *before: str) -> Result:
        project = ("--project", str(self.deck.folder))
        return CliRunner().invoke(cli, [*before, *project, *words], input="y\n" * 3)

    @property
    def asked(self) -> list[Any]:
        return [*self.deck.vms.asked, *self.deck.containers.asked]


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(tmp_path, monkeypatch)


ALL = list(leaves())


def test_the_walk_finds_the_commands_there_are() -> None:
    found = {" ".join(words) for words, _ in ALL}
    assert {"ls", "shell", "compare", "runs", "runs import", "runs rm", "setup"} <= found


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_read_only_no_command_changes_anything(
    words: tuple[str, ...], command: click.Command, ground: Ground
) -> None:
    before = tree(ground.folder)
    for call in ground.calls(words, command):
        with noted() as changes:
            result = ground.run(call, "--read-only")
        shown = f"{' '.join(call)}: {result.output}"
        assert changes == [], shown
        assert ground.asked == [], shown
        assert not any(proof.is_inside for proof in ground.looked), shown
        assert tree(ground.folder) == before, shown
        assert result.exception is None or isinstance(result.exception, SystemExit), shown


CHANGING = {
    *("up", "start", "stop", "restart", "pause", "resume", "kill", "destroy", "shell"),
    *("compare", "runs import", "runs rm", "runs prune", "setup"),
}


@pytest.mark.parametrize("name", sorted(CHANGING))
def test_a_command_that_changes_says_so_and_ends_with_2(name: str, ground: Ground) -> None:
    words, command = next(one for one in ALL if " ".join(one[0]) == name)
    result = ground.run(next(ground.calls(words, command)), "--read-only")
    assert result.exit_code == 2
    assert "read-only: will not " in result.output
    assert "→ start without --read-only" in result.output


@pytest.mark.parametrize("name", ["runs export", "report"])
def test_looking_goes_on_but_no_file_is_written(name: str, ground: Ground) -> None:
    call = [*name.split(), ground.run_id]
    assert ground.run(call, "--read-only").exit_code == 0
    refused = ground.run([*call, "--output", "out"], "--read-only")
    assert refused.exit_code == 2
    assert "read-only: will not write out" in refused.output


def test_without_the_option_the_same_walk_does_change(ground: Ground) -> None:
    before = tree(ground.folder)
    for name in ("stop", "runs rm"):
        words, command = next(one for one in ALL if " ".join(one[0]) == name)
        for call in itertools.islice(ground.calls(words, command), 1):
            assert ground.run(call).exit_code == 0
    assert ground.asked
    assert tree(ground.folder) != before


def test_read_only_an_empty_data_folder_stays_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    store = Store(guard=Guard(is_read_only=True))
    assert store.boots() == []
    with pytest.raises(UsageError, match="read-only: will not write to the history"):
        store.add_boot(Boot(SideName.VM, "web", 1.0, 1.0, (), None, None, True))
    store.close()
    assert list(tmp_path.iterdir()) == []
