"""One job carried out on an engine in memory, apart from any fleet."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Timer

import pytest

from tests.unit.fleet_fakes import MemorySide
from tui.errors import ActionFailed
from tui.fleet.actions import Actions, check_reached
from tui.fleet.jobs import JobRun
from tui.model import AS_USUAL, Boot, Instance, Options, Probe, SideName, State, Verb, Workload
from tui.sides.base import Report
from tui.snapshot import Job, JobState


def test_waiting_for_an_answer_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    workload = Workload(
        name="mute",
        title="never answers",
        folder=tmp_path,
        guest_port=80,
        container_port=1,
        vm_port=2,
        probe=Probe(kind="tcp", timeout_seconds=60),
    )
    cancel = Event()
    boots: list[Boot] = []
    side = MemorySide(SideName.VM)
    actions = Actions(lambda name: side, {"mute": workload}, lambda key: None, boots.append, cancel)
    run = JobRun(
        Job(0, Verb.UP, SideName.VM, "mute", JobState.RUNNING, time.monotonic_ns()), lambda: None
    )
    timer = Timer(0.2, cancel.set)
    timer.start()
    began = time.monotonic()
    with pytest.raises(ActionFailed, match="vm:mute: cancelled before mute answered"):
        actions.perform(run)
    assert time.monotonic() - began < 5
    assert boots == []
    assert side.asked == [(Verb.UP, "mute")], "what the engine has begun is not undone here"


def test_how_a_workload_is_to_be_brought_up_reaches_its_side(tmp_path: Path) -> None:
    probe = Probe(kind="tcp", timeout_seconds=0.1)
    workload = Workload("mute", "", tmp_path, 80, 1, 2, probe)
    side = MemorySide(SideName.VM)
    actions = Actions(lambda name: side, {"mute": workload}, lambda key: None, lambda boot: None)
    how = Options(provider="virtualbox", provision=False)
    job = Job(0, Verb.UP, SideName.VM, "mute", JobState.RUNNING, time.monotonic_ns(), options=how)
    with pytest.raises(ActionFailed, match="did not answer"):
        actions.perform(JobRun(job, lambda: None))
    assert side.options == [how]


def run_of(verb: Verb, name: str) -> JobRun:
    job = Job(0, verb, SideName.CONTAINER, name, JobState.RUNNING, time.monotonic_ns())
    return JobRun(job, lambda: None)


class Deaf(MemorySide):
    """An engine that takes every verb and does nothing."""

    def act(self, verb: Verb, name: str, report: Report, options: Options = AS_USUAL) -> None:
        self.asked.append((verb, name))


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.KILL, Verb.PAUSE, Verb.DESTROY])
def test_an_action_that_changed_nothing_has_failed(verb: Verb) -> None:
    side = Deaf(SideName.CONTAINER, [Instance(SideName.CONTAINER, "web", State.RUNNING)])
    actions = Actions(lambda name: side, {}, lambda key: None, lambda boot: None)
    with pytest.raises(ActionFailed, match="the engine took it, but container:web is running"):
        actions.perform(run_of(verb, "web"))
    assert side.asked == [(verb, "web")]


def test_a_restart_stops_what_the_engine_says_runs_whatever_is_remembered() -> None:
    side = MemorySide(SideName.CONTAINER, [Instance(SideName.CONTAINER, "web", State.RUNNING)])
    remembered = Instance(SideName.CONTAINER, "web", State.STOPPED)
    actions = Actions(lambda name: side, {}, lambda key: remembered, lambda boot: None)
    actions.perform(run_of(Verb.RESTART, "web"))
    assert side.asked == [(Verb.STOP, "web"), (Verb.START, "web")]


def machine(state: State) -> Instance:
    return Instance(SideName.VM, "web", state, id="1", directory=Path("/srv/shop"))


def boots_of(verb: Verb, state: State) -> tuple[list[tuple[Verb, str]], list[Boot]]:
    """What the side was asked for, and the boots that were kept."""
    side = MemorySide(SideName.VM, [machine(state)])
    boots: list[Boot] = []
    actions = Actions(lambda name: side, {}, lambda key: machine(state), boots.append)
    job = Job(0, verb, SideName.VM, "web", JobState.RUNNING, time.monotonic_ns())
    actions.perform(JobRun(job, lambda: None))
    return side.asked, boots


def test_a_reload_stops_first_so_that_only_the_boot_is_timed() -> None:
    asked, (boot,) = boots_of(Verb.RELOAD, State.RUNNING)
    assert asked == [(Verb.STOP, "web"), (Verb.RELOAD, "web")]
    assert boot.key == "vm:web"


def test_going_on_from_the_disk_is_a_boot_and_from_memory_is_none() -> None:
    asked, boots = boots_of(Verb.RESUME, State.SUSPENDED)
    assert (asked, len(boots)) == ([(Verb.START, "web")], 1)
    asked, boots = boots_of(Verb.RESUME, State.PAUSED)
    assert (asked, boots) == ([(Verb.RESUME, "web")], [])


@pytest.mark.parametrize("verb", [Verb.PROVISION, Verb.SNAPSHOT_SAVE, Verb.SNAPSHOT_RESTORE])
def test_what_boots_nothing_is_no_boot(verb: Verb) -> None:
    asked, boots = boots_of(verb, State.RUNNING)
    assert (asked, boots) == ([(verb, "web")], [])


def test_what_ran_to_its_end_was_started() -> None:
    ended = Instance(SideName.CONTAINER, "job", State.STOPPED, exit_code=0)
    check_reached(Verb.START, ended.key, ended)
    broken = Instance(SideName.CONTAINER, "job", State.STOPPED, exit_code=3)
    with pytest.raises(ActionFailed, match="is stopped with exit code 3") as raised:
        check_reached(Verb.START, broken.key, broken)
    assert raised.value.fix == "twindeck logs container:job"


def test_a_state_that_cannot_be_told_is_no_success() -> None:
    unknown = Instance(SideName.VM, "web", State.UNKNOWN, note="vagrant status: no such plugin")
    for verb in (Verb.STOP, Verb.START, Verb.DESTROY):
        with pytest.raises(ActionFailed, match=r"could not be seen .*no such plugin"):
            check_reached(verb, unknown.key, unknown)


def test_gone_is_what_destroy_and_stop_want_and_start_does_not() -> None:
    check_reached(Verb.DESTROY, "container:x", None)
    check_reached(Verb.STOP, "container:x", None)
    with pytest.raises(ActionFailed, match="container:x is gone"):
        check_reached(Verb.START, "container:x", None)
