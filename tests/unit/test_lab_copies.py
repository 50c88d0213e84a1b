"""The lab's copy of a workload: plain files, bounded, and never a way out of the folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.errors import WorkloadError
from tui.lab import copies
from tui.lab.copies import copy_folder

_NAMES = st.sampled_from(["a", "b", "c", "d e", "ä\n"])
_PLACES = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)
_TARGETS = st.one_of(
    _PLACES,
    _PLACES.map(lambda place: f"../{place}"),
    st.sampled_from(["..", ".", "../..", "../outside", "/etc/passwd", "{source}/a", "{outside}"]),
)
_TREES = st.lists(
    st.tuples(_PLACES, st.one_of(st.binary(max_size=9), _TARGETS.map(lambda t: ("link", t)))),
    max_size=8,
)


def unrecorded(kind: str, path: Path) -> None:
    pass


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below it, not through links: its mode and what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        held = str(path.readlink()).encode() if path.is_symlink() else b""
        if path.is_file() and not path.is_symlink():
            held = path.read_bytes()
        found[str(path.relative_to(folder))] = (mode, held)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "index.html").write_text("page")
    (folder / "provision.sh").write_text("#!/bin/sh\n")
    (folder / "provision.sh").chmod(0o755)
    return folder


def test_a_folder_is_copied_with_who_may_read_and_run(source: Path, tmp_path: Path) -> None:
    made: list[tuple[str, Path]] = []
    copy_folder(source, tmp_path / "copy", lambda *what: made.append(what))
    assert state_of(tmp_path / "copy") == state_of(source)
    assert {path for _, path in made} == {tmp_path / "copy", *(tmp_path / "copy").rglob("*")}


def test_a_link_within_stays_one_within(source: Path, tmp_path: Path) -> None:
    (source / "home.html").symlink_to(source / "site" / "index.html")
    (source / "site" / "up").symlink_to("..")
    copy_folder(source, tmp_path / "copy", unrecorded)
    assert (tmp_path / "copy" / "home.html").readlink() == Path("site/index.html")
    assert (tmp_path / "copy" / "site" / "up").resolve() == tmp_path / "copy"


@pytest.mark.parametrize("target", ["/etc/passwd", "../shared", "site/../../shared", "/"])
def test_a_link_that_leads_out_is_refused_by_name(
    source: Path, tmp_path: Path, target: str
) -> None:
    (tmp_path / "shared").write_text("precious")
    (source / "Dockerfile").symlink_to(target)
    with pytest.raises(WorkloadError, match=r"web/Dockerfile is a link that leads out"):
        copy_folder(source, tmp_path / "copy", unrecorded)
    assert (tmp_path / "shared").read_text() == "precious"


def test_what_is_no_plain_file_is_refused_and_not_waited_for(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "pipe")
    with pytest.raises(WorkloadError, match="pipe is no plain file"):
        copy_folder(source, tmp_path / "copy", unrecorded)


def test_a_file_with_holes_is_refused_before_it_is_read(source: Path, tmp_path: Path) -> None:
    with (source / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(WorkloadError, match=r"huge: with it the workload's folder holds more"):
        copy_folder(source, tmp_path / "copy", unrecorded)
    assert sum(path.stat().st_size for path in (tmp_path / "copy").rglob("huge")) == 0


def test_bytes_and_files_are_bounded_together(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "MOST_BYTES", 12)
    with pytest.raises(WorkloadError, match="holds more than"):
        copy_folder(source, tmp_path / "one", unrecorded)
    monkeypatch.setattr(copies, "MOST_FILES", 2)
    with pytest.raises(WorkloadError, match="more than 2 files"):
        copy_folder(source, tmp_path / "two", unrecorded)


def test_depth_is_bounded(source: Path, tmp_path: Path) -> None:
    source.joinpath(*["d"] * 40).mkdir(parents=True)
    with pytest.raises(WorkloadError, match="folders deep"):
        copy_folder(source, tmp_path / "copy", unrecorded)


def test_nothing_that_is_there_is_written_over(source: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (tmp_path / "copy").symlink_to(mine)
    with pytest.raises(WorkloadError, match="cannot be copied: it is there already"):
        copy_folder(source, tmp_path / "copy", unrecorded)
    assert list(mine.iterdir()) == []


@settings(deadline=None)
@given(_TREES)
def test_whatever_links_there_are_nothing_outside_is_read_or_written(
    tree: list[tuple[str, bytes | tuple[str, str]]],
) -> None:
    top = Path(tempfile.mkdtemp(prefix="twtest-copies-"))
    try:
        source, outside = top / "source", top / "outside"
        source.mkdir()
        outside.write_bytes(b"precious")
        for place, what in tree:
            path = source / place
            try:
                # Through earlier links too, as a hostile archive would be unpacked.
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.resolve().is_relative_to(source):
                    continue
                if isinstance(what, bytes):
                    path.write_bytes(what)
                else:
                    path.symlink_to(what[1].format(source=source, outside=outside))
            except (OSError, RuntimeError):
                continue
        before = state_of(source)
        made: set[Path] = set()
        try:
            copy_folder(source, top / "copy", lambda _, path: made.add(path))
        except WorkloadError:
            pass
        else:
            assert state_of(top / "copy").keys() == before.keys()
        assert state_of(source) == before
        assert outside.read_bytes() == b"precious"
        copied = [top / "copy", *(top / "copy").rglob("*")] if (top / "copy").exists() else []
        assert set(copied) <= made
        for path in copied:
            assert not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(
                top / "copy"
            )
            assert path.is_symlink() or not path.is_file() or b"precious" not in path.read_bytes()
    finally:
        shutil.rmtree(top)
