"""How far a run is and how long it still takes."""

from __future__ import annotations

import time

from tui.lab.plan import RunPlan, Step

_TRUSTED_SHARE = 0.15
"""Before so much of the plan is done, the plan alone says what is left."""
_SLOWEST, _QUICKEST = 3.0, 0.1


class RunClock:
    """Counts the readings taken and compares the time they took with the plan's."""

    def __init__(self, plan: RunPlan, busy_seconds: float = 0.0) -> None:
        self._plan = plan
        self._before = busy_seconds
        self._began = time.monotonic()
        self._planned = 0.0
        self._earlier = 0.0
        self.steps = 0

    def skip(self, step: Step) -> None:
        """A reading that was taken before the run was resumed."""
        self._earlier += step.seconds
        self.steps += 1

    def count(self, step: Step) -> None:
        """A reading was taken now."""
        self._planned += step.seconds
        self.steps += 1

    @property
    def elapsed_seconds(self) -> float:
        """In this run, the time before it was resumed among it."""
        return self._before + time.monotonic() - self._began

    @property
    def left_seconds(self) -> float:
        """About; by the plan at first, then by how the readings so far kept to it."""
        left = max(0.0, self._plan.seconds - self._planned - self._earlier)
        if self._planned < _TRUSTED_SHARE * self._plan.seconds:
            return left
        pace = (time.monotonic() - self._began) / self._planned
        return left * min(_SLOWEST, max(_QUICKEST, pace))
