"""Security, counted: what a break-out would start from, as facts and no score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import psutil

from tui.errors import ActionFailed
from tui.lab.instrument import ONCE, Instrument, Need, Reading, Rig
from tui.lab.instruments.probes import capabilities, look
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

_ARMS = (Arm.HOST, Arm.CONTAINER, Arm.VM)
_SECCOMP = {"0": "none", "1": "strict", "2": "filter"}


def _fact(
    name: str, title: str, method: str, *, unit: str = "", is_headline: bool = False
) -> Metric:
    return Metric(
        id=f"security.{name}",
        row=Row.SECURITY,
        title=title,
        unit=unit,
        method=method,
        better=Better.LESS if unit else Better.NEITHER,
        is_headline=is_headline,
    )


CAPABILITIES = _fact(
    "capabilities",
    "capabilities of its first process",
    "bits of CapEff of process 1 on each; those of the guest hold for the guest's kernel only",
    unit="count",
    is_headline=True,
)
SECCOMP = _fact("seccomp", "system call filter", "Seccomp of process 1; QEMU's -sandbox for a VM")
LSM = _fact("lsm", "security module's label", "/proc/1/attr/current")
USERNS = _fact("userns", "root inside is outside", "/proc/1/uid_map")
DEVICES = _fact("devices", "devices visible", "block and character devices below /dev")
MODEL = _fact(
    "device_model",
    "devices the VM is given",
    "emulated devices in the domain's XML; none for a "
    "container, which calls the host's kernel itself",
)
EXPOSURE = _fact(
    "exposure",
    "what opens it up",
    "privileged, host mounts, docker.sock, host namespaces and missing limits, by inspection",
)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """Facts: taken once."""
    return (
        Instrument(
            name="security",
            metrics=(CAPABILITIES, SECCOMP, LSM, USERNS, DEVICES, MODEL, EXPOSURE),
            arms=_ARMS,
            need=Need.TOGETHER,
            seconds=2.0,
            measure=_measure,
            repeats=ONCE,
        ),
    )


def _measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
    seen = look(rig, arm)
    count = capabilities(seen.get("CapEff", ""))
    whose = "the guest's own kernel" if arm is Arm.VM else "the host's kernel"
    mode = _SECCOMP.get(seen.get("Seccomp", ""), "unknown")
    seccomp = f"{mode}; {_sandbox(rig)} on the host" if arm is Arm.VM else mode
    return (
        Reading(CAPABILITIES.id, count, note=f"over {whose}"),
        Reading(SECCOMP.id, text=seccomp),
        Reading(LSM.id, text=seen.get("lsm") or "none"),
        Reading(USERNS.id, text=_root(arm, seen.get("uid_map", ""))),
        Reading(
            DEVICES.id,
            text=f"{seen.get('devices', '?')}, of them {seen.get('block_devices', '?')} disks",
        ),
        Reading(MODEL.id, text=_model(rig) if arm is Arm.VM else "none"),
        Reading(EXPOSURE.id, text=_exposure(rig, arm)),
    )


def _root(arm: Arm, uid_map: str) -> str:
    if arm is Arm.VM:
        return "nobody: another kernel's root"
    inside, _, rest = uid_map.partition(" ")
    outside = rest.split()[0] if rest else ""
    if inside == "0" and outside == "0":
        return "the host's root" if arm is Arm.CONTAINER else "root"
    return f"user {outside or 'unknown'} of the host"


def _sandbox(rig: Rig) -> str:
    pid = rig.instance(Arm.VM).pid
    try:
        argv = psutil.Process(pid).cmdline() if pid else []
    except psutil.Error:
        argv = []
    return "QEMU -sandbox on" if "-sandbox" in argv else "QEMU without -sandbox"


def _devices(rig: Rig) -> list[str]:
    """The kinds of devices in the VM's definition, one each."""
    xml = rig.libvirt().xml(str(rig.instance(Arm.VM).id))
    try:
        devices = ElementTree.fromstring(xml).find("devices")
    except ElementTree.ParseError as error:
        raise ActionFailed("libvirt gave no readable domain XML") from error
    return [d.tag for d in devices if d.tag != "emulator"] if devices is not None else []


def _model(rig: Rig) -> str:
    kinds = _devices(rig)
    return f"{len(kinds)}: {', '.join(sorted(set(kinds)))}"


def _exposure(rig: Rig, arm: Arm) -> str:
    if arm is Arm.HOST:
        return "—"
    if arm is Arm.CONTAINER:
        return exposure_of(rig.docker().inspect_container(rig.container_id()))
    passed = {"filesystem": "shared folders", "hostdev": "devices passed through"}
    kinds = _devices(rig)
    found = [f"{kinds.count(k)} {name}" for k, name in passed.items() if k in kinds]
    return "; ".join(found) or "nothing: no shared folder, no device passed through"


def exposure_of(inspection: Mapping[str, Any]) -> str:
    """What of a container's settings weakens its boundary, in one line."""
    config = inspection.get("HostConfig") or {}
    found = []
    if config.get("Privileged"):
        found.append("privileged")
    if config.get("CapAdd"):
        found.append(f"capabilities added: {', '.join(config['CapAdd'])}")
    found += [f"{key} of the host" for key, mode in _modes(config) if mode == "host"]
    sources = [
        str(m.get("Source", "")) for m in inspection.get("Mounts") or () if m.get("Type") == "bind"
    ]
    found += [f"host's {source}" for source in sources]
    if not config.get("PidsLimit"):
        found.append("no limit on processes")
    if not config.get("Memory"):
        found.append("no memory limit")
    return "; ".join(found) or "nothing: limits set, no host mounts, not privileged"


def _modes(config: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    keys = {"network": "NetworkMode", "processes": "PidMode", "IPC": "IpcMode"}
    return [(name, str(config.get(key) or "")) for name, key in keys.items()]
