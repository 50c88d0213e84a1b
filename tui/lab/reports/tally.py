"""What was disturbed and what failed in a run, counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tui.results import Arm, Study
from tui.text import clean

_NUMBER = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over all readings of a run."""

    readings: int
    warmups: int
    against_itself: int
    disturbed: int
    failed: int
    noise: tuple[str, ...]
    """`2 readings: steal … %`, the most frequent first."""
    failures: tuple[str, ...]
    """`boot.warm, VM (tcg): 2 of 10 failed: …`."""

    @property
    def line(self) -> str:
        """All counts, in one line."""
        return (
            f"{self.readings} readings, of them {self.warmups} warm-ups and "
            f"{self.against_itself} of the A/A run; {self.disturbed} disturbed, "
            f"{self.failed} failed"
        )


def tally(study: Study, names: Mapping[Arm, str]) -> Tally:
    """Of every reading, warm-ups and the A/A run included."""
    taken = study.measurements
    noise = Counter(_NUMBER.sub("…", clean(text)) for m in taken for text in m.noise)
    tried = Counter((m.metric, m.arm) for m in taken)
    failed = Counter((m.metric, m.arm, clean(m.error)) for m in taken if m.error)
    return Tally(
        readings=len(taken),
        warmups=sum(m.is_warmup for m in taken),
        against_itself=sum(bool(m.stream) and not m.is_warmup for m in taken),
        disturbed=sum(bool(m.noise) for m in taken),
        failed=sum(bool(m.error) for m in taken),
        noise=tuple(f"{_readings(n)}: {text}" for text, n in noise.most_common()),
        failures=tuple(
            f"{clean(metric)}, {names[arm]}: {n} of {tried[metric, arm]} failed: {error}"
            for (metric, arm, error), n in failed.items()
        ),
    )


def _readings(count: int) -> str:
    return "1 reading" if count == 1 else f"{count} readings"
