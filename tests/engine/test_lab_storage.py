"""fio on a real pair: four places, and what is told of them."""

from __future__ import annotations

import pytest

from tui.lab.instruments import storage
from tui.lab.rig import LabRig
from tui.results import Arm

pytestmark = pytest.mark.engine


def test_four_places_four_jobs(lab_rig: LabRig) -> None:
    (instrument,) = storage.instruments(lab_rig.workload, is_quick=True)
    assert instrument.prepare is not None
    notes = {}
    for arm in instrument.arms:
        instrument.prepare(lab_rig, arm)
        size = lab_rig.run(arm, ("stat", "-c", "%s %b %B", f"{lab_rig.scratch(arm)}/fio.dat"))
        length, blocks, block = map(int, size.stdout.split())
        assert length == storage.QUICK.size_mib * 1024**2
        assert blocks * block >= length, "the file is written full, with no holes"
        readings = instrument.measure(lab_rig, arm)
        assert [r.metric for r in readings] == [m.id for m in instrument.metrics]
        for reading in readings:
            assert reading.value is not None
            assert reading.value > 0
            # fio's own clock; some versions count the ramp, a slow flush comes on top.
            assert 0.9 * storage.QUICK.run_ms / 1000 < reading.parts["seconds"] < 10
        notes[arm] = readings[0].note
    assert "cache=" in notes[Arm.VM]
    assert notes[Arm.CONTAINER].startswith("overlay")
    # A volume is past the layer, on the file system of the engine's data.
    assert "overlay" not in notes[Arm.VOLUME]
    assert "Docker's data is on" in notes[Arm.HOST]


def test_the_guests_disk_grows_on_the_host(lab_rig: LabRig) -> None:
    """The file is random, not zeros: qcow2 has allocated all of it."""
    (instrument,) = storage.instruments(lab_rig.workload, is_quick=True)
    assert instrument.prepare is not None
    instrument.prepare(lab_rig, Arm.VM)
    path = f"{lab_rig.scratch(Arm.VM)}/fio.dat"
    odd = lab_rig.run(Arm.VM, ("sh", "-c", f"head -c 1048576 {path} | tr -d '\\000' | wc -c"))
    assert int(odd.stdout) > 1_000_000
    (disk,) = lab_rig.libvirt().definition(lab_rig.instance(Arm.VM).id or "").disks
    told = lab_rig.run(Arm.HOST, ("stat", "-c", "%b %B", disk)).stdout.split()
    assert int(told[0]) * int(told[1]) > storage.QUICK.size_mib * 1024**2
