"""History in one SQLite file: the boots that were timed, and the last known fleet.

Import this module where it is needed, not at start: it brings sqlite3 with it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import shlex
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from threading import Lock
from typing import Any

from platformdirs import user_data_path

from tui.core.files import make_private, private_folder, tighten
from tui.core.guard import Guard
from tui.core.reasons import DISK_FULL, LOCKED, reason_of
from tui.errors import FileFailed, StoreDamaged, StoreError
from tui.model import Boot, BootPhase, HealthStatus, Instance, Phase, SideName, State

_APPLICATION_ID = 0x54574B44
"""Marks the file as ours in SQLite's own header field."""
_BUSY_SECONDS = 5.0
_MEMORY = ":memory:"
_LEAST_ROOM_BYTES = 64 * 1024
"""SQLite's index of its log takes half of it."""

# Number N brings a file of schema N-1 to schema N. Never change one that was released.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE boots (
            id INTEGER PRIMARY KEY,
            side TEXT NOT NULL,
            name TEXT NOT NULL,
            started_at REAL NOT NULL,
            total_seconds REAL NOT NULL,
            accelerator TEXT,
            workload TEXT,
            answered INTEGER NOT NULL
        )""",
        """CREATE TABLE phases (
            boot_id INTEGER NOT NULL REFERENCES boots (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            seconds REAL NOT NULL,
            PRIMARY KEY (boot_id, position)
        ) WITHOUT ROWID""",
        "CREATE INDEX boots_by_instance ON boots (side, name, started_at)",
        "CREATE INDEX boots_by_time ON boots (started_at)",
        """CREATE TABLE fleet (
            position INTEGER PRIMARY KEY,
            instance TEXT NOT NULL
        )""",
    ),
    (
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            workload TEXT NOT NULL,
            started_at REAL NOT NULL,
            run TEXT NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE measurements (
            id INTEGER PRIMARY KEY,
            run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            measurement TEXT NOT NULL
        )""",
        "CREATE INDEX runs_by_time ON runs (started_at)",
        "CREATE INDEX measurements_by_run ON measurements (run_id, id)",
    ),
    (
        "ALTER TABLE boots ADD COLUMN engine TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE fleet ADD COLUMN engine TEXT NOT NULL DEFAULT ''",
    ),
)

_BOOT_COLUMNS = "id, side, name, started_at, total_seconds, accelerator, workload, answered, engine"
_OF_ENGINE = "(:engine IS NULL OR side <> 'container' OR engine = :engine)"
"""A VM is of no container engine."""
_NEWEST_FIRST = "ORDER BY started_at DESC, id DESC"


def history_path() -> Path:
    """Where the history lives: `history.db` in TWINDECK_DATA, else in the user's data folder."""
    if folder := os.environ.get("TWINDECK_DATA"):
        return Path(folder).expanduser() / "history.db"
    return user_data_path("twindeck", appauthor=False) / "history.db"


class Store:
    """The history file, open. Any thread may call any method; every method raises StoreError.

    Read-only, the file is neither made nor written to: without one the history is empty.
    """

    def __init__(
        self,
        path: Path | None = None,
        guard: Guard = Guard(),  # noqa: B008 (frozen)
    ) -> None:
        self.path = history_path() if path is None else path
        self._guard = guard
        self._lock = Lock()
        self._is_copy = False
        """Whether it is read from memory, not from the file."""
        try:
            self._database = self._open()
        except FileFailed as error:
            told = f"{self.path}: the history cannot be used: {error}"
            raise StoreError(told, error.fix) from error
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        self._is_ready = False
        """Whether it is of this version: until then a copy in memory may be written."""
        try:
            self._prepare()
        except StoreError:
            self._database.close()
            raise

    def _open(self) -> sqlite3.Connection:
        if self._guard.is_read_only:
            return self._open_to_look()
        if str(self.path) != _MEMORY:
            private_folder(self.path.parent)
            make_private(self.path)
            # What SQLite makes beside it has its mode; these are of an earlier version of ours.
            for name in ("-wal", "-shm"):
                tighten(self.path.with_name(self.path.name + name))
        return _connect(str(self.path))

    def _open_to_look(self) -> sqlite3.Connection:
        """Makes no file: SQLite's own read-only mode makes two beside a file nobody has open."""
        if not self.path.exists():
            self._is_copy = True
            return _connect(_MEMORY)
        wal = self.path.with_name(f"{self.path.name}-wal")
        is_open_elsewhere = wal.exists() and wal.stat().st_size > 0
        how = "mode=ro" if is_open_elsewhere else "immutable=1"
        return _connect(f"{self.path.absolute().as_uri()}?{how}", is_uri=True)

    def _look_anew(self) -> None:
        """Another process may have begun to write since the file was opened to look."""
        if self._is_ready and not self._is_copy:
            self._database.close()
            self._database = self._open_to_look()

    def add_boot(self, boot: Boot) -> None:
        """Keep one boot."""
        with self.transaction("IMMEDIATE") as database:
            cursor = database.execute(
                "INSERT INTO boots (side, name, started_at, total_seconds, accelerator, workload,"
                " answered, engine) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    boot.side,
                    boot.name,
                    boot.started_at,
                    boot.total_seconds,
                    boot.accelerator,
                    boot.workload,
                    boot.answered,
                    boot.engine,
                ),
            )
            database.executemany(
                "INSERT INTO phases (boot_id, position, name, seconds) VALUES (?, ?, ?, ?)",
                [(cursor.lastrowid, n, p.name, p.seconds) for n, p in enumerate(boot.phases)],
            )

    def boots(
        self, keys: Sequence[str] = (), limit: int = 20, engine: str | None = None
    ) -> list[Boot]:
        """At most `limit` boots in all, newest first; of all instances when `keys` is empty, and
        of the containers of all engines when `engine` is None.

        Rows that make no sense are left out.
        """
        names = json.dumps([key.partition(":")[::2] for key in keys])
        which = (
            "AND (side, name) IN (SELECT json_extract(value, '$[0]'),"
            " json_extract(value, '$[1]') FROM json_each(:names))"
            if keys
            else ""
        )
        with self.transaction() as database:
            rows = database.execute(
                f"SELECT {_BOOT_COLUMNS} FROM boots WHERE {_OF_ENGINE} {which} {_NEWEST_FIRST}"
                " LIMIT :limit",
                {"names": names, "limit": max(0, limit), "engine": engine},
            ).fetchall()
            phases = {row[0]: self._phases(database, row[0]) for row in rows}
        boots = (_boot(row, phases[row[0]]) for row in rows)
        return [boot for boot in boots if boot is not None]

    def last_boot_seconds(self, engine: str | None = None) -> dict[str, float]:
        """Key -> total of the newest boot of that instance, on that engine (None: on any)."""
        with self.transaction() as database:
            rows = database.execute(
                "SELECT side, name, total_seconds FROM ("
                " SELECT *, row_number() OVER (PARTITION BY side, name"
                f" {_NEWEST_FIRST}) AS age FROM boots WHERE {_OF_ENGINE}) WHERE age = 1",
                {"engine": engine},
            ).fetchall()
        return {f"{side}:{name}": seconds for side, name, seconds in rows if _is_number(seconds)}

    def save_fleet(self, instances: Sequence[Instance], engine: str = "") -> None:
        """Remember these instances, and only these, as the last known fleet, with the engine the
        containers are of."""
        rows = [
            (n, json.dumps(_as_json(i)), engine if i.side is SideName.CONTAINER else "")
            for n, i in enumerate(instances)
        ]
        with self.transaction("IMMEDIATE") as database:
            database.execute("DELETE FROM fleet")
            database.executemany(
                "INSERT INTO fleet (position, instance, engine) VALUES (?, ?, ?)", rows
            )

    def load_fleet(self, engine: str | None = None) -> list[Instance]:
        """The last known fleet, in the order it was saved; rows of another version are left out,
        and the containers of another engine than `engine` (None: of none)."""
        with self.transaction() as database:
            rows = database.execute(
                "SELECT instance, engine FROM fleet ORDER BY position"
            ).fetchall()
        found = [(_from_json(text), of) for text, of in rows]
        return [
            i
            for i, of in found
            if i is not None
            and _is_sound(i)
            and (engine is None or i.side is not SideName.CONTAINER or of == engine)
        ]

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        # A disk that fails here has failed before, and was told.
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._is_ready = False
            self._database.close()

    def _prepare(self) -> None:
        # Nothing is written before the file is known to be ours and of a schema we know.
        version = self._pragma("user_version")
        if version > len(_MIGRATIONS):
            raise StoreError(
                f"{self.path}: the history is of a newer Twindeck (schema {version}, "
                f"this one knows {len(_MIGRATIONS)})",
                "update twindeck, or set TWINDECK_DATA to another folder",
            )
        is_empty = version == 0 and self._pragma("schema_version") == 0
        if not is_empty and self._pragma("application_id") != _APPLICATION_ID:
            raise StoreError(
                f"{self.path}: this is another program's file",
                "set TWINDECK_DATA to another folder",
            )
        if self._guard.is_read_only and version < len(_MIGRATIONS):
            # What an older Twindeck wrote is brought up to date in memory.
            file, self._database = self._database, _copy_of(self._database)
            file.close()
            self._is_copy = True
        try:
            if not self._guard.is_read_only:
                self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error as error:
            raise self._unusable(error) from error
        for number in range(version + 1, len(_MIGRATIONS) + 1):
            self._migrate(number)
        self._is_ready = True

    def _migrate(self, number: int) -> None:
        with self.transaction("IMMEDIATE") as database:
            # Another process may have been first, between our look and our lock.
            if database.execute("PRAGMA user_version").fetchone()[0] >= number:
                return
            for statement in _MIGRATIONS[number - 1]:
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {number}")

    def _pragma(self, name: str) -> int:
        try:
            return int(self._database.execute(f"PRAGMA {name}").fetchone()[0])
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    @contextmanager
    def transaction(self, kind: str = "DEFERRED") -> Iterator[sqlite3.Connection]:
        """All or nothing; IMMEDIATE when it writes. Raises StoreError, UsageError (read-only)."""
        if kind == "IMMEDIATE" and self._is_ready:
            self._guard.refuse("write to the history")
        with self._lock:
            try:
                if self._guard.is_read_only:
                    self._look_anew()
                self._database.execute(f"BEGIN {kind}")
                try:
                    yield self._database
                    self._database.execute("COMMIT")
                finally:
                    if self._database.in_transaction:
                        self._database.execute("ROLLBACK")
            except (sqlite3.Error, OSError, UnicodeError) as error:
                raise self._unusable(error) from error

    @staticmethod
    def _phases(database: sqlite3.Connection, boot_id: int) -> list[tuple[str, float]]:
        return database.execute(
            "SELECT name, seconds FROM phases WHERE boot_id = ? ORDER BY position", (boot_id,)
        ).fetchall()

    def _unusable(self, error: Exception) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        reason = DISK_FULL if _is_disk_full(error, code, self.path.parent) else reason_of(error)
        if code in _DAMAGE:
            return StoreDamaged(
                f"{self.path}: the history cannot be used: {reason}",
                f"set it aside, a new one is made: mv {_quoted(self.path)} "
                f"{_quoted(self.path)}.damaged",
            )
        fix = _FIXES.get(reason, "").format(folder=_quoted(self.path.parent))
        return StoreError(
            f"{self.path}: the history cannot be used: {reason}",
            fix or f"mv {self.path} {self.path}.old, or set TWINDECK_DATA to another folder",
        )


_FIXES = {
    LOCKED: "try again when that has ended",
    DISK_FULL: "make room: df -h {folder} shows which disk it is",
}


def _connect(name: str, *, is_uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        name, _BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=is_uri
    )


def _copy_of(database: sqlite3.Connection) -> sqlite3.Connection:
    copy = _connect(_MEMORY)
    database.backup(copy)
    return copy


_KNOWN = frozenset(field.name for field in fields(Instance))
_NOT_KEPT = frozenset({"failed_check"})
"""Printed by a program of the user's: may hold secrets, and is old by the next start."""
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _is_disk_full(error: Exception, code: int, folder: Path) -> bool:
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT):
        return True
    # SQLite calls a lack of room for its index of the log an error of the disk.
    if code not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return False
    with contextlib.suppress(OSError):
        disk = os.statvfs(folder)
        return disk.f_bavail * disk.f_frsize < _LEAST_ROOM_BYTES
    return False


def _as_json(instance: Instance) -> dict[str, Any]:
    names = (field.name for field in fields(instance) if field.name not in _NOT_KEPT)
    values = {name: getattr(instance, name) for name in names}
    directory = values["directory"]
    return {**values, "directory": None if directory is None else str(directory)}


def _from_json(text: str) -> Instance | None:
    try:
        values: Mapping[str, Any] = json.loads(text)
        # A newer version may have written more than is known here.
        values = {key: value for key, value in values.items() if key in _KNOWN}
        directory, health = values["directory"], values.get("health")
        return Instance(
            **{
                **values,
                "side": SideName(values["side"]),
                "state": State(values["state"]),
                "ports": tuple(values["ports"]),
                "health": None if health is None else HealthStatus(health),
                "directory": None if directory is None else Path(directory),
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _boot(row: Sequence[Any], phases: list[tuple[str, float]]) -> Boot | None:
    _, side, name, started_at, total_seconds, accelerator, workload, answered, engine = row
    # SQLite holds any type in any column.
    texts = (name, accelerator or "", workload or "", engine)
    numbers = (started_at, total_seconds)
    if not all(isinstance(text, str) for text in texts) or not all(map(_is_number, numbers)):
        return None
    if not all(_is_number(seconds) for _, seconds in phases):
        return None
    try:
        return Boot(
            side=SideName(side),
            name=name,
            started_at=started_at,
            total_seconds=total_seconds,
            phases=tuple(BootPhase(Phase(phase), seconds) for phase, seconds in phases),
            accelerator=accelerator,
            workload=workload,
            answered=bool(answered),
            engine=engine,
        )
    except ValueError:
        return None


def _is_number(value: object) -> bool:
    """Whether it is one that can be shown, as seconds or as a moment."""
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < _LAST_SECOND


_LAST_SECOND = 253_402_214_400.0
"""The last day of the year 9999, which no calendar here goes beyond."""


def _is_sound(instance: Instance) -> bool:
    """Whether what was read back is of the types every screen counts on."""
    texts = (instance.id, instance.image, instance.workload, instance.accelerator, instance.busy)
    needed = (instance.name, instance.group, instance.provider, *instance.ports)
    moments = (instance.created_at, instance.started_at)
    wholes = (instance.pid, instance.exit_code)
    return (
        all(isinstance(text, str) for text in needed)
        and all(text is None or isinstance(text, str) for text in texts)
        and all(moment is None or _is_number(moment) for moment in moments)
        and all(whole is None or isinstance(whole, int) for whole in wholes)
    )
