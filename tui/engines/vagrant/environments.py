"""Which Vagrantfiles count: the working folder's, those that were named, those vagrant has used."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui.core.trust import distrusted
from tui.engines.vagrant.definitions import Contents, Definitions, Environment
from tui.model import EMPTY, Instance, SideName, State
from tui.sides.vagrant_index import Entry, data_path_of

FILE = "Vagrantfile"
"""Its usual name, and that of the row that stands for a whole one."""
_NAMES = (FILE, "vagrantfile")
"""What vagrant looks for, in this order."""


@dataclass(frozen=True, slots=True)
class Known:
    """What all Vagrantfiles together define."""

    entries: tuple[Entry, ...] = ()
    places: Mapping[tuple[Path, str], tuple[int, bool]] = field(default_factory=lambda: EMPTY)
    """(folder, name) -> its place in its Vagrantfile, and whether it comes up with all."""
    unread: Mapping[Path, Contents] = field(default_factory=lambda: EMPTY)
    """Folder -> why it is not known what its Vagrantfile defines."""
    asked: frozenset[Path] = frozenset()
    """Folders whose Vagrantfile vagrant is being asked about."""


class Environments:
    """The Vagrantfiles of one session, the project's aside: its machines are its workloads.

    `start`: where the search upward begins, None for no search; `named`: folders the user vouches
    for; `left_out`: below it is what Twindeck itself makes.
    """

    def __init__(
        self,
        definitions: Definitions,
        start: Path | None = None,
        named: Sequence[Path] = (),
        left_out: Path | None = None,
    ) -> None:
        self.definitions = definitions
        self._start = start
        self._named = frozenset(folder.expanduser().resolve() for folder in named)
        self._left_out = left_out
        self.files: tuple[Path, ...] = ()
        """The Vagrantfiles of the last look."""

    def known(self, index: Iterable[Entry], project: Path) -> Known:
        """What is known now; vagrant is asked in the background about what changed."""
        index = list(index)
        used = {entry.directory for entry in index}
        found = {e.directory: e for e in self._all(index) if e.directory != project}
        entries: list[Entry] = []
        places: dict[tuple[Path, str], tuple[int, bool]] = {}
        unread: dict[Path, Contents] = {}
        asked: set[Path] = set()
        for folder, environment in found.items():
            is_vouched_for = folder in self._named or folder in used
            contents = self._contents(environment, is_vouched_for)
            entries += (
                Entry(
                    machine.name,
                    machine.provider,
                    folder,
                    environment.data_path,
                    vagrantfile=environment.vagrantfile,
                )
                for machine in contents.machines
            )
            places |= {
                (folder, machine.name): (rank, machine.is_autostarted)
                for rank, machine in enumerate(contents.machines)
            }
            if contents.is_asked:
                asked.add(folder)
            if contents.note:
                unread[folder] = contents
        self.files = tuple(environment.file for environment in found.values())
        return Known(tuple(entries), places, unread, frozenset(asked))

    def _all(self, index: Iterable[Entry]) -> Iterator[Environment]:
        """A folder may come twice: the last one counts."""
        if self._start is not None and (nearest := _nearest(self._start)) is not None:
            yield nearest
        for folder in sorted(self._named):
            yield _in(folder) or Environment(folder, data_path_of(folder))
        for entry in index:
            if entry.has_vagrantfile and not self._is_ours(entry.directory):
                yield Environment(entry.directory, entry.data_path, entry.vagrantfile)

    def _is_ours(self, folder: Path) -> bool:
        return self._left_out is not None and folder.is_relative_to(self._left_out)

    def _contents(self, environment: Environment, is_vouched_for: bool) -> Contents:
        folder = environment.directory
        try:
            problem = "" if is_vouched_for else distrusted((folder, environment.file))
        except OSError as error:
            problem = f"{folder}: {error.strerror}"
        if problem:
            return Contents(note=f"{problem} → name it if you trust it: --vagrant {folder}")
        return self.definitions.of(environment)


def working_folder() -> Path | None:
    """Where vagrant would begin to look; None when it was removed."""
    try:
        return Path(os.environ.get("VAGRANT_CWD") or Path.cwd()).resolve()
    except OSError:
        return None


def unread_rows(known: Known) -> Iterator[tuple[Entry, Instance]]:
    """A row for each Vagrantfile of which it is not known what it defines."""
    places = Counter(folder.name for folder in known.unread)
    for folder, contents in known.unread.items():
        place = folder.name if places[folder.name] == 1 else str(folder)
        row = Instance(
            side=SideName.VM,
            name=f"{place}/{FILE}",
            state=State.UNKNOWN,
            group=str(folder),
            provider="vagrant",
            directory=folder,
            is_asked=contents.is_asked,
            note=contents.note,
            is_vagrantfile=True,
        )
        yield Entry(FILE, row.provider, folder, data_path_of(folder)), row


def _nearest(start: Path) -> Environment | None:
    """The Vagrantfile of that folder or of the nearest above, as vagrant looks for it."""
    found = (_in(folder) for folder in (start, *start.parents))
    return next((environment for environment in found if environment is not None), None)


def _in(folder: Path) -> Environment | None:
    """The Vagrantfile of that folder."""
    named = os.environ.get("VAGRANT_VAGRANTFILE")
    for name in (named,) if named else _NAMES:
        if _is_file(folder / name):
            vagrantfile = "" if name == FILE else name
            return Environment(folder, data_path_of(folder), vagrantfile)
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # In a folder that this user may not enter.
        return False
