"""An installed Twindeck's project: the user's copy of it, on first use and after an upgrade."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tui import project
from tui.cli import cli
from tui.cli.completion import complete_workload
from tui.core.guard import Guard
from tui.core.shipped import own_copy
from tui.errors import FileFailed
from tui.fleet.build import open_fleet
from tui.project import find_project, settled

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As a wheel lays it, with this user working somewhere else."""
    folder = tmp_path / "site-packages" / "tui" / "_project"
    shutil.copytree(ROOT / "workloads" / "nginx", folder / "workloads" / "nginx")
    shutil.copytree(ROOT / "workloads" / "redis", folder / "workloads" / "redis")
    shutil.copy(ROOT / "Vagrantfile", folder)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr(project, "SHIPPED", folder)
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("TWINDECK_PROJECT", raising=False)
    return folder


@pytest.fixture
def copy(shipped: Path, tmp_path: Path) -> Path:
    """The user's, made by a first use."""
    made, told = settled(find_project())
    assert (made, told) == (tmp_path / "data" / "project", [])
    return made


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != ".shipped.json"
    }


def upgrade(shipped: Path, name: str, text: str = "# newer\n") -> None:
    (shipped / name).parent.mkdir(parents=True, exist_ok=True)
    (shipped / name).write_text(text)


def test_first_use_copies_it_whole_and_machines_are_kept_there(shipped: Path, copy: Path) -> None:
    assert content(copy) == content(shipped)
    assert find_project() == copy
    assert (copy.parent.stat().st_mode & 0o077) == 0
    assert [path.name for path in copy.parent.iterdir()] == ["project"]


def test_a_second_use_changes_nothing(copy: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    assert settled(find_project()) == (copy, [])
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before


def test_an_upgrade_replaces_what_the_user_has_not_changed(shipped: Path, copy: Path) -> None:
    upgrade(shipped, "Vagrantfile")
    upgrade(shipped, "workloads/nginx/extra.conf")
    upgrade(shipped, "workloads/new/workload.toml")
    assert own_copy(shipped, copy) == []
    assert content(copy) == content(shipped)


def test_what_the_user_changed_stays_and_the_new_version_lies_beside_it_once(
    shipped: Path, copy: Path
) -> None:
    (copy / "Vagrantfile").write_text("# mine\n")
    upgrade(shipped, "Vagrantfile")
    (line,) = own_copy(shipped, copy)
    assert line == f"{copy}/Vagrantfile is yours, and has a new version: it lies beside it as " + (
        "Vagrantfile.new"
    )
    assert (copy / "Vagrantfile").read_text() == "# mine\n"
    assert (copy / "Vagrantfile.new").read_text() == "# newer\n"
    assert own_copy(shipped, copy) == []


def test_a_link_the_user_put_in_its_place_is_theirs(shipped: Path, copy: Path) -> None:
    """Even where it leads to the same text: nothing is written through it."""
    theirs = copy.parent / "Vagrantfile.shared"
    (copy / "Vagrantfile").rename(theirs)
    (copy / "Vagrantfile").symlink_to(theirs)
    before = theirs.read_bytes()
    upgrade(shipped, "Vagrantfile")
    assert len(own_copy(shipped, copy)) == 1
    assert theirs.read_bytes() == before
    assert (copy / "Vagrantfile.new").read_text() == "# newer\n"


def test_a_folder_the_user_linked_elsewhere_is_not_written_into(
    shipped: Path, copy: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    (copy / "workloads" / "nginx").rename(theirs)
    (copy / "workloads" / "nginx").symlink_to(theirs)
    before = content(theirs)
    upgrade(shipped, "workloads/nginx/Dockerfile")
    (line,) = own_copy(shipped, copy)
    assert line.startswith(f"{copy}/workloads/nginx/Dockerfile has a new version, and is left")
    assert content(theirs) == before
    assert own_copy(shipped, copy) == []


def test_the_copy_can_be_written_where_the_install_cannot(shipped: Path, tmp_path: Path) -> None:
    for path in (*shipped.rglob("*"), shipped):
        path.chmod(0o555 if path.is_dir() else 0o444)
    made = tmp_path / "data" / "project"
    own_copy(shipped, made)
    assert made.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o200 for path in made.rglob("*"))


@pytest.mark.parametrize("what", ["file", "link"])
def test_what_stands_in_the_copys_place_is_told_and_left(
    shipped: Path, tmp_path: Path, what: str
) -> None:
    place = tmp_path / "data" / "project"
    place.parent.mkdir()
    if what == "file":
        place.write_text("mine")
    else:
        place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileFailed, match=f"{place}: cannot be written: "):
        settled(find_project())
    assert [path.name for path in place.parent.iterdir()] == ["project"]


def test_what_the_user_removed_stays_removed_and_what_they_added_stays(
    shipped: Path, copy: Path
) -> None:
    shutil.rmtree(copy / "workloads" / "redis")
    (copy / "workloads" / "nginx" / "Dockerfile").unlink()
    (copy / "workloads" / "mine").mkdir()
    (copy / "workloads" / "mine" / "workload.toml").write_text("mine")
    machine = copy / ".vagrant" / "machines" / "nginx" / "libvirt" / "id"
    machine.parent.mkdir(parents=True)
    machine.write_text("4711")
    for name in ("redis/workload.toml", "redis/more", "nginx/Dockerfile", "nginx/page"):
        upgrade(shipped, f"workloads/{name}")
    assert own_copy(shipped, copy) == []
    assert not (copy / "workloads" / "redis").exists()
    assert not (copy / "workloads" / "nginx" / "Dockerfile").exists()
    assert (copy / "workloads" / "nginx" / "page").read_text() == "# newer\n"
    assert (copy / "workloads" / "mine" / "workload.toml").read_text() == "mine"
    assert machine.read_text() == "4711"


def test_without_a_manifest_every_file_is_the_users(shipped: Path, copy: Path) -> None:
    (copy / ".shipped.json").write_text("nonsense")
    (copy / "Vagrantfile").write_text("# mine\n")
    assert len(own_copy(shipped, copy)) == 1
    assert (copy / "Vagrantfile").read_text() == "# mine\n"


def test_two_first_uses_at_once_come_to_one_whole_copy(shipped: Path, tmp_path: Path) -> None:
    target = tmp_path / "data" / "project"
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: own_copy(shipped, target), range(8)))
    assert told == [[]] * 8
    assert content(target) == content(shipped)
    assert [path.name for path in target.parent.iterdir()] == ["project"]


def test_who_only_looks_makes_no_copy(shipped: Path, tmp_path: Path) -> None:
    fleet = open_fleet(guard=Guard(is_read_only=True))
    assert [workload.name for workload in fleet.workloads] == ["nginx", "redis"]
    assert not (tmp_path / "data" / "project").exists()
    assert find_project() == shipped


def test_the_console_acts_in_the_copy_and_tells_of_files_that_lie_beside(
    shipped: Path, copy: Path
) -> None:
    (copy / "Vagrantfile").write_text("# mine\n")
    upgrade(shipped, "Vagrantfile")
    fleet = open_fleet()
    assert any("lies beside it as Vagrantfile.new" in line for line in fleet.problems)
    assert {workload.folder.parent.parent for workload in fleet.workloads} == {copy}


def test_a_project_that_is_named_or_a_checkouts_is_left_where_it_is(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settled(ROOT) == (ROOT, [])
    # A checkout has no project beside its modules, and a copy of another install is none of it.
    settled(find_project())
    monkeypatch.setattr(project, "SHIPPED", tmp_path / "checkout" / "tui" / "_project")
    shutil.copytree(shipped, tmp_path / "checkout", dirs_exist_ok=True)
    assert find_project() == tmp_path / "checkout"
    assert settled(find_project()) == (tmp_path / "checkout", [])


def test_without_a_data_folder_that_can_be_written_nothing_is_made_among_the_modules(
    shipped: Path, tmp_path: Path
) -> None:
    """The rest goes on; what came along cannot be brought up, and the reason is told."""
    (tmp_path / "data").write_text("a file")
    line = (
        f"{tmp_path}/data: cannot be written: Not a directory "
        "→ name another folder with TWINDECK_DATA"
    )
    fleet = open_fleet()
    assert list(fleet.workloads) == []
    assert line in fleet.problems
    refused = CliRunner().invoke(cli, ["up", "nginx", "--on", "vm"])
    assert refused.exit_code != 0
    assert line in refused.output


def test_shell_completion_makes_no_copy(shipped: Path, tmp_path: Path) -> None:
    context = click.Context(click.Command("up"))
    found = complete_workload(context, click.Argument(["name"]), "n")
    assert [item.value for item in found] == ["nginx"]
    assert not (tmp_path / "data").exists()
