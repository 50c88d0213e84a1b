"""The advisor's words as frozen dataclasses: the chart, what was measured, and the advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tui.model import EMPTY

Answers = Mapping[str, str]
"""Criterion id -> answer id, of those that were answered."""
VM, CONTAINER = "vm", "container"
"""The two outcomes that the lab measures on a host."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something the advisor can answer."""

    id: str
    name: str
    """As it stands in a sentence: `containers in VMs`."""
    title: str
    """One line: what it is, with products that are it."""
    consequences: tuple[str, ...]
    """What choosing it brings with it, a sentence each."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a claim is from."""

    id: str
    by: str
    title: str
    year: int
    """Of publication; of a page that is kept up to date, the year it was looked up."""
    address: str
    read: str
    """How much of it was read for the chart: `text`, `abstract`, `quoted` or `title`."""

    @property
    def citation(self) -> str:
        """`Felter and others, ISPASS: An Updated …, 2015, https://…`."""
        return f"{self.by}: {self.title}, {self.year}, {self.address}"


@dataclass(frozen=True, slots=True)
class Rule:
    """How a figure of this host decides what an answer says of VM and container.

    One of `limit` and `share` is set.
    """

    metric: str
    """Id of a metric of the lab: `boot.warm`."""
    limit: float | None = None
    """In the metric's unit: a side that does not reach it fails the answer's need."""
    share: float | None = None
    """0 to 1: a side fails that reaches less than this share of the other's speed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a question, and what it says."""

    id: str
    text: str
    because: str
    """The reason it gives, as a sentence."""
    speaks: Mapping[str, int]
    """Outcome id -> -3 (strongly against) to 3 (strongly for); one that is missing is 0."""
    vetoes: tuple[str, ...] = ()
    """Outcomes that cannot win once this is answered."""
    measured: Rule | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question."""

    id: str
    question: str
    why: str
    """Why it matters."""
    weight: int
    """1 and above: how much its answers count."""
    cited: str
    """What the sources say in general, in our words."""
    sources: tuple[Source, ...]
    answers: tuple[Answer, ...]
    by_accelerator: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    """What this host was last seen to boot a guest with -> the answer that goes with it."""

    def answer(self, answer_id: str) -> Answer | None:
        """The answer of that id."""
        return next((answer for answer in self.answers if answer.id == answer_id), None)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two answers that fight."""

    first: tuple[str, str]
    """Criterion and answer."""
    second: tuple[str, str]
    says: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole decision chart; questions in the order they are asked."""

    outcomes: tuple[Outcome, ...]
    criteria: tuple[Criterion, ...]
    conflicts: tuple[Conflict, ...]

    def criterion(self, criterion_id: str) -> Criterion | None:
        """The criterion of that id."""
        return next((one for one in self.criteria if one.id == criterion_id), None)

    def outcome(self, outcome_id: str) -> Outcome:
        """The outcome of that id. Raises KeyError."""
        found = next((one for one in self.outcomes if one.id == outcome_id), None)
        if found is None:
            raise KeyError(outcome_id)
        return found


@dataclass(frozen=True, slots=True)
class Figure:
    """What this host measured of one metric, on both sides, in the newest run that has it."""

    metric: str
    title: str
    unit: str
    is_more_better: bool
    vm: float
    container: float
    """Medians, in `unit`."""
    ratio: float | None
    """VM over container, paired; None where the lab could take none."""
    is_alike: bool
    """Whether the lab found no difference that its noise would not make."""
    readings: int
    """Of the side that has fewer."""
    run_id: str
    accelerator: str
    """What ran the VM; "" when the run does not say."""
    unfit: str = ""
    """Why it counts as no evidence; "" when it counts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a figure of this host does to an answer."""

    criterion: str
    answer: str
    figure: Figure
    passes: Mapping[str, bool]
    """Outcome (`vm`, `container`) -> whether it meets the need; empty when unfit."""
    says: str
    """One sentence, with the figures and the run."""

    @property
    def counts(self) -> bool:
        """Whether it weighs in place of what is cited."""
        return not self.figure.unfit


class State(StrEnum):
    """How far the answers carry."""

    DECIDED = "decided"
    TIED = "tied"
    """Several outcomes have the same points."""
    NOT_ENOUGH = "not enough answers"
    ALL_VETOED = "all ruled out"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one outcome stands."""

    outcome: Outcome
    points: int
    ruled_out_by: tuple[tuple[str, str], ...] = ()
    """Criterion and answer of each veto."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What one answer adds to an outcome."""

    criterion: Criterion
    answer: Answer
    points: int
    """Weight times strength; below 0 it speaks against."""
    finding: Finding | None = None
    """The figure of this host that decided it; None where the cited one stands."""


@dataclass(frozen=True, slots=True)
class Change:
    """One answer given differently, and the outcome it turns to."""

    criterion: Criterion
    before: Answer | None
    """None for a question that was not answered."""
    after: Answer
    state: State
    leaders: tuple[Outcome, ...]
    size: int
    """Points that would move, over all outcomes: the least is the smallest change."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The result."""

    state: State
    leaders: tuple[Outcome, ...]
    """The outcome; several when tied, none when there is no answer."""
    standings: tuple[Standing, ...]
    """All outcomes: those still open by points, then those ruled out."""
    reasons: tuple[Reason, ...] = ()
    """For the first of the leaders, heaviest first."""
    doubts: tuple[Reason, ...] = ()
    """Against it, heaviest first."""
    findings: tuple[Finding, ...] = ()
    """Figures of this host for the answers given, whether they count or not."""
    changes: tuple[Change, ...] = ()
    """Single answers that would turn the outcome, smallest first."""
    conflicts: tuple[Conflict, ...] = ()
    answers: Answers = field(default_factory=lambda: EMPTY)
    asked: int = 0
    """Questions of the chart."""
    without_figures: tuple[Outcome, ...] | None = None
    """What it would be by the cited figures alone; None when that is the same."""
