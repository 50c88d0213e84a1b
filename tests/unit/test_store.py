"""The history survives restarts, threads and processes, and harms no file it cannot read."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import store as store_module
from tui.errors import StoreError
from tui.model import Boot, BootPhase, HealthStatus, Instance, Phase, SideName, State
from tui.store import Store, history_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()


def a_boot(name: str, started_at: float, side: SideName = SideName.VM, total: float = 3.0) -> Boot:
    phases = (BootPhase(Phase.CREATE, 1.0), BootPhase(Phase.BOOT, total - 1.0))
    return Boot(side, name, started_at, total, phases, accelerator="tcg", workload="nginx")


def test_boots_come_back_whole_and_newest_first(path: Path) -> None:
    boots = [a_boot("nginx", 10.0), a_boot("web", 30.0, SideName.CONTAINER), a_boot("nginx", 20.0)]
    first = Store(path)
    for boot in boots:
        first.add_boot(boot)
    first.close()
    again = Store(path)
    assert again.boots() == [boots[1], boots[2], boots[0]]
    assert again.boots(["vm:nginx"]) == [boots[2], boots[0]]
    assert again.boots(["vm:nginx", "container:web"], limit=2) == [boots[1], boots[2]]
    assert again.boots(["container:nginx"]) == []
    assert again.boots(limit=0) == []
    again.close()


def test_boots_of_the_same_moment_come_last_written_first(store: Store) -> None:
    store.add_boot(a_boot("a", 1.0))
    store.add_boot(a_boot("b", 1.0))
    assert [boot.name for boot in store.boots()] == ["b", "a"]


def test_the_newest_boot_of_each_instance_counts(store: Store) -> None:
    store.add_boot(a_boot("nginx", 20.0, total=8.0))
    store.add_boot(a_boot("nginx", 10.0, total=9.0))
    store.add_boot(a_boot("nginx", 5.0, SideName.CONTAINER, total=1.5))
    assert store.last_boot_seconds() == {"vm:nginx": 8.0, "container:nginx": 1.5}


def test_an_unanswered_boot_without_phases(store: Store) -> None:
    boot = Boot(SideName.VM, "x", 1.5, 2.5, (), answered=False)
    store.add_boot(boot)
    assert store.boots() == [boot]


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
instances = st.builds(
    Instance,
    side=st.sampled_from(SideName),
    name=names,
    state=st.sampled_from(State),
    id=st.none() | names,
    ports=st.lists(names).map(tuple),
    created_at=st.none() | st.floats(0, 2.5e11),
    exit_code=st.none() | st.integers(),
    directory=st.none() | names.map(lambda name: Path("/") / name),
)


@given(st.lists(instances, max_size=5))
def test_any_fleet_comes_back_as_it_was(fleet: list[Instance]) -> None:
    opened = Store(Path(":memory:"))
    opened.save_fleet([Instance(SideName.VM, "forgotten", State.RUNNING)])
    opened.save_fleet(fleet)
    assert opened.load_fleet() == fleet
    opened.close()


@given(names)
def test_any_name_is_found_again(name: str) -> None:
    opened = Store(Path(":memory:"))
    opened.add_boot(a_boot(name, 1.0))
    opened.add_boot(a_boot(name + "'", 2.0))
    assert opened.boots([f"vm:{name}"]) == [a_boot(name, 1.0)]
    assert opened.last_boot_seconds() == {f"vm:{name}": 3.0, f"vm:{name}'": 3.0}
    opened.close()


def test_a_name_no_text_can_hold_is_refused_in_one_line(store: Store) -> None:
    with pytest.raises(StoreError, match="not UTF-8 text"):
        store.add_boot(a_boot("\udcff", 1.0))
    assert store.boots() == []


def test_fleet_rows_of_another_version_are_left_out(store: Store, path: Path) -> None:
    store.save_fleet([Instance(SideName.VM, "kept", State.STOPPED)])
    with sqlite3.connect(path) as other:
        for number, text in enumerate(["{", '{"side": "moon"}', "[]", "null"], start=1):
            other.execute("INSERT INTO fleet VALUES (?, ?, '')", (number, text))
    other.close()
    assert [instance.name for instance in store.load_fleet()] == ["kept"]


def test_a_row_with_keys_that_are_not_known_here_is_kept(store: Store, path: Path) -> None:
    store.save_fleet([Instance(SideName.CONTAINER, "web", State.RUNNING)])
    with sqlite3.connect(path) as other:
        other.execute("UPDATE fleet SET instance = json_set(instance, '$.colour', 'red')")
        other.execute("UPDATE fleet SET instance = json_remove(instance, '$.health')")
    other.close()
    assert store.load_fleet() == [Instance(SideName.CONTAINER, "web", State.RUNNING)]


def test_what_a_health_check_printed_is_not_kept(store: Store) -> None:
    ill = Instance(
        SideName.CONTAINER,
        "web",
        State.RUNNING,
        health=HealthStatus.UNHEALTHY,
        failed_check="password=hunter2 refused (exit code 1)",
    )
    store.save_fleet([ill])
    assert store.load_fleet() == [replace(ill, failed_check="")]


def test_threads_share_one_store(store: Store) -> None:
    def work(number: int) -> None:
        store.add_boot(a_boot(f"n{number}", float(number)))
        store.save_fleet([Instance(SideName.VM, f"n{number}", State.RUNNING)])
        assert len(store.load_fleet()) == 1
        assert store.boots([f"vm:n{number}"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(64)))
    assert len(store.boots(limit=100)) == 64


def test_processes_share_one_file(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tui.store import Store\n"
        "from tui.model import Boot, SideName\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for n in range(20): store.add_boot(Boot(SideName.VM, sys.argv[2], n, 1.0, ()))\n"
    )
    argv = [sys.executable, "-c", code, str(path)]
    running = [subprocess.Popen([*argv, name]) for name in "abcd"]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    store = Store(path)
    assert len(store.boots(limit=100)) == 80
    store.close()


def test_it_keeps_its_promises_on_disk(store: Store, path: Path) -> None:
    def pragma(name: str) -> object:
        return store._database.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 1
    assert pragma("busy_timeout") == 5000
    assert pragma("user_version") == len(store_module._MIGRATIONS)
    assert path.exists()


def test_a_migration_that_fails_leaves_the_schema_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(path).close()
    broken = (*store_module._MIGRATIONS, ("CREATE TABLE extra (a)", "nonsense"))
    monkeypatch.setattr(store_module, "_MIGRATIONS", broken)
    with pytest.raises(StoreError, match="SQLITE_ERROR"):
        Store(path)
    good = (*broken[:-1], ("ALTER TABLE boots ADD COLUMN extra TEXT",))
    monkeypatch.setattr(store_module, "_MIGRATIONS", good)
    store = Store(path)
    store.add_boot(a_boot("nginx", 1.0))
    assert store.boots() == [a_boot("nginx", 1.0)]
    store.close()


def refused(path: Path) -> str:
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        Store(path)
    assert path.read_bytes() == before
    assert str(path) in caught.value.line
    assert caught.value.fix
    assert "\n" not in caught.value.line
    return caught.value.line


def test_a_file_that_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to have a header of 100 bytes" * 3)
    assert "no history at all" in refused(path)


def test_a_torn_file(path: Path) -> None:
    store = Store(path)
    for number in range(200):
        store.add_boot(a_boot("nginx", float(number)))
    store.close()
    path.write_bytes(path.read_bytes()[:200] + b"\xaa" * 8000)
    assert "it is damaged" in refused(path)


def test_a_file_of_a_newer_version(path: Path) -> None:
    Store(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    assert "of a newer Twindeck (schema 99" in refused(path)


def test_another_program_s_database(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE places (url)")
    other.close()
    assert "another program's file" in refused(path)


def test_folders_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "history.db", Path("/proc/twindeck/history.db"), tmp_path):
        with pytest.raises(StoreError, match="the history cannot be used"):
            Store(path)


def test_a_locked_file_is_told_as_such(store: Store, path: Path) -> None:
    store._database.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program held it locked"):
        store.add_boot(a_boot("nginx", 1.0))
    other.execute("ROLLBACK")
    other.close()
    store.add_boot(a_boot("nginx", 1.0))
    assert len(store.boots()) == 1


def test_a_full_disk_is_told_loses_nothing_and_takes_boots_again_when_there_is_room(
    store: Store, path: Path
) -> None:
    store.add_boot(a_boot("nginx", 1.0))
    # SQLite answers the same as where the file system has no room.
    (pages,) = store._database.execute("PRAGMA page_count").fetchone()
    store._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError) as caught:
        store.add_boot(a_boot("nginx" * 20_000, 1.0))
    assert str(caught.value) == f"{path}: the history cannot be used: the disk is full"
    assert caught.value.fix == f"make room: df -h {path.parent} shows which disk it is"
    store._database.execute("PRAGMA max_page_count = 100000")
    store.add_boot(a_boot("nginx", 2.0))
    assert [boot.started_at for boot in store.boots()] == [2.0, 1.0]


def test_after_close_every_call_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.boots()


def test_where_the_file_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "here"))
    assert history_path() == tmp_path / "here" / "history.db"
    monkeypatch.delenv("TWINDECK_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert history_path() == tmp_path / "twindeck" / "history.db"


def test_the_history_is_its_owners_alone(path: Path) -> None:
    opened = Store(path)
    opened.add_boot(a_boot("web", 1.0))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    opened.close()
    assert modes == dict.fromkeys(("history.db", "history.db-wal", "history.db-shm"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_history_others_could_read_is_tightened_when_it_is_opened(path: Path) -> None:
    Store(path).close()
    path.chmod(0o644)
    path.parent.chmod(0o755)
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # The folder may be one the user named, with more in it.
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_a_history_behind_a_link_is_not_written(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(StoreError, match="it is a symbolic link"):
        Store(path)
    assert not (tmp_path / "elsewhere.db").exists()


def test_rows_that_make_no_sense_are_left_out_and_the_others_stay(store: Store, path: Path) -> None:
    store.add_boot(a_boot("nginx", 1.0))
    store.save_fleet([Instance(SideName.VM, "web", State.STOPPED, created_at=5.0)])
    with sqlite3.connect(path) as other:
        for columns in (
            ("moon", "a", 1.0, 2.0),
            ("vm", b"\x00", 1.0, 2.0),
            ("vm", "b", "yesterday", 2.0),
            ("vm", "c", 1.0, "long"),
            ("vm", "d", 1e300, 2.0),
        ):
            other.execute(
                "INSERT INTO boots (side, name, started_at, total_seconds, answered)"
                " VALUES (?, ?, ?, ?, 1)",
                columns,
            )
        text = other.execute("SELECT instance FROM fleet").fetchone()[0]
        for n, wrong in enumerate(
            ('"name": 7', '"name": "x", "created_at": "soon"', '"name": "x"'), 1
        ):
            kept = text.replace('"created_at": 5.0', '"pid": null')
            kept = kept.replace('"ports": []', '"ports": [1]')
            other.execute(
                "INSERT INTO fleet VALUES (?, ?, '')", (n, kept.replace('"name": "web"', wrong))
            )
    other.close()
    assert [boot.name for boot in store.boots()] == ["nginx"]
    assert store.last_boot_seconds()["vm:nginx"] == 3.0
    assert [instance.name for instance in store.load_fleet()] == ["web"]
