"""Bounded series of samples, one per instance."""

from __future__ import annotations

import math
from array import array

from tui.snapshot import History, Sample

SERIES_SAMPLES = 600
TREND_SAMPLES = 30
_SLACK = 60
"""What is over the length is cut off so many at a time."""


class Series:
    """The newest samples of one instance, as numbers: 32 bytes each, whatever a sample holds."""

    def __init__(self, length: int = SERIES_SAMPLES) -> None:
        self._length = length
        self._t_ns = array("q")
        self._cpu = array("d")
        self._memory = array("d")
        self._guest = array("d")

    def append(self, sample: Sample) -> None:
        """Add the newest sample; the oldest are forgotten when there are too many."""
        self._t_ns.append(sample.t_ns)
        self._cpu.append(_number(sample.cpu_percent))
        self._memory.append(_number(sample.memory_bytes))
        self._guest.append(_number(sample.guest_memory_bytes))
        if len(self._t_ns) >= self._length + _SLACK:
            for figures in (self._t_ns, self._cpu, self._memory, self._guest):
                del figures[: -self._length]

    def trend(self) -> tuple[float | None, ...]:
        """CPU per cent of the last samples, oldest first."""
        return _figures(self._cpu[-TREND_SAMPLES:])

    def history(self) -> History:
        """All of it as equally long tuples, oldest first."""
        newest = slice(-self._length, None)
        return History(
            t_ns=tuple(self._t_ns[newest]),
            cpu_percent=_figures(self._cpu[newest]),
            memory_bytes=_bytes(self._memory[newest]),
            guest_memory_bytes=_bytes(self._guest[newest]),
        )


def _number(value: float | None) -> float:
    """NaN where there is none. Bytes are exact up to 2**53."""
    return math.nan if value is None else value


def _figures(values: array[float]) -> tuple[float | None, ...]:
    return tuple(None if value != value else value for value in values)  # only NaN is not itself


def _bytes(values: array[float]) -> tuple[int | None, ...]:
    return tuple(None if value != value else int(value) for value in values)
