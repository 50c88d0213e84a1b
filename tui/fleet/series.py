"""Bounded series of samples, one per instance."""

from __future__ import annotations

from collections import deque
from itertools import islice

from tui.model import History, Sample

SERIES_SAMPLES = 600
TREND_SAMPLES = 30


class Series:
    """A ring buffer of samples of one instance."""

    def __init__(self, length: int = SERIES_SAMPLES) -> None:
        self._samples: deque[Sample] = deque(maxlen=length)

    def append(self, sample: Sample) -> None:
        """Add the newest sample; the oldest falls out when the buffer is full."""
        self._samples.append(sample)

    def trend(self) -> tuple[float | None, ...]:
        """CPU per cent of the last samples, oldest first."""
        skip = max(0, len(self._samples) - TREND_SAMPLES)
        return tuple(s.cpu_percent for s in islice(self._samples, skip, None))

    def history(self) -> History:
        """All of it as equally long tuples, oldest first."""
        samples = tuple(self._samples)
        return History(
            t_ns=tuple(s.t_ns for s in samples),
            cpu_percent=tuple(s.cpu_percent for s in samples),
            memory_bytes=tuple(s.memory_bytes for s in samples),
            guest_memory_bytes=tuple(s.guest_memory_bytes for s in samples),
        )
