"""The promise of every meter: a figure that cannot be had is None with a reason, never 0."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_cgroup_meter import V1, V2, container
from tests.unit.test_meters import ANSWER, JSON, stats
from tui.errors import EngineUnavailable
from tui.fleet.sweep import sweep
from tui.meters.base import Watched
from tui.meters.containers import ContainerMeter
from tui.meters.engine_api import UNCOUNTED, EngineApiMeter
from tui.meters.gaps import FIGURES
from tui.meters.guest import Guest, parse
from tui.meters.machines import MachineMeter
from tui.model import Instance, Sampler, SideName, State
from tui.snapshot import Sample

RESTING = Instance(SideName.CONTAINER, "loop", State.RESTARTING, id="c" * 64)
NOTHING_READ = {
    "read": "0001-01-01T00:00:00Z",
    "cpu_stats": {"cpu_usage": {"total_usage": 0}, "throttling_data": {}},
    "memory_stats": {},
    "blkio_stats": {"io_service_bytes_recursive": None},
    "pids_stats": {},
    "name": "/loop",
}
"""What the engine answers about a container without a process (Docker 20.10)."""


def unexplained(sample: Sample) -> list[str]:
    """Fields that are None without a word on why."""
    missing = [f.name for f in fields(sample) if getattr(sample, f.name) is None]
    return [name for name in missing if not sample.reasons.get(name)]


def needless(sample: Sample) -> list[str]:
    """Reasons of figures that are there."""
    return [name for name in sample.reasons if getattr(sample, name) is not None]


def check(sample: Sample) -> None:
    assert unexplained(sample) == []
    assert needless(sample) == []


class Client:
    """An engine that gives one answer for all."""

    api_version = "1.41"

    def __init__(self, answer: Mapping[str, Any], driver: str = "cgroupfs") -> None:
        self.answer = answer
        self.driver = driver

    def info(self) -> Mapping[str, Any]:
        return {"CgroupDriver": self.driver}

    def stats(self, container_id: str, **_: Any) -> Mapping[str, Any]:
        return self.answer

    def close(self) -> None: ...


def measured(instance: Instance, answer: Mapping[str, Any]) -> list[Sample]:
    meter = EngineApiMeter(lambda: Client(answer))  # type: ignore[arg-type,return-value]
    try:
        return meter.sample([instance])
    finally:
        meter.close()


def test_the_list_of_figures_is_that_of_the_sample() -> None:
    optional = {f.name for f in fields(Sample) if f.default is None and f.default is not MISSING}
    assert optional - {"accelerator"} == set(FIGURES)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(stats())), JSON))
def test_whatever_an_engine_leaves_out_has_a_reason(answer: dict[str, Any]) -> None:
    (sample,) = measured(container(), answer)
    check(sample)


@settings(deadline=None)
@given(st.sets(st.sampled_from(sorted(stats()))))
def test_whatever_part_of_an_answer_is_missing_has_a_reason(missing: set[str]) -> None:
    (sample,) = measured(container(), {k: v for k, v in stats().items() if k not in missing})
    check(sample)


def test_an_answer_about_a_container_without_a_process_gives_no_zero() -> None:
    (sample,) = measured(container(), NOTHING_READ)
    check(sample)
    assert {name: getattr(sample, name) for name in FIGURES} == dict.fromkeys(FIGURES)
    assert sample.reasons["block_read_bytes"] == "not running right now"
    assert sample.reasons["net_rx_bytes"] == "not running right now"


def test_an_engine_without_cgroups_gives_the_hosts_figures_and_they_are_not_taken() -> None:
    """Rootless Docker on a host of cgroup v1 tells of each container what the whole host uses."""
    meter = EngineApiMeter(lambda: Client(stats(), "none"))  # type: ignore[arg-type,return-value]
    (sample,) = meter.sample([container()])
    meter.close()
    check(sample)
    assert {name: getattr(sample, name) for name in FIGURES} == dict.fromkeys(FIGURES)
    assert sample.reasons["cpu_percent"] == UNCOUNTED


def test_between_two_runs_of_a_restart_loop_nobody_is_asked() -> None:
    class Refusing:
        def sample(self, live: Sequence[Instance], watched: Watched = None) -> list[Sample]:
            assert not live, "there is nothing to ask for"
            return []

    meter = ContainerMeter(engine=Refusing(), sampler=Sampler.ENGINE)  # type: ignore[arg-type]
    (sample,) = meter.sample([RESTING])
    check(sample)
    assert sample.reasons["memory_limit_bytes"] == "not running right now (restarting)"
    assert sample.reasons["block_read_bytes"] == "not running right now (restarting)"


def test_an_engine_that_cannot_be_reached_is_a_reason_without_a_librarys_words() -> None:
    def connect() -> Any:
        raise EngineUnavailable("Docker is not running at /var/run/docker.sock")

    meter = EngineApiMeter(connect)
    (sample,) = meter.sample([container()])
    meter.close()
    check(sample)
    assert sample.reasons["cpu_percent"] == "Docker is not running at /var/run/docker.sock"


@settings(deadline=None, max_examples=50)
@given(st.sampled_from([V1, V2]), st.data())
def test_whatever_file_of_a_cgroup_is_missing_or_empty_has_a_reason(
    tmp_path_factory: pytest.TempPathFactory, host: type[V1] | type[V2], data: st.DataObject
) -> None:
    here = host(tmp_path_factory.mktemp("host"))
    files = sorted(p for p in (here.top / "sys").rglob("*") if p.is_file())
    files.append(here.top / f"proc/{container().pid}/net/dev")
    for file in data.draw(st.lists(st.sampled_from(files), unique=True)):
        if data.draw(st.booleans()):
            file.unlink()
        else:
            file.write_text("")
    meter = ContainerMeter(here.meter, sampler=Sampler.CGROUP)
    for _ in range(2):
        here.now_ns += 10**9
        for sample in meter.sample([container()]):
            check(sample)
    meter.close()


def test_a_container_with_the_loopback_only_has_no_traffic_rather_than_none_sent(
    tmp_path: Path,
) -> None:
    host = V2(tmp_path)
    host.write(f"proc/{container().pid}/net/dev", "Inter-|\n lo: 5 0 0 0 0 0 0 0 5 0\n")
    sample = host.sample()
    assert (sample.net_rx_bytes, sample.reasons["net_rx_bytes"]) == (None, "it has no network")


class Answering:
    """Guests of which libvirt says just this."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest

    def read(self, uuids: Sequence[str], *_: object) -> Mapping[str, Guest]:
        return dict.fromkeys(uuids, self.guest)

    def close(self) -> None: ...


@settings(deadline=None)
@given(st.sets(st.sampled_from(ANSWER.splitlines()[2:])), st.sampled_from([None, "kvm"]))
def test_whatever_libvirt_leaves_out_has_a_reason(lines: set[str], accelerator: str | None) -> None:
    kept = "\n".join([*ANSWER.splitlines()[:2], *sorted(lines)])
    answering = Answering(parse(kept, now=1001.0))
    meter = MachineMeter(lambda uri: answering)  # type: ignore[arg-type,return-value]
    for pid in (None, os.getpid()):
        machine = Instance(
            SideName.VM,
            "m",
            State.RUNNING,
            id="u",
            pid=pid,
            provider="libvirt",
            accelerator=accelerator,
        )
        (sample,) = meter.sample([machine])
        check(sample)


@pytest.mark.parametrize("side", list(SideName))
def test_a_meter_that_breaks_leaves_no_field_unexplained(side: SideName) -> None:
    class Broken:
        def __init__(self) -> None:
            self.side = side

        def sample(self, live: Sequence[Instance], watched: Watched = None) -> list[Sample]:
            raise ValueError("secret words of a library")

    live = Instance(side, "x", State.RUNNING)
    (sample,) = sweep([Broken()], [live])  # type: ignore[list-item]
    check(sample)
    assert "secret" not in str(sample.reasons)
