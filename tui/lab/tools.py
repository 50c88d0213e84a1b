"""The tools that measure, bundled with their libraries: the same binary on every arm.

A guest or an image may have another version of sysbench or of libc, and then it is the tool that
is compared. The host's own binaries go everywhere instead, started by their own dynamic loader.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from tui.errors import ActionFailed

TOOLS = ("sysbench", "fio", "wrk", "h2load", "iperf3")
_LIBRARY = re.compile(r"(?:^|=> |\s)(/\S+) \(0x[0-9a-f]+\)")
_LDD_SECONDS = 10.0
_FIX = "twindeck setup"


def missing(names: Sequence[str] = TOOLS) -> list[str]:
    """Which of them this host does not have."""
    return [name for name in names if shutil.which(name) is None]


def bundle(names: Sequence[str]) -> bytes:
    """A gzipped tar of `bin/NAME` and `lib/*`, the loader as `lib/loader`.

    Raises ActionFailed when a tool is not installed or is no dynamic ELF program.
    """
    if lacking := missing(names):
        raise ActionFailed(f"not installed on this host: {', '.join(lacking)}", _FIX)
    libraries: dict[str, Path] = {}
    binaries = {name: Path(shutil.which(name) or name).resolve() for name in names}
    for binary in binaries.values():
        libraries |= _libraries(binary)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=1) as tar:
        for name, binary in binaries.items():
            tar.add(binary, f"bin/{name}")
        for name, library in libraries.items():
            tar.add(library, f"lib/{name}")
    return archive.getvalue()


def command(folder: str, name: str) -> tuple[str, ...]:
    """Argument list that runs a tool of the bundle unpacked in `folder`."""
    lib = f"{folder}/lib"
    return (f"{lib}/loader", "--library-path", lib, f"{folder}/bin/{name}")


def _libraries(binary: Path) -> dict[str, Path]:
    """Name in the bundle -> file, for everything `ldd` names."""
    try:
        answer = subprocess.run(
            ("ldd", str(binary)), capture_output=True, text=True, timeout=_LDD_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ActionFailed(f"the libraries of {binary} cannot be found: {error}", _FIX) from error
    found = {}
    for line in answer.splitlines():
        if match := _LIBRARY.search(line):
            path = Path(match[1])
            name = "loader" if path.name.startswith("ld-") else path.name
            found[name] = path.resolve()
    if "loader" not in found:
        raise ActionFailed(f"{binary} has no dynamic loader, so it cannot be brought to a guest")
    return found
