"""`GROUP/` on the command line: all machines of a Vagrantfile, all containers of a project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest

from tests.unit.test_cli import Deck
from tui.cli import session
from tui.model import Instance, SideName, State, Verb

SHOP = "/srv/shop"


def machine(
    name: str, rank: int = 0, state: State = State.ABSENT, *, group: str = SHOP, is_up: bool = True
) -> Instance:
    return Instance(
        SideName.VM,
        f"{Path(group).name}/{name}",
        state,
        id=None if state is State.ABSENT else name,
        group=group,
        rank=rank,
        is_autostarted=is_up,
    )


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deck:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    made = Deck(tmp_path / "project")
    monkeypatch.setattr(session, "open_fleet", made.open)
    return made


Put = Callable[..., None]


@pytest.fixture
def put(deck: Deck) -> Put:
    def put(*machines: Instance) -> None:
        deck.vms.held |= {i.name: i for i in machines}

    return put


def test_all_are_started_in_their_order_without_those_a_bare_up_leaves_out(
    deck: Deck, put: Put
) -> None:
    put(machine("web", 1), machine("db", 0), machine("spare", 2, is_up=False))
    done = deck.run("start", "shop/")
    assert done.exit_code == 0, done.stderr
    assert deck.vms.asked == [(Verb.START, "shop/db"), (Verb.START, "shop/web")]


def test_destroying_all_asks_for_all_at_once(deck: Deck, put: Put) -> None:
    put(machine("web", 1, State.STOPPED), machine("db", 0, State.STOPPED), machine("new", 2))
    done = deck.run("destroy", "--yes", f"vm:{SHOP}/")
    assert done.exit_code == 0, done.stderr
    assert {name for _verb, name in deck.vms.asked} == {"shop/web", "shop/db"}


def test_where_there_is_nothing_to_do_it_is_said(deck: Deck, put: Put) -> None:
    put(machine("web"))
    done = deck.run("stop", "shop/")
    assert (done.exit_code, done.stderr) == (0, "shop/: nothing to stop\n")
    assert deck.vms.asked == []


def test_a_name_that_two_groups_have_is_refused(deck: Deck, put: Put) -> None:
    put(machine("web"), machine("db", group="/home/eve/shop"))
    done = deck.run("start", "shop/")
    assert done.exit_code == 2
    assert "shop/ is not the name of one group only" in done.stderr
    assert "say vm:/home/eve/shop/ or vm:/srv/shop/" in done.stderr


def test_a_group_that_is_not_there_is_told(deck: Deck) -> None:
    done = deck.run("start", "shop/")
    assert (done.exit_code, done.stderr) == (2, "twindeck: no group shop/ → see twindeck ls\n")


def test_the_name_in_the_vagrantfile_is_enough_where_one_machine_has_it(
    deck: Deck, put: Put
) -> None:
    put(machine("front"), machine("db"), machine("db", group="/srv/bank"))
    assert deck.run("start", "front").exit_code == 0
    assert deck.vms.asked == [(Verb.START, "shop/front")]
    assert "no instance db" in deck.run("start", "db").stderr


def test_a_machine_that_vagrant_is_still_being_asked_about_is_waited_for(
    deck: Deck, put: Put
) -> None:
    pending = Instance(
        SideName.VM,
        "shop/Vagrantfile",
        State.UNKNOWN,
        group=SHOP,
        is_asked=True,
        is_vagrantfile=True,
    )
    put(pending)

    def told() -> None:
        del deck.vms.held["shop/Vagrantfile"]
        deck.vms.announce(machine("web"))

    answer = Timer(1.0, told)
    answer.start()
    try:
        assert deck.run("start", "shop/").exit_code == 0
    finally:
        answer.join()
    assert deck.vms.asked == [(Verb.START, "shop/web")]


def test_nothing_can_be_done_to_a_vagrantfile_that_does_not_load(deck: Deck, put: Put) -> None:
    put(
        Instance(
            SideName.VM, "shop/Vagrantfile", State.UNKNOWN, note="line 3: oops", is_vagrantfile=True
        )
    )
    done = deck.run("start", "shop/Vagrantfile")
    assert "cannot start vm:shop/Vagrantfile: line 3: oops" in done.stderr
