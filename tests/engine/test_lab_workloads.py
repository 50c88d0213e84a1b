"""The workloads that come along: each gets ready on either side, and its own load has a figure."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.container_kit import docker, until
from tests.engine.project_kit import ROOT, make_project
from tui.fleet.probe import answers
from tui.lab.instrument import Output
from tui.lab.instruments.load import fill, parse
from tui.lab.rig import LabRig
from tui.model import Workload
from tui.results import Arm
from tui.workloads import load

pytestmark = pytest.mark.engine

_NAMES = ("cpu", "disk", "net", "postgres", "redis")
# To install PostgreSQL alone takes an emulated guest two minutes; all of them six and a half.
_IN_GUEST = _NAMES if os.environ.get("TWINDECK_TEST_ALL") else ("cpu", "net")
_SECONDS = 2
_PREPARE_SECONDS = 300.0
Do = Callable[[tuple[str, ...]], Output]


def figure(workload: Workload, do: Do) -> float:
    """The workload's own, by its own command."""
    assert workload.load is not None
    if workload.load.prepare:
        prepared = do(fill(workload.load.prepare, workload, _SECONDS))
        assert prepared.code == 0, prepared.stderr
    output = do(fill(workload.load.argv, workload, _SECONDS))
    assert output.code == 0, output.stderr
    return parse(workload.load, output)


@pytest.fixture
def renamed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workload]:
    """The workload in a project of its own, under a name and on ports that nobody has."""
    source = ROOT / "workloads" / request.param
    workload = make_project(tmp_path, source, f"twtest-{uuid.uuid4().hex[:6]}")
    yield workload
    subprocess.run(["docker", "rm", "-f", "-v", workload.name], capture_output=True, timeout=60)
    image = f"twindeck/{workload.name}:latest"
    subprocess.run(["docker", "rmi", "-f", image], capture_output=True, timeout=60)


@pytest.mark.parametrize("renamed", _NAMES, indirect=True)
def test_as_a_container(renamed: Workload, tmp_path: Path) -> None:
    twindeck = (sys.executable, "-m", "tui", "--project", str(tmp_path))
    up = subprocess.run(
        (*twindeck, "up", renamed.name, "--on", "container", "--json"),
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TWINDECK_DATA": str(tmp_path / "data")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert up.returncode == 0, up.stderr
    assert [job["state"] for job in json.loads(up.stdout)] == ["done"]

    def inside(argv: tuple[str, ...]) -> Output:
        command = ("docker", "exec", "-u", "root", renamed.name, *argv)
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return Output(done.stdout, done.stderr, done.returncode, 0.0)

    assert figure(renamed, inside) > 0
    # A workload that does not listen to its stop signal costs every user ten seconds.
    docker("stop", "--time", "30", renamed.name)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", renamed.name) != "137"


@pytest.mark.parametrize("name", _IN_GUEST)
def test_as_a_vm(name: str, lab_rig: LabRig) -> None:
    """Provisioned into the guest that is up already: its boot is other tests' matter."""
    workload = load(ROOT / "workloads" / name)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(workload.folder, arcname=name)
    unpack = ("tar", "-x", "-C", "/tmp")
    lab_rig.run(Arm.VM, unpack, stdin=archive.getvalue())
    provision = ("sh", "-eu", f"/tmp/{name}/provision.sh")
    for _ in range(2):  # safe to run again
        lab_rig.run(Arm.VM, provision, timeout_seconds=_PREPARE_SECONDS)
    host = lab_rig.guest_ip()
    probe = replace(workload.probe, timeout_seconds=60)
    until(lambda: answers(probe, workload.guest_port, host=host), 60)

    def inside(argv: tuple[str, ...]) -> Output:
        return lab_rig.run(Arm.VM, argv, timeout_seconds=_PREPARE_SECONDS, check=False)

    try:
        assert figure(workload, inside) > 0
    finally:
        stop = f"systemctl stop twindeck-{name} {name} {name}-server 2>/dev/null; true"
        lab_rig.run(Arm.VM, ("sh", "-c", stop))
