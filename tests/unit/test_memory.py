"""A history that fails, in whatever way and at whatever moment, costs the fleet nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.unit.test_cli import Deck
from tui.cli import cli, session
from tui.core.guard import Guard
from tui.errors import StoreError
from tui.fleet.memory import Memory, open_store
from tui.model import Boot, Instance, SideName, State
from tui.store import Store

PAGE = 4096


def a_boot(name: str = "web") -> Boot:
    return Boot(SideName.VM, name, 1.0, 2.0, ())


def fill(path: Path) -> None:
    """Some hundred kilobytes of fleet, boots and runs."""
    store = Store(path)
    store.save_fleet([Instance(SideName.VM, f"n{n}" * 40, State.STOPPED) for n in range(300)])
    for n in range(300):
        store.add_boot(a_boot(f"n{n}"))
    store.close()


def damage(path: Path) -> None:
    """Every page but those of the schema is overwritten: it still opens."""
    content = bytearray(path.read_bytes())
    assert len(content) > 10 * PAGE
    content[2 * PAGE :] = b"\xaa" * (len(content) - 2 * PAGE)
    path.write_bytes(content)


def fill_up(store: Store) -> None:
    """The disk holds no more: SQLite itself says so of a file that may not grow."""
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture
def damaged(path: Path) -> Path:
    fill(path)
    damage(path)
    return path


def test_damaged_pages_are_told_once_with_the_next_step_and_written_to_no_more(
    damaged: Path,
) -> None:
    store = Store(damaged)
    told: list[str] = []
    memory = Memory(store, lambda: told.append("news"))
    assert memory.recall() == ((), {})
    before = damaged.read_bytes()
    for _ in range(3):
        memory.recall()
        memory.save_fleet([Instance(SideName.VM, "web", State.RUNNING)])
        memory.add_boot(a_boot())
    assert damaged.read_bytes() == before
    assert len(memory.faults) == len(told) == 4
    assert memory.faults[0] == (
        f"the last known fleet is not shown: {damaged}: the history cannot be used: it is damaged"
        f" → set it aside, a new one is made: mv {damaged} {damaged}.damaged"
    )
    with pytest.raises(StoreError, match="it is damaged"):
        memory.boots()
    memory.close()


def test_a_file_that_cannot_be_opened_leaves_a_history_for_this_session(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all, but as long as its header would be" * 40)
    before = path.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWINDECK_DATA", str(path.parent))
        store, faults = open_store(Guard())
    memory = Memory(store, faults=faults)
    memory.add_boot(a_boot())
    assert memory.boots() == [a_boot()]
    assert len(memory.faults) == 1
    assert path.read_bytes() == before


def test_a_full_disk_is_called_one_and_a_boot_that_is_lost_is_told_once(path: Path) -> None:
    fill(path)
    store = Store(path)
    fill_up(store)
    memory = Memory(store)
    for n in range(200):
        memory.add_boot(a_boot(f"more{n}" * 100))
    assert len(memory.faults) == 1
    (line,) = memory.faults
    assert line.startswith("vm:more")
    assert line.endswith(
        f": this boot is not stored: {path}: the history cannot be used: the disk is full"
        f" → make room: df -h {path.parent} shows which disk it is"
    )
    store.close()


def test_a_moment_of_lock_is_told_and_the_next_write_goes_in(path: Path) -> None:
    store = Store(path)
    store._database.execute("PRAGMA busy_timeout = 10")
    memory = Memory(store)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    memory.add_boot(a_boot())
    other.execute("ROLLBACK")
    other.close()
    memory.add_boot(a_boot())
    assert memory.boots() == [a_boot()]
    assert len(memory.faults) == 1
    store.close()


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deck:
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    made = Deck(tmp_path / "project")
    monkeypatch.setattr(session, "open_fleet", made.open)
    return made


@pytest.mark.parametrize("words", [("ls",), ("stop", "vm:both"), ("inspect", "web")])
def test_over_damaged_pages_every_command_does_its_work_and_tells(
    deck: Deck, damaged: Path, words: tuple[str, ...]
) -> None:
    result = deck.run(*words)
    assert result.exit_code == 0
    told = [line for line in result.stderr.splitlines() if "it is damaged" in line]
    assert 1 <= len(told) <= 3
    assert all("set it aside, a new one is made: mv " in line for line in told)
    assert "Traceback" not in result.output


def test_over_damaged_pages_runs_and_boots_say_why_in_one_line(deck: Deck, damaged: Path) -> None:
    for words in (("boots",), ("runs",), ("report",)):
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == (1 if words == ("boots",) else result.exit_code)
        assert len(result.stderr.splitlines()) <= 1
        assert "Traceback" not in result.output
