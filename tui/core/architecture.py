"""What an instance runs on, layer by layer, from the workload's processes down to the hardware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from tui.model import SideName
from tui.snapshot import Snapshot


class LayerName(StrEnum):
    """The layers of both sides; each is a concept that `twindeck explain` knows."""

    HARDWARE = "hardware"
    HOST_KERNEL = "host-kernel"
    HYPERVISOR = "hypervisor"
    DEVICES = "virtual-devices"
    GUEST_KERNEL = "guest-kernel"
    USERLAND = "guest-userland"
    ENGINE = "container-engine"
    CGROUP = "cgroup"
    NAMESPACES = "namespaces"
    IMAGE = "image-layers"
    PROCESSES = "processes"


NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
"""As namespaces(7) has them."""
SHARED = (LayerName.HARDWARE, LayerName.HOST_KERNEL)
"""What a VM and a container on one host both stand on."""


class Gauge(StrEnum):
    """Whose live CPU and memory are a layer's."""

    NONE = ""
    HOST = "host"
    INSTANCE = "instance"
    """The hypervisor's process, or the container's cgroup."""
    GUEST = "guest"
    """Memory only: what the guest itself says it uses."""
    PIDS = "pids"
    """The layer's own processes on the host."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A command that only looks, and shows on this host what a layer says of itself."""

    argv: tuple[str, ...]
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""
    """As a user would type it."""
    is_inside: bool = False
    """Whether it logs in to the guest, which read-only does not."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as it is now."""

    name: LayerName
    title: str
    text: str = ""
    """What it is here, on one line; "" when it is not known."""
    missing: str = ""
    """Why it is not known."""
    gauge: Gauge = Gauge.NONE
    pids: tuple[int, ...] = ()
    """Its processes on this host."""
    proof: Proof | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    """What the text is made of, JSON-ready."""


@dataclass(frozen=True, slots=True)
class Stack:
    """All layers of one instance, the workload's processes first."""

    key: str
    side: SideName
    layers: tuple[Layer, ...]
    is_here: bool = True
    """Whether it runs on this host, and so on the same kernel as everything else here."""

    def layer(self, name: LayerName) -> Layer | None:
        """The one of that name."""
        return next((layer for layer in self.layers if layer.name is name), None)


@dataclass(frozen=True, slots=True)
class Cost:
    """What processes cost the host now; None where they may not be read."""

    cpu_percent: float | None
    """Of one core; None at the first look."""
    memory_bytes: int | None


def cost_of(
    layer: Layer, stack: Stack, snapshot: Snapshot, costs: Mapping[int, Cost] = MappingProxyType({})
) -> Cost:
    """What the layer costs now; `costs` are those of the processes it names."""
    match layer.gauge:
        case Gauge.HOST if (host := snapshot.host) is not None:
            percent = None if host.cpu_percent is None else host.cpu_percent * host.cores
            return Cost(percent, host.memory_used_bytes)
        case Gauge.INSTANCE if (sample := snapshot.samples.get(stack.key)) is not None:
            return Cost(sample.cpu_percent, sample.memory_bytes)
        case Gauge.GUEST if (sample := snapshot.samples.get(stack.key)) is not None:
            return Cost(None, sample.guest_memory_bytes)
        case Gauge.PIDS:
            return _sum([costs[pid] for pid in layer.pids if pid in costs])
    return Cost(None, None)


def _sum(costs: Sequence[Cost]) -> Cost:
    percents = [cost.cpu_percent for cost in costs]
    sizes = [cost.memory_bytes for cost in costs]
    # A part of the processes is no figure for all of them.
    return Cost(
        None if not percents or None in percents else sum(p or 0.0 for p in percents),
        None if not sizes or None in sizes else sum(s or 0 for s in sizes),
    )
