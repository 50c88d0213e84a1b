"""The box builder's arithmetic and what it finds on disk."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import ActionFailed
from tui.setup.box import (
    BUILD_COMMANDS,
    PARTITION_SECTOR,
    add_box,
    boot_sector,
    box_present,
    build_box,
)
from tui.setup.host import Host


def alone(folder: Path, uid: int = 0) -> Host:
    """A host that has no commands but those in the folder."""
    return Host(root=folder, env={"PATH": str(folder)}, uid=uid)


def install(folder: Path, *names: str, then: str = "exit 0") -> None:
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\n{then}\n")
        (folder / name).chmod(0o755)


@given(st.integers(1, 2**32 - 1))
def test_boot_sector_keeps_the_loader_and_names_one_active_partition(sectors: int) -> None:
    image = bytes(range(256)) * 2
    sector = boot_sector(image, sectors)
    assert len(sector) == 512
    assert sector[:446] == image[:446]
    assert sector[-2:] == b"\x55\xaa"
    active, kind, start, length = struct.unpack("<B3xB3xII", sector[446:462])
    assert (active, kind, start, length) == (0x80, 0x83, PARTITION_SECTOR, sectors)
    assert sector[462:510] == bytes(48)


@pytest.mark.parametrize("place", ["0/libvirt", "12.1/amd64/virtualbox"])
def test_a_box_is_found_in_either_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path))
    assert not box_present(["debian/bookworm64"])
    folder = tmp_path / "boxes" / "debian-VAGRANTSLASH-bookworm64" / place
    folder.mkdir(parents=True)
    assert not box_present(["debian/bookworm64"])
    (folder / "metadata.json").write_text("{}")
    assert box_present(["nosuch/box", "debian/bookworm64"])
    assert not box_present()


def test_a_box_of_the_name_that_is_there_keeps_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path))
    mine = tmp_path / "boxes" / "twindeck-VAGRANTSLASH-base" / "0" / "libvirt" / "metadata.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("{}")
    said: list[str] = []
    add_box(alone(tmp_path), tmp_path / "built.box", said.append)
    assert said == ["twindeck/base is there already; it is left as it is"]


def test_a_missing_tool_is_told_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(ActionFailed, match=r"mmdebstrap, .* not found") as caught:
        build_box(alone(tmp_path), tmp_path / "work", print)
    assert "mmdebstrap" in caught.value.fix
    assert not (tmp_path / "work").exists()


def test_a_build_that_fails_is_told_under_the_builders_name(tmp_path: Path) -> None:
    install(tmp_path, *BUILD_COMMANDS)
    install(tmp_path, "env", then="echo E: no mirror answers; exit 25")
    with pytest.raises(ActionFailed) as caught:
        build_box(alone(tmp_path), tmp_path / "work", lambda _: None)
    assert str(caught.value).startswith("mmdebstrap could not build twindeck/base: ")
    assert str(caught.value).endswith("failed (25): E: no mirror answers")


def test_sudo_is_never_let_ask_in_the_middle_of_the_build(tmp_path: Path) -> None:
    install(tmp_path, *BUILD_COMMANDS)
    install(tmp_path, "sudo", then='echo "$1 $2 $3"; exit 1')
    said: list[str] = []
    with pytest.raises(ActionFailed):
        build_box(alone(tmp_path, uid=1000), tmp_path / "work", said.append)
    assert "-n -- env" in said
