"""What a fleet stands on."""

from __future__ import annotations

from dataclasses import dataclass

from tui.meters.base import HostMeter, Meter
from tui.sides.base import Side


@dataclass(frozen=True, slots=True)
class Engines:
    """The sides and the meters of one host."""

    sides: tuple[Side, ...]
    meters: tuple[Meter, ...]
    host_meter: HostMeter
