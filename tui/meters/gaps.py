"""Samples that hold no figure, and say why."""

from __future__ import annotations

import time
from collections.abc import Iterable

from tui.model import Instance
from tui.snapshot import Sample

UNCOUNTED_BLOCK = "no block I/O counted: none done, or this kernel counts none on cgroup v1"
CONTAINER_FIELDS = (
    "cpu_percent",
    "memory_bytes",
    "memory_limit_bytes",
    "net_rx_bytes",
    "net_tx_bytes",
    "block_read_bytes",
    "block_write_bytes",
    "pids",
)


def empty_sample(instance: Instance, reason: str, fields: Iterable[str]) -> Sample:
    """A sample of this moment without figures; `reason` stands for all of `fields`."""
    return Sample(
        side=instance.side,
        name=instance.name,
        time=time.time(),
        t_ns=time.monotonic_ns(),
        accelerator=instance.accelerator,
        reasons=dict.fromkeys(fields, reason),
    )
