"""Engines that freeze, and changes that no event tells: on both sides, on engines of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from tests.engine.private_engine import (
    image_of,
    private_engine,
    private_libvirt,
    private_podman,
)
from tests.tmux.terminal import TWINDECK, Terminal
from tests.unit.fleet_fakes import MemoryHost, MemoryStore
from tests.unit.test_fleet import until
from tui.engines.docker.resolver import Resolver
from tui.engines.libvirt.connections import Connections
from tui.fleet.fleet import Fleet
from tui.fleet.meters import Meters
from tui.model import SideName, State, Verb
from tui.sides.base import Side
from tui.sides.containers import Containers
from tui.sides.docker_link import Link
from tui.sides.machines import Machines
from tui.snapshot import JobState

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]

VM, CONTAINER = SideName.VM, SideName.CONTAINER
TOLD_SECONDS, BACK_SECONDS = 5.0, 5.0


@contextmanager
def fleet_on(side: Side) -> Iterator[Fleet]:
    fleet = Fleet(
        connect=lambda: (side,),
        open_meters=lambda: Meters((), MemoryHost()),
        store=MemoryStore(),  # type: ignore[arg-type]
        workloads=(),
    )
    fleet.start()
    fleet.wait_ready(60)
    try:
        yield fleet
    finally:
        fleet.stop()


def containers_at(host: str, tmp_path: Path) -> Containers:
    return Containers(tmp_path, [], Link(Resolver({"DOCKER_HOST": host})))


def test_a_frozen_docker_engine_is_told_within_five_seconds_and_recovers(tmp_path: Path) -> None:
    with ExitStack() as stack:
        engine = stack.enter_context(private_engine())
        engine.create("twtest-box")
        fleet = stack.enter_context(fleet_on(containers_at(engine.host, tmp_path)))
        assert fleet.snapshot.health[CONTAINER].ok
        with engine.frozen():
            until(lambda: not fleet.snapshot.health[CONTAINER].ok, TOLD_SECONDS)
            health = fleet.snapshot.health[CONTAINER]
            assert CONTAINER in fleet.snapshot.stale
            assert health.reason == f"Docker at {engine.host} does not answer in time"
            assert health.fix
            # What is asked for meanwhile fails, it does not hang.
            job = fleet.wait_job(fleet.submit(Verb.DESTROY, "container:twtest-box"), 15)
            assert job.state is JobState.FAILED
            assert "does not answer in time" in job.error
        until(lambda: fleet.snapshot.health[CONTAINER].ok, BACK_SECONDS)
        until(lambda: not fleet.snapshot.stale, BACK_SECONDS)
        assert [i.name for i in fleet.snapshot.instances] == ["twtest-box"]


def test_a_console_can_be_left_while_the_engine_is_frozen(tmp_path: Path) -> None:
    with private_engine() as engine, ExitStack() as stack:
        with fleet_on(containers_at(engine.host, tmp_path)) as fleet:
            stack.enter_context(engine.frozen())
            until(lambda: not fleet.snapshot.health[CONTAINER].ok, TOLD_SECONDS)
            began = time.monotonic()
        assert time.monotonic() - began < 3.0


@pytest.mark.parametrize(("sampler", "keys"), [("engine", ()), ("auto", ("2", "i"))])
def test_an_engine_that_froze_while_it_was_asked_holds_no_console_back(
    tmp_path: Path, sampler: str, keys: tuple[str, ...]
) -> None:
    """By figures each second, or for the inspection on the screen."""
    with private_engine() as engine, closing(Terminal(120, 40)) as terminal:
        image = image_of("busybox", "sleep")
        assert engine.docker("import", "-", "twtest:sleep", stdin=image).returncode == 0
        started = engine.docker(
            "run", "-d", "--network=none", "--name=long", "twtest:sleep", "sleep", "600"
        )
        assert started.returncode == 0, started.stderr
        argv = [str(TWINDECK), "--project", str(ROOT), "--sampler", sampler]
        env = {"DOCKER_HOST": engine.host, "TWINDECK_DATA": str(tmp_path), "LANG": "C.UTF-8"}
        terminal.run(argv, env, tmp_path)
        terminal.wait(lambda screen: "running" in screen and "long" in screen, 20, "row")
        # Until it is measured.
        time.sleep(2)
        with engine.frozen():
            terminal.press(*keys)
            time.sleep(1)
            terminal.press("C-c", "C-c")
            terminal.wait_text("[ended with 0]", 3)
        engine.docker("rm", "-f", "long")


def test_a_frozen_libvirt_is_told_within_five_seconds_and_recovers(tmp_path: Path) -> None:
    with private_libvirt() as libvirt, ExitStack() as stack:
        home = tmp_path / "vagrant"
        home.mkdir()
        side = Machines(tmp_path, (), libvirt=Connections(lambda: (libvirt.uri,)), home=home)
        fleet = stack.enter_context(fleet_on(side))
        until(lambda: fleet.snapshot.health[VM].ok, 60)
        with libvirt.frozen():
            until(lambda: not fleet.snapshot.health[VM].ok, TOLD_SECONDS)
            assert libvirt.uri in fleet.snapshot.health[VM].reason
            assert "does not answer" in fleet.snapshot.health[VM].reason
        until(lambda: fleet.snapshot.health[VM].ok, BACK_SECONDS)


def test_podmans_rows_change_with_its_containers(tmp_path: Path) -> None:
    with private_podman() as podman, ExitStack() as stack:
        podman.run("twtest-long", "sleep", "600")
        podman.run("twtest-short", "sleep", "3")
        fleet = stack.enter_context(fleet_on(containers_at(podman.host, tmp_path)))
        assert fleet.snapshot.health[CONTAINER].version.startswith("Podman ")

        def state(name: str) -> State | None:
            found = fleet.snapshot.find(f"container:{name}")
            return found.state if found else None

        assert state("twtest-long") is State.RUNNING
        until(lambda: state("twtest-short") is State.STOPPED, 8)
        podman.docker("kill", "twtest-long")
        until(lambda: state("twtest-long") is State.STOPPED, 5)
        podman.docker("rm", "twtest-long")
        until(lambda: state("twtest-long") is None, 5)
        # Each answer tells another id; that is no other engine.
        job = fleet.wait_job(fleet.submit(Verb.DESTROY, "container:twtest-short"), 20)
        assert job.state is JobState.DONE, job.error
        until(lambda: not fleet.snapshot.instances, 5)
