"""Disk work by fio: in the VM's disk, the container's layer, a volume and on the host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui.lab.instrument import Instrument, Need, Reading, Repeats, Rig
from tui.lab.instruments import host_state
from tui.lab.instruments.fio import PATTERNS, Pattern, parse_figures, parse_jobs
from tui.lab.instruments.places import describe
from tui.lab.instruments.tool_output import check_clock
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

ARMS = (Arm.VM, Arm.CONTAINER, Arm.VOLUME, Arm.HOST)
_SEED = 20260101
_LATENESS_SECONDS = 90.0
_LAYOUT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How much of it: a quick look, or until it is steady."""

    size_mib: int
    ramp_ms: int
    run_ms: int
    steady: str = ""
    """Slope over `steady_seconds` at which a job ends early; "" for a fixed time."""
    steady_seconds: int = 0

    @property
    def seconds(self) -> float:
        """The four jobs together, at most."""
        return len(PATTERNS) * (self.ramp_ms + self.run_ms) / 1000


QUICK = Pace(size_mib=128, ramp_ms=300, run_ms=1200)
FULL = Pace(size_mib=512, ramp_ms=1000, run_ms=12_000, steady="1%", steady_seconds=5)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """One reading is all four jobs, one after the other, by one fio."""
    pace = QUICK if is_quick else FULL
    disk = Disk(pace)
    return (
        Instrument(
            name="disk",
            metrics=tuple(_metric(pattern, pace) for pattern in PATTERNS),
            arms=ARMS,
            need=Need.RUNNING,
            seconds=pace.seconds + 2.5,
            measure=disk.measure,
            # Laying the file out is the warm-up.
            repeats=Repeats(quick=2, full=6, cap=12, warmups=0),
            prepare=disk.prepare,
        ),
    )


def _metric(pattern: Pattern, pace: Pace) -> Metric:
    ends = (
        f"{pace.run_ms / 1000:g} s after {pace.ramp_ms / 1000:g} s not counted"
        if not pace.steady
        else f"until the slope over {pace.steady_seconds} s is below {pace.steady}, "
        f"{pace.run_ms // 1000} s at most, after {pace.ramp_ms // 1000} s not counted"
    )
    flushed = ", flushed at the end (in the time)" if pattern.direction == "write" else ""
    return Metric(
        id=pattern.metric_id,
        row=Row.STORAGE,
        title=pattern.title,
        unit=pattern.unit,
        better=Better.MORE,
        method=f"fio {pattern.rw}, {pattern.block_shown} blocks, depth {pattern.depth}, libaio, "
        f"direct=1, one {pace.size_mib} MiB file written full before, random content, fixed seed, "
        f"{ends}{flushed}; caches dropped before; the same binary everywhere",
        is_headline=pattern is PATTERNS[0],
    )


@dataclass
class Disk:
    """The jobs, and what was found out about each arm's place when its file was laid out."""

    pace: Pace
    places: dict[Arm, str] = field(default_factory=dict)
    engines: dict[str, str] = field(default_factory=dict)

    def prepare(self, rig: Rig, arm: Arm) -> None:
        """Write the whole file, so that nothing is allocated, copied up or sparse later."""
        # One of another size may be left from an interrupted run.
        rig.run(arm, ("rm", "-f", _file(rig, arm)))
        argv = (
            *rig.tool(arm, "fio"),
            *self._common(rig, arm),
            "--fallocate=none",
            "--end_fsync=1",
            "--name=layout",
            "--rw=write",
            "--bs=1M",
            "--iodepth=8",
        )
        output = rig.run(arm, argv, timeout_seconds=_LAYOUT_SECONDS)
        parse_jobs(output.stdout, ("layout",))
        self.places[arm] = self._describe(rig, arm)

    def measure(self, rig: Rig, arm: Arm) -> Sequence[Reading]:
        """The four jobs; all or none."""
        argv = (*rig.tool(arm, "fio"), *self._common(rig, arm), *self._jobs())
        dropped = drop_caches(rig, arm)
        timeout = self.pace.seconds + _LATENESS_SECONDS
        output = rig.run(arm, argv, timeout_seconds=timeout)
        jobs = parse_jobs(output.stdout, tuple(p.name for p in PATTERNS))
        check_clock("fio", sum(float(job.get("job_runtime", 0)) for job in jobs) / 1000, output)
        notes = [note for note in (self.places.get(arm, ""), dropped) if note]
        return [self._reading(p, job, notes) for p, job in zip(PATTERNS, jobs, strict=True)]

    def _reading(self, pattern: Pattern, job: Mapping[str, Any], notes: Iterable[str]) -> Reading:
        value, parts = parse_figures(pattern, job)
        steady = job.get("steadystate")
        if isinstance(steady, Mapping):
            parts["steady"] = float(steady.get("attained", 0))
            if not parts["steady"]:
                notes = (*notes, "did not get steady within its time")
        return Reading(pattern.metric_id, value, parts=parts, note="; ".join(notes))

    def _common(self, rig: Rig, arm: Arm) -> tuple[str, ...]:
        return (
            f"--filename={_file(rig, arm)}",
            f"--size={self.pace.size_mib}M",
            f"--ioengine={self._engine(rig)}",
            "--direct=1",
            "--invalidate=1",
            f"--randseed={_SEED}",
            "--thread",
            "--output-format=json",
        )

    def _jobs(self) -> tuple[str, ...]:
        pace = self.pace
        words = ["--time_based", f"--ramp_time={pace.ramp_ms}ms", f"--runtime={pace.run_ms}ms"]
        for pattern in PATTERNS:
            words += [
                f"--name={pattern.name}",
                "--stonewall",
                f"--rw={pattern.rw}",
                f"--bs={pattern.block}",
                f"--iodepth={pattern.depth}",
            ]
            if pattern.direction == "write":
                words.append("--end_fsync=1")
            if pace.steady:
                kind = "iops" if pattern.unit == "IOPS" else "bw"
                words.append(f"--steadystate={kind}_slope:{pace.steady}")
                words.append(f"--steadystate_duration={pace.steady_seconds}")
        return tuple(words)

    def _engine(self, rig: Rig) -> str:
        """libaio where this fio has it, else psync, whose depth is always 1."""
        if "fio" not in self.engines:
            told = rig.run(Arm.HOST, (*rig.tool(Arm.HOST, "fio"), "--enghelp"))
            self.engines["fio"] = "libaio" if "libaio" in told.stdout.split() else "psync"
        return self.engines["fio"]

    def _describe(self, rig: Rig, arm: Arm) -> str:
        """Where the file lies: file system, device, and what may keep a copy."""
        place = describe(rig, arm, rig.scratch(arm))
        if self._engine(rig) == "psync":
            return f"{place}, psync, depth 1: this fio has no libaio"
        return place


def _file(rig: Rig, arm: Arm) -> str:
    return f"{rig.scratch(arm)}/fio.dat"


def drop_caches(rig: Rig, arm: Arm) -> str:
    """Have host and guest forget what they read; what could not be dropped, in words."""
    kept = []
    try:
        host_state.drop_caches()
    except OSError:
        kept.append("the host's")
    if arm is Arm.VM:
        told = rig.run(arm, ("sh", "-c", f"sync; echo 3 > {host_state.DROP_CACHES}"), check=False)
        if told.code != 0:
            kept.append("the guest's")
    return f"{' and '.join(kept)} page cache could not be dropped" if kept else ""
