"""Whose a thing is: a run's folder, its process, and what may be removed of it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tui.errors import TwindeckError
from tui.lab.owner import (
    CONTAINER,
    FILE,
    FOLDER,
    TREE,
    Process,
    RunFolder,
    begin,
    lab_name,
    left_over,
)

_BEGIN = (
    "import sys; from pathlib import Path; from tui.lab.owner import begin\n"
    "own = begin(Path(sys.argv[1]), 'nginx', None); print(own.root, flush=True); sys.stdin.read()"
)


def one_that_was_killed(lab: Path) -> Path:
    """The folder of a run that ended at once."""
    with subprocess.Popen(
        (sys.executable, "-c", _BEGIN, str(lab)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        root = Path(other.stdout.readline().strip())
        assert list(left_over(lab)) == []
        other.kill()
    return root


def test_a_process_that_runs_is_not_gone_and_one_with_its_pid_is_not_it() -> None:
    own = Process.own()
    assert not own.is_gone
    assert replace(own, started=own.started - 1).is_gone
    assert replace(own, boot="another").is_gone


def test_of_another_host_nothing_is_certain() -> None:
    assert not replace(Process.own(), host="another", boot="another").is_gone


def test_one_that_only_waits_to_be_reaped_is_gone() -> None:
    child = subprocess.Popen(("true",))
    while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        pass
    started = int(Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19])
    assert replace(Process.own(), pid=child.pid, started=started).is_gone
    child.wait()


def test_a_name_holds_the_runs_id_and_stays_a_workloads_name() -> None:
    name = lab_name("w" * 62, "0123456789ab")
    assert name.startswith("lab-www")
    assert name.endswith("-0123456789ab")
    assert len(name) <= 62


def test_its_folder_is_for_this_user_alone(tmp_path: Path) -> None:
    own = begin(tmp_path / "data" / "lab", "nginx", None)
    assert own.root.stat().st_mode & 0o777 == 0o700
    assert (own.root / "owner.json").stat().st_mode & 0o777 == 0o600
    assert (own.root / "made").stat().st_mode & 0o777 == 0o600


def test_two_runs_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = (begin(tmp_path / "lab", "nginx", None) for _ in range(2))
    assert one.run != other.run
    assert one.root != other.root
    assert one.workload != other.workload


def test_only_what_a_dead_process_left_is_left_over(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    live = begin(lab, "nginx", None)
    root = one_that_was_killed(lab)
    assert [own.root for own in left_over(lab)] == [root]
    live.release()
    # Nobody holds it now, but its process is still there.
    assert [own.root for own in left_over(lab)] == [root]


def test_a_killed_runs_record_is_read_again(tmp_path: Path) -> None:
    root = one_that_was_killed(tmp_path)
    about = json.loads((root / "owner.json").read_text())
    with (root / "made").open("a") as made:
        made.write('["container", "c1"]\n["container", "cut sho')
    (own,) = left_over(tmp_path)
    assert (own.run, own.workload) == (about["run"], about["workload"])
    assert own.has(CONTAINER, "c1")


@pytest.mark.parametrize("what", ["nothing", "{}", '{"run": "../../etc"}', "[1]", "\0"])
def test_a_folder_that_only_looks_like_a_runs_is_left_alone(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "twindeck-0123456789ab"
    folder.mkdir()
    (folder / "owner.json").write_text(what)
    assert list(left_over(tmp_path)) == []
    assert (folder / "owner.json").read_text() == what


def test_a_runs_folder_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    root = one_that_was_killed(tmp_path / "elsewhere")
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / root.name).symlink_to(root)
    assert list(left_over(tmp_path / "lab")) == []


def test_the_lab_does_not_work_in_a_folder_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "lab").symlink_to(tmp_path / "mine")
    with pytest.raises(TwindeckError, match="is a link"):
        begin(tmp_path / "lab", "nginx", None)
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.fixture
def own(tmp_path: Path) -> RunFolder:
    return begin(tmp_path / "lab", "nginx", None)


def test_what_was_made_goes_and_the_folder_with_it(own: RunFolder) -> None:
    own.record(FOLDER, "workloads")
    (own.root / "workloads").mkdir()
    odd = "a\nfile \udcff"
    own.record(FILE, f"workloads/{odd}")
    (own.root / "workloads" / odd).touch()
    (own.scratch / "log").touch()
    assert own.remove() == []
    assert not own.root.parent.exists()


def test_a_users_own_files_stay(own: RunFolder) -> None:
    beside = own.root.parent / "notes.txt"
    within = own.root / "mine.txt"
    own.record(FOLDER, "workloads")
    (own.root / "workloads").mkdir()
    deep = own.root / "workloads" / "mine too"
    for file in (beside, within, deep):
        file.write_text("precious")
    assert own.remove() == [f"{own.root}: left, it holds what is not the lab's"]
    assert [file.read_text() for file in (beside, within, deep)] == ["precious"] * 3


@pytest.mark.parametrize("kind", [FILE, FOLDER, TREE])
@pytest.mark.parametrize("place", ["a/precious", "../precious", "{folder}/precious", "a"])
def test_nothing_is_removed_through_a_link_or_outside(
    own: RunFolder, tmp_path: Path, kind: str, place: str
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "precious").write_text("p")
    (own.root.parent / "precious").write_text("p")
    (own.root / "a").symlink_to(mine)
    own.record(kind, place.format(folder=mine))
    own.remove()
    assert (mine / "precious").read_text() == "p"
    assert (own.root.parent / "precious").read_text() == "p"


def test_a_full_disk_is_called_one_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(TwindeckError, match="cannot be written: the disk is full") as caught:
        begin(tmp_path / "lab", "nginx", None)
    assert "TWINDECK_DATA" in caught.value.line
    assert list((tmp_path / "lab").iterdir()) == []


def test_a_record_is_kept_before_the_process_can_die(own: RunFolder) -> None:
    own.record(CONTAINER, "c1")
    own.record(CONTAINER, "c1")
    lines = (own.root / "made").read_text().splitlines()
    assert lines.count('["container", "c1"]') == 1
    assert os.getpid() == own.process.pid
