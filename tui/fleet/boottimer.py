"""Times the phases of one boot on CLOCK_MONOTONIC."""

from __future__ import annotations

from tui.model import BootPhase, Phase


class BootTimer:
    """Collects when each phase began; the request opens PREPARE."""

    def __init__(self, requested_t_ns: int) -> None:
        self._began: list[tuple[Phase, int]] = [(Phase.PREPARE, requested_t_ns)]

    @property
    def requested_t_ns(self) -> int:
        """CLOCK_MONOTONIC nanoseconds of the request."""
        return self._began[0][1]

    @property
    def phase(self) -> Phase:
        """The phase it is in."""
        return self._began[-1][0]

    def begin(self, phase: Phase, t_ns: int) -> bool:
        """Open `phase` at `t_ns`; False when it is in it already."""
        if phase is self.phase:
            return False
        self._began.append((phase, t_ns))
        return True

    def phases(self, end_t_ns: int) -> tuple[BootPhase, ...]:
        """Durations up to `end_t_ns`; phases that began after it are left out.

        They sum to `end_t_ns` less the request. A phase entered twice is one, summed.
        """
        began = [(phase, t) for phase, t in self._began if t <= end_t_ns]
        ends = [t for _, t in began[1:]] + [end_t_ns]
        seconds: dict[Phase, float] = {}
        for (phase, start), end in zip(began, ends, strict=True):
            seconds[phase] = seconds.get(phase, 0.0) + (end - start) / 1e9
        return tuple(BootPhase(phase, length) for phase, length in seconds.items())
