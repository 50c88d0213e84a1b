"""Networking: requests through the published port and inside, latency at a fixed rate, the bridge.

Paths are never mixed: each is a metric of its own, and its reading says which way it went.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence

from tui.errors import ActionFailed
from tui.lab.instrument import Instrument, Need, Reading, Repeats, Rig, side_of
from tui.lab.statistics import carries_percentile
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

_SIDES = (Arm.CONTAINER, Arm.VM)
_CONNECTIONS = 8
_RATE = 50
"""Requests a second: both sides sustain it even where VMs are emulated in software."""
_LATE_SECONDS = 60.0
_IPERF_PORT = 5201
_OMIT_SECONDS = 1
_RPS = re.compile(r"^Requests/sec:\s+(\d+(?:\.\d+)?)$", re.MULTILINE)
_NON_2XX = re.compile(r"^\s*Non-2xx or 3xx responses: (\d+)$", re.MULTILINE)
_SOCKET = re.compile(r"^\s*Socket errors: (.+)$", re.MULTILINE)
_Way = Callable[[Rig, Arm], tuple[Arm, str, int, str]]


def _metric(name: str, title: str, unit: str, method: str, *, is_headline: bool = False) -> Metric:
    return Metric(
        id=name,
        row=Row.NETWORKING,
        title=title,
        unit=unit,
        method=method,
        better=Better.LESS if unit == "s" else Better.MORE,
        is_headline=is_headline,
    )


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """The HTTP ones only for a workload that speaks HTTP."""
    seconds = 3 if is_quick else 10
    throughput = _throughput(seconds)
    if workload.probe.kind != "http":
        return (throughput,)
    return (
        _requests(
            "http.published",
            "requests through the published port",
            f"wrk on the host, {_CONNECTIONS} connections kept open, closed loop, {seconds} s, "
            "to the port on 127.0.0.1",
            seconds,
            _published,
            is_headline=True,
        ),
        _requests(
            "http.bridge",
            "requests over the bridge",
            f"as above, to the instance's own address, past proxy and tunnel, {seconds} s",
            seconds,
            _bridge,
        ),
        _requests(
            "http.inside",
            "requests inside",
            f"the same wrk inside, to 127.0.0.1 there, {seconds} s: generator and server share "
            "the instance's CPU",
            seconds,
            _inside,
        ),
        _latency(is_quick),
        throughput,
    )


def _requests(
    name: str, title: str, method: str, seconds: int, way: _Way, *, is_headline: bool = False
) -> Instrument:
    metric = _metric(name, title, "req/s", method, is_headline=is_headline)

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        where, host, port, path = way(rig, arm)
        url = f"http://{host}:{port}{rig.workload.probe.path}"
        argv = (*rig.tool(where, "wrk"), "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", url)
        output = rig.run(where, argv, timeout_seconds=seconds + _LATE_SECONDS)
        return (Reading(name, parse_wrk(output.stdout), note=path),)

    return Instrument(
        name=name.replace(".", "-"),
        metrics=(metric,),
        arms=_SIDES,
        need=Need.RUNNING,
        seconds=seconds + 1.0,
        measure=measure,
        repeats=Repeats(quick=3 if is_headline else 2, warmups=1 if is_headline else 0),
        in_aa=is_headline,
    )


def _published(rig: Rig, arm: Arm) -> tuple[Arm, str, int, str]:
    path = (
        "path: vagrant's SSH tunnel to the guest"
        if arm is Arm.VM
        else "path: Docker's published port (docker-proxy on the loopback)"
    )
    return Arm.HOST, "127.0.0.1", rig.workload.port_on(side_of(arm)), path


def _bridge(rig: Rig, arm: Arm) -> tuple[Arm, str, int, str]:
    address = rig.guest_ip() if arm is Arm.VM else rig.container_ip()
    kind = "virtio through the libvirt bridge" if arm is Arm.VM else "veth through docker0"
    return Arm.HOST, address, rig.workload.guest_port, f"path: {kind}"


def _inside(rig: Rig, arm: Arm) -> tuple[Arm, str, int, str]:
    return arm, "127.0.0.1", rig.workload.guest_port, "path: loopback inside"


def parse_wrk(text: str) -> float:
    """Requests a second. Raises ActionFailed when any was refused, or it is not wrk's report."""
    if wrong := _NON_2XX.search(text):
        raise ActionFailed(f"wrk: {wrong[1]} replies were no success")
    if broken := _SOCKET.search(text):
        raise ActionFailed(f"wrk: socket errors: {broken[1]}")
    found = _RPS.search(text)
    if found is None or float(found[1]) == 0:
        raise ActionFailed("wrk: no request was answered")
    return float(found[1])


def _latency(is_quick: bool) -> Instrument:
    count = 300 if is_quick else 1500
    method = (
        f"h2load --h1, one connection, {_RATE} requests a second whatever the replies do, {count} "
        "requests through the published port; from the scheduled moment of each request to the "
        "end of its reply, so that a stall counts for all it delays"
    )
    median = _metric("http.latency_p50", "latency, median, at a fixed rate", "s", method)
    tail = _metric("http.latency_p99", "latency, 99th percentile, at a fixed rate", "s", method)

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        _, host, port, path = _published(rig, arm)
        log = rig.folder() / f"h2load-{time.monotonic_ns()}"
        url = f"http://{host}:{port}{rig.workload.probe.path}"
        argv = ("h2load", "--h1", "-c1", f"-n{count}", f"--rps={_RATE}", f"--log-file={log}", url)
        try:
            rig.run(Arm.HOST, argv, timeout_seconds=count / _RATE + _LATE_SECONDS)
            delays = scheduled_delays(log.read_text(encoding="ascii"), _RATE)
        finally:
            log.unlink(missing_ok=True)
        delays.sort()
        note = f"{path}; {len(delays)} requests"
        p50 = Reading(median.id, percentile(delays, 50), note=note)
        if not carries_percentile(len(delays), 99):
            return p50, Reading(tail.id, error=f"{len(delays)} requests carry no 99th percentile")
        return p50, Reading(tail.id, percentile(delays, 99), note=note)

    return Instrument(
        name="http-latency",
        metrics=(median, tail),
        arms=_SIDES,
        need=Need.RUNNING,
        seconds=count / _RATE + 1.0,
        measure=measure,
        repeats=Repeats(quick=1, full=6, cap=12, warmups=0),
    )


def scheduled_delays(log: str, rate: float) -> list[float]:
    """Seconds from when each request was due to the end of its reply, out of h2load's log.

    Its lines are start in microseconds, status, microseconds until the reply's end. The schedule
    begins with the first request; a request sent late was waiting meanwhile (coordinated
    omission, as wrk2 corrects it). Raises ActionFailed for a failed request or another format.
    """
    rows = [line.split("\t") for line in log.splitlines() if line]
    try:
        taken = sorted((int(row[0]), int(row[1]), int(row[2])) for row in rows)
    except (IndexError, ValueError) as error:
        raise ActionFailed(f"h2load's log has another format: {error}") from error
    if not taken:
        raise ActionFailed("h2load sent no request")
    if failed := [status for _, status, _ in taken if not 200 <= status < 300]:
        raise ActionFailed(f"h2load: {len(failed)} of {len(taken)} requests failed")
    first = taken[0][0]
    return [
        # Sent a little early by the generator's own timer is not answered early.
        (max(start - (first + n * 1e6 / rate), 0) + took) / 1e6
        for n, (start, _, took) in enumerate(taken)
    ]


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Nearest rank: the smallest value with at least that share at or below it."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(1, int(rank)) - 1]


def _throughput(seconds: int) -> Instrument:
    metric = _metric(
        "tcp.throughput",
        "TCP throughput over the bridge",
        "B/s",
        f"iperf3, one stream from the host to the instance's own address, {seconds} s after "
        f"{_OMIT_SECONDS} s of slow start",
    )

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        _, address, _, path = _bridge(rig, arm)
        limit = seconds + _OMIT_SECONDS + 10
        server = (*rig.tool(arm, "iperf3"), "-s", "-1", "-D", "-p", str(_IPERF_PORT))
        rig.run(arm, ("timeout", str(limit), *server))
        client = (
            *("iperf3", "-c", address, "-p", str(_IPERF_PORT), "-J"),
            *("-t", str(seconds), "-O", str(_OMIT_SECONDS)),
        )
        output = rig.run(Arm.HOST, client, timeout_seconds=limit, check=False)
        return (Reading(metric.id, parse_iperf(output.stdout), note=path),)

    return Instrument(
        name="tcp-throughput",
        metrics=(metric,),
        arms=_SIDES,
        need=Need.RUNNING,
        seconds=seconds + 2.0,
        measure=measure,
        repeats=Repeats(quick=2, full=6, cap=18, warmups=0),
    )


def parse_iperf(text: str) -> float:
    """Bytes a second that arrived, out of iperf3's JSON. Raises ActionFailed with its reason."""
    try:
        answer = json.loads(text)
        if reason := answer.get("error"):
            raise ActionFailed(f"iperf3: {reason}")
        return float(answer["end"]["sum_received"]["bits_per_second"]) / 8
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ActionFailed("iperf3 gave no result") from error
