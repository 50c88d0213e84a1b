"""Machines that another Vagrant made, out of libvirt's own description of them."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tui.engines.vagrant.foreign import (
    PLAIN,
    Foreign,
    foreign_machines,
    origin_of,
    plain_domains,
)
from tui.model import State
from tui.sides.libvirt import Definition, Domain
from tui.sides.vagrant_index import name_entries

UUID = "280b41ff-245a-47bf-a0df-ce0393a87e27"


def definition(description: str) -> Definition:
    return Definition("tcg", description, None, False, (), {})


def found_in(directory: Path, name: str = "shop_web") -> list[Foreign]:
    domain = Domain(UUID, name, State.RUNNING)
    description = f"Source: {directory}/Vagrantfile"
    return list(foreign_machines({UUID: domain}, {UUID: definition(description)}))


def make(directory: Path, machine: str, uuid: str, creator: int) -> None:
    folder = directory / ".vagrant" / "machines" / machine / "libvirt"
    folder.mkdir(parents=True)
    (folder / "id").write_text(uuid)
    (folder / "creator_uid").write_text(str(creator))


def test_its_folder_tells_its_name_and_whose_it_is(tmp_path: Path) -> None:
    make(tmp_path / "shop", "front", UUID, pwd.getpwnam("nobody").pw_uid)
    (found,) = found_in(tmp_path / "shop")
    assert (found.entry.name, found.owner) == ("front", "user nobody")
    assert found.entry.directory == tmp_path / "shop"


def test_one_of_the_same_user_is_of_another_vagrant_home(tmp_path: Path) -> None:
    make(tmp_path / "shop", "web", UUID, os.getuid())
    (found,) = found_in(tmp_path / "shop")
    assert found.owner == "another VAGRANT_HOME"


def test_where_the_folder_is_gone_the_domains_name_tells(tmp_path: Path) -> None:
    (found,) = found_in(tmp_path / "shop")
    assert (found.entry.name, found.owner) == ("web", "another user or VAGRANT_HOME")


def test_a_copy_that_vagrant_does_not_know_is_none_of_its_machines(tmp_path: Path) -> None:
    make(tmp_path / "shop", "web", "7a3f2b62-6ad3-4e1f-8a55-0c4f0e1f1a11", 0)
    assert found_in(tmp_path / "shop") == []


def test_a_domain_without_an_origin_is_no_machine_of_vagrants() -> None:
    domain = Domain(UUID, "plain", State.RUNNING)
    assert list(foreign_machines({UUID: domain}, {UUID: definition("my desktop")})) == []
    assert list(foreign_machines({UUID: domain}, {})) == []


def test_a_domain_that_no_vagrant_made_is_libvirts_own() -> None:
    domains = (
        Domain(UUID, "my desktop", State.RUNNING, "qemu:///system"),
        Domain("x", "my desktop", State.STOPPED, "qemu:///session"),
        Domain("y", "a/b", State.STOPPED, "qemu:///system"),
    )
    found = list(plain_domains(domains))
    named = name_entries((f.entry for f in found), Path("/srv/project"))
    assert sorted(named) == ["libvirt-session/my desktop", "libvirt/my desktop", "libvirt/y"]
    assert {f.owner for f in found} == {PLAIN}
    assert not any(f.entry.has_vagrantfile for f in found)


@given(st.text())
def test_any_description_is_survived(text: str) -> None:
    origin = origin_of(text)
    assert origin is None or origin.is_absolute()
    origin_of(f"Source: /{text}")
