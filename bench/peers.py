"""The tools that are compared, and how each is started, used and left."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PEERS_FOLDER = Path(__file__).parents[1] / ".venv-peers"
"""Where `make peers` puts those of PyPI, each in an environment of its own."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One command in a terminal."""

    name: str
    argv: tuple[str, ...]
    covers: str
    """Whose figures it keeps live."""
    down: bytes = b"\x1b[B"
    """The key that moves its cursor; empty where there is none to move."""
    up: bytes = b"\x1b[A"
    quit_keys: bytes = b"q"
    first: bytes = b""
    """Keys to get to the list of containers."""
    env: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def twindeck() -> Iterator[Tool]:
    """Our own, with a history and a project that have nothing in them."""
    with tempfile.TemporaryDirectory(prefix="twindeck-bench-") as data:
        project = Path(data) / "project"
        (project / "workloads").mkdir(parents=True)
        (project / "Vagrantfile").touch()
        command = str(Path(sys.executable).with_name("twindeck"))
        argv = (command, "--project", str(project))
        yield Tool("twindeck", argv, "all", first=b"2", env={"TWINDECK_DATA": data})


def installed() -> list[Tool]:
    """Every peer that is here."""
    return [tool for tool in _PEERS if _found(tool.argv[0])]


def _found(command: str) -> bool:
    return shutil.which(command) is not None


def _of_pypi(package: str, command: str) -> str:
    return str(PEERS_FOLDER / package / "bin" / command)


_PEERS = (
    Tool("docker stats", ("docker", "stats"), "all", down=b"", quit_keys=b"\x03"),
    Tool("lazydocker", ("lazydocker",), "all (CPU only)"),
    Tool("ctop", ("ctop",), "all"),
    Tool("oxker", ("oxker",), "all"),
    Tool("dry", ("dry",), "all"),
    Tool("virt-top", ("virt-top", "--connect", "qemu:///system"), "the VMs, each 3 s", down=b""),
    Tool("dockviz", (_of_pypi("dockviz", "dockviz"),), "all"),
    Tool(
        "glances",
        (_of_pypi("glances", "glances"), "--disable-check-update"),
        "all, each 3 s",
        down=b"",
    ),
    Tool("docksurf", (_of_pypi("docksurf", "docksurf"),), "the selected one"),
    Tool("dockerdt", (_of_pypi("dockerdt", "docker-tui"),), "all"),
)
