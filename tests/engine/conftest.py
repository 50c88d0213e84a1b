"""Real containers, made for one test and removed after it."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.container_kit import LOOP, Notes, Run, docker
from tests.engine.project_kit import free_port
from tui.lab.owner import begin
from tui.lab.project import make_project
from tui.lab.rig import LabRig
from tui.model import Probe, Workload
from tui.results import Arm
from tui.sides.containers import Containers
from tui.sides.docker_images import choose_base
from tui.sides.docker_link import Link
from tui.workloads import load

# Whoever is not root is the ordinary user, and cannot make another.
collect_ignore = [] if os.geteuid() == 0 else ["test_ordinary_user.py"]


@pytest.fixture(scope="session")
def base_image() -> str:
    """The base image that is here: the test must not depend on which."""
    nginx = load(Path(__file__).parents[2] / "workloads" / "nginx")
    return choose_base(Link(), nginx, Notes())[0]


@pytest.fixture(scope="package")
def lab_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabRig]:
    """The lab's pair of an nginx under a name of its own, up on both sides."""
    here = tmp_path_factory.mktemp("lab")
    project = Path(__file__).parents[2]
    folder = here / "project" / f"twtest-{uuid.uuid4().hex[:6]}"
    shutil.copytree(project / "workloads" / "nginx", folder)
    own = begin(here / "twindeck-lab", folder.name, None)
    copy = make_project(load(folder), project / "Vagrantfile", own)
    rig = LabRig(copy, own, is_quick=True)
    try:
        for arm in (Arm.CONTAINER, Arm.VM):
            rig.boot(arm)
        yield rig
    finally:
        assert rig.take_down() == []


@pytest.fixture
def containers(tmp_path: Path) -> Containers:
    return Containers(tmp_path, [])


@pytest.fixture
def run(base_image: str) -> Iterator[Run]:
    """Makes containers from outside; gives their names; removes them all."""
    names: list[str] = []

    def make(*options: str, command: tuple[str, ...] = ("sh", "-c", LOOP)) -> str:
        names.append(f"twtest-{uuid.uuid4().hex[:8]}")
        docker("run", "-d", "--name", names[-1], *options, base_image, *command)
        return names[-1]

    yield make
    for name in names:
        subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, timeout=60)


@pytest.fixture
def workload(tmp_path: Path, base_image: str) -> Iterator[Workload]:
    """A workload of the least size; whatever comes of it is removed."""
    name = f"twtest-{uuid.uuid4().hex[:8]}"
    folder = tmp_path / "workloads" / name
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f'ARG BASE\nFROM ${{BASE}}\nCMD ["sh", "-c", "{LOOP}"]\n')
    yield Workload(
        name=name,
        title=name,
        folder=folder,
        guest_port=80,
        container_port=free_port(),
        vm_port=free_port(),
        probe=Probe(kind="tcp"),
        memory_mib=64,
        cpus=1,
        container_images=("twtest.invalid/none:1", base_image),
    )
    subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, timeout=60)
    image = f"twindeck/{name}:latest"
    subprocess.run(["docker", "rmi", "-f", image], capture_output=True, timeout=60)
