"""Turns an instance and its figures into the text of a row: pure functions, no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from tui.core.port_ranges import ranged
from tui.core.state_words import short_state
from tui.glyphs import Glyphs
from tui.model import HealthStatus, Instance, Phase, State
from tui.snapshot import Job, JobState, Sample, Snapshot
from tui.text import clean
from tui.units import age, iec, percent
from tui.widgets.columns import Column

_SHORT_PHASES = {
    Phase.PREPARE: "prep",
    Phase.PROVISION: "prov",
    Phase.ANSWER: "wait",
}
_SHORT_ACCELERATORS = {"virtualbox": "vbox", "vmware": "vmw", "hyperv": "hypv"}
_TONES = {
    State.RUNNING: "good",
    State.PAUSED: "warn",
    State.SUSPENDED: "warn",
    State.RESTARTING: "warn",
    State.REMOVING: "warn",
    State.DEAD: "bad",
    State.UNKNOWN: "bad",
}
_HOT_PERCENT = 80.0
_LEAST_TOP_PERCENT = 20.0


@dataclass(frozen=True, slots=True)
class Cell:
    """Text and its tone, which names a component class of the deck (`good`, `warn`, …)."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a row is made from besides the instance."""

    snapshot: Snapshot
    unix: float
    """Seconds since the epoch."""
    t_ns: int
    """CLOCK_MONOTONIC nanoseconds."""
    glyphs: Glyphs
    read_jobs: frozenset[int] = frozenset()
    """Failed jobs whose failure has been read and is no longer shown."""


def visible_name(name: str) -> str:
    """A name as it may be shown: no control characters, never empty."""
    return clean(name) or "?"


def member_name(instance: Instance) -> str:
    """Its name below the heading of its group, which has the folder's already."""
    return visible_name(instance.name.removeprefix(f"{PurePath(instance.group).name}/"))


def elapsed(seconds: float) -> str:
    """`12s`, `1m05s`, `1h02m`."""
    return age(seconds)


def boot_text(value_seconds: float | None, dash: str) -> str:
    """`0.42s`, `49.3s`, `2m05s`: a boot in at most six characters."""
    if value_seconds is None:
        return dash
    if value_seconds < 10:
        return f"{value_seconds:.2f}s"
    if value_seconds < 100:
        return f"{value_seconds:.1f}s"
    return age(value_seconds)


def ports_text(ports: tuple[str, ...], arrow: str) -> str:
    """`8080→80 9000-9099 *:5000`: loopback, tcp and the same port inside go without saying; a port
    that is open to every address does not."""
    seen = dict.fromkeys(_port_text(clean(port), arrow) for port in ranged(ports))
    return " ".join(seen)


def _port_text(port: str, arrow: str) -> str:
    outside, sign, inside = port.removesuffix("/tcp").partition("->")
    for loopback in ("127.0.0.1:", "[::1]:", "::1:"):
        outside = outside.removeprefix(loopback)
    for anywhere in ("0.0.0.0:", "[::]:", ":::"):
        if outside.startswith(anywhere):
            outside = "*:" + outside.removeprefix(anywhere)
    if not sign or outside.rpartition(":")[2] == inside:
        return outside
    return f"{outside}{arrow}{inside}"


def accelerator_text(name: str | None, dash: str) -> str:
    """At most four characters."""
    return _SHORT_ACCELERATORS.get(name, name[:4]) if name else dash


def job_seconds(job: Job, t_ns: int) -> float:
    """How long its phase lasts (or the job, before its first phase)."""
    since = job.phase_t_ns if job.phase_t_ns is not None else job.requested_t_ns
    return max(0.0, (t_ns - since) / 1e9)


def failed_job(instance: Instance, moment: Moment) -> Job | None:
    """The newest job, if it failed and that was not read yet."""
    job = moment.snapshot.jobs.get(instance.key)
    if job is None or job.state is not JobState.FAILED or job.id in moment.read_jobs:
        return None
    return job


def state_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    """Sign and word: the running action with its phase, else the state, marked after a failure."""
    glyphs = moment.glyphs
    job = moment.snapshot.jobs.get(instance.key)
    if job and job.is_active:
        return Cell(f"{glyphs.working} {_job_words(job, moment.t_ns, width - 2)}", "work")
    words = short_state(instance, width - 2)
    if failed := failed_job(instance, moment):
        return Cell(
            _marked(f"{state_sign(instance, glyphs)} {words}", failed, glyphs, width), "bad"
        )
    if instance.busy:
        return Cell(f"{glyphs.busy} busy", "work")
    return Cell(f"{state_sign(instance, glyphs)} {words}", _tone(instance))


def _marked(state: str, job: Job, glyphs: Glyphs, width: int) -> str:
    """`● running ✗ stop`, `● running ✗`, `✗ unhealthy`: the fullest wording that fits."""
    bare = f"{glyphs.failed} {state.partition(' ')[2]}"
    wordings = (f"{state} {glyphs.failed} {job.verb}", f"{state} {glyphs.failed}", bare)
    return next((text for text in wordings if len(text) <= width), bare)


def state_sign(instance: Instance, glyphs: Glyphs) -> str:
    """The sign of its state and, while it runs, of its health."""
    if instance.state is State.RUNNING and instance.health is HealthStatus.UNHEALTHY:
        return glyphs.unhealthy
    if instance.state is State.RUNNING and instance.health is HealthStatus.STARTING:
        return glyphs.checking
    return glyphs.states[instance.state]


def _tone(instance: Instance) -> str:
    if instance.state is State.RUNNING and instance.health is HealthStatus.UNHEALTHY:
        return "bad"
    if instance.state is State.RUNNING and instance.health is HealthStatus.STARTING:
        return "warn"
    if instance.state is State.STOPPED and instance.is_out_of_memory:
        return "bad"
    if instance.state is State.STOPPED and instance.exit_code:
        return "warn"
    return _TONES.get(instance.state, "dim")


def _job_words(job: Job, t_ns: int, width: int) -> str:
    """The fullest wording that fits: `up boot 12s`, `boot 12s`, `prov 12s`."""
    if job.state is JobState.QUEUED:
        words = [f"{job.verb} queued", "queued"]
    else:
        took = elapsed(job_seconds(job, t_ns))
        words = [f"{job.verb} {took}", str(job.verb)]
        if job.phase is not None:
            short = _SHORT_PHASES.get(job.phase, str(job.phase))
            words = [f"{job.phase} {took}", f"{short} {took}", short]
            if str(job.verb) != str(job.phase):
                words.insert(0, f"{job.verb} {job.phase} {took}")
    return next((w for w in words if len(w) <= width), words[-1][:width])


def cell(column: Column, instance: Instance, moment: Moment, width: int) -> Cell:
    """One cell of a row; `width` is what the column has, in characters."""
    return _CELLS[column](instance, moment, width)


def _sample(instance: Instance, moment: Moment) -> Sample | None:
    return moment.snapshot.samples.get(instance.key) if instance.is_live else None


def _name_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    return _named(instance, instance.name, moment, width)


def member_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    """The name under its group's heading."""
    return _named(instance, member_name(instance), moment, width)


def _named(instance: Instance, name: str, moment: Moment, width: int) -> Cell:
    tone = "name" if instance.is_live else "quiet"
    return Cell(moment.glyphs.cut(visible_name(name), width), tone)


def _accelerator_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    sample = _sample(instance, moment)
    accelerator = (sample.accelerator if sample else None) or instance.accelerator
    text = accelerator_text(accelerator, moment.glyphs.dash)
    return Cell(text, "warn" if text == "tcg" and instance.is_live else "dim")


def _trend_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    trend = moment.snapshot.trends.get(instance.key, ()) if instance.is_live else ()
    return Cell(moment.glyphs.sparkline(trend, width, _LEAST_TOP_PERCENT), "trend")


def _boot_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    boot = moment.snapshot.boot_seconds.get(instance.key)
    return Cell(boot_text(boot, moment.glyphs.dash), "dim" if boot is None else "plain")


def _owner_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    return Cell(moment.glyphs.cut(clean(instance.owner or ""), width), "quiet")


def _ports_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    return Cell(moment.glyphs.cut(ports_text(instance.ports, moment.glyphs.arrow), width), "quiet")


def _cpu_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    sample = _sample(instance, moment)
    value = sample.cpu_percent if sample else None
    if value is None:
        return Cell(moment.glyphs.dash, "dim")
    return Cell(percent(value), "hot" if value >= _HOT_PERCENT else "figure")


def _memory_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    sample = _sample(instance, moment)
    memory = sample.memory_bytes if sample else None
    return Cell(moment.glyphs.dash, "dim") if memory is None else Cell(iec(memory), "figure")


def _uptime_cell(instance: Instance, moment: Moment, width: int) -> Cell:
    if not instance.is_live or instance.started_at is None:
        return Cell(moment.glyphs.dash, "dim")
    return Cell(_uptime(moment.unix - instance.started_at), "plain")


def _uptime(value_seconds: float) -> str:
    """`42s`, `5m`, `3h12m`: a column of seconds would have every row painted every second."""
    return age(value_seconds) if not 60 <= value_seconds < 3600 else f"{value_seconds // 60:.0f}m"


_CELLS: Mapping[Column, Callable[[Instance, Moment, int], Cell]] = {
    Column.STATE: state_cell,
    Column.NAME: _name_cell,
    Column.CPU: _cpu_cell,
    Column.MEMORY: _memory_cell,
    Column.ACCELERATOR: _accelerator_cell,
    Column.TREND: _trend_cell,
    Column.UPTIME: _uptime_cell,
    Column.BOOT: _boot_cell,
    Column.OWNER: _owner_cell,
    Column.PORTS: _ports_cell,
}
