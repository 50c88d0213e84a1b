"""Portability: what has to be moved to another host, and how long packing and unpacking take."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tarfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from docker.errors import DockerException

from tui.core.reasons import reason_of
from tui.errors import ActionFailed
from tui.lab.instrument import ONCE, Instrument, Need, Reading, Rig
from tui.lab.instruments.size import backing_chain, overlay_of
from tui.lab.owner import RUN_LABEL
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

_PACK_SECONDS = 600.0
_LEVEL = 6
_BYTES_IN_GIB = 2**30


def _metric(name: str, title: str, unit: str, method: str, *, is_headline: bool = False) -> Metric:
    return Metric(
        id=f"move.{name}",
        row=Row.PORTABILITY,
        title=title,
        unit=unit,
        method=method,
        better=Better.LESS,
        is_headline=is_headline,
    )


SIZE = _metric(
    "size",
    "to move: one file",
    "B",
    f"`docker save`, gzip -{_LEVEL} | a box: the VM's disk with its base in one qcow2, compressed "
    "inside with zlib (`qemu-img convert -c`), in a tar with its metadata; synced and paused "
    "meanwhile",
    is_headline=True,
)
PACK = _metric("pack", "packing it", "s", "making that file from what is on this host")
IMPORT = _metric(
    "import",
    "unpacking it on arrival",
    "s",
    "`docker load` of the image flattened to one layer this host has not seen, as a new host "
    "would unpack all of it | `vagrant box add` of the file into an empty home",
)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """Once, before tools and test files are brought to the pair: they would be packed too."""
    return (
        Instrument(
            name="portability",
            metrics=(SIZE, PACK, IMPORT),
            arms=(Arm.CONTAINER, Arm.VM),
            need=Need.RUNNING,
            seconds=25.0,
            measure=_measure,
            repeats=ONCE,
        ),
    )


def _measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
    folder = rig.folder() / f"move-{arm}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        return _machine(rig, folder) if arm is Arm.VM else _container(rig, folder)
    except (OSError, DockerException) as error:
        raise ActionFailed(f"moving the {arm} failed: {reason_of(error)}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _machine(rig: Rig, folder: Path) -> Sequence[Reading]:
    disk = overlay_of(rig)
    virtual = int(backing_chain(rig, disk)[0]["virtual-size"])
    image, box = folder / "box.img", folder / "moved.box"
    # Nothing is on its way to the disk, and nothing changes while it is copied.
    rig.run(Arm.VM, ("sync",))
    rig.pause(Arm.VM)
    began = time.monotonic()
    convert = ("qemu-img", "convert", "-U", "-c", "-O", "qcow2", disk, str(image))
    rig.run(Arm.HOST, convert, timeout_seconds=_PACK_SECONDS)
    about = {"provider": "libvirt", "format": "qcow2", "virtual_size": -(-virtual // _BYTES_IN_GIB)}
    metadata = folder / "metadata.json"
    metadata.write_text(json.dumps(about), encoding="ascii")
    with tarfile.open(box, "w") as tar:
        tar.add(metadata, metadata.name)
        tar.add(image, image.name)
    packed = time.monotonic() - began
    image.unlink()
    rig.resume(Arm.VM)
    home = folder / "home"
    home.mkdir()
    add = ("vagrant", "box", "add", "--name", "moved", "--provider", "libvirt", str(box))
    began = time.monotonic()
    rig.run(
        Arm.HOST,
        ("env", f"VAGRANT_HOME={home}", "VAGRANT_CHECKPOINT_DISABLE=1", *add),
        timeout_seconds=_PACK_SECONDS,
    )
    arrived = time.monotonic() - began
    return (
        Reading(SIZE.id, box.stat().st_size, note="box, qcow2 compressed inside"),
        Reading(PACK.id, packed),
        Reading(IMPORT.id, arrived, note="vagrant's own start is among it"),
    )


def _container(rig: Rig, folder: Path) -> Sequence[Reading]:
    api = rig.docker()
    container = rig.container_id()
    image = api.inspect_container(container)["Image"]
    began = time.monotonic()
    size = _gzip(rig, api.get_image(image), folder / "image.tar.gz")
    packed = time.monotonic() - began
    flat = folder / "flat.tar"
    with flat.open("wb") as file:
        for chunk in api.export(container):
            file.write(chunk)
            rig.sleep(0)
    # A layer nobody has: a file of random content in it makes its digest new.
    marker = folder / "twindeck-moved"
    marker.write_bytes(os.urandom(64))
    with tarfile.open(flat, "a") as tar:
        tar.add(marker, marker.name)
    # The run's id is in its name, and its mark in the image: nobody else's is loaded over.
    tag = f"twindeck/{rig.workload.name}-moved"
    label = f"LABEL {RUN_LABEL}={rig.run_id}"
    try:
        api.import_image_from_file(str(flat), repository=tag, tag="latest", changes=[label])
        flat.unlink()
        saved = folder / "flat-image.tar"
        with saved.open("wb") as file:
            file.writelines(_unless_cancelled(rig, api.get_image(f"{tag}:latest")))
        api.remove_image(f"{tag}:latest")
        began = time.monotonic()
        with saved.open("rb") as file:
            for _message in api.load_image(file):  # type: ignore[no-untyped-call]
                rig.sleep(0)
        arrived = time.monotonic() - began
        # The engine tells of a failed load in the stream only.
        api.inspect_image(f"{tag}:latest")  # type: ignore[no-untyped-call]
    finally:
        with suppress(DockerException):
            api.remove_image(f"{tag}:latest")
    return (
        Reading(SIZE.id, size, note="image, gzip"),
        Reading(PACK.id, packed),
        Reading(IMPORT.id, arrived),
    )


def _gzip(rig: Rig, chunks: Iterable[bytes], target: Path) -> int:
    with gzip.open(target, "wb", compresslevel=_LEVEL) as file:
        for chunk in _unless_cancelled(rig, chunks):
            file.write(chunk)
    return target.stat().st_size


def _unless_cancelled(rig: Rig, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        rig.sleep(0)
        yield chunk
