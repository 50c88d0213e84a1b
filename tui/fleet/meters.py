"""What a fleet measures with."""

from __future__ import annotations

from dataclasses import dataclass

from tui.meters.base import HostMeter, Meter


@dataclass(frozen=True, slots=True)
class Meters:
    """The meters of one host."""

    each: tuple[Meter, ...]
    """One a side."""
    host: HostMeter
