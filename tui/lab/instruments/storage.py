"""Disk work by fio: in the VM's disk, the container's layer, a volume and on the host."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.errors import ActionFailed, TwindeckError
from tui.lab.instrument import Instrument, Need, Reading, Repeats, Rig
from tui.lab.instruments.performance import check_clock, last_line
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

ARMS = (Arm.VM, Arm.CONTAINER, Arm.VOLUME, Arm.HOST)
_DROP = "/proc/sys/vm/drop_caches"
_SEED = 20260101
_LATENESS_SECONDS = 90.0
_LAYOUT_SECONDS = 300.0
_LEAST_FOR = {"latency_p50": 6, "latency_p95": 59, "latency_p99": 299}
"""I/Os a percentile takes to have 95 % confidence."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One of the four jobs."""

    name: str
    """fio's word for it, and the end of the metric's id."""
    rw: str
    block: str
    depth: int
    title: str
    unit: str

    @property
    def direction(self) -> str:
        """The part of fio's answer that counts."""
        return "write" if "write" in self.rw else "read"

    @property
    def metric_id(self) -> str:
        """`disk.randread`."""
        return f"disk.{self.name}"


PATTERNS = (
    Pattern("randread", "randread", "4k", 16, "random reads of 4 KiB", "IOPS"),
    Pattern("randwrite", "randwrite", "4k", 16, "random writes of 4 KiB", "IOPS"),
    Pattern("read", "read", "1M", 8, "sequential reads of 1 MiB", "B/s"),
    Pattern("write", "write", "1M", 8, "sequential writes of 1 MiB", "B/s"),
)


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


QUICK = Pace(size_mib=128, ramp_ms=400, run_ms=1600)
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
            seconds=pace.seconds + 1.5,
            measure=disk.measure,
            # Laying the file out is the warm-up.
            repeats=Repeats(quick=3, full=6, cap=12, warmups=0),
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
        method=f"fio {pattern.rw}, {pattern.block}iB blocks, depth {pattern.depth}, libaio, "
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
            f"--filename={rig.scratch(arm)}/fio.dat",
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
        folder = rig.scratch(arm)
        found = [file_system(rig.run(arm, ("cat", "/proc/mounts")).stdout, folder)]
        if arm is Arm.VM:
            found.append(_cache_mode(rig))
        if arm is Arm.HOST:
            found.append(_beside_docker(rig, folder))
        if self._engine(rig) == "psync":
            found.append("psync, depth 1: this fio has no libaio")
        return ", ".join(word for word in found if word)


def parse_jobs(text: str, names: Sequence[str]) -> list[Mapping[str, Any]]:
    """The jobs of fio's JSON, which warnings may precede. Raises ActionFailed."""
    start = text.find("{")
    try:
        jobs = json.loads(text[start:])["jobs"] if start >= 0 else None
        found = [str(job["jobname"]) for job in jobs] if jobs else []
    except (ValueError, LookupError, TypeError):
        found = []
    if found != list(names):
        raise ActionFailed(
            f"fio was to print JSON of the jobs {', '.join(names)}; "
            f"its last line: {last_line(text)}"
        )
    for job in jobs:
        if error := job.get("error"):
            raise ActionFailed(f"fio's job {job['jobname']}: {_error_name(error)}")
    return list(jobs)


def _error_name(number: object) -> str:
    return os.strerror(number) if isinstance(number, int) else str(number)


def parse_figures(pattern: Pattern, job: Mapping[str, Any]) -> tuple[float, dict[str, float]]:
    """The figure in the pattern's unit, and what belongs to it. Raises ActionFailed."""
    try:
        done = job[pattern.direction]
        count = int(done["total_ios"])
        value = float(done["iops"] if pattern.unit == "IOPS" else done["bw_bytes"])
        seconds = float(done["runtime"]) / 1000
        percentiles = done["clat_ns"].get("percentile", {})
        parts = {"ios": float(count), "seconds": seconds}
        for name, least in _LEAST_FOR.items():
            key = f"{name.removeprefix('latency_p')}.000000"
            if count >= least and key in percentiles:
                parts[name] = float(percentiles[key]) / 1e9
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ActionFailed(
            f"fio's JSON of {pattern.name} was to have iops, bw_bytes, runtime and clat_ns; "
            f"it lacks or misstates {error}"
        ) from error
    if value <= 0 or count <= 0:
        raise ActionFailed(f"fio's job {pattern.name} did no I/O at all in {seconds:.1f} s")
    return value, parts


def file_system(mounts: str, folder: str) -> str:
    """`ext4 on /dev/vda`, from /proc/mounts; "" when no line fits."""
    best, told = -1, ""
    for line in mounts.splitlines():
        words = line.split()
        if len(words) < 3:
            continue
        # proc(5): blanks and backslashes are octal.
        point = words[1].encode().decode("unicode_escape")
        is_above = folder == point or folder.startswith(point.rstrip("/") + "/")
        # Of two on the same point the later one is on top.
        if is_above and len(point) >= best:
            best, told = len(point), f"{words[2]} on {words[0]}"
    return "overlay" if told.startswith("overlay ") else told


def drop_caches(rig: Rig, arm: Arm) -> str:
    """Have host and guest forget what they read; what could not be dropped, in words."""
    kept = []
    os.sync()
    try:
        Path(_DROP).write_text("3\n", encoding="ascii")
    except OSError:
        kept.append("the host's")
    if arm is Arm.VM:
        told = rig.run(arm, ("sh", "-c", f"sync; echo 3 > {_DROP}"), check=False)
        if told.code != 0:
            kept.append("the guest's")
    return f"{' and '.join(kept)} page cache could not be dropped" if kept else ""


def _cache_mode(rig: Rig) -> str:
    """What the hypervisor does with the host's page cache for the VM's disk."""
    instance = rig.instance(Arm.VM)
    try:
        tree = rig.libvirt().definition(instance.id or "").tree
    except TwindeckError as error:
        return f"cache mode not known: {error}"
    return cache_mode(tree)


def cache_mode(tree: Mapping[str, Any]) -> str:
    """`virtio, qcow2, cache=default: the host's page cache is in play`, from a domain's XML."""
    try:
        disks = tree["domain"]["devices"]["disk"]
        disk = next(
            d
            for d in (disks if isinstance(disks, list) else [disks])
            if d.get("@device", "disk") == "disk" and "readonly" not in d
        )
        driver = disk["driver"]
        mode = driver.get("@cache", "default")
        kind = driver.get("@type", "raw")
        bus = disk["target"].get("@bus", "?")
    except (LookupError, TypeError, AttributeError, StopIteration):
        return "cache mode not known"
    in_play = "past the host's page cache"
    if mode not in ("none", "directsync"):
        in_play = "the host's page cache is in play"
    return f"{kind} by {bus}, cache={mode}: {in_play}"


def _beside_docker(rig: Rig, folder: str) -> str:
    """Whether the host's file shares its file system with Docker's data."""
    with suppress(Exception):  # Docker's own errors are many, and this is a remark
        root = str(rig.docker().info()["DockerRootDir"])
        if Path(root).stat().st_dev == Path(folder).stat().st_dev:
            return "the file system Docker's data is on"
        return f"not the file system Docker's data is on ({root})"
    return "not known whether Docker's data is on the same file system"
