"""The tools that measure, bundled with their libraries: the same binary on every arm.

A guest or an image may have another version of sysbench or of libc, and then it is the tool that
is compared. The host's own binaries go everywhere instead, started by their own dynamic loader.
"""

from __future__ import annotations

import functools
import io
import platform
import re
import shutil
import struct
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tui.core.reasons import reason_of
from tui.errors import ActionFailed

TOOLS = ("sysbench", "fio", "wrk", "h2load", "iperf3")
# A library and what it is linked to, or the loader, which stands alone in its line.
_LINE = re.compile(r"\s*(?:(\S+) => )?(/[^\s\0]+) \(0x[0-9a-f]+\)")
_LACKING = re.compile(r"(\S+) => not found|Error loading shared library ([^\s:]+)")
_VERSION = re.compile(r"\d+(?:\.\d+)+")
_SECONDS = 10.0
_FIX = "twindeck setup"
_PT_INTERP = 3


def missing(names: Sequence[str] = TOOLS) -> list[str]:
    """Which of them this host does not have."""
    return [name for name in names if shutil.which(name) is None]


def versions() -> Mapping[str, str]:
    """Tool -> `1.0.20`, as it says itself; those that are not installed are left out."""
    return {name: _version(path) for name in TOOLS if (path := shutil.which(name))}


# The largest is 35 MB; an instrument brings one tool to all its arms, one after the other.
@functools.lru_cache(maxsize=1)
def bundle(names: tuple[str, ...]) -> bytes:
    """A gzipped tar of `bin/NAME` and `lib/*`, the loader as `lib/loader`.

    Raises ActionFailed when a tool is not installed, is no program of this host's kind, or lacks
    a library.
    """
    files = {f"bin/{name}": _binary(name) for name in names}
    for binary in tuple(files.values()):
        files |= {f"lib/{name}": path for name, path in _libraries(binary).items()}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=1) as tar:
        for name, path in files.items():
            tar.add(path, name)
    return archive.getvalue()


def command(folder: str, name: str) -> tuple[str, ...]:
    """Argument list that runs a tool of the bundle unpacked in `folder`. Raises ActionFailed."""
    if not _interpreter(_binary(name)):
        return (f"{folder}/bin/{name}",)
    lib = f"{folder}/lib"
    return (f"{lib}/loader", "--library-path", lib, f"{folder}/bin/{name}")


def refuse_machine(machine: str) -> None:
    """Raises ActionFailed where this host's binaries cannot run; `machine` as `uname -m` says."""
    own = platform.machine()
    if machine.strip() != own:
        raise ActionFailed(
            f"its processor is {machine.strip() or 'not told'} and this host's is {own}: "
            "the tools that measure are this host's own and cannot run there"
        )


def _binary(name: str) -> Path:
    path = shutil.which(name)
    if path is None:
        raise ActionFailed(f"not installed on this host: {name}", _FIX)
    return Path(path).resolve()


@functools.lru_cache(maxsize=len(TOOLS))
def _version(path: str) -> str:
    # wrk has only -v, and ends with 1; fio and sysbench know no -v.
    word = "-v" if Path(path).name == "wrk" else "--version"
    try:
        told = subprocess.run(
            (path, word),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return "?"
    found = _VERSION.search(told)
    return found[0] if found else "?"


@functools.lru_cache(maxsize=len(TOOLS))
def _interpreter(binary: Path) -> str:
    """The dynamic loader a program asks for, "" when it is statically linked; see elf(5)."""
    try:
        head = binary.read_bytes()
    except OSError as error:
        raise ActionFailed(f"{binary} cannot be read: {error.strerror}") from error
    try:
        if head[:4] != b"\x7fELF":
            raise ActionFailed(f"{binary} is no ELF program, so it cannot be brought to a guest")
        order = "<" if head[5] == 1 else ">"
        is_64 = head[4] == 2
        (table,) = struct.unpack_from(f"{order}{'Q' if is_64 else 'I'}", head, 32 if is_64 else 28)
        size, count = struct.unpack_from(f"{order}HH", head, 54 if is_64 else 42)
        for number in range(count):
            at = table + number * size
            if struct.unpack_from(f"{order}I", head, at)[0] != _PT_INTERP:
                continue
            form, skip = ("Q", 8) if is_64 else ("I", 4)
            (offset,) = struct.unpack_from(f"{order}{form}", head, at + skip)
            (length,) = struct.unpack_from(f"{order}{form}", head, at + (32 if is_64 else 16))
            return head[offset : offset + length].rstrip(b"\0").decode()
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ActionFailed(f"{binary} is no whole ELF program") from error
    return ""


@functools.lru_cache(maxsize=len(TOOLS))
def _libraries(binary: Path) -> Mapping[str, Path]:
    """Name in the bundle -> file, for everything `ldd` names; nothing for a static program."""
    interpreter = _interpreter(binary)
    if not interpreter:
        return {}
    try:
        done = subprocess.run(
            ("ldd", str(binary)), capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ActionFailed(
            f"the libraries of {binary} cannot be found: {reason_of(error)}", _FIX
        ) from error
    if lacking := _LACKING.search(done.stdout + done.stderr):
        raise ActionFailed(f"{binary} lacks {lacking[1] or lacking[2]} on this host", _FIX)
    found = parse_ldd(done.stdout)
    if not found:
        told = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise ActionFailed(f"ldd was to name the libraries of {binary} and said: {told}")
    # Started directly, the loader is what the libraries mean by its name.
    found.pop(Path(interpreter).name, None)
    return {**found, "loader": Path(interpreter).resolve()}


def parse_ldd(text: str) -> dict[str, Path]:
    """Name as programs ask for it -> file, from what ldd of glibc or musl prints."""
    found = {}
    for line in text.splitlines():
        if match := _LINE.match(line):
            path = Path(match[2])
            found[Path(match[1] or path).name] = _plain(path).resolve()
    return found


def _plain(library: Path) -> Path:
    """The build for any processor of its kind: a guest may have a simpler one than the host."""
    parts = library.parts
    if "glibc-hwcaps" not in parts:
        return library
    plain = Path(*parts[: parts.index("glibc-hwcaps")], library.name)
    return plain if plain.exists() else library
