"""How a vagrant command is run: streamed, in its own session, and never cut off half-way.

The commands are small programs called `vagrant`; the real one is in tests/engine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tui.errors import ActionFailed, EngineUnavailable
from tui.sides.vagrant_command import additions, environment, streaming_vagrant
from tui.sides.vagrant_index import Entry

SLOW = """\
#!/bin/sh
echo began
while [ ! -e go ]; do sleep 0.05; done
echo one; echo two; echo three
touch finished
"""
FAILING = """\
#!/bin/sh
echo "==> nginx: Starting domain."
printf 'no newline at the end'
echo "The guest machine entered an invalid state. It is over." >&2
exit 1
"""
READER = """\
import sys
from pathlib import Path
from tui.sides.vagrant_command import environment, streaming_vagrant
from tui.sides.vagrant_index import Entry
entry = Entry("nginx", "libvirt", Path.cwd(), Path.cwd() / ".vagrant")
vagrant = streaming_vagrant(entry, environment(entry), lambda line: print(line, flush=True), print)
vagrant.halt(vm_name="nginx")
"""


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Entry:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Entry("nginx", "libvirt", tmp_path, tmp_path / ".vagrant")


def install(entry: Entry, program: str) -> None:
    path = entry.directory / "vagrant"
    path.write_text(program, encoding="ascii")
    path.chmod(0o755)


def wait_until(true: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)


def test_lines_come_while_it_runs_and_it_leads_a_session_of_its_own(entry: Entry) -> None:
    install(entry, SLOW)
    pids: list[int] = []
    vagrant = streaming_vagrant(entry, environment(entry), lambda _line: None, pids.append)
    lines = vagrant.up(vm_name="nginx", stream_output=True)
    assert next(lines) == "began"
    assert os.getsid(pids[0]) == pids[0] != os.getsid(0)
    (entry.directory / "go").touch()
    assert list(lines) == ["one", "two", "three"]


def test_a_failure_tells_both_streams_and_raises_what_stderr_says(entry: Entry) -> None:
    install(entry, FAILING)
    told: list[str] = []
    vagrant = streaming_vagrant(entry, environment(entry), told.append, lambda _pid: None)
    with pytest.raises(ActionFailed, match="vagrant halt nginx failed: The guest machine entered"):
        vagrant.halt(vm_name="nginx")
    assert "==> nginx: Starting domain." in told
    assert "no newline at the end" in told
    assert any("It is over." in line for line in told)


def test_vagrant_finishes_when_its_reader_is_killed(entry: Entry) -> None:
    install(entry, SLOW)
    with subprocess.Popen(
        [sys.executable, "-c", READER],
        cwd=entry.directory,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline().strip().isdigit()
        assert reader.stdout.readline() == "began\n"
        reader.send_signal(signal.SIGKILL)
        reader.wait()
    (entry.directory / "go").touch()
    wait_until((entry.directory / "finished").exists, 5)


def test_no_vagrant_is_told(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(entry.directory))
    with pytest.raises(EngineUnavailable, match="vagrant is not installed"):
        streaming_vagrant(entry, {}, print, print)


def test_the_users_vagrant_variables_do_not_lead_astray(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAGRANT_CWD", "/elsewhere")
    monkeypatch.setenv("VAGRANT_VAGRANTFILE", "Other")
    env = environment(entry, "kvm")
    assert env["VAGRANT_CWD"] == str(entry.directory)
    assert "VAGRANT_VAGRANTFILE" not in env
    assert env["TWINDECK_ACCELERATOR"] == "kvm"
    assert "TWINDECK_ACCELERATOR" not in additions(entry)
