"""Where a test file lies: its file system, its device, and who may keep a copy in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui.errors import TwindeckError
from tui.lab.instrument import Rig
from tui.results import Arm

_MOUNTS = "/proc/mounts"


def describe(rig: Rig, arm: Arm, folder: str) -> str:
    """`ext4 on /dev/vda1, qcow2 by virtio, cache=default: …`; raises what `Rig.run` does."""
    found = file_system(rig.run(arm, ("cat", _MOUNTS)).stdout, folder)
    match arm:
        case Arm.VM:
            more = _cache_mode(rig)
        case Arm.CONTAINER:
            more = _below_layer(rig)
        case Arm.HOST:
            more = _beside_docker(rig, folder)
        case _:
            more = ""
    return ", ".join(word for word in (found, more) if word)


def file_system(mounts: str, folder: str) -> str:
    """`ext4 on /dev/vda`, from /proc/mounts; "" when no line fits."""
    best, told = -1, ""
    for line in mounts.splitlines():
        words = line.split()
        if len(words) < 3:
            continue
        # proc(5): blanks and backslashes are octal.
        point = words[1].encode().decode("unicode_escape")
        is_above = folder == point or folder.startswith(point.rstrip("/") + "/")
        # Of two on the same point the later one is on top.
        if is_above and len(point) >= best:
            best, told = len(point), f"{words[2]} on {words[0]}"
    return "overlay" if told.startswith("overlay ") else told


def _cache_mode(rig: Rig) -> str:
    """What the hypervisor does with the host's page cache for the VM's disk."""
    instance = rig.instance(Arm.VM)
    try:
        tree = rig.libvirt().definition(instance.id or "").tree
    except TwindeckError as error:
        return f"cache mode not known: {error}"
    return cache_mode(tree)


def cache_mode(tree: Mapping[str, Any]) -> str:
    """`virtio, qcow2, cache=default: the host's page cache is in play`, from a domain's XML."""
    try:
        disks = tree["domain"]["devices"]["disk"]
        disk = next(
            d
            for d in (disks if isinstance(disks, list) else [disks])
            if d.get("@device", "disk") == "disk" and "readonly" not in d
        )
        driver = disk["driver"]
        mode = driver.get("@cache", "default")
        kind = driver.get("@type", "raw")
        bus = disk["target"].get("@bus", "?")
    except (LookupError, TypeError, AttributeError, StopIteration):
        return "cache mode not known"
    in_play = "past the host's page cache"
    if mode not in ("none", "directsync"):
        in_play = "the host's page cache is in play"
    return f"{kind} by {bus}, cache={mode}: {in_play}"


def _docker_root(rig: Rig) -> Path | None:
    """Where the engine keeps its data; None when it does not tell, or keeps it elsewhere."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        root = Path(str(rig.docker().info()["DockerRootDir"]))
        return root if root.is_dir() else None
    except (DockerException, RequestException, TwindeckError, LookupError, OSError):
        return None


def _below_layer(rig: Rig) -> str:
    root = _docker_root(rig)
    if root is None:
        return ""
    return "the engine's data on " + file_system(
        rig.run(Arm.HOST, ("cat", _MOUNTS)).stdout, str(root)
    )


def _beside_docker(rig: Rig, folder: str) -> str:
    """Whether the host's file shares its file system with Docker's data."""
    root = _docker_root(rig)
    if root is None:
        return "not known whether Docker's data is on the same file system"
    if root.stat().st_dev == Path(folder).stat().st_dev:
        return "the file system Docker's data is on"
    return f"not the file system Docker's data is on ({root})"
