"""`twindeck stats`: one line per instance and sweep, as text or as a JSON stream."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import click

from tui.cli.completion import complete_instance
from tui.cli.session import (
    READY_SECONDS,
    Settings,
    find_all,
    running_fleet,
    say,
    tell_ailing,
)
from tui.cli.tables import print_json_line, put, sample_json, table
from tui.errors import ActionFailed
from tui.model import Instance, SideName
from tui.snapshot import Sample, Snapshot
from tui.units import DASH, iec, percent

if TYPE_CHECKING:
    from tui.fleet.fleet import Fleet

_SILENCE_SECONDS = 30.0
"""A sweep that takes longer than this, interval apart, is no longer waited for."""


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_instance)
@click.option("--json", "as_json", is_flag=True, help="A JSON object per line and sample.")
@click.option("--count", type=click.IntRange(1), help="Samples of each instance, then end.")
@click.option(
    "--interval",
    "interval_seconds",
    type=click.FloatRange(0.1, 3600),
    metavar="SECONDS",
    help="Time between two samples.  [default: 1]",
)
@click.pass_obj
def stats(
    settings: Settings,
    names: Sequence[str],
    as_json: bool,
    count: int | None,
    interval_seconds: float | None,
) -> None:
    """Measure running instances until interrupted, or --count times."""
    if interval_seconds is not None:
        settings = replace(settings, interval_seconds=interval_seconds)
    with running_fleet(settings) as fleet:
        snapshot = fleet.wait_ready(READY_SECONDS)
        if not names:
            tell_ailing(snapshot, tuple(SideName))
        instances = find_all(snapshot, names)
        wanted = [instance.key for instance in instances]
        _need_live(snapshot, wanted)
        _tell_idle(instances)
        left = count
        try:
            for sweep in _sweeps(fleet, settings.interval_seconds):
                samples = [s for s in sweep.samples.values() if not wanted or s.key in wanted]
                _print(samples, sweep, as_json=as_json, is_live=count is None)
                left = None if left is None else left - 1
                if left == 0:
                    return
                _need_live(sweep, wanted)
        except KeyboardInterrupt:
            # The way to end it, so no failure; before the end of a count it is one.
            if count is not None:
                raise


COMMANDS: Mapping[str, click.Command] = {"stats": stats}


def _need_live(snapshot: Snapshot, wanted: Sequence[str]) -> None:
    """Raises ActionFailed when instances are wanted and none of them can be measured any more."""
    found = {key: snapshot.find(key) for key in wanted}
    if wanted and not any(instance and instance.is_live for instance in found.values()):
        what = ", ".join(_described(key, instance) for key, instance in found.items())
        raise ActionFailed(f"nothing to measure: {what}")


def _tell_idle(instances: Sequence[Instance]) -> None:
    for instance in instances:
        if not instance.is_live:
            say(f"twindeck: nothing to measure: {_described(instance.key, instance)}")


def _described(key: str, instance: Instance | None) -> str:
    return f"{key} is {instance.state if instance else 'gone'}"


def _sweeps(fleet: Fleet, interval_seconds: float) -> Iterator[Snapshot]:
    """A snapshot per sweep of the sampler, from the second on: CPU is a difference of two.

    The fleet's second sweep comes early, for a screen's sake; a figure printed for keeps is over
    the whole interval.
    """
    silence_seconds = _SILENCE_SECONDS + interval_seconds
    news: SimpleQueue[Snapshot] = SimpleQueue()
    unsubscribe = fleet.subscribe(news.put)
    try:
        last = fleet.snapshot
        while True:
            snapshot = news.get(timeout=silence_seconds)
            if snapshot.host is None:
                continue
            before_t_ns = last.host.t_ns if last.host else snapshot.host.t_ns
            last = snapshot
            if snapshot.host.t_ns - before_t_ns > interval_seconds / 2 * 1e9:
                yield snapshot
    except Empty as error:
        raise ActionFailed(
            f"no measurement for {silence_seconds:.0f} s", "twindeck doctor"
        ) from error
    finally:
        unsubscribe()


def _print(samples: Sequence[Sample], sweep: Snapshot, *, as_json: bool, is_live: bool) -> None:
    places = {instance.key: place for place, instance in enumerate(sweep.instances)}
    ordered = sorted(samples, key=lambda sample: places.get(sample.key, len(places)))
    if as_json:
        for sample in ordered:
            print_json_line(sample_json(sample))
        return
    if is_live and sys.stdout.isatty():
        click.clear()
    heading = ("INSTANCE", "CPU %", "MEMORY", "LIMIT", "KIND", "GUEST", "NET I/O", "BLOCK I/O")
    put(table((*heading, "PIDS", "ACCEL"), [_row(sample) for sample in ordered]))


def _row(sample: Sample) -> tuple[str, ...]:
    return (
        sample.key,
        percent(sample.cpu_percent),
        iec(sample.memory_bytes),
        iec(sample.memory_limit_bytes),
        sample.memory_kind,
        iec(sample.guest_memory_bytes),
        f"{iec(sample.net_rx_bytes)} / {iec(sample.net_tx_bytes)}",
        f"{iec(sample.block_read_bytes)} / {iec(sample.block_write_bytes)}",
        DASH if sample.pids is None else str(sample.pids),
        sample.accelerator or DASH,
    )
