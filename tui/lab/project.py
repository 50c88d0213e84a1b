"""The lab's own project: a copy of one workload under another name and on free ports.

So a comparison never touches the instances the user has, nor meets their ports.
"""

from __future__ import annotations

import json
import shutil
import socket
from dataclasses import replace
from pathlib import Path

from tui.model import Workload
from tui.store import history_path

FOLDER = "twindeck-lab"
"""Vagrant-libvirt puts its name before the domain's."""
PREFIX = "lab-"
SHARED = "/twindeck-lab"
"""Where the container's volume is, and the lab's folder in the guest."""


def lab_folder() -> Path:
    """Where the lab's projects live, beside the history."""
    return history_path().parent / FOLDER


def make_project(workload: Workload, vagrantfile: Path, root: Path) -> Workload:
    """Write the lab's project into `root`, or find it there from an interrupted run.

    The copy differs by its name, its ports and, for the container, a volume at SHARED.
    """
    name = f"{PREFIX}{workload.name}"
    folder = root / "workloads" / name
    container_port, vm_port = _ports_in(folder) or _free_ports()
    copy = replace(
        workload, name=name, folder=folder, container_port=container_port, vm_port=vm_port
    )
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(workload.folder, folder, symlinks=True)
    with (folder / "Dockerfile").open("a", encoding="utf-8") as dockerfile:
        dockerfile.write(f"\nVOLUME {SHARED}\n")
    (folder / "workload.toml").write_text(_toml(copy), encoding="utf-8")
    shutil.copyfile(vagrantfile, root / "Vagrantfile")
    return copy


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for listener in (one, other):
            listener.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _ports_in(folder: Path) -> tuple[int, int] | None:
    """The ports an instance left by an interrupted run was made with."""
    import tomllib

    try:
        ports = tomllib.loads((folder / "workload.toml").read_text(encoding="utf-8"))["ports"]
        return int(ports["container"]), int(ports["vm"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _toml(workload: Workload) -> str:
    """What the Vagrantfile reads, and enough for the file to be a valid workload."""
    images, boxes = (json.dumps(list(v)) for v in (workload.container_images, workload.boxes))
    return "\n".join(
        (
            f"title = {json.dumps(workload.title)}",
            "[resources]",
            f"memory_mib = {workload.memory_mib}",
            f"cpus = {workload.cpus}",
            "[ports]",
            f"guest = {workload.guest_port}",
            f"container = {workload.container_port}",
            f"vm = {workload.vm_port}",
            "[ready]",
            'kind = "tcp"',
            "[container]",
            f"images = {images}",
            "[vm]",
            f"boxes = {boxes}",
            "",
        )
    )
