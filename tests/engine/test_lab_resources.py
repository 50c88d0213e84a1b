"""Memory and CPU of a real pair, held against docker stats, virsh dommemstat and /proc."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from tui.lab.instrument import Reading
from tui.lab.instruments import attendants, resources
from tui.lab.rig import LabRig
from tui.results import Arm

pytestmark = pytest.mark.engine

_MIB = 2**20
_UNITS = {"B": 1, "KiB": 2**10, "MiB": _MIB, "GiB": 2**30}


def take(rig: LabRig, name: str, arm: Arm) -> Mapping[str, Reading]:
    found = {i.name: i for i in resources.instruments(rig.workload, is_quick=True)}
    return {r.metric: r for r in found[name].measure(rig, arm)}


def output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def pss(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.partition("\nPss:")[2].split()[0]) * 1024


def test_the_containers_use_is_docker_stats(lab_rig: LabRig) -> None:
    reading = take(lab_rig, "idle", Arm.CONTAINER)["memory.idle.use"]
    told = output(
        "docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", lab_rig.workload.name
    )
    size, unit = re.match(r"([\d.]+)(\w+)", told).groups()  # type: ignore[union-attr]
    assert reading.value == pytest.approx(float(size) * _UNITS[unit], rel=0.1, abs=_MIB / 2)


def test_the_guests_use_is_dommemstats(lab_rig: LabRig) -> None:
    reading = take(lab_rig, "idle", Arm.VM)["memory.idle.use"]
    uuid = str(lab_rig.instance(Arm.VM).id)
    lines = output("virsh", "-c", "qemu:///system", "dommemstat", uuid).split("\n")
    told = {words[0]: int(words[1]) for line in lines if len(words := line.split()) == 2}
    used = (told["available"] - told["usable"]) * 1024
    assert reading.value == pytest.approx(used, rel=0.1, abs=4 * _MIB)
    with_cache = (told["available"] - told["unused"]) * 1024
    assert reading.parts["with_file_cache"] == pytest.approx(with_cache, rel=0.1)
    # The guest's own kernel says the same.
    meminfo = lab_rig.run(Arm.VM, ("cat", "/proc/meminfo")).stdout
    total, free = (
        int(re.search(rf"^{name}: +(\d+) kB", meminfo, re.M)[1])  # type: ignore[index]
        for name in ("MemTotal", "MemAvailable")
    )
    assert reading.value == pytest.approx((total - free) * 1024, rel=0.15, abs=4 * _MIB)


def test_the_hosts_cost_of_a_vm_is_in_proc(lab_rig: LabRig) -> None:
    reading = take(lab_rig, "idle", Arm.VM)["memory.idle.host"]
    pid = lab_rig.instance(Arm.VM).pid
    assert pid is not None
    tunnel = reading.parts["SSH tunnel"]
    assert reading.value == sum(reading.parts.values())
    assert reading.value - tunnel == pytest.approx(pss(pid), rel=0.05)
    assert _MIB < tunnel < 50 * _MIB
    given = lab_rig.workload.memory_mib * _MIB
    if lab_rig.instance(Arm.VM).accelerator == "tcg":
        assert 0 < reading.parts["guest's memory"] <= given
        assert reading.parts["translation cache"] > 10 * _MIB


def test_the_hosts_cost_of_a_container_is_in_proc(lab_rig: LabRig) -> None:
    reading = take(lab_rig, "idle", Arm.CONTAINER)["memory.idle.host"]
    assert reading.parts.keys() == {"cgroup", "containerd-shim", "docker-proxy"}
    assert reading.value == sum(reading.parts.values())
    port = str(lab_rig.workload.container_port)
    (proxy,) = (
        p
        for p in psutil.process_iter(["name", "cmdline"])
        if p.info["name"] == "docker-proxy" and port in p.info["cmdline"]
    )
    assert reading.parts["docker-proxy"] == pytest.approx(pss(proxy.pid), rel=0.3)
    used = take(lab_rig, "idle", Arm.CONTAINER)["memory.idle.use"].value
    assert used is not None
    # Usage with all of its file cache is no less than without the inactive part.
    assert reading.parts["cgroup"] >= 0.9 * used


def test_the_cpu_clock_is_that_of_proc(lab_rig: LabRig) -> None:
    pid = lab_rig.instance(Arm.VM).pid
    assert pid is not None
    times = psutil.Process(pid).cpu_times()
    assert attendants.process_seconds(pid) == pytest.approx(times.user + times.system, abs=0.2)
    idle = take(lab_rig, "idle", Arm.VM)["cpu.idle"]
    assert idle.value is not None
    assert 0 < idle.value < 100 * (lab_rig.workload.cpus + 1)


@pytest.mark.parametrize("arm", [Arm.CONTAINER, Arm.VM])
def test_at_work(arm: Arm, lab_rig: LabRig) -> None:
    readings = take(lab_rig, "at-work", arm)
    for name in ("memory.load.use", "memory.load.host"):
        assert readings[name].error == ""
        assert (readings[name].value or 0) > _MIB
    work = readings["cpu.per_work"]
    assert work.error == ""
    assert 0 < (work.value or 0) < 30
    assert work.parts["requests"] > 50
