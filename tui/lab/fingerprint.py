"""What a figure depends on: the host, its engines, and how the VM was built; hashed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tui.core.proc_files import read
from tui.core.secrets import mask_text
from tui.engines.docker.resolver import Resolver
from tui.errors import TwindeckError
from tui.lab.hardware import cpu, memory
from tui.lab.instrument import Rig
from tui.lab.tools import TOOLS
from tui.results import Arm
from tui.sides.docker_link import Link
from tui.sides.libvirt import Libvirt

_CALL_SECONDS = 10.0
_NOT_HASHED = frozenset({"Twindeck"})
"""Ours is told by the run's method version; a figure does not depend on the rest of it."""
_VERSION_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "wrk": ("wrk", "-v"),
    "QEMU": ("qemu-system-x86_64", "--version"),
    "Vagrant": ("vagrant", "--version"),
    "runc": ("runc", "--version"),
    "containerd": ("containerd", "--version"),
}


def fingerprint(docker: Resolver | None = None) -> tuple[dict[str, str], str]:
    """Label -> what it is, in the order it is shown, and 12 hex digits of the hash.

    What cannot be read is `unknown`; nothing is guessed and nothing raises.
    """
    found = {**cpu(), **memory(), **_kernel(), **_docker(docker), **_virtualization()}
    found["Tools"] = ", ".join(f"{name} {_version(name)}" for name in TOOLS)
    return _told(found)


def with_vm(host: Mapping[str, str], rig: Rig) -> tuple[dict[str, str], str]:
    """The same with how the VM that runs is built."""
    return _told({**host, **_machine(rig)})


def _told(found: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """An engine's endpoint may hold a password, and a run is read by others."""
    masked = {key: mask_text(value) for key, value in found.items()}
    return masked, _digest(masked)


def _kernel() -> dict[str, str]:
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    return {
        "Kernel": os.uname().release,
        "cgroup": "v2" if unified else "v1",
        "Clock": read(clock) or "unknown",
    }


def _docker(docker: Resolver | None) -> dict[str, str]:
    link = Link(docker)
    try:
        with link.translating("describe itself"):
            info: Mapping[str, Any] = link.look().info()
    except TwindeckError as error:
        return {"Docker": f"unknown: {error}"}
    root = str(info.get("DockerRootDir", ""))
    security = ", ".join(str(x).removeprefix("name=") for x in info.get("SecurityOptions") or ())
    return {
        "Docker": f"{info.get('ServerVersion', 'unknown')}, {info.get('Driver', '?')}, "
        f"cgroup driver {info.get('CgroupDriver', '?')}",
        "Docker's security": security or "none",
        "Docker's data": _mount_of(root),
        "containerd": _version("containerd"),
        "runc": _version("runc"),
    }


def _virtualization() -> dict[str, str]:
    libvirt = Libvirt()
    try:
        known = libvirt.version() if libvirt.is_installed else "not installed"
    except TwindeckError as error:
        known = f"unknown: {error}"
    return {
        "libvirt": known,
        "QEMU": _version("QEMU"),
        "Vagrant": _version("Vagrant"),
        "VMs' disks": _mount_of("/var/lib/libvirt/images"),
    }


def _machine(rig: Rig) -> dict[str, str]:
    try:
        instance = rig.instance(Arm.VM)
        found = {"Accelerator": instance.accelerator or "unknown", "Box": instance.image or "?"}
        if instance.provider != "libvirt":
            return {**found, "VM": f"provider {instance.provider}"}
        return {**found, **_hardware(rig.libvirt().xml(str(instance.id)))}
    except TwindeckError as error:
        return {"VM": f"unknown: {error}"}


def _hardware(xml: str) -> dict[str, str]:
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return {"VM": "unknown: no readable domain XML"}
    kind = root.find("os/type")
    cpu = root.find("cpu")
    model = root.findtext("cpu/model") or (cpu.get("mode", "") if cpu is not None else "")
    driver, target = root.find("devices/disk/driver"), root.find("devices/disk/target")
    nic = root.find("devices/interface/model")
    return {
        "Machine": f"{kind.get('machine', '?') if kind is not None else '?'}, CPU {model or '?'}",
        "Disk": f"{_attribute(target, 'bus')}, {_attribute(driver, 'type')}, "
        f"cache {_attribute(driver, 'cache')}",
        "NIC": _attribute(nic, "type"),
    }


def _attribute(element: ElementTree.Element | None, name: str) -> str:
    return "default" if element is None else element.get(name, "default")


def _digest(found: Mapping[str, str]) -> str:
    kept = {key: value for key, value in found.items() if key not in _NOT_HASHED}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:12]


def _version(name: str) -> str:
    """The first word that looks like a version, of what the tool says of itself."""
    argv = _VERSION_ARGUMENTS.get(name, (name, "--version"))
    if shutil.which(argv[0]) is None:
        return "not installed"
    try:
        answer = subprocess.run(argv, capture_output=True, text=True, timeout=_CALL_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return version_in(f"{answer.stdout} {answer.stderr}")


def version_in(text: str) -> str:
    """`1.52.0` of `h2load nghttp2/1.52.0`; `unknown` where there is none."""
    found = re.search(r"\d+\.[\w.+~]*\w", text)
    return found[0] if found else "unknown"


def _mount_of(folder: str) -> str:
    """`ext4 on /dev/vda`, of the file system a folder is on."""
    best = ("", "unknown")
    for line in read("/proc/self/mounts").splitlines():
        device, point, kind, *_ = line.split(" ")
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]):
            best = (point, f"{kind} on {device}")
    return best[1]
