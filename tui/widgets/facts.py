"""What the details of an instance say in words and figures; pure functions, no widget."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from textual.content import Content

from tui.core.port_ranges import ranged
from tui.core.state_words import exit_words, state_text
from tui.glyphs import Glyphs
from tui.model import Boot, HealthStatus, Instance, SideName, State, Workload
from tui.snapshot import Sample, Snapshot
from tui.text import clean
from tui.units import DASH, age, iec, percent, seconds
from tui.widgets.boot_bars import bare_seconds, name_text, phases_of
from tui.widgets.cells import state_sign
from tui.widgets.curves import kind_text, reason_for

_STATE_STYLES = {
    State.RUNNING: "$success",
    State.PAUSED: "$warning",
    State.SUSPENDED: "$warning",
    State.RESTARTING: "$warning",
    State.REMOVING: "$warning",
    State.DEAD: "$error",
    State.UNKNOWN: "$error",
}
_FEW_PORTS = 3
_TRAFFIC = (
    ("net in", "net_rx_bytes"),
    ("net out", "net_tx_bytes"),
    ("disk read", "block_read_bytes"),
    ("disk write", "block_write_bytes"),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One row: what, how much or which, and a quiet remark."""

    label: str
    value: str
    note: str = ""
    """Kind of the figure, or why it is missing."""
    is_folded: bool = False
    """Whether a value too long for a line goes on below it; it is cut otherwise."""


def headline(instance: Instance, glyphs: Glyphs) -> Content:
    """`● running  vm:web  nginx  libvirt tcg`."""
    is_ill = instance.health is HealthStatus.UNHEALTHY or instance.is_out_of_memory
    style = "$error" if is_ill else _STATE_STYLES.get(instance.state, "$quiet")
    state = f"{state_sign(instance, glyphs)} {state_text(instance)}"
    owner = f"of {instance.owner}" if instance.owner else ""
    words = [owner, instance.workload or "", instance.provider, instance.accelerator or ""]
    quiet = "  ".join(clean(word) for word in words if word)
    return Content.assemble(
        (clean(instance.key), "bold"), "  ", (state, f"{style} bold"), "  ", (quiet, "$quiet")
    )


def facts(
    instance: Instance, workloads: Sequence[Workload], unix: float, glyphs: Glyphs
) -> list[Fact]:
    """What the engine says of it, the most asked first; what it has not is left out.

    Many ports stand last: nothing that has no bound may push the others out of sight.
    """
    ports = [clean(p).replace("->", f" {glyphs.arrow} ") for p in ranged(instance.ports)]
    port_rows = [Fact("port" if not i else "", port) for i, port in enumerate(ports)]
    is_many = len(port_rows) > _FEW_PORTS
    titles = {workload.name: workload.title for workload in workloads}
    rows = [
        Fact("up for", *_since(instance.started_at, unix)) if instance.started_at else None,
        *_health(instance),
        Fact("exit code", str(instance.exit_code), exit_words(instance))
        if instance.exit_code is not None
        else None,
        _restarts(instance),
        Fact("busy", clean(instance.busy)) if instance.busy else None,
        *_told(instance, unix),
        *(() if is_many else port_rows),
        Fact("image" if instance.side is SideName.CONTAINER else "box", clean(instance.image))
        if instance.image
        else None,
        Fact("id", clean(instance.id)[:12]) if instance.id else None,
        Fact("workload", clean(instance.workload), clean(titles.get(instance.workload, "")))
        if instance.workload
        else None,
        Fact("provider", " ".join(clean(x) for x in _provider(instance))),
        Fact("created", *_since(instance.created_at, unix, " ago"))
        if instance.created_at
        else None,
        Fact("pid", str(instance.pid), _pid_note(instance)) if instance.pid else None,
        Fact("group", clean(instance.group)) if instance.group else None,
        Fact("directory", clean(str(instance.directory))) if instance.directory else None,
        *(port_rows if is_many else ()),
    ]
    return [row for row in rows if row is not None]


def _restarts(instance: Instance) -> Fact | None:
    """How often its policy started it again, and which policy that is."""
    policy = clean(instance.restart_policy)
    if instance.restart_count:
        return Fact("restarts", str(instance.restart_count), f"by its policy {policy}".rstrip())
    return Fact("restarts", policy, "not once yet") if policy else None


def _health(instance: Instance) -> list[Fact]:
    """Health check, and what the kernel killed while the rest runs on."""
    rows = []
    if instance.health is not None:
        rows.append(Fact("health", str(instance.health)))
    if instance.failed_check:
        rows.append(Fact("last check", clean(instance.failed_check), is_folded=True))
    if instance.is_out_of_memory and instance.is_live:
        rows.append(Fact("memory", "ran out", "a process in it was killed since it started"))
    return rows


def _told(instance: Instance, unix: float) -> list[Fact]:
    """Whose it is, who told its state, and why it is not known."""
    rows = []
    if instance.owner:
        rows.append(Fact("owner", clean(instance.owner), "out of this Vagrant's reach"))
    if instance.note:
        rows.append(Fact("state", DASH, clean(instance.note)))
    if instance.told_at is not None:
        since, stamp = _since(instance.told_at, unix, " ago")
        rows.append(Fact("told", f"by vagrant {since}", stamp))
    return rows


def _provider(instance: Instance) -> list[str]:
    if instance.side is SideName.CONTAINER:
        return [instance.provider]
    at = [instance.connection] if instance.connection else []
    if instance.provider == "docker":
        return [instance.provider, *at]
    return [instance.provider, instance.accelerator or "(accelerator unknown)", *at]


def _pid_note(instance: Instance) -> str:
    return "hypervisor process" if instance.side is SideName.VM else "first process, on the host"


def _since(at: float, unix: float, suffix: str = "") -> tuple[str, str]:
    stamp = time.strftime("%m-%d %H:%M UTC", time.gmtime(at))
    return age(unix - at) + suffix, stamp


def figures(instance: Instance, snapshot: Snapshot) -> list[Fact]:
    """What it costs now; a dash with its reason where a figure cannot be had."""
    boot = snapshot.boot_seconds.get(instance.key)
    note = "request to answer" if boot is not None else "none recorded"
    last_boot = Fact("last boot", seconds(boot), note)
    if not instance.is_live:
        return [Fact("figures", DASH, f"none while {instance.state}"), last_boot]
    sample = snapshot.samples.get(instance.key)
    is_vm = instance.side is SideName.VM
    known = (sample.accelerator if sample else None) or instance.accelerator
    accelerator = f"{clean(known or 'accelerator unknown')} · " if is_vm else ""
    kind = kind_text(sample.memory_kind if sample else "host-rss" if is_vm else "docker-stats")
    cpu = f"{percent(sample.cpu_percent)}%" if sample else ""
    rows = [
        _figure("CPU", "cpu_percent", cpu, f"{accelerator}of a core", instance, sample),
        _size(
            "memory",
            "memory_bytes",
            accelerator + kind + _share(instance, sample),
            instance,
            sample,
        ),
    ]
    if is_vm:
        rows.append(_size("guest use", "guest_memory_bytes", "the guest says", instance, sample))
    label, note = ("given", "to the guest") if is_vm else ("limit", "of memory")
    rows.append(_size(label, "memory_limit_bytes", note, instance, sample))
    rows += [_size(label, name, "since start", instance, sample) for label, name in _TRAFFIC]
    pids = str(sample.pids) if sample else ""
    rows.append(_figure("processes", "pids", pids, "", instance, sample))
    return [*rows, last_boot]


def _share(instance: Instance, sample: Sample | None) -> str:
    """` · 93 % of its limit`, where the container has one of its own."""
    limit, used = instance.memory_limit_bytes, sample.memory_bytes if sample else None
    return f" · {100 * used / limit:.0f} % of its limit" if limit and used is not None else ""


def _size(label: str, name: str, note: str, instance: Instance, sample: Sample | None) -> Fact:
    value = getattr(sample, name) if sample else None
    return _figure(label, name, iec(value), note, instance, sample)


def _figure(
    label: str, name: str, text: str, note: str, instance: Instance, sample: Sample | None
) -> Fact:
    if sample is None or getattr(sample, name) is None:
        return Fact(label, DASH, reason_for(name, instance, sample))
    return Fact(label, text, note)


def table(rows: Sequence[Fact], width: int) -> Content:
    """Labels, values, notes in columns; long ones are cut, or folded where the fact says so."""
    label = max((len(row.label) for row in rows), default=0)
    value = min(max((len(row.value) for row in rows if row.note), default=0), width // 2)
    lines: list[Content] = []
    for row in _unfolded(rows, max(8, width - label - 2)):
        text = row.value.ljust(value) if row.note else row.value
        line = Content.assemble(
            (row.label.rjust(label), "$quiet"),
            "  ",
            (text, "$quiet" if row.value == DASH else "bold"),
            (f"  {row.note}" if row.note else "", "$quiet"),
        )
        lines.append(line.truncate(width, ellipsis=True))
    return Content("\n").join(lines)


def _unfolded(rows: Sequence[Fact], width: int) -> Iterator[Fact]:
    """The rows with long folded values as several, the label before the first."""
    for row in rows:
        parts = wrap(row.value, width) if row.is_folded else []
        if len(parts) < 2:
            yield row
        else:
            yield from (Fact("" if i else row.label, part) for i, part in enumerate(parts))


def boot_table(boots: Sequence[Boot], unix: float, width: int) -> Content:
    """One row a boot, newest first, a column a phase that occurs; seconds."""
    present = phases_of(boots)
    name = max((len(name_text(boot)) for boot in boots), default=4)
    columns = [max(7, len(phase) + 1) for phase in present]
    head = f"{'seconds':<{name}} {'ago':>6}"
    head += "".join(f"{p!s:>{column}}" for p, column in zip(present, columns, strict=True))
    lines = [Content.styled(head + f"{'total':>8}", "$quiet")]
    for boot in boots:
        took = {phase.name: phase.seconds for phase in boot.phases}
        cells = "".join(
            f"{bare_seconds(took[phase]) if phase in took else DASH:>{column}}"
            for phase, column in zip(present, columns, strict=True)
        )
        start = f"{name_text(boot):<{name}} {age(unix - boot.started_at):>6}"
        total = bare_seconds(boot.total_seconds) + ("" if boot.answered else "*")
        lines.append(Content.assemble(start, cells, (f"{total:>8}", "bold")))
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines)
