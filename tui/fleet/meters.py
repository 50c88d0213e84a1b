"""What a fleet measures with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tui.meters.base import HostMeter, Meter
from tui.model import Instance
from tui.snapshot import Sample


class QuickMeter(Protocol):
    """Measures those that prove to be themselves, in a moment and without any engine."""

    def note(self, live: Sequence[Instance]) -> None:
        """Remember how far their counters are. Raises nothing."""

    def sample(self, live: Sequence[Instance]) -> list[Sample]:
        """A sample of each, its CPU per cent since the note. Raises nothing."""


@dataclass(frozen=True, slots=True)
class Meters:
    """The meters of one host."""

    each: tuple[Meter, ...]
    """One a side."""
    host: HostMeter
