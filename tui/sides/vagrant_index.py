"""Reads what Vagrant keeps on disk: its machine index and `.vagrant/machines/NAME/PROVIDER`.

Never calls `vagrant`, never takes Vagrant's locks: the files may be read half-written, and then the
answer is None and the next file event brings the whole one.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.core.reading import MIB, read_bounded
from tui.model import EMPTY
from tui.text import clean

_MOST_BYTES = 16 * MIB
"""A thousand machines are one MiB."""
_MOST_ID_BYTES = 4096
_LONGEST_NAME, _LONGEST_PATH = 255, 3000
"""What Linux can open, with room for what is put behind it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One machine as Vagrant knows it; whether it runs is for the hypervisor to say."""

    name: str
    """Its name in its Vagrantfile."""
    provider: str
    directory: Path
    """Where its Vagrantfile is."""
    data_path: Path
    """The environment's `.vagrant`."""
    box: str | None = None
    state: str = ""
    """Last state Vagrant wrote down; may be stale."""
    vagrantfile: str = ""
    """The Vagrantfile's name where it is not the default."""
    raw: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    """The index entry as it stands in the file."""

    @property
    def folder(self) -> Path:
        """`.vagrant/machines/NAME/PROVIDER`."""
        return self.data_path / "machines" / self.name / self.provider

    @property
    def has_vagrantfile(self) -> bool:
        """Whether vagrant can still act on it."""
        try:
            return (self.directory / (self.vagrantfile or "Vagrantfile")).is_file()
        except OSError:
            # In a folder that this user may not enter.
            return False


def box_folder(home: Path, box: str) -> Path:
    """Where a box of that name is, if it is there, in Vagrant's home."""
    return home / "boxes" / box.replace("/", "-VAGRANTSLASH-")


def vagrant_home() -> Path:
    """Where Vagrant keeps boxes and its machine index (`VAGRANT_HOME`, else `~/.vagrant.d`)."""
    return Path(os.environ.get("VAGRANT_HOME") or Path.home() / ".vagrant.d")


def index_file(home: Path) -> Path:
    """The machine index."""
    return home / "data" / "machine-index" / "index"


def data_path_of(project: Path) -> Path:
    """The project's `.vagrant`, wherever `VAGRANT_DOTFILE_PATH` puts it."""
    return project / (os.environ.get("VAGRANT_DOTFILE_PATH") or ".vagrant")


def read_index(home: Path) -> list[Entry] | None:
    """The machines in the index; [] when there is none yet, None while it cannot be read whole."""
    try:
        text = read_bounded(index_file(home), _MOST_BYTES, is_plain=True).decode()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError):
        return None
    return parse_index(text)


def parse_index(text: str) -> list[Entry] | None:
    """Entries of an index file; those that make no sense are left out; None when not an index."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    machines = data.get("machines") if isinstance(data, dict) else None
    if not isinstance(machines, dict):
        return None
    entries = (_entry(raw) for raw in machines.values() if isinstance(raw, dict))
    return [entry for entry in entries if entry is not None]


def _entry(raw: dict[str, Any]) -> Entry | None:
    name, provider = raw.get("name"), raw.get("provider")
    directory, data_path = raw.get("vagrantfile_path"), raw.get("local_data_path")
    if not is_machine_name(name) or not is_machine_name(provider):
        return None
    if not _is_path(directory):
        return None
    extra = raw.get("extra_data")
    box = extra.get("box") if isinstance(extra, dict) else None
    box_name = box.get("name") if isinstance(box, dict) else None
    vagrantfile = raw.get("vagrantfile_name")
    if isinstance(vagrantfile, list) and vagrantfile:
        vagrantfile = vagrantfile[0]
    return Entry(
        name=str(name),
        provider=str(provider),
        directory=Path(str(directory)),
        data_path=Path(str(data_path))
        if _is_path(data_path)
        else Path(str(directory)) / ".vagrant",
        box=(clean(box_name) or None) if isinstance(box_name, str) else None,
        state=clean(str(raw.get("state") or "")),
        vagrantfile=str(vagrantfile) if is_machine_name(vagrantfile) else "",
        raw=raw,
    )


def is_machine_name(value: object) -> bool:
    """Whether it can be one path component (Vagrant itself refuses slashes and brackets)."""
    return _is_file_name(value) and value not in ("", ".", "..") and "/" not in str(value)


def _is_path(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.startswith("/")
        and len(value) < _LONGEST_PATH
        and all(_is_file_name(part) for part in value.split("/"))
    )


def _is_file_name(value: object) -> bool:
    """Whether a file can be called so: JSON can hold halves of characters, no file system can."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        return len(os.fsencode(value)) <= _LONGEST_NAME
    except UnicodeEncodeError:
        return False


def read_project(project: Path, names: Iterable[str]) -> list[Entry]:
    """The project's machines that have an id on disk, in the index or not."""
    data_path = data_path_of(project)
    found = []
    for name in names:
        for id_file in sorted((data_path / "machines" / name).glob("*/id")):
            provider = id_file.parent.name
            found.append(Entry(name, provider, project, data_path, read_box(id_file.parent)))
    return found


def read_id(folder: Path) -> tuple[str, float] | None:
    """The provider's id of the machine and when it was created (Unix seconds); None without one."""
    try:
        text = read_bounded(folder / "id", _MOST_ID_BYTES, is_plain=True).decode().strip()
        return (text, (folder / "id").stat().st_mtime) if text else None
    except (OSError, ValueError):
        return None


def read_box(folder: Path) -> str | None:
    """The box the machine was made from, as `box_meta` says."""
    try:
        meta = json.loads(read_bounded(folder / "box_meta", _MOST_BYTES, is_plain=True))
    except (OSError, ValueError, RecursionError):
        return None
    name = meta.get("name") if isinstance(meta, dict) else None
    return (clean(name) or None) if isinstance(name, str) else None


def name_entries(entries: Iterable[Entry], project: Path) -> dict[str, Entry]:
    """Names unique on the side, and stable while other environments come and go.

    The project's own machines are NAME; every other is DIRECTORY/NAME, by the whole path where two
    directories of that name hold a machine of that name. Vagrant allows no slash in NAME, so the
    two kinds cannot meet.
    """
    unique: dict[tuple[Path, str], Entry] = {}
    for entry in entries:
        key = (entry.directory, entry.name)
        # The same machine under two providers: the one that has an id is the one there is.
        if key not in unique or read_id(unique[key].folder) is None:
            unique[key] = entry
    others = [e for e in unique.values() if e.directory != project]
    short = Counter((e.directory.name, e.name) for e in others)
    named = {e.name: e for e in unique.values() if e.directory == project}
    for entry in others:
        is_clear = short[(entry.directory.name, entry.name)] == 1
        place = entry.directory.name if is_clear else str(entry.directory)
        named[f"{place}/{entry.name}"] = entry
    return named
