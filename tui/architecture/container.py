"""A container's layers: its processes, image, namespaces, control group, and its engine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tui.architecture.ask import Ask
from tui.architecture.host import host_layers, script, unknown_host
from tui.architecture.processes import ancestors_of, counted, name_of, named, tree_of
from tui.architecture.trees import number, part
from tui.core.architecture import NAMESPACES, Gauge, Layer, LayerName, Proof, Stack
from tui.core.proc_files import read
from tui.errors import ActionFailed
from tui.meters.cgroup_paths import read_memberships
from tui.model import Instance
from tui.sides.base import Command
from tui.text import clean
from tui.units import iec

_MODES = {
    "pid": "PidMode",
    "net": "NetworkMode",
    "ipc": "IpcMode",
    "uts": "UTSMode",
    "cgroup": "CgroupnsMode",
}
"""Where the engine says whether the container has the host's."""
_NOT_RUNNING = "it is not running"
_ELSEWHERE = "its engine runs on another host"


def container_stack(
    instance: Instance, inspection: Mapping[str, Any], docker: Command, ask: Ask
) -> Stack:
    """All layers, the processes first. Raises nothing that has to do with one layer alone."""
    container_id = str(inspection.get("Id") or instance.id or "")
    pid = number(part(inspection, "State"), "Pid")
    is_here = not pid or container_id[:12] in read(f"/proc/{pid}/cgroup")
    tool = _Docker(docker, container_id)
    layers = (
        _processes(pid, tool, is_here=is_here),
        _image(inspection, tool, ask),
        _namespaces(inspection, pid if is_here else 0, tool),
        _cgroup(inspection, pid, is_here=is_here),
        _engine(pid, is_here=is_here),
        *(host_layers() if is_here else _other_host(tool, ask)),
    )
    return Stack(instance.key, instance.side, layers, is_here=is_here)


class _Docker:
    """Writes questions to the container's own engine."""

    def __init__(self, docker: Command, container_id: str) -> None:
        self._docker = docker
        self.container_id = container_id

    def proof(self, *words: str) -> Proof:
        env = self._docker.env
        shown = " ".join(("docker", *(f"'{w}'" if "{" in w else w for w in words)))
        return Proof((*self._docker.argv, *words), env=env, shown=shown)


def _processes(pid: int, docker: _Docker, *, is_here: bool) -> Layer:
    proof = docker.proof("top", docker.container_id[:12], "-eo", "pid,nlwp,rss,comm")
    layer = LayerName.PROCESSES
    if not pid:
        return Layer(layer, "processes", missing=_NOT_RUNNING)
    if not is_here:
        return Layer(layer, "processes", missing=_ELSEWHERE, proof=proof)
    processes = tree_of(pid)
    found = {process.pid: name_of(process) for process in processes}
    return Layer(
        layer,
        "processes",
        f"{counted(found.values())}, seen by the host as pid {_pids(found)}",
        gauge=Gauge.PIDS,
        pids=tuple(found),
        proof=proof,
        facts={"processes": [{"pid": p, "name": clean(n)} for p, n in found.items()]},
    )


def _image(inspection: Mapping[str, Any], docker: _Docker, ask: Ask) -> Layer:
    name = str(part(inspection, "Config").get("Image", ""))
    image_id = str(inspection.get("Image", ""))
    driver = str(part(inspection, "GraphDriver").get("Name", ""))
    shape = "{{len .RootFS.Layers}} {{.Size}} {{.Os}}/{{.Architecture}}"
    proof = docker.proof("history", "--format", "{{.Size}}\t{{.CreatedBy}}", name or image_id)
    try:
        answer = ask(docker.proof("image", "inspect", "--format", shape, image_id)).split()
    except ActionFailed as error:
        return Layer(LayerName.IMAGE, "image", missing=str(error), proof=proof)
    try:
        layers, size, platform = int(answer[0]), int(answer[1]), answer[2]
    except (ValueError, IndexError):
        why = "docker image inspect did not answer as expected"
        return Layer(LayerName.IMAGE, "image", missing=why, proof=proof)
    count = f"{layers} layers" if layers != 1 else "1 layer"
    return Layer(
        LayerName.IMAGE,
        "image",
        f"{clean(name)}: {count}, {iec(size)}, read-only, and one to write on ({driver})",
        proof=proof,
        facts={
            "image": clean(name),
            "id": image_id,
            "layers": layers,
            "size_bytes": size,
            "platform": platform,
            "driver": driver,
        },
    )


def _namespaces(inspection: Mapping[str, Any], pid: int, docker: _Docker) -> Layer:
    layer, running = LayerName.NAMESPACES, number(part(inspection, "State"), "Pid")
    if not running:
        return Layer(layer, "namespaces", missing=_NOT_RUNNING)
    inodes = namespaces_of(pid) if pid else {}
    if inodes:
        # Ours stand in for those of the first process that may not be read.
        host = namespaces_of(os.getpid()) | namespaces_of(1)
        own = [n for n in NAMESPACES if n in inodes and inodes[n] != host.get(n)]
        proof = script(f"lsns -p {pid}")
    else:
        # Another user's process: only root may compare them, but the engine says what it made.
        own = _declared(part(inspection, "HostConfig"))
        modes = " ".join(f"{n}={{{{.HostConfig.{mode}}}}}" for n, mode in _MODES.items())
        proof = docker.proof("inspect", "--format", modes, docker.container_id[:12])
    shared = [n for n in (inodes or NAMESPACES) if n not in own]
    text = f"its own: {', '.join(own) or 'none'}; the host's: {', '.join(shared) or 'none'}"
    facts = {"own": own, "shared": shared, "inodes": inodes}
    return Layer(layer, "namespaces", text, proof=proof, facts=facts)


def namespaces_of(pid: int) -> dict[str, int]:
    """Name -> inode of a process's namespaces; empty where they may not be read."""
    found = {}
    for name in NAMESPACES:
        try:
            found[name] = Path(f"/proc/{pid}/ns/{name}").stat().st_ino
        except OSError:
            continue
    return found


def _declared(config: Mapping[str, Any]) -> list[str]:
    own = {"mnt"} | {n for n, mode in _MODES.items() if str(config.get(mode) or "") != "host"}
    if config.get("UsernsMode") not in ("", "host", None):
        own.add("user")
    return sorted(own)


def _cgroup(inspection: Mapping[str, Any], pid: int, *, is_here: bool) -> Layer:
    layer = LayerName.CGROUP
    if not pid:
        return Layer(layer, "control group", missing=_NOT_RUNNING)
    limits = _limits(part(inspection, "HostConfig"))
    told = ", ".join(f"{name} {value}" for name, value in limits.items()) or "no limit is set"
    facts: dict[str, object] = {"limits": limits}
    if not is_here:
        return Layer(layer, "control group", told, gauge=Gauge.INSTANCE, facts=facts)
    version, path = cgroup_path(read(f"/proc/{pid}/cgroup"))
    short = path if len(path) < 40 else f"…{path[-38:]}"
    return Layer(
        layer,
        "control group",
        f"v{version} {short}; {told}",
        gauge=Gauge.INSTANCE,
        proof=script(f"cat /proc/{pid}/cgroup"),
        facts={**facts, "version": version, "path": path},
    )


def cgroup_path(text: str) -> tuple[int, str]:
    """Version and path, of memory where there are several, out of a /proc/PID/cgroup."""
    paths = read_memberships(text)
    return (1, paths["memory"]) if "memory" in paths else (2, paths.get("", ""))


def _limits(config: Mapping[str, Any]) -> dict[str, str]:
    limits = {}
    if memory := number(config, "Memory"):
        limits["memory"] = iec(memory)
    quota, period = number(config, "CpuQuota"), number(config, "CpuPeriod") or 100_000
    if nano := number(config, "NanoCpus") or (quota * 1_000_000_000 // period):
        limits["cpu"] = f"{nano / 1e9:g} core{'s' if nano != 1_000_000_000 else ''}"
    if (pids := number(config, "PidsLimit")) > 0:
        limits["processes"] = str(pids)
    return limits


def _engine(pid: int, *, is_here: bool) -> Layer:
    layer, title = LayerName.ENGINE, "container engine"
    if not is_here:
        return Layer(layer, title, missing=_ELSEWHERE)
    above = {p.pid: name_of(p) for p in reversed(ancestors_of(pid))} if pid else {}
    keepers = {p: n for p, n in above.items() if n.startswith(("containerd-shim", "conmon"))}
    daemons = {} if "conmon" in keepers.values() else _daemons(above)
    found = {**daemons, **keepers}
    if not found:
        return Layer(layer, title, missing="no process of it is seen on this host")
    words = [f"{_whole(name)} {pid}" for pid, name in found.items()]
    return Layer(
        layer,
        title,
        " → ".join(words),
        gauge=Gauge.PIDS,
        pids=tuple(found),
        proof=script(f"ps -o pid,ppid,nlwp,rss,args -p {','.join(map(str, found))}"),
        facts={"processes": [{"pid": p, "name": _whole(n)} for p, n in found.items()]},
    )


def _daemons(above: Mapping[int, str]) -> dict[int, str]:
    """dockerd and containerd: those above the container, else the only ones there are."""
    found: dict[int, str] = {}
    for name in ("dockerd", "containerd"):
        mine = [pid for pid, n in above.items() if n == name]
        there = mine or [p.pid for p in named(name)]
        if len(there) == 1:
            found[there[0]] = name
    return found


def _whole(name: str) -> str:
    # The kernel cuts a name off after 15 characters.
    return "containerd-shim" if name.startswith("containerd-shim") else clean(name)


def _other_host(docker: _Docker, ask: Ask) -> tuple[Layer, ...]:
    shape = "{{json .KernelVersion}},{{json .OperatingSystem}},{{.NCPU}},{{.MemTotal}}"
    proof = docker.proof("info", "--format", shape)
    try:
        kernel, system, cores, memory = json.loads(f"[{ask(proof)}]")
    except (ActionFailed, ValueError):
        return unknown_host(_ELSEWHERE, proof)
    return (
        Layer(
            LayerName.HOST_KERNEL,
            "kernel of its host",
            f"{clean(str(kernel))}, {clean(str(system))}",
            proof=proof,
            facts={"release": kernel},
        ),
        Layer(
            LayerName.HARDWARE,
            "hardware of its host",
            f"{cores} cores, {iec(int(memory))}",
            proof=proof,
            facts={"cores": cores, "memory_bytes": memory},
        ),
    )


def _pids(found: Iterable[int]) -> str:
    pids = list(found)
    return ", ".join(map(str, pids[:3])) + (" …" if len(pids) > 3 else "")
