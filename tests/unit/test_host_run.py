"""`make test-host` leaves no guest behind, whatever happens; Vagrant is a script here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_MAIN = """
import sys
from pathlib import Path
from tests.host.__main__ import main
sys.exit(main(Path(sys.argv[1])))
"""
_VAGRANT = """#!/bin/sh
echo "$1" >>"$CALLS"
[ "$1" = destroy ] || exec $UP
"""


class Run:
    """The command, with a Vagrant whose `up` is what the test says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._calls = folder / "calls"
        vagrant = folder / "bin" / "vagrant"
        vagrant.parent.mkdir()
        vagrant.write_text(_VAGRANT)
        vagrant.chmod(0o755)

    def start(self, up: str, keep: str = "") -> subprocess.Popen[str]:
        path = f"{self._folder / 'bin'}:{os.environ['PATH']}"
        own = {name: str(self._folder) for name in ("TWINDECK_DATA", "XDG_CACHE_HOME")}
        return subprocess.Popen(
            (sys.executable, "-c", _MAIN, str(self._folder / "out")),
            env={**os.environ, **own, "PATH": path, "CALLS": str(self._calls), "UP": up}
            | {"KEEP": keep},
            stdout=subprocess.PIPE,
            text=True,
        )

    def calls(self) -> list[str]:
        return self._calls.read_text().split() if self._calls.exists() else []


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_a_guest_that_does_not_come_up_is_destroyed(run: Run, tmp_path: Path) -> None:
    child = run.start("false")
    printed, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert run.calls() == ["up", "destroy"]
    assert "failed: vagrant ended with 1\n" in printed
    assert (tmp_path / "out" / "steps").read_text().splitlines()[-1].startswith("all: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_what_runs_and_destroys_the_guest(
    run: Run, number: signal.Signals
) -> None:
    child = run.start("sleep 600")
    until = time.monotonic() + 30
    while run.calls() != ["up"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    child.send_signal(number)
    printed, _ = child.communicate(timeout=60)
    assert child.returncode == 130
    assert run.calls() == ["up", "destroy"]
    assert "interrupted\n" in printed


def test_it_is_kept_where_that_was_asked(run: Run) -> None:
    child = run.start("false", keep="1")
    child.communicate(timeout=60)
    assert run.calls() == ["up"]
