"""sysbench on a real pair, held against the tool run by hand."""

from __future__ import annotations

import re
import subprocess

import pytest

from tui.lab import tools
from tui.lab.instruments import performance
from tui.lab.rig import LabRig
from tui.results import Arm

pytestmark = pytest.mark.engine


def test_every_tool_runs_in_the_guest_and_in_the_container(lab_rig: LabRig) -> None:
    """As the host has it: the same version everywhere, by its own loader and libraries."""
    versions = tools.versions()
    assert set(versions) == set(tools.TOOLS)
    for arm in (Arm.VM, Arm.CONTAINER):
        for name, version in versions.items():
            word = "-v" if name == "wrk" else "--version"
            told = lab_rig.run(arm, (*lab_rig.tool(arm, name), word), check=False)
            assert version in told.stdout + told.stderr, (arm, name, told)


def test_cpu_and_memory_on_every_arm(lab_rig: LabRig) -> None:
    for instrument in performance.instruments(lab_rig.workload, is_quick=True):
        figures = {}
        for arm in instrument.arms:
            (reading,) = instrument.measure(lab_rig, arm)
            assert reading.value is not None
            assert 1.9 < reading.parts["seconds"] < 4
            assert reading.parts["host_cpu_seconds"] > 0.5
            figures[arm] = reading.value
        # Bounds a busy host of any kind keeps: the container runs on the same kernel.
        assert 0.3 < figures[Arm.CONTAINER] / figures[Arm.HOST] < 3, figures
        assert figures[Arm.VM] < 3 * figures[Arm.HOST], figures


def test_the_hosts_figure_is_the_one_got_by_hand(lab_rig: LabRig) -> None:
    cpu, _ = performance.instruments(lab_rig.workload, is_quick=True)
    (reading,) = cpu.measure(lab_rig, Arm.HOST)
    threads = f"--threads={lab_rig.workload.cpus}"
    by_hand = subprocess.run(
        ("sysbench", "cpu", threads, "--time=2", "--cpu-max-prime=10000", "run"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"events per second: +([\d.]+)", by_hand)
    assert found
    assert reading.value == pytest.approx(float(found[1]), rel=0.35)
