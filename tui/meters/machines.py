"""The VM meter: what the hypervisor process costs the host, and what the guest says it uses."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psutil

from tui.engines.libvirt.uris import default_uri
from tui.engines.libvirt.virsh import Virsh
from tui.meters.base import Watched
from tui.meters.gaps import STANDING, UNKNOWN_ACCELERATOR, empty_sample
from tui.meters.guest import Guest, Guests, nothing
from tui.meters.rate import cpu_percent
from tui.model import Instance, SideName
from tui.snapshot import Sample

_NO_PROCESS = "its hypervisor process is not known"
_CONTAINER = "a container of Vagrant's docker provider: its figures are on the container side"


@dataclass(slots=True)
class _Hypervisor:
    """One hypervisor process, kept so that a pid given to another process is noticed."""

    process: psutil.Process
    before: tuple[int, int] | None = None


class MachineMeter:
    """Host cost by psutil, CPU of all of the process's threads; guest use by libvirt's balloon."""

    side = SideName.VM
    method = "hypervisor process"

    def __init__(self, open_guests: Callable[[str], Guests] | None = None) -> None:
        """`open_guests` gets the URI of a libvirt that has live machines."""
        self._open_guests = open_guests or (lambda uri: Guests(Virsh(uri)))
        self._guests: dict[str, Guests] = {}
        self._hypervisors: dict[int, _Hypervisor] = {}

    def sample(self, live: Sequence[Instance], watched: Watched = None) -> list[Sample]:
        """One sample per live machine; forgets those no longer given. Raises nothing."""
        given = {instance.pid for instance in live}
        for gone in [pid for pid in self._hypervisors if pid not in given]:
            del self._hypervisors[gone]
        # The processes first: they must not wait for libvirt.
        samples = [(instance, self._host_cost(instance)) for instance in live]
        guests = self._read_guests([instance for instance, s in samples if s is not None])
        return [
            _with_guest(sample, instance, guests.get(instance.id or ""))
            for instance, sample in samples
            if sample is not None
        ]

    def close(self) -> None:
        """End the libvirt children."""
        for guests in self._guests.values():
            guests.close()
        self._guests.clear()

    def _read_guests(self, live: Sequence[Instance]) -> dict[str, Guest]:
        """UUID -> figures, each machine's from the libvirt it is at."""
        at: dict[str, list[Instance]] = {}
        for instance in live:
            if instance.provider == "libvirt" and instance.id:
                at.setdefault(instance.connection or default_uri(), []).append(instance)
        for uri in self._guests.keys() - at.keys():
            self._guests.pop(uri).close()
        found: dict[str, Guest] = {}
        for uri, instances in at.items():
            if uri not in self._guests:
                self._guests[uri] = self._open_guests(uri)
            uuids = [str(instance.id) for instance in instances]
            others = {str(i.id) for i in instances if i.owner is not None}
            found.update(self._guests[uri].read(uuids, others))
        return found

    def _host_cost(self, instance: Instance) -> Sample | None:
        if instance.pid is None:
            why = _CONTAINER if instance.provider == "docker" else _NO_PROCESS
            return empty_sample(instance, why)
        try:
            return self._read(instance, instance.pid)
        except psutil.NoSuchProcess:
            self._hypervisors.pop(instance.pid, None)
            return None
        except psutil.AccessDenied:
            return empty_sample(instance, "its hypervisor process may not be read")

    def _read(self, instance: Instance, pid: int) -> Sample | None:
        hypervisor = self._hypervisors.get(pid)
        if hypervisor is None or not hypervisor.process.is_running():
            hypervisor = self._hypervisors[pid] = _Hypervisor(psutil.Process(pid))
        process = hypervisor.process
        with process.oneshot():
            t_ns = time.monotonic_ns()
            times = process.cpu_times()
            rss_bytes = process.memory_info().rss
        if not rss_bytes:
            # It has ended: the kernel has taken its memory back and only waits to be asked how.
            return None
        now = (t_ns, round((times.user + times.system) * 1e9))
        percent, why = cpu_percent(hypervisor.before, now)
        hypervisor.before = now
        reasons = dict(STANDING[SideName.VM])
        if instance.accelerator is None:
            reasons["accelerator"] = UNKNOWN_ACCELERATOR
        if why:
            reasons["cpu_percent"] = why
        return Sample(
            side=SideName.VM,
            name=instance.name,
            time=time.time(),
            t_ns=t_ns,
            cpu_percent=percent,
            memory_bytes=rss_bytes,
            memory_kind="host-rss",
            accelerator=instance.accelerator,
            reasons=reasons,
        )


def _with_guest(sample: Sample, instance: Instance, guest: Guest | None) -> Sample:
    """The sample with the guest's side added; the process's own I/O where libvirt has none."""
    if guest is None:
        guest = nothing(f"{instance.provider} does not tell it")
    block, block_why = guest.block, guest.reasons.get("block", "")
    if block is None and instance.pid is not None:
        block, block_why = _process_io(instance.pid, block_why)
    received, sent = guest.network or (None, None)
    read, written = block or (None, None)
    why = guest.reasons.get
    told = {
        "memory_limit_bytes": (guest.given_bytes, why("given_bytes", "")),
        "guest_memory_bytes": (guest.used_bytes, why("used_bytes", "")),
        "net_rx_bytes": (received, why("network", "")),
        "net_tx_bytes": (sent, why("network", "")),
        "block_read_bytes": (read, block_why),
        "block_write_bytes": (written, block_why),
    }
    reasons = {name: reason for name, reason in sample.reasons.items() if name not in told}
    reasons |= {name: reason for name, (figure, reason) in told.items() if figure is None}
    figures: dict[str, Any] = {name: figure for name, (figure, _) in told.items()}
    return replace(sample, **figures, reasons=reasons)


def _process_io(pid: int, why: str) -> tuple[tuple[int, int] | None, str]:
    try:
        counters = psutil.Process(pid).io_counters()
    except (psutil.Error, OSError):
        return None, why
    return (counters.read_bytes, counters.write_bytes), ""
