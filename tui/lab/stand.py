"""Brings the pair to where a reading needs it: running, paused or shut down."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

from tui.errors import ActionFailed, TwindeckError
from tui.lab.instrument import Need
from tui.lab.rig import LabRig
from tui.model import State
from tui.results import Arm

_TRIES = 2
_CALM_PERCENT = 12.0
"""Of one core."""
_LOOK_SECONDS = 0.25
_CALM_SECONDS, _QUICK_CALM_SECONDS = 8.0, 3.0
_SIDES = (Arm.VM, Arm.CONTAINER)


class Stand:
    """Moves the pair only when it has to."""

    def __init__(self, rig: LabRig, tell: Callable[[str], None]) -> None:
        self._rig = rig
        self._tell = tell
        self._failures: dict[Arm, list[str]] = {arm: [] for arm in _SIDES}

    def be(self, need: Need, arm: Arm) -> None:
        """Stand as a reading on `arm` needs it. Raises TwindeckError, Cancelled."""
        if need is Need.FREE:
            return
        own = None if arm is Arm.HOST else Arm.CONTAINER if arm is Arm.VOLUME else arm
        moved = False
        if own is not None:
            moved = self._run(own) if need is not Need.STOPPED else self._shut(own)
        for other in _SIDES:
            if other is not own and need is not Need.TOGETHER:
                moved |= self._quiet(other, need)
        if moved:
            self._calm()

    def _run(self, arm: Arm) -> bool:
        state = self._rig.instance(arm).state
        if state is State.RUNNING:
            return False
        if state is State.PAUSED:
            self._rig.resume(arm)
        else:
            self._boot(arm)
        return True

    def _shut(self, arm: Arm) -> bool:
        state = self._rig.instance(arm).state
        if state in (State.STOPPED, State.CREATED):
            return False
        if state is State.PAUSED:
            self._rig.resume(arm)
        elif state is not State.RUNNING:
            self._boot(arm)
        self._tell(f"shutting the {arm} down")
        self._rig.stop(arm)
        return True

    def _quiet(self, arm: Arm, need: Need) -> bool:
        """Neither side takes anything while the other is measured."""
        state = self._rig.instance(arm).state
        if need is Need.STOPPED and state in (State.RUNNING, State.PAUSED):
            return self._shut(arm)
        if state is State.RUNNING:
            self._rig.pause(arm)
            return True
        return False

    def _boot(self, arm: Arm) -> None:
        failures = self._failures[arm]
        if len(failures) >= _TRIES:
            raise ActionFailed(f"the {arm} could not be brought up: {failures[-1]}")
        self._tell(f"bringing the {arm} up")
        try:
            self._rig.boot(arm)
        except TwindeckError as error:
            failures.append(str(error))
            raise

    def _calm(self) -> None:
        """Until the host has done with what that set off; it is not waited for long."""
        seconds = _QUICK_CALM_SECONDS if self._rig.is_quick else _CALM_SECONDS
        deadline = time.monotonic() + seconds
        cores = psutil.cpu_count() or 1
        psutil.cpu_percent()
        while time.monotonic() < deadline:
            self._rig.sleep(_LOOK_SECONDS)
            if psutil.cpu_percent() * cores < _CALM_PERCENT:
                return


def name_of(arm: Arm) -> str:
    """As people read it."""
    return {Arm.VM: "VM", Arm.VOLUME: "container's volume"}.get(arm, str(arm))
