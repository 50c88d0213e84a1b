"""Which libvirts are asked for a user's machines, told by files alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.engines.libvirt.connections import Connections
from tui.engines.libvirt.uris import SESSION_URI, SYSTEM_URI, uris
from tui.errors import EngineUnavailable


@pytest.fixture(autouse=True)
def a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("LIBVIRT_DEFAULT_URI", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_a_user_without_a_session_has_the_systems_alone() -> None:
    assert uris() == (SYSTEM_URI,)


@pytest.mark.parametrize(
    "sign",
    ["run/libvirt/libvirt-sock", "run/libvirt/virtqemud-sock", "config/libvirt/qemu/shop_web.xml"],
)
def test_a_session_is_known_by_its_socket_or_its_domains(tmp_path: Path, sign: str) -> None:
    (tmp_path / sign).parent.mkdir(parents=True)
    (tmp_path / sign).touch()
    assert uris() == (SYSTEM_URI, SESSION_URI)


def test_roots_session_is_the_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "run" / "libvirt").mkdir(parents=True)
    (tmp_path / "run" / "libvirt" / "libvirt-sock").touch()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert uris() == (SYSTEM_URI,)


def test_the_users_default_comes_first_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", "qemu+ssh://far/system")
    assert uris() == ("qemu+ssh://far/system", SYSTEM_URI)
    monkeypatch.setenv("LIBVIRT_DEFAULT_URI", SYSTEM_URI)
    assert uris() == (SYSTEM_URI,)


@pytest.fixture
def virsh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A virsh of which only the connection `good` answers."""
    program = tmp_path / "virsh"
    program.write_text(
        '#!/bin/sh\n[ "$3" = good ] || { echo "error: failed to connect to $3" >&2; exit 1; }\n'
        "echo 280b41ff-245a-47bf-a0df-ce0393a87e27 shop_web\n"
        "echo \"Domain: 'shop_web'\"; echo '  state.state=1'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.usefixtures("virsh")
def test_one_that_does_not_answer_hides_none_of_the_others() -> None:
    connections = Connections(lambda: ("bad", "good"))
    listing = connections.listing()
    (domain,) = listing.domains.values()
    assert (domain.name, domain.uri) == ("shop_web", "good")
    assert "bad" in str(listing.failures["bad"])
    assert connections.answering == ("good",)


@pytest.mark.usefixtures("virsh")
def test_none_that_answers_is_an_engine_that_is_down() -> None:
    with pytest.raises(EngineUnavailable, match="libvirt at bad does not answer"):
        Connections(lambda: ("bad", "worse")).listing()
