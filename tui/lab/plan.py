"""What a run measures, in which order, and how long that takes."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tui.lab.instrument import Instrument, Need
from tui.lab.instruments import (
    boot,
    density,
    isolation,
    load,
    network,
    os_support,
    performance,
    portability,
    resources,
    security,
    size,
    storage,
)
from tui.model import Workload
from tui.results import Arm, Row

AA_PAIRS_QUICK = 3
AA_PAIRS_FULL = 10
_AA_SHARE = 0.5
"""The container, which the A/A run takes, is about so much quicker than the mean of all arms."""
_TURN_SECONDS = 40.0
"""Shutting the pair down or starting it again, when the need of the readings changes."""
_END_SECONDS = 10.0

# Sizes and moving before any tool is brought in, or it would be weighed too; what needs the pair
# up before what needs it shut down.
_MODULES = (
    size,
    portability,
    isolation,
    os_support,
    security,
    resources,
    performance,
    network,
    load,
    storage,
    boot,
    density,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One reading to take."""

    instrument: Instrument
    arm: Arm
    block: int
    """Below 0 for a warm-up."""
    stream: str = ""
    """"a" or "b" in the A/A run."""

    @property
    def seconds(self) -> float:
        """How long it takes, about."""
        return self.instrument.seconds * (_AA_SHARE if self.stream else 1.0)

    @property
    def is_warmup(self) -> bool:
        """Whether it is kept but not counted."""
        return self.block < 0


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The instruments of a run, in their order."""

    first: Instrument
    """Brings the pair up."""
    instruments: tuple[Instrument, ...]
    is_quick: bool
    seed: int

    @property
    def for_aa(self) -> tuple[Instrument, ...]:
        """What the A/A run takes."""
        return tuple(i for i in self.instruments if i.in_aa and Arm.CONTAINER in i.arms)

    @property
    def all(self) -> tuple[Instrument, ...]:
        """The first boot and the rest."""
        return (self.first, *self.instruments)

    @property
    def steps(self) -> int:
        """How many readings are planned; a full run may take more, to settle."""
        return (
            len(self.first.arms)
            + sum(len(i.arms) * blocks(i, self.is_quick) for i in self.instruments)
            + len(self.for_aa) * 2 * aa_pairs(self.is_quick)
        )

    @property
    def seconds(self) -> float:
        """How long it takes, about, where VMs are emulated in software."""
        turns = len({i.need for i in self.instruments if i.need is Need.STOPPED})
        readings = sum(i.seconds * len(i.arms) * blocks(i, self.is_quick) for i in self.instruments)
        return (
            self.first.seconds * len(self.first.arms)
            + readings
            + sum(i.seconds * _AA_SHARE * 2 * aa_pairs(self.is_quick) for i in self.for_aa)
            + turns * _TURN_SECONDS
            + _END_SECONDS
        )


def make_plan(
    workload: Workload, rows: Iterable[Row] = (), *, is_quick: bool, seed: int
) -> RunPlan:
    """The plan for those rows, for all of them when there are none."""
    wanted = frozenset(rows) or frozenset(Row)
    found = [i for module in _MODULES for i in module.instruments(workload, is_quick=is_quick)]
    return RunPlan(
        first=boot.first(workload),
        instruments=tuple(i for i in found if any(m.row in wanted for m in i.metrics)),
        is_quick=is_quick,
        seed=seed,
    )


def blocks(instrument: Instrument, is_quick: bool) -> int:
    """Blocks planned for an instrument, warm-ups among them."""
    repeats = instrument.repeats
    return repeats.warmups + (repeats.quick if is_quick else repeats.full)


def aa_pairs(is_quick: bool) -> int:
    """Pairs of the A/A run."""
    return AA_PAIRS_QUICK if is_quick else AA_PAIRS_FULL


def order(instrument: Instrument, block: int, seed: int) -> tuple[Arm, ...]:
    """The arms of one block: drawn for every other block, and turned round in the one after.

    With two arms that is ABBA or BAAB, so that a drift of the host falls on both alike.
    """
    arms = list(instrument.arms)
    random.Random(f"{seed}:{instrument.name}:{block // 2}").shuffle(arms)
    return tuple(reversed(arms) if block % 2 else arms)


def warmups(instrument: Instrument) -> Iterator[Step]:
    """Its warm-ups, one an arm and block."""
    for block in range(-instrument.repeats.warmups, 0):
        for arm in instrument.arms:
            yield Step(instrument, arm, block)


def block_of(instrument: Instrument, block: int, seed: int) -> Sequence[Step]:
    """The readings of one block, in their order."""
    return [Step(instrument, arm, block) for arm in order(instrument, block, seed)]


def aa_steps(instrument: Instrument, is_quick: bool) -> Iterator[Step]:
    """The container against itself: one warm-up, then pairs, their order alternating."""
    if instrument.repeats.warmups:
        yield Step(instrument, Arm.CONTAINER, -1, "a")
    for block in range(aa_pairs(is_quick)):
        for stream in ("ab", "ba")[block % 2]:
            yield Step(instrument, Arm.CONTAINER, block, stream)
