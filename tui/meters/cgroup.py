"""Containers of this host, measured from their cgroup files: no daemon is asked.

Memory follows `docker stats` to the letter. CPU per cent is of one core, over the time since the
last sample.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tui.meters import cgroup_text as text
from tui.meters.cgroup_paths import CgroupFiles, Mount, locate, read_memberships, read_mounts
from tui.meters.gaps import (
    HOST_NETWORK,
    NO_NETWORK,
    NO_PIDS_CONTROLLER,
    STANDING,
    UNCOUNTED_BLOCK,
    memory_kind,
)
from tui.meters.kept_files import KeptFiles, descriptor_budget, read_once
from tui.meters.rate import cpu_percent
from tui.model import Instance, SideName
from tui.snapshot import Sample

_BLOCK_FIELDS = ("block_read_bytes", "block_write_bytes")
_NET_FIELDS = ("net_rx_bytes", "net_tx_bytes")


@dataclass(slots=True)
class _Run:
    """One run of one container: its files and its last CPU reading."""

    files: CgroupFiles
    pid: int
    network: str | None
    before: tuple[int, int] | None = None
    missing: dict[str, str] = field(default_factory=dict)
    """Field name -> why it cannot be had in this whole run."""
    is_checked: bool = False
    """Whether the other files are known to be there: CPU alone comes first, for a quick start."""

    @property
    def paths(self) -> list[str]:
        """Every file it may have opened."""
        files = self.files
        known = [files.cpu, files.memory, files.memory_stat, files.memory_limit, *files.block]
        return known + [path for path in (files.pids, self.network) if path]


class CgroupMeter:
    """Reads about seven small files a container; 100 containers cost a few milliseconds."""

    side = SideName.CONTAINER

    def __init__(
        self, top: Path = Path("/"), clock_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """`top` stands for `/`: tests measure simulated trees."""
        self._top = top
        self._proc = f"{top}/".rstrip("/") + "/proc"
        self._own_network: tuple[int, int] | None = None
        self._clock_ns = clock_ns
        self._files = KeptFiles(descriptor_budget())
        self._mounts: tuple[Mount, ...] | None = None
        self._host_bytes: int | None = None
        self._runs: dict[str, _Run] = {}

    def version_of(self, instance: Instance) -> int | None:
        """1 or 2 when the instance's cgroup can be read here; None when it cannot."""
        run = self._run_of(instance)
        if run is None:
            return None
        try:
            self._check(run)
        except OSError:
            self._forget(instance.id)
            return None
        return run.files.version

    def note(self, live: Sequence[Instance]) -> None:
        """Read just the CPU counters, so that the next sample has CPU per cent. Raises nothing."""
        for instance in live:
            run = self._run_of(instance)
            if run is not None:
                with suppress(OSError):
                    run.before = self._cpu(run)

    def sample(self, live: Sequence[Instance]) -> list[Sample]:
        """One sample per readable instance; forgets those no longer given. Raises nothing."""
        given = {instance.id for instance in live}
        for gone in [key for key in self._runs if key not in given]:
            self._forget(gone)
        samples = (self._sample_one(instance) for instance in live)
        return [sample for sample in samples if sample is not None]

    def close(self) -> None:
        """Close all files."""
        self._runs.clear()
        self._files.close()

    def _sample_one(self, instance: Instance) -> Sample | None:
        run = self._run_of(instance)
        if run is None:
            return None
        try:
            return self._read(instance, run)
        except OSError:
            # The cgroup went away between two files, and with it the container.
            self._forget(instance.id)
            return None

    def _read(self, instance: Instance, run: _Run) -> Sample | None:
        self._check(run)
        files, read = run.files, self._files.read
        is_v1 = files.version == 1
        now = self._cpu(run)
        usage = text.number(read(files.memory))
        if now is None or usage is None:
            return None
        percent, why = cpu_percent(run.before, now)
        run.before = now
        inactive = text.field(
            read(files.memory_stat), b"total_inactive_file" if is_v1 else b"inactive_file"
        )
        # Which files Podman counts with version 2 depends on its own version.
        kind = memory_kind(instance) if is_v1 else "docker-stats"
        network = self._network(run)
        block = self._block(run, is_v1)
        pids = self._pids(run)
        reasons = {**STANDING[SideName.CONTAINER], **run.missing}
        if why:
            reasons["cpu_percent"] = why
        if block is None:
            reasons |= {name: reasons.get(name, UNCOUNTED_BLOCK) for name in _BLOCK_FIELDS}
        if network is None:
            reasons |= {name: reasons.get(name, NO_NETWORK) for name in _NET_FIELDS}
        if pids is None:
            reasons.setdefault("pids", NO_PIDS_CONTROLLER)
        return Sample(
            side=SideName.CONTAINER,
            name=instance.name,
            time=time.time(),
            t_ns=now[0],
            cpu_percent=percent,
            memory_bytes=usage if kind == "podman-stats" else text.used_bytes(usage, inactive),
            memory_kind=kind,
            memory_limit_bytes=self._limit(read(files.memory_limit)),
            net_rx_bytes=network[0] if network else None,
            net_tx_bytes=network[1] if network else None,
            block_read_bytes=block[0] if block else None,
            block_write_bytes=block[1] if block else None,
            pids=pids,
            reasons=reasons,
        )

    def _cpu(self, run: _Run) -> tuple[int, int] | None:
        """The time, and the CPU time so far; both in nanoseconds. Raises OSError."""
        t_ns = self._clock_ns()
        content = self._files.read(run.files.cpu)
        is_v1 = run.files.version == 1
        cpu_ns = text.cpu_ns_v1(content) if is_v1 else text.cpu_ns_v2(content)
        return None if cpu_ns is None else (t_ns, cpu_ns)

    def _network(self, run: _Run) -> tuple[int, int] | None:
        if run.network is None:
            return None
        return text.network_bytes(self._files.read(run.network))

    def _block(self, run: _Run, is_v1: bool) -> tuple[int, int] | None:
        if not run.files.block:
            return None
        content = self._files.read(run.files.block[0])
        return text.block_bytes_v1(content) if is_v1 else text.block_bytes_v2(content)

    def _pids(self, run: _Run) -> int | None:
        return text.number(self._files.read(run.files.pids)) if run.files.pids else None

    def _run_of(self, instance: Instance) -> _Run | None:
        if instance.id is None or instance.pid is None:
            return None
        run = self._runs.get(instance.id)
        if run is not None and run.pid == instance.pid:
            return run
        self._forget(instance.id)
        run = self._open_run(instance.id, instance.pid)
        if run is not None:
            self._runs[instance.id] = run
        return run

    def _open_run(self, container_id: str, pid: int) -> _Run | None:
        try:
            memberships = read_memberships(read_once(f"{self._proc}/{pid}/cgroup").decode())
            files = locate(memberships, self._known_mounts(), container_id, self._top)
            if files is None:
                return None
            self._files.read(files.cpu)
        except (OSError, UnicodeDecodeError):
            return None
        return _Run(files=files, pid=pid, network=None)

    def _check(self, run: _Run) -> None:
        """Find which of the files that may be missing are there, and say why of the others.

        Once a run. Raises OSError when one is missing that may not.
        """
        if run.is_checked:
            return
        files = run.files
        for path in (files.memory, files.memory_stat, files.memory_limit):
            self._files.read(path)
        pids = files.pids if files.pids and self._can_read(files.pids) else None
        block = next((path for path in files.block if self._can_read(path)), None)
        if pids is None:
            run.missing["pids"] = NO_PIDS_CONTROLLER
        if not block:
            run.missing |= dict.fromkeys(_BLOCK_FIELDS, "the host has no block I/O controller")
        run.files = replace(files, pids=pids, block=(block,) if block else ())
        network = f"{self._proc}/{run.pid}/net/dev"
        why_not = self._why_no_network(network, run.pid)
        if why_not:
            self._files.forget((network,))
            run.missing |= dict.fromkeys(_NET_FIELDS, why_not)
        else:
            run.network = network
        run.is_checked = True

    def _can_read(self, path: str) -> bool:
        """Whether it is there; it stays open for the samples to come."""
        try:
            self._files.read(path)
        except OSError:
            return False
        return True

    def _why_no_network(self, network: str, pid: int) -> str:
        try:
            theirs = self._files.read(network)
        except OSError as error:
            return f"{network} cannot be read: {error.strerror}"
        try:
            is_host = self._namespace(pid) == self._own_namespace()
        except OSError:
            # Another user's namespace cannot be looked at; its interfaces can.
            ours = text.interface_names(Path(self._proc, "self/net/dev").read_bytes())
            is_host = text.interface_names(theirs) == ours and len(ours) > 1
        return HOST_NETWORK if is_host else ""

    def _namespace(self, process: int | str) -> tuple[int, int]:
        """Device and inode of its network namespace. Raises OSError."""
        found = Path(self._proc, str(process), "ns/net").stat()
        return found.st_dev, found.st_ino

    def _own_namespace(self) -> tuple[int, int]:
        if self._own_network is None:
            self._own_network = self._namespace("self")
        return self._own_network

    def _known_mounts(self) -> tuple[Mount, ...]:
        if self._mounts is None:
            self._mounts = read_mounts(Path(self._proc, "self/mountinfo").read_text())
        return self._mounts

    def _limit(self, content: bytes) -> int | None:
        if self._host_bytes is None:
            meminfo = Path(self._proc, "meminfo").read_bytes().replace(b" kB", b"")
            self._host_bytes = (text.field(meminfo, b"MemTotal:") or 0) * 1024
        return text.limit_bytes(content, self._host_bytes)

    def _forget(self, container_id: str | None) -> None:
        run = self._runs.pop(container_id or "", None)
        if run is not None:
            self._files.forget(run.paths)
