"""The lab's own project: a copy of one workload under another name and on free ports.

So a comparison never touches the instances the user has, nor meets their ports.
"""

from __future__ import annotations

import json
import os
import socket
import stat
from dataclasses import replace
from pathlib import Path

from tui.core.files import reason_of
from tui.errors import TwindeckError, WorkloadError
from tui.lab.copies import copy_folder, write_new
from tui.lab.owner import FILE, FOLDER, RunFolder
from tui.model import Workload
from tui.store import history_path
from tui.workloads import FILE as WORKLOAD_FILE

SHARED = "/twindeck-lab"
"""Where the container's volume is, and the lab's folder in the guest."""
_MOST_BYTES = 2**20


def lab_folder() -> Path:
    """Where the lab's projects live, beside the history."""
    return history_path().parent / "twindeck-lab"


def make_project(workload: Workload, vagrantfile: Path, own: RunFolder) -> Workload:
    """Write the lab's project into the run's folder.

    The copy differs by its name and its ports. Raises WorkloadError for a folder that cannot be
    copied, TwindeckError when there is no room.
    """
    folder = own.root / "workloads" / own.workload
    container_port, vm_port = _free_ports()
    copy = replace(
        workload, name=own.workload, folder=folder, container_port=container_port, vm_port=vm_port
    )

    def record(kind: str, path: Path) -> None:
        own.record(kind, str(path.relative_to(own.root)))

    try:
        record(FOLDER, folder.parent)
        folder.parent.mkdir(mode=0o700)
        copy_folder(workload.folder, folder, record, without=(WORKLOAD_FILE,))
        for path, content, mode in (
            # Image and guest may hold it, as they do the user's own.
            (folder / WORKLOAD_FILE, _toml(copy), 0o644),
            (own.root / "Vagrantfile", _read(vagrantfile), 0o600),
        ):
            record(FILE, path)
            write_new(path, content, mode)
    except OSError as error:
        raise TwindeckError(
            f"the lab's copy of {workload.name} cannot be written: {reason_of(error)}",
            f"see: df -h {own.root.parent}; or name another folder with TWINDECK_DATA",
        ) from error
    return copy


def _read(vagrantfile: Path) -> str:
    """The project's own, which may be a link: it is the user who runs it. Raises WorkloadError."""
    try:
        handle = os.open(vagrantfile, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, encoding="utf-8") as file:
            state = os.fstat(handle)
            if not stat.S_ISREG(state.st_mode) or state.st_size > _MOST_BYTES:
                raise WorkloadError(f"{vagrantfile} is no plain file of 1 MiB or less")
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise WorkloadError(f"{vagrantfile}: cannot be read: {reason}") from error


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for listener in (one, other):
            listener.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


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
