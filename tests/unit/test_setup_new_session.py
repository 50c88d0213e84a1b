"""After setup has put the user in groups: what counts in a session that is newer than that."""

from __future__ import annotations

import grp
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tui.model import Check, Reading, SideName
from tui.setup import new_session, run
from tui.setup.host import Host

_WELL = json.dumps(
    [{"check": "docker engine", "status": "ok", "reason": "it answers", "side": "container"}]
)
_ILL = _WELL.replace('"ok"', '"broken"').replace("it answers", "it is silent")

Sudo = Callable[[str], None]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """An ordinary user's, who is in the group docker by the books alone."""
    (tmp_path / "bin").mkdir()
    books = [grp.struct_group(("docker", "x", 4711, ["ada"]))]
    monkeypatch.setattr(grp, "getgrall", lambda: books)
    monkeypatch.setattr(grp, "getgrnam", lambda name: {g.gr_name: g for g in books}[name])
    monkeypatch.setattr(os, "getgroups", lambda: [1000])
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    return Host(root=tmp_path, env={**os.environ, "PATH": path}, uid=1000)


@pytest.fixture
def sudo(host: Host) -> Sudo:
    """A sudo that notes how it was called and prints what doctor would."""

    def put(printed: str) -> None:
        path = host.path("/bin/sudo")
        path.write_text(
            f"#!/bin/sh\necho \"$*\" > {host.root}/called\ncat <<'END'\n{printed}\nEND\n"
        )
        path.chmod(0o755)

    return put


def test_a_session_is_older_until_the_group_counts_in_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert new_session.is_older_than_groups(host)
    assert not new_session.is_older_than_groups(replace(host, uid=0))
    monkeypatch.setattr(os, "getgroups", lambda: [1000, 4711])
    assert not new_session.is_older_than_groups(host)


def test_the_checks_are_those_of_a_session_of_the_same_user(host: Host, sudo: Sudo) -> None:
    sudo(f"a word of a login shell's\n{_WELL}")
    assert new_session.checks_of_new_session(host) == [
        Check("docker engine", Reading.OK, "it answers", "", SideName.CONTAINER)
    ]
    called = host.path("/called").read_text()
    assert called.startswith("-n -E -u ada -- ")
    assert called.endswith("-m tui doctor --json\n")


@pytest.mark.parametrize("printed", ["", "sudo: a password is required", "[1]", "{}", "[{}]"])
def test_where_no_session_is_opened_nothing_is_known(host: Host, sudo: Sudo, printed: str) -> None:
    sudo(printed)
    assert new_session.checks_of_new_session(host) is None


@pytest.mark.parametrize(
    ("printed", "failed", "is_well"),
    [(_WELL, (), True), (_ILL, (), False), ("", (), True), ("", ("box",), False)],
    ids=["well", "ill", "unknown", "unknown after a failure"],
)
def test_setup_says_in_one_line_that_all_is_done_and_what_to_type(
    host: Host, sudo: Sudo, printed: str, failed: tuple[str, ...], is_well: bool
) -> None:
    sudo(printed)
    said: list[str] = []
    assert run._look_again(host, frozenset(failed), said.append) is is_well
    assert [line for line in said if "log out and in again" in line] == (said if is_well else [])
    assert any("it is silent" in line for line in said) is (printed == _ILL)
