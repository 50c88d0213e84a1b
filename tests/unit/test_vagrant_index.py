"""Vagrant's files, read as they may be found: whole, half-written, hostile."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.sides.vagrant_index import (
    Entry,
    index_file,
    is_machine_name,
    name_entries,
    parse_index,
    read_box,
    read_id,
    read_index,
    read_project,
)

REAL = {
    "version": 1,
    "machines": {
        "e645782b85a94172bebb1d5edb478f92": {
            "local_data_path": "/srv/shop/.vagrant",
            "name": "web",
            "provider": "libvirt",
            "state": "running",
            "vagrantfile_name": None,
            "vagrantfile_path": "/srv/shop",
            "updated_at": None,
            "extra_data": {"box": {"name": "debian/bookworm64", "provider": "libvirt"}},
        }
    },
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


def changed(**values: Any) -> str:
    (raw,) = REAL["machines"].values()  # type: ignore[attr-defined]
    return json.dumps({"version": 1, "machines": {"x": {**raw, **values}}})


def test_a_real_index() -> None:
    (entry,) = parse_index(json.dumps(REAL)) or []
    assert (entry.name, entry.provider, entry.box) == ("web", "libvirt", "debian/bookworm64")
    assert entry.folder == Path("/srv/shop/.vagrant/machines/web/libvirt")
    assert entry.state == "running"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"machines": 3}', "[" * 100_000])
def test_what_is_no_index_is_none(text: str) -> None:
    assert parse_index(text) is None


@pytest.mark.parametrize(
    "values",
    [
        {"name": "../../etc"},
        {"name": ""},
        {"name": 7},
        {"name": "a\0b"},
        {"provider": "../x"},
        {"vagrantfile_path": "relative"},
        {"vagrantfile_path": ""},
    ],
)
def test_entries_that_make_no_sense_are_left_out(values: dict[str, Any]) -> None:
    assert parse_index(changed(**values)) == []


def test_a_named_vagrantfile() -> None:
    (entry,) = parse_index(changed(vagrantfile_name=["Vagrantfile.ci"])) or []
    assert entry.vagrantfile == "Vagrantfile.ci"


@given(st.dictionaries(st.sampled_from([*next(iter(REAL["machines"].values()))]), JSON))  # type: ignore[attr-defined]
def test_any_values_at_all_are_survived(values: dict[str, Any]) -> None:
    for entry in parse_index(changed(**values)) or []:
        assert is_machine_name(entry.name)
        assert entry.directory.is_absolute()
        assert entry.data_path.is_absolute()


@given(st.text())
def test_any_text_at_all_is_survived(text: str) -> None:
    parse_index(text)


def test_no_index_yet_is_no_machine_and_an_unreadable_one_is_unknown(tmp_path: Path) -> None:
    assert read_index(tmp_path) == []
    file = tmp_path / "data" / "machine-index" / "index"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\xfe")
    assert read_index(tmp_path) is None


def test_ids_on_disk(tmp_path: Path) -> None:
    folder = tmp_path / ".vagrant" / "machines" / "web" / "libvirt"
    folder.mkdir(parents=True)
    assert read_id(folder) is None
    (folder / "id").write_text("")
    assert read_id(folder) is None
    (folder / "id").write_text("280b41ff\n")
    known = read_id(folder)
    assert known is not None
    assert known[0] == "280b41ff"
    (found,) = read_project(tmp_path, ["web", "other"])
    assert (found.name, found.provider) == ("web", "libvirt")


def entry(directory: str, name: str) -> Entry:
    return Entry(name, "libvirt", Path(directory), Path(directory) / ".vagrant")


def test_names_of_other_environments() -> None:
    entries = [entry("/a/shop", "web"), entry("/b/shop", "web"), entry("/c/api", "web")]
    named = name_entries([*entries, entry("/p", "web")], Path("/p"))
    assert set(named) == {"web", "/a/shop/web", "/b/shop/web", "api/web"}
    assert named["web"].directory == Path("/p")


@given(
    st.lists(
        st.tuples(st.sampled_from(["/p", "/a/x", "/b/x", "/b/y"]), st.sampled_from("uvw")),
        unique=True,
    )
)
def test_every_machine_has_one_name_of_its_own(places: list[tuple[str, str]]) -> None:
    named = name_entries([entry(d, n) for d, n in places], Path("/p"))
    assert sorted((str(e.directory), e.name) for e in named.values()) == sorted(places)


def test_nobody_waits_for_who_writes_into_a_pipe(tmp_path: Path) -> None:
    """A project's folder, which another may have made, holds the id and the box."""
    index = index_file(tmp_path)
    index.parent.mkdir(parents=True)
    for place in (index, tmp_path / "id", tmp_path / "box_meta"):
        os.mkfifo(place)
    assert read_index(tmp_path) is None
    assert read_id(tmp_path) is None
    assert read_box(tmp_path) is None
