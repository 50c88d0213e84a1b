"""What a Vagrantfile defines, as vagrant itself tells it.

A second or more of Ruby: asked behind the list, once a change of the file, and kept over sessions;
never on a timer.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from threading import Lock, Thread

from tui.core.files import PRIVATE, private_folder, replace_file
from tui.core.reading import MIB, read_bounded
from tui.engines.vagrant.look import LookFailed, Looking
from tui.errors import FileFailed
from tui.sides.vagrant_command import environment as environment_of
from tui.sides.vagrant_index import Entry, is_machine_name
from tui.sides.vagrant_output import error_exit, failure
from tui.text import clean

ANSWER_SECONDS = 120.0
"""Three hundred machines take a slow host 25 s, and a busy one longer."""
_AT_ONCE = 2
_MOST_MACHINES = 1000
_MOST_KEPT, _MOST_KEPT_BYTES = 500, 16 * MIB
_VERSION = 1
_DEFINES = Path(__file__).with_name("defines.rb")
# Vagrant does not escape the name here, so it is what stands between the time and the kind.
_DEFINED = re.compile(r"\d+,(?P<name>.+),metadata,provider,(?P<provider>[^,]+)")
_LEFT_OUT = re.compile(r"0,(?P<name>.+),autostart,false")
"""What our own `defines.rb` prints, before vagrant does."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A folder with a Vagrantfile."""

    directory: Path
    data_path: Path
    """Its `.vagrant`."""
    vagrantfile: str = ""
    """The Vagrantfile's name where it is not the default."""

    @property
    def file(self) -> Path:
        """The Vagrantfile."""
        return self.directory / (self.vagrantfile or "Vagrantfile")


@dataclass(frozen=True, slots=True)
class Defined:
    """One machine of a Vagrantfile."""

    name: str
    provider: str
    """What vagrant would make it with."""
    is_autostarted: bool = True
    """Whether a bare `vagrant up` brings it up."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is known of a Vagrantfile."""

    machines: tuple[Defined, ...] = ()
    """In its own order."""
    note: str = ""
    """Why nothing is known, one plain line."""
    is_asked: bool = False
    """Whether vagrant is being asked; the machines are those of its last answer."""
    is_endless: bool = False
    """Whether it was ended because it took too long, or told too much."""


def parse_defined(text: str, errors: str, environment: Environment) -> Contents:
    """Out of what `vagrant status --machine-readable` printed to stdout and to stderr."""
    found: dict[str, Defined] = {}
    left_out = set()
    failed = error_exit(text)
    for line in text.splitlines():
        if left := _LEFT_OUT.fullmatch(line):
            left_out.add(left["name"])
        told = _DEFINED.fullmatch(line)
        if told and is_machine_name(told["name"]) and is_machine_name(told["provider"]):
            name = told["name"]
            found.setdefault(name, Defined(name, told["provider"], name not in left_out))
    if failed or not found:
        return Contents(note=_why(environment, failed or errors.splitlines()))
    return Contents(tuple(found.values())[:_MOST_MACHINES])


def _why(environment: Environment, lines: Sequence[str]) -> str:
    return str(failure("status", "", environment.directory, lines))


class Definitions:
    """Asks what Vagrantfiles define and remembers it. Thread-safe.

    `kept`: the file the answers are kept in over sessions; None keeps none.
    """

    def __init__(self, kept: Path | None = None, seconds: float = ANSWER_SECONDS) -> None:
        self._kept = kept
        self._seconds = seconds
        self._lock = Lock()
        self._known: dict[str, tuple[str, Contents]] | None = None
        self._wanted: dict[str, tuple[Environment, str]] = {}
        self._running: dict[str, Looking] = {}
        self._is_closed = False
        self.told: Callable[[], None] = lambda: None
        """Called from the asking thread after each answer."""

    def of(self, environment: Environment) -> Contents:
        """What is known now; asked in the background where the file changed since."""
        try:
            mark = _mark(environment.file)
        except OSError as error:
            return Contents(note=f"{environment.file}: {error.strerror}")
        key = str(environment.file)
        with self._lock:
            known = self._load().get(key)
            if known is not None and known[0] == mark:
                return known[1]
            self._ask(key, environment, mark)
            before = known[1].machines if known else ()
            return Contents(before, "" if before else "vagrant is being asked", is_asked=True)

    def forget(self) -> None:
        """Everything is asked anew when it is wanted next; what was said is shown until then."""
        with self._lock:
            self._known = {key: ("", known) for key, (_, known) in self._load().items()}

    def close(self) -> None:
        """Ask nothing more, and end the commands that run."""
        with self._lock:
            self._is_closed = True
            self._wanted.clear()
            running = list(self._running.values())
        for looking in running:
            looking.end()

    def _ask(self, key: str, environment: Environment, mark: str) -> None:
        if self._is_closed or key in self._running:
            return
        self._wanted[key] = (environment, mark)
        if len(self._running) < _AT_ONCE:
            self._start()

    def _start(self) -> None:
        """One more thread, for the first that waits; it goes on with the others."""
        key, (environment, mark) = next(iter(self._wanted.items()))
        del self._wanted[key]
        self._running[key] = Looking()
        Thread(
            target=self._work, args=(key, environment, mark), name="vagrant status", daemon=True
        ).start()

    def _work(self, key: str, environment: Environment, mark: str) -> None:
        contents = self._look(environment, self._running[key])
        with self._lock:
            del self._running[key]
            if self._is_closed:
                return
            self._load()[key] = (mark, contents)
            self._keep()
            if self._wanted:
                self._start()
        self.told()

    def _look(self, environment: Environment, looking: Looking) -> Contents:
        argv = ["vagrant", "status", "--machine-readable"]
        try:
            with tempfile.TemporaryDirectory(prefix="twindeck-") as scratch:
                env = _env_for(environment, Path(scratch))
                text, errors = looking.run(argv, environment.directory, env, self._seconds)
        except LookFailed as error:
            return Contents(note=f"vagrant status {error}", is_endless=error.is_endless)
        except OSError as error:
            return Contents(note=f"vagrant status cannot be run: {error.strerror}")
        return parse_defined(text, errors, environment)

    def _load(self) -> dict[str, tuple[str, Contents]]:
        if self._known is None:
            self._known = _read_kept(self._kept) if self._kept else {}
        return self._known

    def _keep(self) -> None:
        """What was missing may be there by the next session: a failure is not kept. But one that
        costs a minute is, until the file changes or a refresh."""
        if self._kept is None:
            return
        worth = [
            (key, mark, contents)
            for key, (mark, contents) in self._load().items()
            if mark and (contents.is_endless or not contents.note)
        ]
        entries = {
            key: {
                "mark": mark,
                "machines": [astuple(m) for m in contents.machines],
                "note": contents.note,
            }
            for key, mark, contents in worth[-_MOST_KEPT:]
        }
        try:
            private_folder(self._kept.parent)
            replace_file(
                self._kept, json.dumps({"version": _VERSION, "files": entries}), mode=PRIVATE
            )
        except FileFailed:
            # Then the next session asks again, which is all it is good for.
            self._kept = None


def _env_for(environment: Environment, scratch: Path) -> dict[str, str]:
    """For a vagrant that loads the Vagrantfile through ours."""
    # Vagrant makes its data folder where it looks; who only looks leaves none, and none of the
    # machines there is asked how it is. But plug-ins of the project's own are in its folder.
    has_plugins = (environment.data_path / "plugins.json").is_file()
    data_path = environment.data_path if has_plugins else scratch
    place = Entry("", "", environment.directory, data_path, vagrantfile=str(_DEFINES))
    return {**environment_of(place), "TWINDECK_VAGRANTFILE": str(environment.file)}


def _mark(file: Path) -> str:
    """Another mark, another file. Raises OSError."""
    status = file.stat()
    provider = os.environ.get("VAGRANT_DEFAULT_PROVIDER", "")
    return f"{status.st_mtime_ns} {status.st_size} {status.st_ino} {provider}"


def _read_kept(file: Path) -> dict[str, tuple[str, Contents]]:
    try:
        data = json.loads(read_bounded(file, _MOST_KEPT_BYTES, is_plain=True))
        if data["version"] != _VERSION:
            return {}
        return dict(_kept_entry(key, value) for key, value in data["files"].items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # Half-written, of another version or no such file: asked anew.
        return {}


def _kept_entry(key: str, value: Mapping[str, object]) -> tuple[str, tuple[str, Contents]]:
    """Raises ValueError, LookupError, TypeError for what is no entry."""
    machines = value["machines"]
    if not isinstance(machines, list):
        raise TypeError(key)
    defined = (Defined(_name(name), _name(by), bool(is_up)) for name, by, is_up in machines)
    note = clean(str(value.get("note", "")))
    return key, (str(value["mark"]), Contents(tuple(defined), note, is_endless=bool(note)))


def _name(value: object) -> str:
    """Raises ValueError for what can be no machine's or provider's name."""
    if not is_machine_name(value):
        raise ValueError(clean(str(value)))
    return str(value)
