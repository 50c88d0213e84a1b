"""What a trend chart shows of a pair: curves, their names and newest figures; no widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tui.model import Instance, SideName
from tui.snapshot import History, Sample, Snapshot
from tui.text import clean
from tui.units import DASH, iec, percent

_KINDS = {
    "docker-stats": "docker stats",
    "podman-stats": "podman stats, with file cache",
    "host-rss": "host RSS",
}
_SIDES = {SideName.VM: ("V", "$vm"), SideName.CONTAINER: ("C", "$container")}


class Metric(StrEnum):
    """What a trend chart can show."""

    CPU = "cpu"
    """Per cent of one core."""
    MEMORY = "memory"
    """Bytes; host cost and, for a VM, guest use beside it."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One series with its legend."""

    mark: str
    """One letter: colour is never alone."""
    style: str
    name: str
    """Address of the instance."""
    kind: str
    """What is measured: `host RSS`, `docker stats`, `guest use`; "" where one kind exists."""
    accelerator: str
    """Beside every VM figure; "" for a container."""
    value: str
    """The newest figure with its unit, or a dash."""
    reason: str
    """Why there is no figure; "" where there is one."""
    t_ns: tuple[int, ...]
    values: tuple[float | None, ...]
    is_dotted: bool = False


def kind_text(kind: str) -> str:
    """`host-rss` in words."""
    return _KINDS.get(kind, kind)


def curves_of(
    metric: Metric,
    pair: Sequence[Instance],
    snapshot: Snapshot,
    history: Callable[[str], History],
) -> tuple[Curve, ...]:
    """The curves of the pair, the selection first."""
    curves: list[Curve] = []
    for instance in pair:
        sample = snapshot.samples.get(instance.key) if instance.is_live else None
        past = history(instance.key)
        if metric is Metric.CPU:
            curves.append(_cpu_curve(instance, sample, past))
            continue
        curves.append(_memory_curve(instance, sample, past))
        if instance.side is SideName.VM:
            curves.append(_guest_curve(instance, sample, past))
    return tuple(curves)


def _cpu_curve(instance: Instance, sample: Sample | None, past: History) -> Curve:
    mark, style = _SIDES[instance.side]
    value = sample.cpu_percent if sample else None
    return Curve(
        mark=mark,
        style=style,
        name=clean(instance.key),
        kind="",
        accelerator=_accelerator(instance, sample),
        value=DASH if value is None else f"{percent(value)}%",
        reason="" if value is not None else reason_for("cpu_percent", instance, sample),
        t_ns=past.t_ns,
        values=past.cpu_percent,
    )


def _memory_curve(instance: Instance, sample: Sample | None, past: History) -> Curve:
    mark, style = _SIDES[instance.side]
    is_vm = instance.side is SideName.VM
    kind = sample.memory_kind if sample else "host-rss" if is_vm else "docker-stats"
    value = sample.memory_bytes if sample else None
    return Curve(
        mark=mark,
        style=style,
        name=clean(instance.key),
        kind=kind_text(kind),
        accelerator=_accelerator(instance, sample),
        value=iec(value),
        reason="" if value is not None else reason_for("memory_bytes", instance, sample),
        t_ns=past.t_ns,
        values=past.memory_bytes,
    )


def _guest_curve(instance: Instance, sample: Sample | None, past: History) -> Curve:
    value = sample.guest_memory_bytes if sample else None
    return Curve(
        mark="G",
        style="$accent",
        name=clean(instance.key),
        kind="guest use",
        accelerator=_accelerator(instance, sample),
        value=iec(value),
        reason="" if value is not None else reason_for("guest_memory_bytes", instance, sample),
        t_ns=past.t_ns,
        values=past.guest_memory_bytes,
        is_dotted=True,
    )


def _accelerator(instance: Instance, sample: Sample | None) -> str:
    if instance.side is SideName.CONTAINER:
        return ""
    known = (sample.accelerator if sample else None) or instance.accelerator
    return clean(known) if known else "accelerator unknown" if sample else ""


def reason_for(figure: str, instance: Instance, sample: Sample | None) -> str:
    """Why a figure (a field name of `Sample`) is missing, in a few words."""
    if not instance.is_live:
        return str(instance.state)
    if sample is None:
        return "not sampled yet"
    return clean(sample.reasons.get(figure, "")) or "no reason given"
