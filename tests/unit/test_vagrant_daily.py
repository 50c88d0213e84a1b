"""Vagrant's own verbs: when they make sense, what vagrant is called with, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_cli import Deck
from tui.cli import session
from tui.core.snapshot_names import check_name
from tui.engines.libvirt.connections import Connections
from tui.engines.vagrant.daily import Daily, parse_snapshots
from tui.errors import UsageError
from tui.model import VAGRANTS, Instance, Options, SideName, State, Verb, verbs_for
from tui.sides.base import Report
from tui.sides.machine_rows import Machine
from tui.sides.vagrant_index import Entry

SNAPSHOT_VERBS = {Verb.SNAPSHOT_SAVE, Verb.SNAPSHOT_RESTORE, Verb.SNAPSHOT_DELETE}
BOX_VERBS = {Verb.BOX_OUTDATED, Verb.BOX_UPDATE}


def machine(state: State = State.RUNNING) -> Instance:
    return Instance(SideName.VM, "shop/web", state, id="1", directory=Path("/srv/shop"))


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (State.RUNNING, set(VAGRANTS)),
        (State.STOPPED, {Verb.RELOAD} | SNAPSHOT_VERBS | BOX_VERBS),
        (State.PAUSED, SNAPSHOT_VERBS | BOX_VERBS),
        (State.SUSPENDED, SNAPSHOT_VERBS | BOX_VERBS),
        (State.ABSENT, BOX_VERBS),
    ],
)
def test_what_makes_sense_by_state(state: State, verbs: set[Verb]) -> None:
    assert verbs_for(machine(state)) & VAGRANTS == verbs


@pytest.mark.parametrize(
    "instance",
    [
        replace(machine(), owner="user eve"),
        replace(machine(), owner="libvirt", directory=None),
        replace(machine(), is_vagrantfile=True),
        Instance(SideName.CONTAINER, "web", State.RUNNING, id="1"),
    ],
)
def test_what_this_vagrant_cannot_reach_has_none_of_them(instance: Instance) -> None:
    assert not verbs_for(instance) & VAGRANTS


def test_a_paused_or_suspended_machine_can_be_started() -> None:
    for state in (State.PAUSED, State.SUSPENDED):
        assert {Verb.START, Verb.RESUME} <= verbs_for(machine(state))


class Called:
    """Stands for python-vagrant: keeps the words it was called with."""

    def __init__(self) -> None:
        self.words: list[tuple[str, ...]] = []

    def lines(self, *words: str) -> Iterator[str]:
        self.words.append(words)
        yield "==> web: done"

    def suspend(self, vm_name: str) -> None:
        self.words.append(("suspend", vm_name))


def words_of(verb: Verb, options: Options) -> tuple[str, ...]:
    called = Called()

    @contextmanager
    def opened(_machine: Machine, _report: Report) -> Iterator[Any]:
        yield called

    daily = Daily(opened, lambda _name, lines, _report: list(lines) and None, Connections())
    entry = Entry("web", "virtualbox", Path("/srv/shop"), Path("/srv/shop/.vagrant"))
    report: Any = None
    daily.act(verb, "shop/web", Machine(entry, machine()), report, options)
    (words,) = called.words
    return words


@pytest.mark.parametrize(
    ("verb", "options", "words"),
    [
        (Verb.RELOAD, Options(), "reload web"),
        (Verb.RELOAD, Options(provision=True), "reload web --provision"),
        (Verb.RELOAD, Options(provision=False), "reload web --no-provision"),
        (Verb.PROVISION, Options(), "provision web"),
        (Verb.SUSPEND, Options(), "suspend web"),
        (Verb.SNAPSHOT_SAVE, Options(snapshot="a b"), "snapshot save web|a b"),
        (Verb.SNAPSHOT_RESTORE, Options(snapshot="x"), "snapshot restore web x --no-provision"),
        (Verb.SNAPSHOT_DELETE, Options(snapshot="x"), "snapshot delete web x"),
        (Verb.BOX_OUTDATED, Options(), "box outdated"),
        (Verb.BOX_UPDATE, Options(), "box update web"),
    ],
)
def test_what_vagrant_is_called_with(verb: Verb, options: Options, words: str) -> None:
    head, _, last = words.partition("|")
    assert words_of(verb, options) == (*head.split(), *([last] if last else []))


@pytest.mark.parametrize(
    "name", ["", "  ", "-f", "../x", "a/b", "a\\b", ".x", "a\nb", "a<b", "a&b", " a", "ä" * 101]
)
def test_names_that_could_mean_more_than_a_name_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)


@given(st.text(max_size=300))
def test_a_name_that_is_let_through_is_one_file_name_and_no_option(name: str) -> None:
    try:
        assert check_name(name) == name
    except UsageError:
        return
    assert Path(name).name == name
    assert not name.startswith("-")
    assert name.isprintable()


def test_snapshots_as_vagrant_lists_them() -> None:
    head = "1,web,metadata,provider,virtualbox\n"
    some = "1,web,ui,output,==> web: \n1,web,ui,detail,clean\n1,web,ui,detail,two words\n"
    assert parse_snapshots(head + some) == ["clean", "two words"]
    # As Vagrant 2.3.4 printed it for a machine without one.
    none = (
        "1,web,ui,output,==> web: No snapshots have been taken yet!\n"
        "1,web,ui,detail,    web: You can take a snapshot using `vagrant snapshot save`.\n"
    )
    assert parse_snapshots(head + none) == []


@pytest.mark.parametrize("text", ["", "1,,error-exit,Vagrant::Errors::X,It failed.\n"])
def test_a_list_that_failed_is_not_an_empty_one(text: str) -> None:
    assert parse_snapshots(text) is None


@given(st.text())
def test_any_list_is_survived(text: str) -> None:
    parse_snapshots(text)


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deck:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    made = Deck(tmp_path / "project")
    made.vms.held["shop/web"] = machine()
    monkeypatch.setattr(session, "open_fleet", made.open)
    return made


@pytest.mark.parametrize(
    ("words", "verb", "told"),
    [
        (("reload", "shop/web"), Verb.RELOAD, "reloaded"),
        (("provision", "shop/web"), Verb.PROVISION, "provisioned"),
        (("snapshot", "save", "shop/web", "clean"), Verb.SNAPSHOT_SAVE, "snapshot saved"),
        (
            ("snapshot", "delete", "shop/web", "x", "--yes"),
            Verb.SNAPSHOT_DELETE,
            "snapshot deleted",
        ),
        (("box", "update", "shop/web"), Verb.BOX_UPDATE, "box updated"),
    ],
)
def test_each_is_a_command(deck: Deck, words: tuple[str, ...], verb: Verb, told: str) -> None:
    done = deck.run(*words)
    assert done.exit_code == 0, done.stderr
    assert told in done.stderr
    assert deck.vms.asked[-1] == (verb, "shop/web")


def test_going_back_or_forgetting_asks_first(deck: Deck) -> None:
    for command in ("restore", "delete"):
        done = deck.run("snapshot", command, "shop/web", "clean")
        assert done.exit_code == 2
        assert f"snapshot {command} asks first" in done.stderr
    assert deck.vms.asked == []


def test_snapshots_and_ports_are_listed(deck: Deck) -> None:
    assert deck.run("snapshot", "list", "shop/web").stdout == "clean\n"
    assert deck.run("snapshot", "list", "shop/web", "--json").stdout == '[\n  "clean"\n]\n'
    assert deck.run("ports", "container:web").stdout == "127.0.0.1:8080->80/tcp\n"
    assert "vm:shop/web has no port open on this host" in deck.run("ports", "shop/web").stderr


def test_what_is_asked_survives_a_name_with_braces(
    deck: Deck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.cli.act_commands.is_terminal", lambda: True)
    done = deck.run("snapshot", "restore", "shop/web", "a{0}{b", answer="n\n")
    assert done.exit_code == 1
    assert "vm:shop/web, snapshot 'a{0}{b': what happened in it since is lost." in done.stderr
    assert deck.vms.asked == []


def test_a_name_that_cannot_be_one_is_a_wrong_request(deck: Deck) -> None:
    done = deck.run("snapshot", "save", "shop/web", "a/b")
    assert done.exit_code == 2
    assert "a snapshot cannot be called 'a/b'" in done.stderr
