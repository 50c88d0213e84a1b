"""Networking: requests through the published port and inside, latency at a fixed rate, the bridge.

Paths are never mixed: each is a metric of its own, and its reading says which way it went.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.lab.instrument import ONCE, Instrument, Need, Reading, Repeats, Rig
from tui.lab.instruments import http, paths
from tui.lab.instruments.http import parse_wrk, percentile, scheduled_delays
from tui.lab.instruments.throughput import parse_iperf, throughput
from tui.lab.statistics import carries_percentile
from tui.model import Workload
from tui.results import Arm, Better, Metric, Row

__all__ = ["instruments", "parse_iperf", "parse_wrk", "percentile", "scheduled_delays"]

NO_HTTP = "the workload speaks no HTTP"
QUICK_SECONDS, FULL_SECONDS = 2, 10
RATE = 50
"""Requests a second: far below what either side does, also where VMs are emulated in software."""
_QUICK_COUNT, _FULL_COUNT = 300, 1500
_BESIDE = Repeats(quick=2, warmups=0)
"""For what stands beside the headline."""
_SIDES = (Arm.CONTAINER, Arm.VM)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """Throughput of the bridge for all; a workload without HTTP gets the reason for the rest."""
    speaking = (*_closed_loops(is_quick), _latency(is_quick))
    if workload.probe.kind != "http":
        speaking = (silent("http", [m for one in speaking for m in one.metrics]),)
    return (*speaking, throughput(is_quick=is_quick))


def silent(name: str, metrics: Sequence[Metric]) -> Instrument:
    """For a workload that speaks no HTTP: says so of each metric, and touches neither side."""

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        return [Reading(metric.id, error=NO_HTTP) for metric in metrics]

    return Instrument(
        name=name,
        metrics=tuple(metrics),
        arms=_SIDES,
        need=Need.FREE,
        seconds=0.0,
        measure=measure,
        repeats=ONCE,
    )


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


def _closed_loops(is_quick: bool) -> tuple[Instrument, ...]:
    seconds = QUICK_SECONDS if is_quick else FULL_SECONDS
    published = _metric(
        "http.published",
        "requests through the published port",
        "req/s",
        f"wrk on the host, 1 thread, {http.CONNECTIONS} connections kept open, closed loop, "
        f"{seconds} s, to the port on 127.0.0.1; a reply that is no success fails the reading",
        is_headline=True,
    )
    over = _metric(
        "http.bridge",
        "requests over the bridge",
        "req/s",
        f"as above, to the instance's own address, past proxy and tunnel, {seconds} s",
    )
    inside = _metric(
        "http.inside",
        "requests inside",
        "req/s",
        f"the same wrk inside, to 127.0.0.1 there, {seconds} s: generator and server share the "
        "instance's CPU",
    )
    from_host = http.BASELINE_SECONDS + seconds + 0.5
    return (
        _instrument(
            published,
            from_host,
            _from_host(published.id, paths.published, seconds),
            # In a quick run the A/A run before it has to do for a warm-up.
            Repeats(warmups=0 if is_quick else 1),
        ),
        _instrument(over, from_host, _from_host(over.id, paths.bridge, seconds), _BESIDE),
        _instrument(inside, seconds + 1.0, _from_inside(inside.id, seconds), _BESIDE),
    )


_Measure = Callable[[Rig, Arm], Sequence[Reading]]


def _instrument(metric: Metric, seconds: float, measure: _Measure, repeats: Repeats) -> Instrument:
    return Instrument(
        name=metric.id.replace(".", "-"),
        metrics=(metric,),
        arms=_SIDES,
        need=Need.RUNNING,
        seconds=seconds,
        measure=measure,
        repeats=repeats,
        in_aa=metric.is_headline,
    )


def _from_host(metric: str, find: Callable[[Rig, Arm], paths.Way], seconds: int) -> _Measure:
    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        way = find(rig, arm)
        rig.tool(Arm.HOST, "wrk")
        found = http.work(rig, way, seconds, http.idle_cores(rig))
        note = f"{way.path}; generator-bound" if found.is_generator_bound else way.path
        return (Reading(metric, found.requests.per_second, parts=found.parts, note=note),)

    return measure


def _from_inside(metric: str, seconds: int) -> _Measure:
    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        way = paths.inside(rig, arm)
        found = http.requests(rig, way, seconds)
        parts = {"requests": float(found.count), "seconds": found.seconds}
        return (Reading(metric, found.per_second, parts=parts, note=way.path),)

    return measure


def _latency(is_quick: bool) -> Instrument:
    count = _QUICK_COUNT if is_quick else _FULL_COUNT
    method = (
        f"h2load --h1, one connection, {RATE} requests a second whatever the replies do, {count} "
        "requests through the published port; from the scheduled moment of each request to the "
        "end of its reply, so that a stall counts for all it delays"
    )
    median = _metric("http.latency_p50", "latency, median, at a fixed rate", "s", method)
    tail = _metric("http.latency_p99", "latency, 99th percentile, at a fixed rate", "s", method)

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        way = paths.published(rig, arm)
        found = http.latency(rig, way, RATE, count)
        ordered = sorted(found.seconds)
        parts = {"requests": float(count), "rate": float(RATE), "most": ordered[-1]}
        parts["generator_late"] = found.generator_seconds
        note = (
            f"{way.path}; {count} requests; "
            f"{1000 * found.generator_seconds:.2g} ms of it h2load's own timer"
        )
        p50 = Reading(median.id, http.percentile(ordered, 50), parts=parts, note=note)
        if not carries_percentile(count, 99):
            return p50, Reading(tail.id, error=f"{count} requests carry no 99th percentile")
        return p50, Reading(tail.id, http.percentile(ordered, 99), parts=parts, note=note)

    return Instrument(
        name="http-latency",
        metrics=(median, tail),
        arms=_SIDES,
        need=Need.RUNNING,
        seconds=count / RATE + 1.0,
        measure=measure,
        repeats=Repeats(quick=1, full=6, cap=12, warmups=0),
    )
