"""Why a figure is missing, and samples that hold none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType

from tui.model import PODMAN, Instance, SideName, State
from tui.snapshot import Sample

UNCOUNTED_BLOCK = "no block I/O counted: none done, or this kernel counts none on cgroup v1"
HOST_NETWORK = "it uses the host's own network"
NO_NETWORK = "it has no network"
NO_PIDS_CONTROLLER = "the host has no pids controller"
FIGURES = (
    "cpu_percent",
    "memory_bytes",
    "memory_limit_bytes",
    "guest_memory_bytes",
    "net_rx_bytes",
    "net_tx_bytes",
    "block_read_bytes",
    "block_write_bytes",
    "pids",
)
"""Every field of a sample that may be None, but for the accelerator."""
STANDING: Mapping[SideName, Mapping[str, str]] = MappingProxyType(
    {
        SideName.CONTAINER: MappingProxyType(
            {
                "guest_memory_bytes": "a container has no guest",
                "accelerator": "a container needs none",
            }
        ),
        SideName.VM: MappingProxyType({"pids": "what runs in a guest is not seen from the host"}),
    }
)
"""What a side never has, whatever is measured."""
UNKNOWN_ACCELERATOR = "its provider does not tell what accelerates it"


def not_running(instance: Instance) -> str:
    """The reason of an instance without a process: between two runs, or ended a moment ago."""
    state = f" ({instance.state})" if instance.state is State.RESTARTING else ""
    return f"not running right now{state}"


def memory_kind(container: Instance) -> str:
    """By which rule its memory is counted: that of the command its user compares with."""
    return "podman-stats" if container.provider == PODMAN else "docker-stats"


def empty_sample(instance: Instance, reason: str) -> Sample:
    """A sample of this moment without figures; `reason` stands for all a side can have."""
    reasons = {**dict.fromkeys(FIGURES, reason), **STANDING[instance.side]}
    if instance.side is SideName.VM and instance.accelerator is None:
        reasons["accelerator"] = UNKNOWN_ACCELERATOR
    return Sample(
        side=instance.side,
        name=instance.name,
        time=time.time(),
        t_ns=time.monotonic_ns(),
        memory_kind="host-rss" if instance.side is SideName.VM else memory_kind(instance),
        accelerator=instance.accelerator,
        reasons=reasons,
    )
