"""Requests, latency and throughput of a real pair, held against the tools run by hand."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from threading import Timer

import psutil
import pytest

from tui.lab.instrument import Instrument, Reading, side_of
from tui.lab.instruments import network
from tui.lab.rig import LabRig
from tui.results import Arm

pytestmark = pytest.mark.engine

_SIDES = (Arm.CONTAINER, Arm.VM)


def instrument(rig: LabRig, name: str) -> Instrument:
    return {i.name: i for i in network.instruments(rig.workload, is_quick=True)}[name]


def take(rig: LabRig, name: str, arm: Arm) -> Mapping[str, Reading]:
    return {r.metric: r for r in instrument(rig, name).measure(rig, arm)}


def by_hand(port: int) -> float:
    """wrk as a user would type it."""
    printed = subprocess.run(
        ("wrk", "-t1", "-c8", "-d2s", f"http://127.0.0.1:{port}/"),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"Requests/sec: +([\d.]+)", printed)
    assert found
    return float(found[1])


@pytest.mark.parametrize("arm", _SIDES)
def test_requests_are_those_got_by_hand(arm: Arm, lab_rig: LabRig) -> None:
    """Between two runs of it by hand: a busy host slows all three down."""
    port = lab_rig.workload.port_on(side_of(arm))
    before = by_hand(port)
    reading = take(lab_rig, "http-published", arm)["http.published"]
    after = by_hand(port)
    assert reading.value is not None
    assert 0.7 * min(before, after) < reading.value < 1.4 * max(before, after)
    assert reading.parts["requests"] == pytest.approx(
        reading.value * reading.parts["seconds"], rel=0.02
    )
    assert reading.parts["generator_cpu_seconds"] > 0


def test_each_path_is_told_as_it_is(lab_rig: LabRig) -> None:
    """The listener as `ss` sees it is the one that the reading names."""
    kinds = {Arm.CONTAINER: "docker-proxy", Arm.VM: "SSH tunnel"}
    for arm, kind in kinds.items():
        port = lab_rig.workload.port_on(side_of(arm))
        seen = subprocess.run(
            ("ss", "-ltnpH", f"sport = :{port}"), capture_output=True, text=True, check=True
        ).stdout
        assert {"docker-proxy": '"docker-proxy"', "SSH tunnel": '"ssh"'}[kind] in seen
        assert kind in take(lab_rig, "http-published", arm)["http.published"].note
        over = take(lab_rig, "http-bridge", arm)["http.bridge"]
        assert over.value is not None
        assert kind not in over.note
        device = over.note.removeprefix("path: ").partition(",")[0]
        assert device in psutil.net_if_addrs()


@pytest.mark.parametrize("arm", _SIDES)
def test_requests_inside(arm: Arm, lab_rig: LabRig) -> None:
    reading = take(lab_rig, "http-inside", arm)["http.inside"]
    assert reading.value == pytest.approx(
        reading.parts["requests"] / reading.parts["seconds"], rel=0.02
    )


def test_a_frozen_side_counts_for_all_the_requests_it_delays(lab_rig: LabRig) -> None:
    """Half a second of 50 a second is 25 of 300: the 99th percentile must show it.

    A generator that waits for the one reply would see a single slow request.
    """
    name = lab_rig.workload.name
    freeze = Timer(2.0, subprocess.run, (("docker", "pause", name),), {"check": True})
    thaw = Timer(2.5, subprocess.run, (("docker", "unpause", name),), {"check": True})
    freeze.start()
    thaw.start()
    try:
        readings = take(lab_rig, "http-latency", Arm.CONTAINER)
    finally:
        freeze.join()
        thaw.join()
    p50, p99 = (readings[f"http.latency_{p}"].value for p in ("p50", "p99"))
    assert p50 is not None
    assert p99 is not None
    assert 0 < p50 < 0.1
    assert 0.3 < p99 < 1.5


@pytest.mark.parametrize("arm", _SIDES)
def test_throughput_both_ways_and_no_server_is_left(arm: Arm, lab_rig: LabRig) -> None:
    readings = take(lab_rig, "tcp-throughput", arm)
    for name in ("tcp.throughput", "tcp.throughput_reverse"):
        assert readings[name].error == ""
        # More than 1 MB/s even under emulation, less than memory can be copied.
        assert 1e6 < (readings[name].value or 0) < 1e11
    left = lab_rig.run(
        arm, ("sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"), check=False
    ).stdout
    assert "iperf3 -s" not in left
