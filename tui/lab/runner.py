"""Takes the readings of a run, in order, and keeps each one at once.

What was taken before is not taken again: that is all there is to resuming.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import psutil
from docker.errors import DockerException
from requests import RequestException

from tui.core.reasons import reason_of
from tui.errors import TwindeckError
from tui.lab.instrument import Instrument, Need, Reading
from tui.lab.noise import Noise
from tui.lab.plan import RunPlan, Step, aa_steps, block_of, blocks, warmups
from tui.lab.rig import LabRig
from tui.lab.stand import Stand
from tui.lab.statistics import is_settled
from tui.results import Arm, Measurement

_GIVE_UP_AFTER = 2
_BUDGET_FACTOR = 2.0
"""An instrument may take so many times the time planned, while it settles."""


_FOREIGN = (OSError, LookupError, ValueError, psutil.Error, DockerException, RequestException)
"""What an instrument's libraries may raise when a side dies under it: the reading fails, not an
hour's run."""


class Journal(Protocol):
    """Where what was measured goes, and what is there already."""

    def add(self, measurements: Sequence[Measurement]) -> None:
        """Keep them, at once."""

    def event(self, text: str) -> None:
        """Keep that this happened."""

    @property
    def measurements(self) -> Sequence[Measurement]:
        """All so far, those of before an interruption first."""


class Watch(Protocol):
    """Who is told how far a run is."""

    def skipped(self, step: Step) -> None:
        """It was taken before the run was resumed."""

    def taking(self, step: Step) -> None:
        """It is the next."""

    def taken(self, step: Step) -> None:
        """It was taken, or failed."""

    def moving(self, what: str) -> None:
        """A side is brought up or shut down."""


class Runner:
    """One run from its first reading to its last. Raises Cancelled; errors of readings are data."""

    def __init__(
        self,
        rig: LabRig,
        plan: RunPlan,
        journal: Journal,
        noise: Noise,
        watch: Watch,
    ) -> None:
        self._rig = rig
        self._plan = plan
        self._journal = journal
        self._noise = noise
        self._watch = watch
        self._stand = Stand(rig, watch.moving)
        self._prepared: set[tuple[str, Arm]] = set()
        self._taken = {_key(m.metric, m.arm, m.block, m.stream) for m in journal.measurements}

    def run(self) -> None:
        """Take everything that was not taken yet."""
        for step in self._steps():
            if self._is_taken(step):
                self._watch.skipped(step)
            else:
                # A quick reading never looks whether the run was cancelled.
                self._rig.sleep(0)
                self._watch.taking(step)
                self._take(step)
                self._watch.taken(step)

    def _steps(self) -> Iterator[Step]:
        yield from self._series(self._plan.first)
        compared: set[Need] = set()
        for instrument in self._plan.instruments:
            # The A/A run comes before the first that is measured more than once, all that needs
            # the pair to stand alike at once: to shut it down and start it takes a minute.
            if instrument.repeats.cap > 1 and instrument.need not in compared:
                compared.add(instrument.need)
                for one in self._plan.for_aa:
                    if one.need is instrument.need:
                        yield from self._without_failing(aa_steps(one, self._plan.is_quick))
            yield from self._series(instrument)

    def _series(self, instrument: Instrument) -> Iterator[Step]:
        """All blocks of an instrument; a full run goes on until its medians are settled."""
        began = time.monotonic()
        planned = blocks(instrument, self._plan.is_quick) - instrument.repeats.warmups
        yield from self._without_failing(warmups(instrument))
        block = 0
        while block < planned or self._wants_more(instrument, block, began):
            yield from self._without_failing(block_of(instrument, block, self._plan.seed))
            block += 1

    def _wants_more(self, instrument: Instrument, block: int, began: float) -> bool:
        if self._plan.is_quick or block >= instrument.repeats.cap:
            return False
        planned = instrument.repeats.full * instrument.seconds * len(instrument.arms)
        if time.monotonic() - began > _BUDGET_FACTOR * planned:
            return False
        return any(
            not is_settled(samples)
            for metric in instrument.metrics
            for arm in instrument.arms
            if (samples := self._samples(metric.id, arm))
        )

    def _without_failing(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Leave out an arm that failed twice on end: the failures are kept, time is not wasted."""
        for step in steps:
            if not self._has_given_up(step):
                yield step

    def _has_given_up(self, step: Step) -> bool:
        metric = step.instrument.metrics[0].id
        last = [m for m in self._journal.measurements if m.metric == metric and m.arm is step.arm][
            -_GIVE_UP_AFTER:
        ]
        return len(last) == _GIVE_UP_AFTER and all(m.error for m in last)

    def _samples(self, metric: str, arm: Arm) -> list[float]:
        return [
            m.value
            for m in self._journal.measurements
            if m.metric == metric
            and m.arm is arm
            and not (m.is_warmup or m.stream or m.error)
            and m.value is not None
        ]

    def _is_taken(self, step: Step) -> bool:
        key = _key(step.instrument.metrics[0].id, step.arm, step.block, step.stream)
        return key in self._taken

    def _take(self, step: Step) -> None:
        instrument, arm = step.instrument, step.arm
        began, began_mono = time.time(), time.monotonic()
        flags: tuple[str, ...] = ()
        try:
            self._stand.be(instrument.need, arm)
            self._prepare(instrument, arm)
            before = self._noise.look()
            began, began_mono = time.time(), time.monotonic()
            readings: Sequence[Reading] = instrument.measure(self._rig, arm)
            flags = self._noise.since(before)
        except (TwindeckError, *_FOREIGN) as error:
            reason = reason_of(error)
            self._journal.event(f"{instrument.name} on {arm}, block {step.block}: {reason}")
            readings = [Reading(metric.id, error=reason) for metric in instrument.metrics]
        seconds = time.monotonic() - began_mono
        self._keep(step, began, seconds, flags, readings)

    def _prepare(self, instrument: Instrument, arm: Arm) -> None:
        if instrument.prepare is not None and (instrument.name, arm) not in self._prepared:
            instrument.prepare(self._rig, arm)
            self._prepared.add((instrument.name, arm))

    def _keep(
        self,
        step: Step,
        began: float,
        seconds: float,
        flags: tuple[str, ...],
        readings: Sequence[Reading],
    ) -> None:
        base = Measurement(
            metric="",
            arm=step.arm,
            block=step.block,
            started_at=began,
            seconds=seconds,
            is_warmup=step.is_warmup,
            stream=step.stream,
            noise=flags,
        )
        taken = [
            replace(
                base,
                metric=r.metric,
                value=r.value,
                text=r.text,
                parts=r.parts,
                note=r.note,
                error=r.error,
            )
            for r in readings
        ]
        # An instrument may leave a metric out on an arm; the step counts as taken all the same.
        first = step.instrument.metrics[0].id
        if all(m.metric != first for m in taken):
            taken.append(replace(base, metric=first, error="not measured on this arm"))
        self._journal.add(taken)
        self._taken.update(_key(m.metric, m.arm, m.block, m.stream) for m in taken)


def _key(metric: str, arm: Arm, block: int, stream: str) -> tuple[str, Arm, int, str]:
    return (metric, arm, block, stream)
