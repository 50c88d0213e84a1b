"""Children that end with the console, however it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tui.core.children import bound

_PARENT = """
import subprocess, sys, time
from tui.core.children import bound
child = subprocess.Popen(bound(("sleep", "60")))
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_child_ends_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen((sys.executable, "-c", _PARENT), stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    _gone, left = psutil.wait_procs([child], 5)
    assert left == []


def test_the_child_has_the_pid_and_the_exit_code_of_the_command() -> None:
    with subprocess.Popen(
        bound(("sh", "-c", "echo $$; exit 3")), stdout=subprocess.PIPE, text=True
    ) as child:
        told, _ = child.communicate(timeout=10)
    assert (int(told), child.returncode) == (child.pid, 3)


def test_of_a_command_that_is_not_there_its_own_name_is_told() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-command"):
        subprocess.run(bound(("no-such-command",)), check=False)


def test_without_setpriv_the_command_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bound(["sleep", "1"]) == ("sleep", "1")
