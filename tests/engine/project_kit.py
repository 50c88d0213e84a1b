"""Projects of a test's own: one workload under another name, on ports that nobody has."""

from __future__ import annotations

import re
import shutil
import socket
from contextlib import ExitStack
from pathlib import Path

from tui.model import Workload
from tui.workloads import load

ROOT = Path(__file__).parents[2]
PAGE = Path(__file__).parent / "page"
"""A workload that does not come along: one page, by what a Debian has, so nothing is installed."""
PAGE_TEXT = "a page of this test's own"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody holds."""
    for first in range(20_000, 32_000, count):
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports in a row")


def make_project(project: Path, source: Path, name: str) -> Workload:
    """A copy of the workload's folder in a project that has no other."""
    folder = project / "workloads" / name
    shutil.copytree(source, folder)
    shutil.copy(ROOT / "Vagrantfile", project)
    file = folder / "workload.toml"
    toml = file.read_text(encoding="utf-8")
    for side in ("container", "vm"):
        toml, count = re.subn(rf"^{side} = \d+$", f"{side} = {free_port()}", toml, flags=re.M)
        assert count == 1
    file.write_text(toml, encoding="utf-8")
    return load(folder)
