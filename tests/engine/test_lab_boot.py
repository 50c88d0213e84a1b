"""Boot time held against a stopwatch of another make: bash, date and curl."""

from __future__ import annotations

import subprocess
from statistics import median

import pytest

from tui.lab.instruments import boot
from tui.lab.rig import LabRig
from tui.results import Arm

pytestmark = pytest.mark.engine

_BOOTS = 5
_STOPWATCH = """
began=$(date +%s%N)
{start}
until curl --silent --fail --max-time 5 http://127.0.0.1:{port}/ | grep --quiet twindeck; do
  sleep 0.01
done
echo $(( $(date +%s%N) - began ))
"""


def stopwatch(port: int, start: str = ":") -> subprocess.Popen[str]:
    """Prints nanoseconds from now to the page on that port."""
    script = _STOPWATCH.format(port=port, start=start)
    return subprocess.Popen(
        ("timeout", "300", "bash", "-c", script), stdout=subprocess.PIPE, text=True
    )


def told(watch: subprocess.Popen[str]) -> float:
    """Its seconds, once it has stopped."""
    printed, _ = watch.communicate(timeout=300)
    return int(printed) / 1e9


def agree(ours: float, theirs: float) -> bool:
    """Within 10 % or 50 ms."""
    return abs(ours - theirs) <= max(0.1 * theirs, 0.05)


def test_a_containers_boot_is_what_a_stopwatch_says(lab_rig: LabRig) -> None:
    """Boots by turns: a knock before the container runs would itself delay the answer."""
    lab_rig.stop(Arm.CONTAINER)
    warm = next(
        i for i in boot.instruments(lab_rig.workload, is_quick=True) if i.name == "boot-warm"
    )
    ours, theirs = [], []
    for _ in range(_BOOTS):
        (reading,) = warm.measure(lab_rig, Arm.CONTAINER)
        assert reading.value is not None
        ours.append(reading.value)
        start = f"docker start {lab_rig.workload.name} >/dev/null"
        theirs.append(told(stopwatch(lab_rig.workload.container_port, start)))
        lab_rig.stop(Arm.CONTAINER)
    lab_rig.boot(Arm.CONTAINER)
    assert agree(median(ours), median(theirs)), (ours, theirs)


def test_a_vms_boot_is_what_a_stopwatch_says(lab_rig: LabRig) -> None:
    """One boot, two clocks: nothing listens on the port until the tunnel is there."""
    lab_rig.stop(Arm.VM)
    watch = stopwatch(lab_rig.workload.vm_port)
    ours = lab_rig.boot(Arm.VM).total_seconds
    theirs = told(watch)
    assert agree(ours, theirs), (ours, theirs)
