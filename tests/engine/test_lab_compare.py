"""`twindeck compare` on real engines, of a workload that is a folder and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from tests.engine.project_kit import PAGE, make_project

pytestmark = pytest.mark.engine

_UP_SECONDS = 600


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one workload that does not come along: its folder is all that is added."""
    make_project(tmp_path / "project", PAGE, f"twtest-{uuid.uuid4().hex[:6]}")
    return tmp_path / "project"


class Compare:
    """The command as a user types it, with a history of its own."""

    def __init__(self, project: Path, data: Path) -> None:
        self._argv = (sys.executable, "-m", "tui", "--project", str(project))
        self._env = {**os.environ, "TWINDECK_DATA": str(data)}

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            (*self._argv, *words),
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (*self._argv, *words),
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_UP_SECONDS,
        )


def left(name: str) -> list[str]:
    """What of that workload the engines still hold."""
    containers = subprocess.run(
        ("docker", "ps", "-a", "--filter", f"name={name}", "--format", "{{.Names}}"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    domains = subprocess.run(
        ("virsh", "-c", "qemu:///system", "list", "--all", "--name"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return containers + [domain for domain in domains if name in domain]


def virsh(*words: str) -> str:
    return subprocess.run(
        ("virsh", "-c", "qemu:///system", *words), capture_output=True, text=True, check=True
    ).stdout


def test_a_run_loses_its_vm_is_cancelled_resumed_and_reported(
    project: Path, tmp_path: Path
) -> None:
    name = next((project / "workloads").iterdir()).name
    command = Compare(project, tmp_path / "data")
    rows = "size,isolation,os,security,resources"
    process = command.start("compare", name, "--quick", "--rows", rows, "--json")
    assert process.stderr is not None
    told, deadline = [], time.monotonic() + _UP_SECONDS
    for line in process.stderr:
        told.append(line)
        if " idle: VM, reading 1" in line:
            (domain,) = (one for one in virsh("list", "--name").split() if name in one)
            virsh("destroy", domain)
        if " idle: " in line and "reading 3" in line:
            process.send_signal(signal.SIGINT)
            break
        assert time.monotonic() < deadline, told
    out, err = process.communicate(timeout=_UP_SECONDS)
    assert process.returncode == 130, (told, err)
    assert "go on with: twindeck compare --resume" in err
    assert left(name) == []
    first = json.loads(out)
    assert first["state"] == "cancelled"
    size = next(row for row in first["rows"] if row["row"] == "size")
    again = command.run("compare", "--resume", first["run"], "--json")
    assert again.returncode == 0, again.stderr
    assert left(name) == []
    whole = json.loads(again.stdout)
    assert whole["state"] == "done"
    assert whole["run"] == first["run"]
    assert next(row for row in whole["rows"] if row["row"] == "size") == size
    by_row = {row["row"]: row for row in whole["rows"]}
    assert by_row.keys() == set(rows.split(","))
    assert by_row["isolation"]["verdict"] == "confirmed"
    resources = by_row["resources"]
    assert resources["vm"]["value"] > resources["container"]["value"]
    lines = {line["metric"]: line for line in resources["lines"]}
    idle = lines["memory.idle.use"]["arms"]
    # The reading during which the VM died is kept, with its reason; the others count.
    assert (idle["vm"]["n"], idle["container"]["n"]) == (2, 3)
    assert "1 of 3 readings failed: " in idle["vm"]["note"]
    assert lines["cpu.per_work"]["arms"]["container"]["median"] > 0
    page = command.run("report", first["run"], "--format", "html").stdout
    assert page.startswith("<!doctype html>")
    assert "http" not in page.split("<style>")[0]
