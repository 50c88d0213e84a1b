"""Which way a container is measured, and that a remote engine is asked no more than it must."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tui.meters.base import Watched
from tui.meters.containers import ContainerMeter
from tui.meters.engine_api import EngineApiMeter
from tui.model import Instance, Sampler, SideName, State
from tui.snapshot import Sample

CONTAINER = SideName.CONTAINER
HERE = Instance(CONTAINER, "here", State.RUNNING, id="a" * 64, pid=1)
FAR = Instance(CONTAINER, "far", State.RUNNING, id="b" * 64, pid=2)


def sample_of(instance: Instance) -> Sample:
    return Sample(CONTAINER, instance.name, time=0.0, t_ns=0, memory_bytes=1)


class OneCgroup:
    """Can read the files of `here` only."""

    side = CONTAINER

    def version_of(self, instance: Instance) -> int | None:
        return 2 if instance is HERE else None

    def sample(self, live: Sequence[Instance]) -> list[Sample]:
        return [sample_of(instance) for instance in live]

    def close(self) -> None: ...


class Engine:
    """Answers everything and remembers who was asked for."""

    side = CONTAINER

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], Watched]] = []

    def sample(self, live: Sequence[Instance], watched: Watched = None) -> list[Sample]:
        self.asked.append((tuple(i.name for i in live), watched))
        return [sample_of(instance) for instance in live]

    def close(self) -> None: ...


def meter_with(engine: Engine, sampler: Sampler) -> ContainerMeter:
    return ContainerMeter(OneCgroup(), engine, sampler)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sampler", "asked", "method"),
    [
        (Sampler.AUTO, ("far",), "cgroup v2 and Engine API"),
        (Sampler.ENGINE, ("here", "far"), "Engine API"),
    ],
)
def test_the_engine_is_asked_for_what_the_sampler_leaves_it(
    sampler: Sampler, asked: tuple[str, ...], method: str
) -> None:
    engine = Engine()
    meter = meter_with(engine, sampler)
    watched = frozenset({"container:far"})
    samples = meter.sample([HERE, FAR], watched)
    assert {sample.name for sample in samples} == {"here", "far"}
    assert engine.asked == [(asked, watched)]
    assert meter.method == method


def test_with_cgroup_files_only_the_others_have_gaps_that_say_so() -> None:
    engine = Engine()
    meter = meter_with(engine, Sampler.CGROUP)
    here, far = sorted(meter.sample([HERE, FAR]), key=lambda s: s.memory_bytes is None)
    assert (here.name, here.memory_bytes) == ("here", 1)
    assert "--sampler cgroup" in far.reasons["memory_bytes"]
    assert engine.asked == []
    assert meter.method == "cgroup v2"


class Client:
    """An engine whose answers all say the same."""

    api_version = "1.41"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def info(self) -> dict[str, Any]:
        return {"CgroupDriver": "cgroupfs"}

    def stats(self, container_id: str, **_: Any) -> dict[str, Any]:
        self.asked.append(container_id)
        return {"memory_stats": {"usage": 5}, "pids_stats": {"current": 1}}

    def close(self) -> None: ...


def test_an_engine_is_not_asked_for_what_nobody_looks_at() -> None:
    client = Client()
    meter = EngineApiMeter(lambda: client)  # type: ignore[arg-type,return-value]
    samples = {s.name: s for s in meter.sample([HERE, FAR], frozenset({HERE.key}))}
    meter.close()
    assert client.asked == [HERE.id]
    assert samples["here"].memory_bytes == 5
    assert "not on the screen" in samples["far"].reasons["memory_bytes"]


def test_what_scrolls_out_of_sight_keeps_its_counters_for_when_it_is_back() -> None:
    client = Client()
    meter = EngineApiMeter(lambda: client)  # type: ignore[arg-type,return-value]
    meter.sample([HERE])
    (away,) = meter.sample([HERE], frozenset())
    meter.close()
    assert away.memory_bytes == 5
    assert len(client.asked) == 1
