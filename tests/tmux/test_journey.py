"""What a user does, key by key, in a real terminal on real engines: one VM, one container."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.tmux.terminal import TWINDECK, Terminal

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
WORKLOAD = "twtest-journey"
CONTAINER_PORT, VM_PORT = 28080, 28180
FIRST_BOOT_SECONDS = 420.0
ACTION_SECONDS = 150.0
_OURS = {"sh", "sleep", "tmux: server"}
"""What keeps the terminal open after the console has ended."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of its own, so that no machine or port of the user's is touched."""
    shutil.copy(ROOT / "Vagrantfile", tmp_path)
    folder = tmp_path / "workloads" / WORKLOAD
    shutil.copytree(ROOT / "workloads" / "nginx", folder)
    settings = (folder / "workload.toml").read_text(encoding="utf-8")
    settings = settings.replace("8080", str(CONTAINER_PORT), 1)
    settings = settings.replace("18080", str(VM_PORT), 1)
    (folder / "workload.toml").write_text(settings, encoding="utf-8")
    return tmp_path


@pytest.fixture
def terminal(project: Path) -> Iterator[Terminal]:
    """The console, open at 160x45."""
    terminal = Terminal(160, 45)
    env = {
        "LANG": "C.UTF-8",
        "COLORTERM": "truecolor",
        "TWINDECK_DATA": str(project / "data"),
    }
    terminal.run([str(TWINDECK), "--project", str(project)], env, project)
    yield terminal
    terminal.close()
    words = [str(TWINDECK), "--project", str(project), "destroy", "--yes"]
    for key in (f"vm:{WORKLOAD}", f"container:{WORKLOAD}"):
        subprocess.run([*words, key], env={**os.environ, **env}, capture_output=True)


def page(port: int) -> str:
    """What the workload serves there; "" while it does not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as reply:
            return str(reply.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def rows(screen: str) -> tuple[str, str]:
    """The VM's and the container's row; what else runs on the host may put them on other lines."""
    halves = [line.split("│") for line in screen.splitlines() if line.count("│") == 1]
    found = (
        next((half[deck] for half in halves if f" {WORKLOAD[:8]}" in half[deck]), "")
        for deck in (0, 1)
    )
    vm, container = found
    return vm, container


def both(word: str, screen: str) -> bool:
    """Whether both rows say the word."""
    vm, container = rows(screen)
    return word in vm and word in container


def only_ours(screen: str) -> bool:
    """Whether each deck is narrowed down to the one row."""
    halves = [line.split("│") for line in screen.splitlines() if line.count("│") == 1]
    states = re.compile(r"absent|running|stopped|created|paused")
    is_alone = all(
        sum(bool(states.search(half[deck])) for half in halves[1:]) == 1 for deck in (0, 1)
    )
    return is_alone and screen.count(f"/{WORKLOAD}  1 shown") == 2


def domains() -> str:
    """All of libvirt's domains."""
    words = ["virsh", "-c", "qemu:///system", "list", "--all", "--name"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def containers() -> str:
    """All of Docker's containers."""
    words = ["docker", "ps", "-a", "--format", "{{.Names}}"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_up_watch_stop_destroy_quit_and_nothing_is_left(terminal: Terminal, project: Path) -> None:
    terminal.wait(lambda s: both("absent", s), 20, "row on each deck")
    # Keys go to the row under the cursor; what else is on this host must not be it.
    terminal.press("/")
    terminal.wait_text("keep the filter")
    terminal.press(*WORKLOAD)
    terminal.wait(only_ours, 10, "deck with no other row")
    terminal.press("Enter")
    terminal.wait_text("bring it up as a VM")

    terminal.press("u")
    terminal.wait_text("Bring up")
    terminal.press("Enter")
    screen = terminal.wait(
        lambda s: both("running", s), FIRST_BOOT_SECONDS, "running VM and container"
    )
    assert "twindeck" in page(VM_PORT)
    assert "twindeck" in page(CONTAINER_PORT)

    # Live figures in both rows, both charts and both boots below them.
    figures = re.compile(r"running\s+\S+\s+\d+(\.\d)?\s+[\d.]+ [KMG]iB")
    screen = terminal.wait(
        lambda s: all(figures.search(row) for row in rows(s)), 15, "live figures on both sides"
    )
    assert re.search(rf"CPU .*vm:{WORKLOAD}", screen)
    assert re.search(r"Memory .*host RSS", screen)
    terminal.wait(
        lambda s: all(
            f"{side}:{WORKLOAD}" in s.split("Boots", 1)[-1] for side in ("vm", "container")
        ),
        10,
        "boot bar on both sides",
    )

    terminal.press("s")
    terminal.press("Tab")
    terminal.press("s")
    terminal.wait(lambda s: both("stopped", s), ACTION_SECONDS, "stopped VM and container")
    assert page(VM_PORT) == page(CONTAINER_PORT) == ""

    for _ in range(2):
        terminal.press("d")
        terminal.wait_text("cannot be undone")
        terminal.press("Tab", "Enter")
        terminal.wait(lambda s: "cannot be undone" not in s, 5, "dialog closing")
        terminal.press("Tab")
    terminal.wait(lambda s: both("absent", s), ACTION_SECONDS, "rows absent again")

    terminal.press("q")
    terminal.wait_text("[ended with 0]", 10)
    assert WORKLOAD not in domains()
    assert WORKLOAD not in containers()
    assert not [p.cmdline() for p in psutil.process_iter() if _belongs(p, project)]


def _belongs(process: psutil.Process, project: Path) -> bool:
    """Whether it is the journey's hypervisor or tunnel, or was started by its console."""
    try:
        if process.name() in _OURS:
            return False
        is_started = process.environ().get("TWINDECK_DATA") == str(project / "data")
        return is_started or any(WORKLOAD in w or str(VM_PORT) in w for w in process.cmdline())
    except psutil.Error:
        return False
