"""The words of a comparison as frozen dataclasses: what was measured, and the table made of it.

A run holds measurements, raw and complete; everything in the table is computed from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tui.model import EMPTY

METHOD_VERSION = 2
"""Raised when a change of method makes old figures and new ones different things."""


class Row(StrEnum):
    """The rows of the table, in its order."""

    SIZE = "size"
    BOOT = "boot"
    PERFORMANCE = "performance"
    ISOLATION = "isolation"
    OS_SUPPORT = "os"
    SECURITY = "security"
    PORTABILITY = "portability"
    RESOURCES = "resources"
    DENSITY = "density"
    NETWORKING = "networking"
    STORAGE = "storage"


class Arm(StrEnum):
    """Where something is measured."""

    VM = "vm"
    CONTAINER = "container"
    HOST = "host"
    VOLUME = "volume"
    """A volume of the container, for what its own layer does otherwise."""


class Better(StrEnum):
    """Which way a figure is better."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"


class RunState(StrEnum):
    """Where a run stands; all but DONE can be resumed."""

    RUNNING = "running"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Metric:
    """What a figure is: one line of a row."""

    id: str
    """`boot.warm`, `disk.randread`; unique in a run, the same in every run."""
    row: Row
    title: str
    unit: str
    """`s`, `B`, `B/s`, `req/s`, `IOPS`, `events/s`, `CPU s/1000 req`, `count`; "" for a fact."""
    method: str
    """One line: how it is measured, so that an expert could repeat it."""
    better: Better = Better.NEITHER
    is_headline: bool = False
    """Stands for its row in the table; at most one a row."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One reading of one metric on one arm. A failed one is data too: `error` says why."""

    metric: str
    arm: Arm
    block: int
    """Readings of one block were taken next to each other and are compared as a pair."""
    value: float | None = None
    """In the metric's unit; None when it failed or when it is a fact."""
    text: str = ""
    """What was seen, for a fact."""
    started_at: float = 0.0
    """Unix seconds."""
    seconds: float = 0.0
    """How long the reading took."""
    is_warmup: bool = False
    """Kept, not counted."""
    stream: str = ""
    """"a" or "b" in the A/A run, where an arm is compared with itself; "" otherwise."""
    parts: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    """What the value is made of, or belongs to it: phases, percentiles, `cpu_seconds`, …"""
    noise: tuple[str, ...] = ()
    """What disturbed the host meanwhile, a line each."""
    note: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened in a run and belongs to its record."""

    at: float
    """Unix seconds."""
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """One comparison: what was asked, where, how; its measurements are kept beside it."""

    id: str
    """`nginx-20261123-093104`: workload, date and time (UTC) of the request; a file name too."""
    workload: str
    title: str
    """The workload's own line."""
    started_at: float
    """Unix seconds."""
    state: RunState
    is_quick: bool
    rows: tuple[Row, ...]
    seed: int
    metrics: tuple[Metric, ...] = ()
    finished_at: float | None = None
    busy_seconds: float = 0.0
    """Time spent in it, over all its resumptions."""
    host: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """The fingerprint: `CPU` -> `AMD EPYC …, 2 cores`; in the order it is shown."""
    host_hash: str = ""
    """Of the parts of the fingerprint that a figure depends on; 12 hex digits."""
    accelerator: str | None = None
    """What ran the VM: `kvm`, `tcg`, …; None before the first boot."""
    events: tuple[RunEvent, ...] = ()
    method_version: int = METHOD_VERSION
    twindeck_version: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """A run with all its measurements, in the order they were taken."""

    run: Run
    measurements: tuple[Measurement, ...] = ()

    def metric(self, metric_id: str) -> Metric | None:
        """The metric of that id."""
        return next((m for m in self.run.metrics if m.id == metric_id), None)


class Verdict(StrEnum):
    """What this host says of the usual claim."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "not decided here"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The samples of one metric on one arm, summed up."""

    n: int
    n_failed: int
    median: float
    low: float | None
    """Lower end of the 95 % interval of the median; None when n < 6 cannot carry one."""
    high: float | None
    mad: float
    """Median absolute deviation from the median, not scaled."""
    least: float
    most: float
    samples: tuple[float, ...]
    """All that count, in the order taken."""
    outliers: tuple[int, ...] = ()
    """Indices into `samples`: marked, never dropped."""


class Outcome(StrEnum):
    """What a ratio amounts to."""

    DIFFERENT = "different"
    NONE = "no measurable difference"
    """Within the noise floor."""
    UNSURE = "not distinguishable"
    """The interval covers 1."""
    CACHED = "host cache suspected: no winner"


@dataclass(frozen=True, slots=True)
class Ratio:
    """VM over container, of one metric, paired within blocks."""

    median: float
    low: float | None
    high: float | None
    n: int
    """Pairs."""
    floor: float | None
    """The noise floor, as a share (0.02: 2 %); None when there was no A/A run."""
    outcome: Outcome
    word: str = ""
    """`longer`, `fewer`: what the VM is, where the sides differ."""
    is_emulated: bool = False
    """Whether software emulation, not virtualization, made the VM's figure."""

    @property
    def times(self) -> float:
        """How many times more or less the VM has; 1 and above."""
        return max(self.median, 1 / self.median)

    @property
    def size(self) -> str:
        """`3.4x longer`; empty unless the sides differ."""
        if self.outcome is not Outcome.DIFFERENT:
            return ""
        number = f"{self.times:,.0f}" if self.times >= 1000 else f"{self.times:.3g}"
        return f"{number}x {self.word}"

    @property
    def says(self) -> str:
        """`VM 3.4x longer (3 pairs), under software emulation`, or the outcome in words."""
        if self.outcome is not Outcome.DIFFERENT:
            one = " (one pair)" if self.outcome is Outcome.NONE and self.n == 1 else ""
            return f"{self.outcome}{one}"
        pairs = f" ({self.n} pairs)" if self.low is None and self.n > 1 else ""
        emulated = ", under software emulation" if self.is_emulated else ""
        return f"VM {self.size}{pairs}{emulated}"


@dataclass(frozen=True, slots=True)
class Line:
    """One metric over all arms it was measured on."""

    metric: Metric
    estimates: Mapping[Arm, Estimate] = field(default_factory=lambda: EMPTY)
    facts: Mapping[Arm, str] = field(default_factory=lambda: EMPTY)
    reasons: Mapping[Arm, str] = field(default_factory=lambda: EMPTY)
    """Arm -> why there is no figure."""
    notes: Mapping[Arm, str] = field(default_factory=lambda: EMPTY)
    ratio: Ratio | None = None
    """None unless both sides have figures."""
    remark: str = ""
    """`host cache suspected`, `generator-bound`, why it stopped, …"""


@dataclass(frozen=True, slots=True)
class Cell:
    """What the table shows for one side of a row."""

    value: float | str | None
    """A figure in `unit`, or for a fact what was seen; None with a `reason`."""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    samples: tuple[float, ...] = ()
    note: str = ""
    """What the figure is: `image, uncompressed`; and what it says of itself: `tcg`."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One of the eleven rows."""

    row: Row
    title: str
    claim_vm: str
    claim_container: str
    """What people usually quote."""
    verdict: Verdict
    why: str
    """One line: what decided the verdict."""
    method: str
    """Of the headline."""
    vm: Cell
    container: Cell
    ratio: Ratio | None = None
    lines: tuple[Line, ...] = ()
    """Everything measured for the row, headline first."""


@dataclass(frozen=True, slots=True)
class Table:
    """The whole comparison."""

    run: Run
    rows: tuple[TableRow, ...]
    floors: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    """Metric id -> how far an arm was from itself, as a share: in the A/A run, and since."""
