"""Reads `workloads/NAME/workload.toml`, strictly.

docs/workloads.md describes the file for those who write one.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui.core.plain_files import read_plain
from tui.core.reasons import place_in
from tui.errors import UsageError, WorkloadError
from tui.model import Load, Probe, Workload

FILE = "workload.toml"
_MOST_TEXT = 4096
"""Characters in one value; a command line of a load has some hundred."""
_MOST_WORDS = 256
DEFAULT_MEMORY_MIB = 2048
DEFAULT_CPUS = 2
DEFAULT_TIMEOUT_SECONDS = 180.0

_KEYS: Mapping[str, tuple[str, ...]] = {
    "": ("title", "resources", "ports", "ready", "container", "vm", "load"),
    "resources": ("memory_mib", "cpus"),
    "ports": ("guest", "container", "vm"),
    "ready": ("kind", "path", "status", "contains", "send", "timeout_seconds"),
    "container": ("images",),
    "vm": ("boxes",),
    "load": ("title", "command", "pattern", "unit", "better", "row", "prepare"),
}
_HTTP_ONLY = ("path", "status")
_LOAD_ROWS = ("performance", "networking", "storage")
_LOAD_PLACES = ("port", "seconds", "cpus")
# The folder's name becomes a container's, an image's and a host's name: the strictest of them.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}[a-z0-9]")
# Goes to an engine as one argument: no option, no blank.
_REFERENCE = re.compile(r"[A-Za-z0-9][!-~]*")
_URL_PATH = re.compile(r"/[!-~]*")


class _Table:
    """One table of the file: every value is asked for by name, type and range."""

    def __init__(self, file: Path, name: str, values: Mapping[str, Any]) -> None:
        self._file = file
        self._name = name
        self._values = values
        for key in values:
            if key not in _KEYS[name]:
                raise self.error(key, f"unknown key{_nearest(key, _KEYS[name])}")

    def error(self, key: str, problem: str) -> WorkloadError:
        where = ".".join(part for part in (self._name, key) if part)
        return WorkloadError(f"{self._file}: {where}: {problem}")

    def has(self, key: str) -> bool:
        return key in self._values

    def table(self, key: str) -> _Table:
        value = self._values.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"expected a table [{key}], found {_shown(value)}")
        return _Table(self._file, key, value)

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        expected = f"a whole number from {low} to {high}"
        value = self._value(key, expected, default)
        # bool is an int to Python, not to TOML.
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.error(key, f"expected {expected}, found {_shown(value)}")
        return value

    def seconds(self, key: str, low: float, high: float, default: float) -> float:
        expected = f"seconds from {low:g} to {high:g}"
        value = self._value(key, expected, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or math.isnan(value) or not low <= value <= high:
            raise self.error(key, f"expected {expected}, found {_shown(value)}")
        return float(value)

    def text(self, key: str, expected: str, default: str | None = None) -> str:
        value = self._value(key, expected, default)
        if not isinstance(value, str) or not value.isprintable() or len(value) > _MOST_TEXT:
            raise self.error(key, f"expected {expected}, found {_shown(value)}")
        return value

    def choice(self, key: str, among: tuple[str, ...], default: str) -> str:
        value = self._values.get(key, default)
        if value not in among:
            raise self.error(key, f"expected one of {', '.join(among)}, found {_shown(value)}")
        return str(value)

    def wire(self, key: str) -> str:
        """Text as it goes over the wire: any character of one byte."""
        expected = "text of characters of one byte (Latin-1)"
        value = self._value(key, expected, "")
        if not isinstance(value, str) or any(ord(character) > 0xFF for character in value):
            raise self.error(key, f"expected {expected}, found {_shown(value)}")
        return value

    def words(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        expected = "a command as a list of words"
        values = self._value(key, expected, None if default is None else list(default))
        is_list = isinstance(values, list) and len(values) <= _MOST_WORDS
        if not is_list or (not values and default is None):
            raise self.error(key, f"expected {expected}, found {_shown(values)}")
        for value in values:
            if not isinstance(value, str) or not value.isprintable():
                raise self.error(key, f"expected {expected}, found {_shown(value)} in it")
            for place in re.findall(r"\{(\w*)\}", value):
                if place not in _LOAD_PLACES:
                    known = ", ".join(f"{{{one}}}" for one in _LOAD_PLACES)
                    raise self.error(key, f"unknown {{{place}}}, expected one of {known}")
        return tuple(values)

    def references(self, key: str, expected: str) -> tuple[str, ...]:
        values = self._value(key, expected, None)
        if not isinstance(values, list) or not 0 < len(values) <= _MOST_WORDS:
            raise self.error(key, f"expected {expected}, found {_shown(values)}")
        for value in values:
            if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
                raise self.error(key, f"expected {expected}, found {_shown(value)} in it")
        return tuple(values)

    def _value(self, key: str, expected: str, default: object) -> Any:
        value = self._values.get(key, default)
        if value is None:
            raise self.error(key, f"missing, expected {expected}")
        return value


def load(folder: Path) -> Workload:
    """The workload in that folder. Raises WorkloadError naming file, key and what was expected."""
    file = folder / FILE
    name = folder.resolve().name
    if not _NAME.fullmatch(name):
        raise WorkloadError(
            f"{folder}: the folder's name is the workload's: expected 2 to 62 of a-z, 0-9 and -, "
            f"not - at either end, found {_shown(name)}"
        )
    root = _Table(file, "", _parse(file))
    resources, ports = root.table("resources"), root.table("ports")
    workload = Workload(
        name=name,
        title=root.text("title", "one line of text", name) or name,
        folder=folder.resolve(),
        guest_port=ports.integer("guest", 1, 65535),
        container_port=ports.integer("container", 1, 65535),
        vm_port=ports.integer("vm", 1, 65535),
        probe=_probe(root.table("ready")),
        memory_mib=resources.integer("memory_mib", 64, 1024 * 1024, DEFAULT_MEMORY_MIB),
        cpus=resources.integer("cpus", 1, 256, DEFAULT_CPUS),
        container_images=root.table("container").references("images", "a list of image names"),
        boxes=root.table("vm").references("boxes", "a list of box names"),
        load=_load(root.table("load")) if root.has("load") else None,
    )
    if workload.vm_port == workload.container_port:
        raise ports.error(
            "vm", f"expected another port than ports.container, both {workload.vm_port}"
        )
    return workload


def load_all(project: Path) -> tuple[tuple[Workload, ...], tuple[WorkloadError, ...]]:
    """Every workload of the project by name, and an error for each that could not be read."""
    good: list[Workload] = []
    errors: list[WorkloadError] = []
    for file in sorted((project / "workloads").glob(f"*/{FILE}")):
        try:
            good.append(load(file.parent))
        except WorkloadError as error:
            errors.append(error)
    return tuple(sorted(good, key=lambda workload: workload.name)), tuple(errors)


def find(project: Path, name: str) -> Workload:
    """The project's workload of that name.

    Raises UsageError when there is none, WorkloadError when it cannot be read.
    """
    known = {workload.name: workload for workload in load_all(project)[0]}
    if name in known:
        return known[name]
    folder = project / "workloads" / name
    if "/" not in name and (folder / FILE).exists():
        load(folder)
    raise UsageError(f"no workload {name} in {project}", f"known: {', '.join(known) or 'none'}")


def _parse(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(read_plain(file).decode())
    except OSError as error:
        raise WorkloadError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise WorkloadError(f"{file}: expected UTF-8 text, byte {error.start} is not") from error
    except (ValueError, RecursionError) as error:
        # ValueError also covers TOML's dates out of range and integers too long for Python.
        raise WorkloadError(f"{file}: malformed TOML{place_in(error)}") from error


def _probe(ready: _Table) -> Probe:
    kind = ready.text("kind", '"http" or "tcp"')
    timeout = ready.seconds("timeout_seconds", 1, 3600, DEFAULT_TIMEOUT_SECONDS)
    if kind == "tcp":
        for key in _HTTP_ONLY:
            if ready.has(key):
                raise ready.error(key, 'only for kind = "http", this one is "tcp"')
        contains = ready.wire("contains")
        return Probe(
            kind="tcp", timeout_seconds=timeout, send=ready.wire("send"), contains=contains
        )
    if kind != "http":
        raise ready.error("kind", f'expected "http" or "tcp", found {_shown(kind)}')
    if ready.has("send"):
        raise ready.error("send", 'only for kind = "tcp", this one is "http"')
    path = ready.text("path", "a path that begins with /", "/")
    if not _URL_PATH.fullmatch(path):
        raise ready.error("path", f"expected a path that begins with /, found {_shown(path)}")
    return Probe(
        kind="http",
        path=path,
        status=ready.integer("status", 100, 599, 200),
        contains=ready.text("contains", "text the page holds", ""),
        timeout_seconds=timeout,
    )


def _load(load: _Table) -> Load:
    pattern = load.text("pattern", "a regular expression with one group")
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise load.error(
            "pattern",
            f"expected a regular expression, it breaks at character {(error.pos or 0) + 1}",
        ) from error
    if groups != 1:
        raise load.error("pattern", f"expected one group, the number; found {groups}")
    return Load(
        title=load.text("title", "one line of text"),
        argv=load.words("command"),
        pattern=pattern,
        unit=load.text("unit", "a unit, as requests/s"),
        more_is_better=load.choice("better", ("more", "less"), "more") == "more",
        row=load.choice("row", _LOAD_ROWS, "performance"),
        prepare=load.words("prepare", ()),
    )


def _nearest(key: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key.lower(), known, n=1)
    return f", did you mean {near[0]}?" if near else f", expected one of {', '.join(known)}"


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        text = type(value).__name__
    return text if len(text) <= 60 else f"{text[:57]}..."
