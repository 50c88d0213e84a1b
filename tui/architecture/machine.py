"""A VM's layers: what runs in the guest, its kernel, its virtual devices and the hypervisor."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

import psutil

from tui.architecture.ask import Ask
from tui.architecture.guest import SCRIPT, SERVICES, Guest, parse_guest, workload_names
from tui.architecture.host import host_layers, script, unknown_host
from tui.architecture.processes import counted
from tui.architecture.trees import each, part
from tui.core.architecture import Gauge, Layer, LayerName, Proof, Stack
from tui.errors import ActionFailed
from tui.model import Instance, State
from tui.sides.base import Command
from tui.text import clean

_EMULATED = {"tcg": "tcg, software emulation"}


def machine_stack(
    instance: Instance, inspection: Mapping[str, Any], guest: Command | str, ask: Ask
) -> Stack:
    """All layers, the processes first.

    `guest`: the command that a line of shell is put behind to run it in the guest, or why there is
    none. Raises nothing that has to do with one layer alone.
    """
    if instance.state is not State.RUNNING:
        guest = f"it is {instance.state}"
    # `qemu+ssh://host/system` is a libvirt of another host, `qemu:///system` this one's.
    is_here = not urlsplit(str(inspection.get("connection") or "")).netloc
    layers = (
        *_guest_layers(instance, guest, ask),
        _devices(inspection),
        _hypervisor(instance),
        *(host_layers() if is_here else unknown_host("its libvirt is on another host")),
    )
    return Stack(instance.key, instance.side, layers, is_here=is_here)


def _guest_layers(instance: Instance, guest: Command | str, ask: Ask) -> tuple[Layer, ...]:
    titles = {
        LayerName.PROCESSES: "processes",
        LayerName.USERLAND: "guest userland",
        LayerName.GUEST_KERNEL: "guest kernel",
    }
    if isinstance(guest, str):
        return tuple(Layer(name, title, missing=guest) for name, title in titles.items())
    try:
        seen = parse_guest(ask(in_guest(guest, SCRIPT)))
    except ActionFailed as error:
        why = str(error)
        return tuple(Layer(name, title, missing=why) for name, title in titles.items())
    return _processes(instance, seen, guest), _userland(seen, guest), _kernel(seen, guest)


def in_guest(guest: Command, text: str) -> Proof:
    """A line of shell, run there."""
    cwd = str(guest.cwd) if guest.cwd else ""
    shown = f"{shlex.join(guest.argv)} {shlex.quote(text)}"
    return Proof((*guest.argv, text), cwd=cwd, env=guest.env, shown=shown, is_inside=True)


def _processes(instance: Instance, seen: Guest, guest: Command) -> Layer:
    names = workload_names(seen, instance.ports)
    what = f"{counted(names)} of {len(seen.processes)}" if names else f"{len(seen.processes)}"
    return Layer(
        LayerName.PROCESSES,
        "processes",
        f"{what} processes, of which the host sees none",
        proof=in_guest(guest, "ps --ppid 2 -p 2 -N -o pid,nlwp,rss,comm --sort=-rss"),
        facts={"workload": names, "count": len(seen.processes)},
    )


def _userland(seen: Guest, guest: Command) -> Layer:
    told = [seen.system or "an unnamed system", f"init {seen.init or '?'}"]
    if seen.services is not None:
        told.append(f"{seen.services} service{'s' if seen.services != 1 else ''} running")
    return Layer(
        LayerName.USERLAND,
        "guest userland",
        ", ".join(told),
        proof=in_guest(
            guest,
            f"grep PRETTY_NAME /etc/os-release; ps -o comm= -p 1; {SERVICES}",
        ),
        facts={"system": seen.system, "init": seen.init, "services": seen.services},
    )


def _kernel(seen: Guest, guest: Command) -> Layer:
    return Layer(
        LayerName.GUEST_KERNEL,
        "guest kernel",
        f"Linux {seen.kernel}, boot {seen.boot_id[:8]}, {seen.cores} vCPU",
        gauge=Gauge.GUEST,
        proof=in_guest(guest, "uname -sr; cat /proc/sys/kernel/random/boot_id"),
        facts={"release": seen.kernel, "boot_id": seen.boot_id, "cores": seen.cores},
    )


def _devices(inspection: Mapping[str, Any]) -> Layer:
    layer, title = LayerName.DEVICES, "virtual devices"
    tree = inspection.get("domain")
    domain = tree.get("domain") if isinstance(tree, Mapping) else None
    if not isinstance(domain, Mapping):
        return Layer(layer, title, missing="only libvirt tells them")
    devices = part(domain, "devices")
    cards = [_card(card) for card in each(devices, "interface")]
    disks = [_disk(d) for d in each(devices, "disk") if d.get("@device", "disk") == "disk"]
    firmware = "UEFI" if _is_uefi(domain) else "BIOS"
    told = [*cards, *disks, firmware]
    uri, uuid = str(inspection.get("connection") or ""), str(inspection.get("id") or "")
    words = ("virsh", *(("-c", uri) if uri else ()), "dumpxml", uuid)
    return Layer(
        layer,
        title,
        ", ".join(told),
        proof=Proof(words, shown=" ".join(words)),
        facts={"network": cards, "disks": disks, "firmware": firmware},
    )


def _card(card: Mapping[str, Any]) -> str:
    model = str(part(card, "model").get("@type", "?"))
    source = part(card, "source")
    to = source.get("@network") or source.get("@bridge") or source.get("@dev") or "?"
    return clean(f"{model} NIC on {to}")


def _disk(disk: Mapping[str, Any]) -> str:
    bus = str(part(disk, "target").get("@bus", "?"))
    source = part(disk, "source")
    file = source.get("@file") or source.get("@dev") or source.get("@volume") or "?"
    return clean(f"{bus} disk {PurePath(str(file)).name}")


def _is_uefi(domain: Mapping[str, Any]) -> bool:
    system = part(domain, "os")
    return system.get("@firmware") == "efi" or "loader" in system


def _hypervisor(instance: Instance) -> Layer:
    layer, title = LayerName.HYPERVISOR, "hypervisor"
    if instance.pid is None:
        running = instance.state in (State.RUNNING, State.PAUSED)
        why = "its process is not known" if running else f"it is {instance.state}"
        return Layer(layer, title, missing=why)
    by = instance.accelerator or "accelerator not known"
    name, threads = "", 0
    with suppress(psutil.Error):
        process = psutil.Process(instance.pid)
        name, threads = process.name(), process.num_threads()
    return Layer(
        layer,
        title,
        f"{clean(name) or '?'} pid {instance.pid}, {threads} threads, {_EMULATED.get(by, by)}",
        gauge=Gauge.INSTANCE,
        pids=(instance.pid,),
        proof=script(
            f"ps -o pid,nlwp,rss,comm -p {instance.pid}; "
            f"tr '\\0' '\\n' </proc/{instance.pid}/cmdline | grep -A1 -E '^-(accel|machine|cpu)$'"
        ),
        facts={"pid": instance.pid, "threads": threads, "accelerator": instance.accelerator},
    )
