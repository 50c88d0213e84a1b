"""One answer of the Engine API's /stats as figures, by the rules of `docker stats`.

Source: docker/cli, cli/command/container/stats_helpers.go. Pure functions: what is missing in the
answer is None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.meters.cgroup_text import used_bytes

_NEVER = "0001-01-01"
"""The date of an answer in which nothing was read: Go's zero time."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What one answer says."""

    is_of_a_run: bool
    """False in the answer about a container that has no process: all its figures are empty."""

    cpu_ns: int | None
    system_cpu_ns: int | None
    """CPU time of the whole host, all cores."""
    cores: int
    memory_bytes: int | None
    limit_bytes: int | None
    network: tuple[int, int] | None
    """Received, sent."""
    block: tuple[int, int] | None
    """Read, written."""
    pids: int | None


def counters_of(stats: Mapping[str, Any]) -> Counters:
    """The figures of a decoded answer."""
    cpu = _table(stats, "cpu_stats")
    usage = _table(cpu, "cpu_usage")
    memory = _table(stats, "memory_stats")
    detail = _table(memory, "stats")
    inactive = _whole(detail, "total_inactive_file")
    used = _whole(memory, "usage")
    return Counters(
        is_of_a_run=not str(stats.get("read", "")).startswith(_NEVER),
        cpu_ns=_whole(usage, "total_usage"),
        system_cpu_ns=_whole(cpu, "system_cpu_usage"),
        cores=_whole(cpu, "online_cpus") or len(_entries(usage, "percpu_usage")) or 1,
        memory_bytes=None
        if used is None
        else used_bytes(
            used, inactive if inactive is not None else _whole(detail, "inactive_file")
        ),
        limit_bytes=_whole(memory, "limit") or None,
        network=_network(stats.get("networks")),
        block=_block(
            _entries(_table(stats, "blkio_stats"), "io_service_bytes_recursive"),
            is_v2="inactive_file" in detail and "total_inactive_file" not in detail,
        ),
        pids=_whole(_table(stats, "pids_stats"), "current"),
    )


def cpu_percent(before: Counters | None, now: Counters) -> tuple[float | None, str | None]:
    """Share of one core x 100 between two answers, and why there is none."""
    if now.cpu_ns is None or now.system_cpu_ns is None:
        return None, "the engine does not tell it"
    if before is None or before.cpu_ns is None or before.system_cpu_ns is None:
        return None, "needs two samples"
    used, elapsed = now.cpu_ns - before.cpu_ns, now.system_cpu_ns - before.system_cpu_ns
    if used < 0 or elapsed < 0:
        return None, "its counter started anew"
    if elapsed == 0:
        return None, "needs two samples"
    return 100.0 * used / elapsed * now.cores, None


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, Mapping) else {}


def _entries(values: Mapping[str, Any], key: str) -> Sequence[Any]:
    value = values.get(key)
    return value if isinstance(value, list) else ()


def _whole(values: Mapping[str, Any], key: str) -> int | None:
    value = values.get(key)
    # The engine's counters have 64 bits.
    return value if isinstance(value, int) and 0 <= value < 2**64 else None


def _network(networks: Any) -> tuple[int, int] | None:
    if not isinstance(networks, Mapping):
        return None
    tables = [table for table in networks.values() if isinstance(table, Mapping)]
    if not tables:
        return None
    received = sum(_whole(table, "rx_bytes") or 0 for table in tables)
    return received, sum(_whole(table, "tx_bytes") or 0 for table in tables)


def _block(entries: Sequence[Any], *, is_v2: bool) -> tuple[int, int] | None:
    if not entries and not is_v2:
        # As in cgroup_text.block_bytes_v1: no device counted is not nothing done.
        return None
    read = write = 0
    for entry in (entry for entry in entries if isinstance(entry, Mapping)):
        operation = str(entry.get("op", ""))[:1].lower()
        if operation == "r":
            read += _whole(entry, "value") or 0
        elif operation == "w":
            write += _whole(entry, "value") or 0
    return read, write
