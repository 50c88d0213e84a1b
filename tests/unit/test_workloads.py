"""Every way to write workload.toml wrong names the file, the key and what was expected."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import WorkloadError
from tui.model import Probe, SideName, Workload
from tui.project import find_project
from tui.workloads import load, load_all

GOOD = """
title = "a page"
[ports]
guest = 80
container = 8080
vm = 18080
[ready]
kind = "http"
[container]
images = ["debian:bookworm"]
[vm]
boxes = ["debian/bookworm64"]
"""


def write(project: Path, text: str | bytes, name: str = "web") -> Path:
    folder = project / "workloads" / name
    folder.mkdir(parents=True, exist_ok=True)
    data = text if isinstance(text, bytes) else text.encode()
    (folder / "workload.toml").write_bytes(data)
    return folder


def complaint(project: Path, text: str | bytes, name: str = "web") -> str:
    with pytest.raises(WorkloadError) as caught:
        load(write(project, text, name))
    assert "\n" not in caught.value.line
    return caught.value.line


@pytest.mark.parametrize("target", ["../../shared.toml", "/dev/zero", "{project}/shared.toml"])
def test_a_file_that_is_a_link_out_of_its_folder_is_not_read(tmp_path: Path, target: str) -> None:
    (tmp_path / "shared.toml").write_text(GOOD)
    file = write(tmp_path, GOOD) / "workload.toml"
    file.unlink()
    file.symlink_to(target.format(project=tmp_path))
    with pytest.raises(WorkloadError, match="is a link that leads out") as caught:
        load(file.parent)
    assert "link the whole folder web" in caught.value.line


def test_a_folder_that_is_a_link_is_one_and_so_is_a_link_within_it(tmp_path: Path) -> None:
    shared = write(tmp_path / "shared", GOOD)
    (shared / "workload.toml").rename(shared / "common.toml")
    (shared / "workload.toml").symlink_to("common.toml")
    (tmp_path / "workloads").mkdir()
    (tmp_path / "workloads" / "web").symlink_to(shared)
    assert load(tmp_path / "workloads" / "web").folder == shared


def test_a_pipe_is_not_waited_for_and_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD) / "workload.toml"
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(WorkloadError, match="expected a plain file of at most 1 MiB"):
        load(file.parent)
    file.unlink()
    with file.open("wb") as made:
        made.truncate(1 << 40)
    with pytest.raises(WorkloadError, match="expected a plain file of at most 1 MiB"):
        load(file.parent)


def test_the_shortest_file_takes_the_defaults(tmp_path: Path) -> None:
    workload = load(write(tmp_path, GOOD))
    assert (workload.memory_mib, workload.cpus) == (2048, 2)
    assert workload.probe == Probe(kind="http", path="/", status=200, timeout_seconds=180.0)
    assert workload.name == "web"
    assert workload.port_on(SideName.VM) == 18080
    assert workload.port_on(SideName.CONTAINER) == 8080


def test_every_key_is_read(tmp_path: Path) -> None:
    text = GOOD.replace(
        'kind = "http"',
        'kind = "http"\npath = "/up?a=1"\nstatus = 204\ncontains = "yes"\ntimeout_seconds = 2.5',
    )
    workload = load(write(tmp_path, text + "[resources]\nmemory_mib = 512\ncpus = 1\n"))
    assert workload.probe == Probe("http", "/up?a=1", 204, "yes", 2.5)
    assert (workload.memory_mib, workload.cpus) == (512, 1)
    assert workload.container_images == ("debian:bookworm",)
    assert workload.boxes == ("debian/bookworm64",)
    assert workload.title == "a page"


def test_the_nginx_workload_of_this_project_is_right() -> None:
    workloads, errors = load_all(Path(__file__).parents[2])
    assert errors == ()
    nginx = next(workload for workload in workloads if workload.name == "nginx")
    assert (nginx.container_port, nginx.vm_port) == (8080, 18080)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("guest = 80", "gest = 80", "ports.gest: unknown key, did you mean guest?"),
        ("[ports]", "[prots]", "prots: unknown key, did you mean ports?"),
        ("[ports]", "[xyzzy]", "xyzzy: unknown key, expected one of title, resources, ports"),
        ("guest = 80", "", "ports.guest: missing, expected a whole number from 1 to 65535"),
        (
            "guest = 80",
            "guest = 0",
            "ports.guest: expected a whole number from 1 to 65535, found 0",
        ),
        ("guest = 80", "guest = 65536", "ports.guest: expected a whole number"),
        ("guest = 80", "guest = true", "found True"),
        ("guest = 80", "guest = 80.0", "found 80.0"),
        ("guest = 80", 'guest = "80"', "found '80'"),
        ("vm = 18080", "vm = 8080", "ports.vm: expected another port than ports.container"),
        ("[ports]", "[resources]\nmemory_mib = 63\n[ports]", "resources.memory_mib: expected a"),
        ("[ports]", "[resources]\ncpus = 0\n[ports]", "resources.cpus: expected a whole number"),
        ("[ports]", "[resources]\nmemory = 512\n[ports]", "did you mean memory_mib?"),
        ('kind = "http"', "", 'ready.kind: missing, expected "http" or "tcp"'),
        ('kind = "http"', 'kind = "udp"', 'ready.kind: expected "http" or "tcp", found \'udp\''),
        ('kind = "http"', 'kind = "http"\nstatus = 999', "ready.status: expected a whole number"),
        ('kind = "http"', 'kind = "http"\npath = "index"', "ready.path: expected a path that"),
        ('kind = "http"', 'kind = "http"\npath = "/a b"', "ready.path: expected a path that"),
        ('kind = "http"', 'kind = "http"\ntimeout_seconds = 0', "ready.timeout_seconds: expected"),
        (
            'kind = "http"',
            'kind = "http"\ntimeout_seconds = nan',
            "ready.timeout_seconds: expected",
        ),
        (
            'kind = "http"',
            'kind = "http"\ntimeout_seconds = inf',
            "ready.timeout_seconds: expected",
        ),
        ('kind = "http"', 'kind = "tcp"\npath = "/"', 'ready.path: only for kind = "http"'),
        ('["debian:bookworm"]', "[]", "container.images: expected a list of image names"),
        ('["debian:bookworm"]', '"debian"', "container.images: expected a list of image names"),
        ('["debian:bookworm"]', "[1]", "container.images: expected a list of image names, found 1"),
        ('["debian:bookworm"]', '["--privileged"]', "found '--privileged' in it"),
        ('["debian/bookworm64"]', '["a b"]', "vm.boxes: expected a list of box names, found 'a b'"),
        ('title = "a page"', "title = 7", "title: expected one line of text, found 7"),
        ('title = "a page"', 'title = "a\\u001b[31m"', "title: expected one line of text"),
        ('title = "a page"', 'title = "a page"\nvm = 3', "malformed TOML"),
        ('title = "a page"', 'title = "a page', "malformed TOML"),
        ('[ready]\nkind = "http"', "[[ready]]", "ready: expected a table [ready], found [{}]"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    line = complaint(tmp_path, GOOD.replace(old, new, 1))
    assert expected in line
    assert str(tmp_path / "workloads" / "web" / "workload.toml") in line


def test_a_file_that_is_not_text_or_not_there(tmp_path: Path) -> None:
    assert "expected UTF-8 text, byte 0" in complaint(tmp_path, b"\xff\xfe")
    with pytest.raises(WorkloadError, match=r"gone/workload.toml: cannot be read: No such file"):
        load(tmp_path / "gone")
    (tmp_path / "folder" / "workload.toml").mkdir(parents=True)
    with pytest.raises(WorkloadError, match="Is a directory"):
        load(tmp_path / "folder")


def test_deep_nesting_and_endless_numbers_are_malformed_too(tmp_path: Path) -> None:
    assert "malformed TOML" in complaint(tmp_path, "a = " + "[" * 100_000)
    assert "malformed TOML" in complaint(tmp_path, "a = " + "9" * 10_000)


@pytest.mark.parametrize("name", ["Web", "a", "-web", "web-", "we_b", "we b", "w" * 63, "wéb"])
def test_a_folder_name_no_engine_would_take(tmp_path: Path, name: str) -> None:
    assert "the folder's name is the workload's" in complaint(tmp_path, GOOD, name)


def test_one_broken_workload_leaves_the_rest(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "web")
    write(tmp_path, "nonsense", "broken")
    write(tmp_path, GOOD, "api")
    workloads, errors = load_all(tmp_path)
    assert [workload.name for workload in workloads] == ["api", "web"]
    assert [("broken" in str(error)) for error in errors] == [True]


def test_a_project_without_workloads_is_empty(tmp_path: Path) -> None:
    assert load_all(tmp_path) == ((), ())


def make_project(folder: Path) -> Path:
    (folder / "workloads").mkdir(parents=True)
    (folder / "Vagrantfile").touch()
    return folder


def test_the_project_is_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWINDECK_PROJECT", raising=False)
    above, named, given_ = (make_project(tmp_path / name) for name in ("above", "named", "given"))
    (above / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(above / "a" / "b")
    assert find_project() == above
    monkeypatch.setenv("TWINDECK_PROJECT", str(named))
    assert find_project() == named
    assert find_project(given_) == given_


@pytest.mark.parametrize("part", ["", "Vagrantfile", "workloads"])
def test_a_project_of_another_user_is_only_used_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.delenv("TWINDECK_PROJECT", raising=False)
    monkeypatch.delenv("SUDO_UID", raising=False)
    project = make_project(tmp_path / "theirs")
    if os.geteuid() == 0:
        os.chown(project / part, 4711, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.chdir(project / "workloads")
    with pytest.raises(WorkloadError, match="is another user's") as caught:
        find_project()
    assert f"--project {project}" in caught.value.line
    assert find_project(project) == project


def test_without_any_the_one_that_came_with_twindeck_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWINDECK_PROJECT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert (find_project() / "workloads" / "nginx" / "workload.toml").is_file()
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert (find_project() / "workloads" / "nginx" / "workload.toml").is_file()


def test_a_named_folder_that_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkloadError, match="it has no Vagrantfile"):
        find_project(tmp_path)
    (tmp_path / "Vagrantfile").touch()
    monkeypatch.setenv("TWINDECK_PROJECT", str(tmp_path))
    with pytest.raises(WorkloadError, match="it has no workloads/ folder"):
        find_project()


scalars = st.one_of(
    st.integers(-10, 70_000), st.booleans(), st.floats(), st.text(max_size=8), st.none()
)


@given(
    table=st.sampled_from(["resources", "ports", "ready", "container", "vm"]),
    key=st.sampled_from(
        ["memory_mib", "cpus", "guest", "container", "vm", "kind", "status", "images", "boxes"]
    ),
    value=st.one_of(scalars, st.lists(scalars, max_size=3)),
)
def test_whatever_stands_there_it_loads_within_range_or_says_why(
    tmp_path_factory: pytest.TempPathFactory, table: str, key: str, value: object
) -> None:
    values = tomllib.loads(GOOD)
    values.setdefault(table, {})[key] = value
    workload = loaded_or_told(write(tmp_path_factory.mktemp("any"), as_toml(values)))
    if workload is None:
        return
    ports = (workload.guest_port, workload.container_port, workload.vm_port)
    assert all(type(port) is int and 1 <= port <= 65535 for port in ports)
    assert type(workload.memory_mib) is int
    assert workload.memory_mib >= 64
    assert type(workload.cpus) is int
    assert workload.cpus >= 1
    assert all(workload.container_images)
    assert all(workload.boxes)


def loaded_or_told(folder: Path) -> Workload | None:
    """The workload, or None after an error that names the file."""
    try:
        return load(folder)
    except WorkloadError as error:
        line = error.line
    assert "workload.toml: " in line
    return None


@given(st.binary(max_size=200))
def test_any_bytes_load_or_say_why(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = write(tmp_path_factory.mktemp("any"), data)
    with pytest.raises(WorkloadError, match=r"workload\.toml: "):
        load(folder)


def as_toml(values: dict[str, object]) -> str:
    """TOML for plain values; None is left out."""
    lines = [f"{k} = {_literal(v)}" for k, v in values.items() if not isinstance(v, dict)]
    for name, table in values.items():
        if isinstance(table, dict):
            lines.append(f"[{name}]")
            lines += [f"{k} = {_literal(v)}" for k, v in table.items() if v is not None]
    return "\n".join(lines)


def _literal(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + "".join(f"\\U{ord(c):08X}" for c in value if c.isprintable()) + '"'
        case list():
            return "[" + ", ".join(_literal(v) for v in value if v is not None) + "]"
    return str(value)


def test_the_example_in_the_documentation_loads(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "workloads.md").read_text()
    example = document.partition("```toml\n")[2].partition("```")[0]
    workload = load(write(tmp_path, example))
    assert (workload.memory_mib, workload.cpus, workload.vm_port) == (512, 1, 18080)


def found_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("TWINDECK_PROJECT", raising=False)
    monkeypatch.chdir(folder)
    return find_project()


@pytest.fixture
def belongs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, int], None]:
    """Has a path belong to a user, for who is not root to make it so."""
    owners: dict[Path, int] = {}
    really = Path.lstat, Path.stat

    def asked(which: int) -> Callable[..., os.stat_result]:
        def look(path: Path, **options: bool) -> os.stat_result:
            status = really[which](path, **options)
            values = list(status)
            values[stat.ST_UID] = owners.get(path, status.st_uid)
            return os.stat_result(values)

        return look

    monkeypatch.setattr(Path, "lstat", asked(0))
    monkeypatch.setattr(Path, "stat", asked(1))
    return owners.__setitem__


STRANGER = 54321


@pytest.mark.parametrize("part", [".", "Vagrantfile", "workloads"])
def test_a_strangers_project_found_by_walking_up_is_refused(
    part: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    belongs: Callable[[Path, int], None],
) -> None:
    project = make_project(tmp_path / "theirs")
    (project / "below").mkdir()
    belongs(project / part, STRANGER)
    with pytest.raises(WorkloadError) as caught:
        found_from(project / "below", monkeypatch)
    assert caught.value.line == (
        f"{project / part} is another user's, and a project that is not named must be your own "
        f"→ name it if you trust it: --project {project}"
    )
    # Named, it is the user's own choice.
    assert find_project(project) == project
    monkeypatch.setenv("TWINDECK_PROJECT", str(project))
    assert find_project() == project


@pytest.mark.parametrize("part", [".", "Vagrantfile", "workloads"])
def test_a_project_everybody_may_write_is_refused(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(tmp_path / "open")
    (project / part).chmod(0o777)
    with pytest.raises(WorkloadError, match="may be written by everybody"):
        found_from(project, monkeypatch)


def test_under_sudo_the_callers_project_is_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, belongs: Callable[[Path, int], None]
) -> None:
    project = make_project(tmp_path / "mine")
    for part in (project, project / "Vagrantfile", project / "workloads"):
        belongs(part, STRANGER)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", str(STRANGER))
    assert found_from(project, monkeypatch) == project
    # The variable of somebody who is not root proves nothing.
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    with pytest.raises(WorkloadError, match="is another user's"):
        found_from(project, monkeypatch)
