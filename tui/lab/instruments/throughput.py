"""TCP throughput by iperf3: a server inside for one client, the client on the host."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Sequence
from typing import Any

from tui.errors import ActionFailed
from tui.lab.instrument import Instrument, Need, Reading, Repeats, Rig
from tui.lab.instruments.paths import Way, bridge
from tui.results import Arm, Better, Metric, Row

_PORTS = (25201, 25202)
"""There and back. Not iperf3's own: a workload may be an iperf3 server itself."""
_OMIT_SECONDS = 1
_START_SECONDS = 10.0
_LATE_SECONDS = 15
_RETRY_SECONDS = 0.1
_NOT_YET = ("Connection refused", "server is busy")


def throughput(*, is_quick: bool) -> Instrument:
    """Both ways; for every workload."""
    seconds = 2 if is_quick else 10
    to_it = _metric("tcp.throughput", "TCP throughput over the bridge", "from the host", seconds)
    back = _metric(
        "tcp.throughput_reverse", "TCP throughput over the bridge, back", "to the host", seconds
    )

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        way = bridge(rig, arm)
        return (
            _reading(rig, arm, way, to_it.id, seconds, _PORTS[0]),
            _reading(rig, arm, way, back.id, seconds, _PORTS[1], "-R"),
        )

    return Instrument(
        name="tcp-throughput",
        metrics=(to_it, back),
        arms=(Arm.CONTAINER, Arm.VM),
        need=Need.RUNNING,
        seconds=2 * (seconds + _OMIT_SECONDS) + 1.5,
        measure=measure,
        repeats=Repeats(quick=1, full=6, cap=18, warmups=0),
    )


def parse_iperf(text: str) -> float:
    """Bytes a second that arrived, out of iperf3's JSON. Raises ActionFailed with its reason."""
    answer = _decoded(text)
    if reason := answer.get("error"):
        raise ActionFailed(f"iperf3: {reason}")
    try:
        value = float(answer["end"]["sum_received"]["bits_per_second"]) / 8
    except (ValueError, KeyError, TypeError) as error:
        raise ActionFailed("iperf3 gave no result") from error
    if value <= 0:
        raise ActionFailed("iperf3: nothing arrived")
    return value


def _metric(name: str, title: str, direction: str, seconds: int) -> Metric:
    return Metric(
        id=name,
        row=Row.NETWORKING,
        title=title,
        unit="B/s",
        method=f"iperf3, one TCP stream {direction}, at the instance's own address, {seconds} s "
        f"after {_OMIT_SECONDS} s of slow start, what arrived; the same binary on both ends",
        better=Better.MORE,
    )


def _reading(
    rig: Rig, arm: Arm, way: Way, metric: str, seconds: int, port: int, *more: str
) -> Reading:
    try:
        text = _run(rig, arm, way.host, seconds, port, *more)
        return Reading(metric, parse_iperf(text), parts=_cpu(text), note=way.path)
    except ActionFailed as error:
        return Reading(metric, error=str(error))


def _run(rig: Rig, arm: Arm, address: str, seconds: int, port: int, *more: str) -> str:
    """One test. The server ends after it, or by itself when nobody comes."""
    whole = seconds + _OMIT_SECONDS + _LATE_SECONDS
    server = (*rig.tool(arm, "iperf3"), "-s", "-1", "-p", str(port))
    # Not -D: the daemon would leave `timeout` behind, and stay for ever without a client.
    command = f"timeout {whole} {shlex.join(server)} </dev/null >/dev/null 2>&1 &"
    rig.run(arm, ("sh", "-c", command))
    client = (
        *("iperf3", "-c", address, "-p", str(port), "-J"),
        *("-t", str(seconds), "-O", str(_OMIT_SECONDS), *more),
    )
    deadline = time.monotonic() + _START_SECONDS
    while True:
        output = rig.run(Arm.HOST, client, timeout_seconds=whole, check=False)
        reason = str(_decoded(output.stdout).get("error", ""))
        # A look at the port would be the one client the server waits for: the client itself asks.
        if not any(word in reason for word in _NOT_YET) or time.monotonic() > deadline:
            return output.stdout
        rig.sleep(_RETRY_SECONDS)


def _decoded(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ActionFailed("iperf3 gave no result") from error
    if not isinstance(answer, dict):
        raise ActionFailed("iperf3 gave no result")
    return answer


def _cpu(text: str) -> dict[str, float]:
    """Per cent of a core that the two ends used, as each says."""
    found = {}
    end = _decoded(text).get("end")
    used = end.get("cpu_utilization_percent") if isinstance(end, dict) else None
    if isinstance(used, dict):
        for name, key in (("host", "host_total"), ("inside", "remote_total")):
            if isinstance(used.get(key), int | float):
                found[f"cpu_percent_{name}"] = float(used[key])
    return found
