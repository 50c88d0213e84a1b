"""Two figures of memory a side, never mixed: what the workload uses, and what the host pays.

The third, what the host loses to one more instance, is a slope over several: see density.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from tui.core.reasons import reason_of
from tui.engines.libvirt.virsh import Virsh, VirshError
from tui.errors import ActionFailed
from tui.lab.instrument import Reading, Rig
from tui.lab.instruments.attendants import attendants, cgroup_of
from tui.meters import guest as guests
from tui.meters.containers import ContainerMeter
from tui.results import Arm

_PERIOD_SECONDS = 1
_FRESH_SECONDS = 8.0
"""How long the guest is waited for to tell its memory."""
_LOOK_SECONDS = 0.25
_BALLOON = re.compile(r"^\s+balloon\.([\w-]+)=(\d{1,20})\s*$", re.MULTILINE)
_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)
_MAPPING = re.compile(r"^[0-9a-f]+-[0-9a-f]+ (\S{4}) \S+ \S+ (\d+)", re.MULTILINE)


class Memory:
    """Both figures of one side, by the meters the console uses. Close it by leaving `with`."""

    def __init__(self, rig: Rig, arm: Arm) -> None:
        self._rig = rig
        self._arm = arm
        self._instance = rig.instance(arm)
        self._meter = ContainerMeter()
        self._virsh = Virsh(rig.libvirt().uri) if self._is_libvirt else None

    def __enter__(self) -> Memory:
        if self._is_libvirt and self._instance.id:
            # A guest tells nothing unless it is asked to.
            self._rig.libvirt().watch_balloon(self._instance.id, _PERIOD_SECONDS)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._meter.close()
        if self._virsh is not None:
            self._virsh.close()

    @property
    def _is_libvirt(self) -> bool:
        return self._arm is Arm.VM and self._instance.provider == "libvirt"

    def use(self, metric: str, since: float) -> Reading:
        """What the workload uses; a guest must have told it after `since` (Unix seconds)."""
        if self._arm is Arm.VM:
            return self._guest_use(metric, since)
        found = self._meter.sample([self._instance])
        if not found or found[0].memory_bytes is None:
            reason = found[0].reasons.get("memory_bytes", "") if found else ""
            return Reading(metric, error=reason or "its cgroup cannot be read on this host")
        note = f"docker stats' rule, by {self._meter.method}"
        return Reading(metric, found[0].memory_bytes, note=note)

    def host(self, metric: str) -> Reading:
        """What the host pays; the parts sum up to it."""
        pid = self._instance.pid
        if pid is None:
            return Reading(metric, error="its process is not on this host, or was not found")
        try:
            parts = self._vm_parts(pid) if self._arm is Arm.VM else self._container_parts(pid)
        except (PermissionError, psutil.AccessDenied):
            return Reading(metric, error="only root may read /proc/PID/smaps_rollup of it")
        except (OSError, psutil.Error, ActionFailed) as error:
            return Reading(metric, error=f"it could not be read: {reason_of(error)}")
        note = ", ".join(f"{name} {size / 2**20:.1f} MiB" for name, size in parts.items())
        return Reading(metric, sum(parts.values()), parts=parts, note=note)

    def _guest_use(self, metric: str, since: float) -> Reading:
        if self._virsh is None or not self._instance.id:
            return Reading(metric, error=f"{self._instance.provider} does not tell it")
        deadline = time.monotonic() + _FRESH_SECONDS
        while True:
            try:
                ask = f"domstats --raw --balloon --nowait {uuid.UUID(self._instance.id)}"
                reading = guest_use(metric, self._virsh.ask([ask])[0], since)
            except VirshError as error:
                return Reading(metric, error=str(error))
            except ValueError:
                return Reading(metric, error="libvirt's id of it is no UUID")
            if not reading.error or time.monotonic() > deadline:
                return reading
            self._rig.sleep(_LOOK_SECONDS)

    def _vm_parts(self, pid: int) -> dict[str, float]:
        if self._instance.accelerator == "tcg":
            smaps = Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8", errors="replace")
            parts = emulator_parts(smaps, self._rig.workload.memory_mib * 2**20)
        else:
            parts = {"hypervisor": float(pss_bytes(pid))}
        return self._with(parts, attendants(self._rig, self._arm, self._instance))

    def _container_parts(self, pid: int) -> dict[str, float]:
        files = cgroup_of(self._instance)
        if files is None:
            raise ActionFailed(f"pid {pid} is in no cgroup of its own here")
        parts = {"cgroup": float(Path(files.memory).read_text(encoding="ascii"))}
        return self._with(parts, attendants(self._rig, self._arm, self._instance))

    @staticmethod
    def _with(parts: dict[str, float], others: Sequence[psutil.Process]) -> dict[str, float]:
        for process in others:
            name = process.name().removesuffix("-runc-v2")
            name = "SSH tunnel" if name == "ssh" else name
            parts[name] = parts.get(name, 0.0) + pss_bytes(process.pid)
        return parts


def guest_use(metric: str, answer: str, since: float) -> Reading:
    """What the guest uses out of `domstats --raw --balloon`; an error when it was told before
    `since` (Unix seconds), or never."""
    found = guests.parse(answer, time.time())
    if found.used_bytes is None:
        return Reading(metric, error=found.reasons["used_bytes"])
    told: Mapping[str, int] = {name: int(value) for name, value in _BALLOON.findall(answer)}
    # In whole seconds: the one the reading began in may have been before it.
    if told.get("last-update", 0) <= int(since):
        return Reading(metric, error="the guest has not told its memory since the reading began")
    if "usable" not in told:
        note = "the guest's own view, its file cache among it: its driver tells no less"
        return Reading(metric, found.used_bytes, note=note)
    # What the guest's kernel calls MemAvailable: what it could give without swapping.
    used = (told["available"] - told["usable"]) * 1024
    parts = {"with_file_cache": float(found.used_bytes)}
    note = (
        "the guest's own view, less what it could give back: with its file cache "
        f"{found.used_bytes / 2**20:.1f} MiB"
    )
    return Reading(metric, used, parts=parts, note=note)


def pss_bytes(pid: int) -> int:
    """Proportional set size of a process. Raises OSError."""
    found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))
    if found is None:
        raise OSError(f"no Pss in /proc/{pid}/smaps_rollup")
    return int(found[1]) * 1024


def emulator_parts(smaps: str, guest_bytes: int) -> dict[str, float]:
    """PSS of an emulator: the guest's memory, the code translated for it, and the rest.

    QEMU runs translated code out of one mapping of no file that can be written and run; the
    guest's memory is the largest other one of at least its size. See proc(5) for the format.
    """
    code = rest = 0
    guest: tuple[int, int] = (0, 0)
    for block in _blocks(smaps):
        head = _MAPPING.match(block)
        pss = _kib(block, "Pss") * 1024
        size = _kib(block, "Size") * 1024
        if head is None:
            continue
        if head[1].startswith("rwx") and head[2] == "0":
            code += pss
        elif head[2] == "0" and size >= guest_bytes and size > guest[0]:
            rest += guest[1]
            guest = (size, pss)
        else:
            rest += pss
    parts = {"guest's memory": guest[1], "translation cache": code, "hypervisor": rest}
    return {name: float(value) for name, value in parts.items() if value}


def _blocks(smaps: str) -> Iterator[str]:
    starts = [found.start() for found in _MAPPING.finditer(smaps)]
    for start, end in zip(starts, [*starts[1:], len(smaps)], strict=True):
        yield smaps[start:end]


def _kib(block: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", block, re.MULTILINE)
    return int(found[1]) if found else 0
