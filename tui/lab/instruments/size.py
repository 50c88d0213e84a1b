"""Sizes on disk: what is shared, what one more instance adds, and the pair that is alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tui.errors import ActionFailed
from tui.lab.instrument import ONCE, Instrument, Need, Reading, Rig
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row
from tui.sides.vagrant_index import box_folder, vagrant_home


def _metric(name: str, title: str, method: str, *, is_headline: bool = False) -> Metric:
    return Metric(
        id=f"size.{name}",
        row=Row.SIZE,
        title=title,
        unit="B",
        method=method,
        better=Better.LESS,
        is_headline=is_headline,
    )


DISK = _metric(
    "disk",
    "on disk: system and workload",
    "like for like, uncompressed, as allocated: all layers of the container's image | the VM's "
    "base volume and its overlay (`qemu-img info` actual-size)",
    is_headline=True,
)
SHARED = _metric(
    "shared",
    "shared by all instances",
    "layers of the image, once for all its containers | base volume, once for all VMs of the box",
)
INSTANCE = _metric(
    "instance",
    "added by this instance",
    "writable layer of the container (SizeRw) | allocated part of the VM's overlay",
)
VIRTUAL = _metric(
    "virtual",
    "promised to the guest",
    "virtual size of the VM's disk: what it may grow to, not what it takes; a container has none",
)
TRANSFER = _metric(
    "transfer",
    "box as it was downloaded",
    "files of the box in Vagrant's home; an image is compared in `move.size`",
)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """Taken once, before any tool is brought to the pair."""
    return (
        Instrument(
            name="size",
            metrics=(DISK, SHARED, INSTANCE, VIRTUAL, TRANSFER),
            arms=(Arm.CONTAINER, Arm.VM),
            need=Need.TOGETHER,
            seconds=2.0,
            measure=_measure,
            repeats=ONCE,
        ),
    )


def _measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
    return _machine(rig) if arm is Arm.VM else _container(rig)


def _container(rig: Rig) -> Sequence[Reading]:
    api = rig.docker()
    container = api.inspect_container(rig.container_id())
    image = api.inspect_image(container["Image"])  # type: ignore[no-untyped-call]
    listed = api.containers(all=True, size=True, filters={"id": container["Id"]})
    written = int(listed[0].get("SizeRw") or 0) if listed else 0
    layers = len((image.get("RootFS") or {}).get("Layers") or ())
    size = int(image["Size"])
    return (
        Reading(DISK.id, size + written, note=f"image of {layers} layers and writable layer"),
        Reading(SHARED.id, size, note=f"{layers} layers"),
        Reading(INSTANCE.id, written),
    )


def _machine(rig: Rig) -> Sequence[Reading]:
    rig.libvirt()
    chain = backing_chain(rig, overlay_of(rig))
    overlay, *below = chain
    base = sum(int(one["actual-size"]) for one in below)
    own = int(overlay["actual-size"])
    box = _box_bytes(rig.instance(Arm.VM).image or "")
    transfer = (
        Reading(TRANSFER.id, box, note="compressed inside the qcow2")
        if box
        else Reading(TRANSFER.id, error="the box's files are not in Vagrant's home")
    )
    return (
        Reading(DISK.id, base + own, note="base volume and overlay, allocated"),
        Reading(SHARED.id, base, note="base volume, allocated"),
        Reading(INSTANCE.id, own, note="overlay, allocated"),
        Reading(VIRTUAL.id, int(overlay["virtual-size"])),
        transfer,
    )


def overlay_of(rig: Rig) -> str:
    """The file of the VM's own disk. Raises ActionFailed."""
    uuid = str(rig.instance(Arm.VM).id)
    disks = rig.libvirt().definition(uuid).disks
    if not disks:
        raise ActionFailed("the VM has no disk that is a file")
    return disks[0]


def backing_chain(rig: Rig, disk: str) -> Sequence[Mapping[str, Any]]:
    """The disk and what it stands on, as `qemu-img info` tells. Raises ActionFailed."""
    argv = ("qemu-img", "info", "-U", "--output=json", "--backing-chain", disk)
    answer = rig.run(Arm.HOST, argv)
    try:
        chain: Sequence[Mapping[str, Any]] = json.loads(answer.stdout)
    except ValueError as error:
        raise ActionFailed(f"qemu-img gave no JSON for {disk}") from error
    return chain


def _box_bytes(box: str) -> int:
    folder = box_folder(vagrant_home(), box)
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
