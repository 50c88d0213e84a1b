"""A Docker Engine that dies and comes back, seen by the fleet. The engine is the test's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.private_engine import PrivateEngine, private_engine
from tests.unit.fleet_fakes import MemoryHost, MemoryStore
from tests.unit.test_fleet import until
from tui.fleet.fleet import Fleet
from tui.fleet.meters import Meters
from tui.model import SideName, State
from tui.sides.containers import Containers

pytestmark = pytest.mark.engine
CONTAINER = SideName.CONTAINER


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateEngine]:
    """A private engine that answers; DOCKER_HOST points to it."""
    with private_engine() as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        yield engine


@pytest.fixture
def fleet(engine: PrivateEngine, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet on that engine alone."""
    engine.create("twtest-box")
    fleet = Fleet(
        connect=lambda: (Containers(tmp_path, ()),),
        open_meters=lambda: Meters((), MemoryHost()),
        store=MemoryStore(),  # type: ignore[arg-type]
        workloads=(),
    )
    fleet.start()
    fleet.wait_ready(10)
    yield fleet
    fleet.stop()


def test_a_restarted_engine_is_back_within_three_seconds_of_answering(
    engine: PrivateEngine, fleet: Fleet
) -> None:
    assert [i.name for i in fleet.snapshot.instances] == ["twtest-box"]

    engine.kill()
    until(lambda: not fleet.snapshot.health[CONTAINER].ok, 5)
    assert CONTAINER in fleet.snapshot.stale
    assert fleet.snapshot.health[CONTAINER].fix

    engine.start()
    answered = time.monotonic()
    until(lambda: fleet.snapshot.health[CONTAINER].ok and not fleet.snapshot.stale, 10)
    assert time.monotonic() - answered < 3.0

    engine.docker("rename", "twtest-box", "twtest-renamed")
    until(lambda: fleet.snapshot.instances[0].name == "twtest-renamed", 1.0)
    assert fleet.snapshot.instances[0].state is State.CREATED


def test_a_container_removed_behind_its_back_leaves_the_deck_within_a_second(
    engine: PrivateEngine, fleet: Fleet
) -> None:
    engine.docker("rm", "-f", "twtest-box")
    until(lambda: not fleet.snapshot.instances, 1.0)
