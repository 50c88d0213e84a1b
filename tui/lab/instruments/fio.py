"""The four jobs fio does, and its answer read strictly."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.errors import ActionFailed
from tui.lab.instruments.tool_output import last_line

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
    def block_shown(self) -> str:
        """`4 KiB`."""
        return {"4k": "4 KiB", "1M": "1 MiB"}[self.block]

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


def parse_jobs(text: str, names: Sequence[str]) -> list[Mapping[str, Any]]:
    """The jobs of fio's JSON, which warnings may precede. Raises ActionFailed."""
    start = text.find("{")
    try:
        jobs = json.loads(text[start:])["jobs"] if start >= 0 else None
        found = [str(job["jobname"]) for job in jobs] if jobs else []
    except (ValueError, LookupError, TypeError, RecursionError):
        found = []
    if found != list(names):
        raise ActionFailed(
            f"fio was to print JSON of the jobs {', '.join(names)}; "
            f"its last line: {last_line(text)}"
        )
    for job in jobs or ():
        if error := job.get("error"):
            raise ActionFailed(f"fio's job {job['jobname']}: {_error_name(error)}")
    return list(jobs or ())


def _error_name(number: object) -> str:
    if isinstance(number, int) and abs(number) < 4096:
        return os.strerror(number)
    return f"error {str(number)[:20]}"


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
            "it lacks or misstates one of them"
        ) from error
    if value <= 0 or count <= 0:
        raise ActionFailed(f"fio's job {pattern.name} did no I/O at all in {seconds:.1f} s")
    return value, parts
