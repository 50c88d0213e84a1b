"""What Vagrantfiles define: which count, how vagrant is asked, and what is told where it fails."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.engines.libvirt.connections import Connections
from tui.engines.vagrant.definitions import (
    Contents,
    Defined,
    Definitions,
    Environment,
    parse_defined,
)
from tui.engines.vagrant.environments import Environments, working_folder
from tui.engines.vagrant.status import Asker
from tui.errors import ActionFailed
from tui.model import Instance, State, verbs_for
from tui.sides.machine_rows import Inventory
from tui.sides.machines import Machines
from tui.sides.vagrant_lock import OwnSessions

# As Vagrant 2.3.4 prints it; it does not escape the comma of a name here.
THREE = """\
0,a,b,autostart,false
a line, that, the Vagrantfile, printed
1795850490,Web.One,metadata,provider,libvirt
1795850490,two words,metadata,provider,libvirt
1795850490,a,b,metadata,provider,virtualbox
1795850490,Web.One,provider-name,libvirt
1795850490,Web.One,state,not_created
1795850490,,ui,info,Current machine states:\\n\\nWeb.One   not created (libvirt)
"""
SYNTAX = """\
Vagrant failed to initialize at a very early stage:

There is a syntax error in the following Vagrantfile. The syntax error
message is reproduced below for convenience:

/srv/shop/Vagrantfile:4: syntax error, unexpected `end', expecting '|'
"""
RAISED = """\
/srv/shop/Vagrantfile:3:in `block in <top (required)>': no such thing (RuntimeError)
\tfrom /usr/share/vagrant-2.3.4/lib/vagrant/config/v2/loader.rb:37:in `load'
"""
SHOP = Environment(Path("/srv/shop"), Path("/srv/shop/.vagrant"))


def test_the_machines_in_the_vagrantfiles_order_with_their_providers() -> None:
    assert parse_defined(THREE, "", SHOP).machines == (
        Defined("Web.One", "libvirt"),
        Defined("two words", "libvirt"),
        Defined("a,b", "virtualbox", is_autostarted=False),
    )


@pytest.mark.parametrize(
    ("errors", "why"),
    [
        (SYNTAX, "line 4: syntax error, unexpected `end', expecting '|'"),
        (RAISED, "line 3: no such thing"),
    ],
)
def test_a_vagrantfile_that_does_not_load_is_told_with_its_line(errors: str, why: str) -> None:
    contents = parse_defined("", errors, SHOP)
    assert contents == Contents(note=f"/srv/shop/Vagrantfile cannot be loaded: {why}")


def test_an_error_of_vagrants_own_is_the_reason() -> None:
    line = (
        "1,,error-exit,Vagrant::Errors::ProviderNotFound,The provider 'x' could\\nnot be found.\n"
    )
    assert "The provider 'x' could not be found." in parse_defined(line, "", SHOP).note


@given(st.text(), st.text())
def test_any_output_is_survived(text: str, errors: str) -> None:
    contents = parse_defined(text, errors, SHOP)
    assert bool(contents.machines) != bool(contents.note)


@pytest.fixture
def vagrant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts a `vagrant` on PATH that notes where it was called and runs this shell text."""

    def put(body: str) -> None:
        program = tmp_path / "bin" / "vagrant"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "$VAGRANT_CWD $*" >> {tmp_path}/asked\n{body}\n')
        program.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    for name in ("VAGRANT_CWD", "VAGRANT_DOTFILE_PATH", "VAGRANT_VAGRANTFILE"):
        monkeypatch.delenv(name, raising=False)
    put("cat $VAGRANT_CWD/Vagrantfile")
    yield put
    # A question nobody waited for would be taken for one of the next test's.
    wait_for_all_questions()


def wait_for_all_questions() -> None:
    for thread in threading.enumerate():
        if thread.name == "vagrant status":
            thread.join(5)
    assert psutil.Process().children(recursive=True) == []


@pytest.fixture
def asked(tmp_path: Path) -> Callable[[], list[str]]:
    """The calls of vagrant so far."""
    file = tmp_path / "asked"
    return lambda: file.read_text().splitlines() if file.exists() else []


def make(folder: Path, *names: str) -> Environment:
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"1,{name},metadata,provider,libvirt\n" for name in names)
    (folder / "Vagrantfile").write_text(text)
    return Environment(folder, folder / ".vagrant")


def answer(definitions: Definitions, environment: Environment) -> Contents:
    """What is known once vagrant has answered."""
    deadline = time.monotonic() + 10
    while (contents := definitions.of(environment)).is_asked:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return contents


@pytest.mark.usefixtures("vagrant")
def test_vagrant_is_asked_once_a_change_and_once_for_all_sessions(
    tmp_path: Path, asked: Callable[[], list[str]]
) -> None:
    kept = tmp_path / "data" / "vagrantfiles.json"
    shop = make(tmp_path / "shop", "web")
    first = Definitions(kept)
    assert first.of(shop) == Contents(note="vagrant is being asked", is_asked=True)
    assert [m.name for m in answer(first, shop).machines] == ["web"]
    assert answer(Definitions(kept), shop) == first.of(shop)
    assert asked() == [f"{shop.directory} status --machine-readable"]
    assert kept.stat().st_mode & 0o777 == 0o600

    make(shop.directory, "web", "database")
    changed = Definitions(kept)
    before = changed.of(shop)
    assert ([m.name for m in before.machines], before.is_asked) == (["web"], True)
    assert [m.name for m in answer(changed, shop).machines] == ["web", "database"]
    assert len(asked()) == 2


def test_vagrants_data_folder_is_left_alone_unless_it_holds_plugins(
    tmp_path: Path, vagrant: Callable[[str], None]
) -> None:
    vagrant(f'echo "$VAGRANT_DOTFILE_PATH" >> {tmp_path}/places; cat "$VAGRANT_CWD/Vagrantfile"')
    shop = make(tmp_path / "shop", "web")
    answer(Definitions(), shop)
    shop.data_path.mkdir()
    (shop.data_path / "plugins.json").write_text("{}")
    answer(Definitions(), shop)
    first, second = (tmp_path / "places").read_text().splitlines()
    assert not Path(first).exists()
    assert first != second == ""


@pytest.mark.usefixtures("vagrant")
def test_a_refresh_asks_again_and_shows_what_was_known_until_then(tmp_path: Path) -> None:
    shop = make(tmp_path / "shop", "web")
    definitions = Definitions()
    known = answer(definitions, shop)
    definitions.forget()
    assert definitions.of(shop) == Contents(known.machines, is_asked=True)
    assert answer(definitions, shop) == known


@pytest.mark.parametrize(
    "kept", ["", "[]", '{"version": 1, "files": {"/x": {"mark": 1, "machines": [["/", "x", 1]]}}}']
)
@pytest.mark.usefixtures("vagrant")
def test_what_was_kept_and_makes_no_sense_is_asked_anew(tmp_path: Path, kept: str) -> None:
    file = tmp_path / "vagrantfiles.json"
    file.write_text(kept)
    assert answer(Definitions(file), make(tmp_path / "shop", "web")).machines


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("sleep 600 & wait", "vagrant status did not answer within 1 s"),
        ("exec yes", "vagrant status printed more than 8 MiB"),
        ("exec yes >&2", "vagrant status printed more than 8 MiB"),
        ("exit 1", "vagrant status failed: vagrant did not say why"),
    ],
)
def test_one_that_hangs_or_floods_is_ended_with_all_it_started(
    tmp_path: Path, vagrant: Callable[[str], None], body: str, why: str
) -> None:
    vagrant(body)
    assert answer(Definitions(seconds=1), make(tmp_path / "shop")).note == why
    assert psutil.Process().children(recursive=True) == []


def test_what_took_too_long_is_not_asked_again_in_the_next_session(
    tmp_path: Path, vagrant: Callable[[str], None], asked: Callable[[], list[str]]
) -> None:
    vagrant("sleep 600")
    kept, slow = tmp_path / "data" / "vagrantfiles.json", make(tmp_path / "slow")
    note = answer(Definitions(kept, seconds=1), slow).note
    assert Definitions(kept).of(slow) == Contents(note=note, is_endless=True)
    vagrant("exit 1")
    failing = make(tmp_path / "failing")
    answer(Definitions(kept), failing)
    assert Definitions(kept).of(failing).is_asked
    assert len([line for line in asked() if "/slow " in line]) == 1


def test_the_others_do_not_wait_for_one_that_hangs(
    tmp_path: Path, vagrant: Callable[[str], None]
) -> None:
    vagrant('case $VAGRANT_CWD in */slow) sleep 600;; *) cat "$VAGRANT_CWD/Vagrantfile";; esac')
    definitions = Definitions(seconds=60)
    definitions.of(make(tmp_path / "slow"))
    assert answer(definitions, make(tmp_path / "shop", "web")).machines
    definitions.close()
    wait_for_all_questions()


def test_three_hundred_machines_are_all_told(
    tmp_path: Path, vagrant: Callable[[str], None]
) -> None:
    vagrant('cat "$VAGRANT_CWD/Vagrantfile"')
    names = [f"node-{number}" for number in range(300)]
    contents = answer(Definitions(), make(tmp_path / "farm", *names))
    assert [m.name for m in contents.machines] == names


class Deck:
    """The rows of a session that was started in `start`."""

    def __init__(self, tmp_path: Path, start: Path | None, *named: Path) -> None:
        self.definitions = Definitions()
        self.environments = Environments(self.definitions, start, named, left_out=tmp_path / "data")
        self.inventory = Inventory(
            tmp_path / "project",
            [],
            Connections(),
            tmp_path / "home",
            OwnSessions(),
            Asker(),
            self.environments,
        )

    def rows(self) -> dict[str, Instance]:
        deadline = time.monotonic() + 10
        while True:
            rows = {n: m.instance for n, m in self.inventory.machines().items()}
            if not any(row.is_asked for row in rows.values()):
                return rows
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def no_virsh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.engines.libvirt.connections.is_installed", lambda: False)


@pytest.mark.usefixtures("vagrant", "no_virsh")
def test_machines_of_the_nearest_vagrantfile_are_rows_before_they_are_made(tmp_path: Path) -> None:
    make(tmp_path / "shop", "web", "db")
    (tmp_path / "shop" / "src" / "lib").mkdir(parents=True)
    rows = Deck(tmp_path, tmp_path / "shop" / "src" / "lib").rows()
    assert sorted(rows) == ["shop/db", "shop/web"]
    web = rows["shop/web"]
    assert (web.state, web.provider, web.group) == (
        State.ABSENT,
        "libvirt",
        str(tmp_path / "shop"),
    )


@pytest.mark.usefixtures("vagrant", "no_virsh")
def test_folders_that_are_named_count_too(tmp_path: Path) -> None:
    make(tmp_path / "shop", "web")
    make(tmp_path / "bank", "web")
    rows = Deck(tmp_path, None, tmp_path / "shop", tmp_path / "bank", tmp_path / "gone").rows()
    assert sorted(rows) == ["bank/web", "gone/Vagrantfile", "shop/web"]
    gone = rows["gone/Vagrantfile"]
    assert gone.note == f"{tmp_path}/gone/Vagrantfile: No such file or directory"


@pytest.mark.usefixtures("no_virsh")
def test_a_vagrantfile_that_does_not_load_is_one_row_and_the_others_work(
    tmp_path: Path, vagrant: Callable[[str], None]
) -> None:
    vagrant(
        "cat $VAGRANT_CWD/Vagrantfile\n"
        "case $VAGRANT_CWD in\n"
        "  */broken) echo \"$VAGRANT_CWD/Vagrantfile:3:in 'x': oops\" >&2;;\n"
        "esac"
    )
    make(tmp_path / "broken")
    make(tmp_path / "shop", "web")
    rows = Deck(tmp_path, None, tmp_path / "broken", tmp_path / "shop").rows()
    broken = rows["broken/Vagrantfile"]
    assert broken.state is State.UNKNOWN
    assert broken.note == f"{tmp_path}/broken/Vagrantfile cannot be loaded: line 3: oops"
    assert verbs_for(broken) == frozenset()
    assert rows["shop/web"].state is State.ABSENT


@pytest.mark.usefixtures("no_virsh")
def test_the_log_and_the_shell_of_such_a_row_say_why_it_does_not_load(
    tmp_path: Path, vagrant: Callable[[str], None]
) -> None:
    vagrant("echo \"$VAGRANT_CWD/Vagrantfile:3:in 'x': oops\" >&2")
    deck = Deck(tmp_path, None, make(tmp_path / "broken").directory)
    deck.rows()
    machines = Machines(
        tmp_path / "project", [], home=tmp_path / "home", environments=deck.environments
    )
    name = "broken/Vagrantfile"
    assert machines.log_source(name) == "vagrant status"
    for asked in (
        lambda: next(machines.logs(name, tail=1, follow=False, stop=Event())),
        lambda: machines.shell(name),
    ):
        with pytest.raises(ActionFailed, match="cannot be loaded: line 3: oops"):
            asked()


@pytest.mark.usefixtures("vagrant", "no_virsh")
def test_a_vagrantfile_that_everybody_may_write_is_not_run_unless_it_is_named(
    tmp_path: Path, asked: Callable[[], list[str]]
) -> None:
    shop = make(tmp_path / "shop", "web").file
    shop.chmod(0o666)
    (row,) = Deck(tmp_path, tmp_path / "shop").rows().values()
    assert row.note == (
        f"{shop} may be written by everybody → name it if you trust it: --vagrant {shop.parent}"
    )
    assert asked() == []
    assert list(Deck(tmp_path, None, tmp_path / "shop").rows()) == ["shop/web"]


@pytest.mark.usefixtures("vagrant", "no_virsh")
def test_vagrants_own_settings_say_where_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAGRANT_CWD", str(tmp_path / "shop"))
    assert working_folder() == tmp_path / "shop"
    make(tmp_path / "shop", "web")
    (tmp_path / "shop" / "Vagrantfile").rename(tmp_path / "shop" / "Machines.rb")
    assert Deck(tmp_path, tmp_path / "shop").rows() == {}
    monkeypatch.setenv("VAGRANT_VAGRANTFILE", "Machines.rb")
    found = Deck(tmp_path, tmp_path / "shop")
    assert found.inventory.machines() != {}
    assert found.inventory.vagrantfiles() == (tmp_path / "shop" / "Machines.rb",)
