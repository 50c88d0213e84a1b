"""The fleet merges engines and meters, queues actions and times boots."""

from __future__ import annotations

import http.server
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.unit.fleet_fakes import MemoryHost, MemoryMeter, MemorySide, MemoryStore
from tui.core.architecture import Proof
from tui.core.guard import Guard
from tui.errors import ActionFailed, UnknownInstance, UsageError
from tui.fleet.fleet import Fleet
from tui.fleet.ledger import Ledger
from tui.fleet.meters import Meters
from tui.fleet.watcher import Pace, Watcher
from tui.model import Instance, Options, Phase, Probe, SideName, State, Verb, Workload
from tui.sides.base import Side
from tui.snapshot import Health, JobState, Sample, Snapshot

VM, CONTAINER = SideName.VM, SideName.CONTAINER


def until(is_met: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not is_met():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


class Rig:
    """A running fleet on two engines in memory."""

    def __init__(self, workload: Workload, *, read_only: bool = False) -> None:
        self.vms = MemorySide(VM, [Instance(VM, "web", State.RUNNING, id="v1", accelerator="tcg")])
        self.containers = MemorySide(
            CONTAINER,
            [
                Instance(CONTAINER, "db", State.RUNNING, id="c1", group="shop"),
                Instance(CONTAINER, "stubborn", State.RUNNING, id="c2"),
                Instance(CONTAINER, "old", State.STOPPED, id="c3"),
            ],
        )
        self.store = MemoryStore()
        self.meters = [MemoryMeter(VM), MemoryMeter(CONTAINER)]
        self.fleet = Fleet(
            connect=lambda: (self.vms, self.containers),
            open_meters=lambda: Meters(tuple(self.meters), MemoryHost()),
            store=self.store,  # type: ignore[arg-type]
            workloads=[workload],
            interval_seconds=0.05,
            guard=Guard(read_only),
        )

    def state(self, key: str) -> State | None:
        instance = self.fleet.snapshot.find(key)
        return instance.state if instance else None


@pytest.fixture
def knocks() -> list[float]:
    """When the page was asked for, on CLOCK_MONOTONIC in seconds."""
    return []


@pytest.fixture
def page(knocks: list[float]) -> Iterator[int]:
    """The port of an HTTP server on loopback that answers `hello`."""

    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            knocks.append(time.monotonic())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def workload(page: int) -> Workload:
    """A workload that answers at once, on either side."""
    probe = Probe("http", contains="hello", timeout_seconds=0.3)
    return Workload("hello", "says hello", Path("/nowhere"), 80, page, page, probe)


@pytest.fixture
def rig(workload: Workload) -> Iterator[Rig]:
    """A started fleet, both sides listed."""
    rig = Rig(workload)
    rig.fleet.start()
    rig.fleet.wait_ready(5)
    yield rig
    rig.fleet.stop()


def test_lists_vms_first_then_containers_by_group_and_name(rig: Rig) -> None:
    keys = [i.key for i in rig.fleet.snapshot.instances]
    assert keys == ["vm:web", "container:old", "container:stubborn", "container:db"]


def test_a_change_from_another_terminal_shows_within_a_second(rig: Rig) -> None:
    rig.containers.announce(Instance(CONTAINER, "db", State.PAUSED, id="c1"))
    until(lambda: rig.state("container:db") is State.PAUSED, 1.0)


def test_measures_live_instances_only(rig: Rig) -> None:
    until(lambda: bool(rig.fleet.snapshot.samples))
    assert set(rig.fleet.snapshot.samples) == {"vm:web", "container:db", "container:stubborn"}


def test_a_meter_that_breaks_leaves_gaps_with_the_reason_and_the_other_side_measured(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[Sample]:
        raise ValueError("no number")

    until(lambda: "vm:web" in rig.fleet.snapshot.samples)
    monkeypatch.setattr(rig.meters[0], "sample", broken)
    until(lambda: rig.fleet.snapshot.samples["vm:web"].cpu_percent is None)
    gap = rig.fleet.snapshot.samples["vm:web"]
    assert gap.reasons["memory_bytes"] == "the meter broke on a fault of its own (ValueError)"
    assert rig.fleet.snapshot.samples["container:db"].cpu_percent is not None


def test_history_grows_oldest_first(rig: Rig) -> None:
    until(lambda: len(rig.fleet.history("vm:web").t_ns) >= 3)
    cpu = rig.fleet.history("vm:web").cpu_percent
    assert list(cpu) == sorted(cpu, key=lambda c: c or 0)


def test_a_lost_engine_leaves_its_rows_stale_and_the_other_side_live(rig: Rig) -> None:
    rig.containers.down.set()
    until(lambda: CONTAINER in rig.fleet.snapshot.stale)
    assert rig.fleet.snapshot.health[CONTAINER].reason == "it is gone"
    assert rig.state("container:db") is State.RUNNING
    assert rig.fleet.snapshot.health[VM].ok


def test_an_engine_that_answers_nonsense_is_told_of_and_comes_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nonsense() -> list[Instance]:
        raise KeyError("State")

    with monkeypatch.context() as patched:
        patched.setattr(rig.containers, "list", nonsense)
        rig.fleet.refresh()
        until(lambda: not rig.fleet.snapshot.health[CONTAINER].ok)
        assert (
            "cannot be listed: an unexpected fault, KeyError"
            in rig.fleet.snapshot.health[CONTAINER].reason
        )
        assert rig.fleet.snapshot.health[VM].ok
    until(lambda: rig.fleet.snapshot.health[CONTAINER].ok, 3.0)


def test_recovers_within_three_seconds_of_the_engine_answering(rig: Rig) -> None:
    rig.containers.down.set()
    until(lambda: CONTAINER in rig.fleet.snapshot.stale)
    rig.containers.down.clear()
    until(lambda: rig.fleet.snapshot.health[CONTAINER].ok, 3.0)
    assert CONTAINER not in rig.fleet.snapshot.stale


class Frozen(MemorySide):
    """Its event channel stays open and silent, whatever happens; calls hang while `down`."""

    def watch(self, changed: Callable[[], None], stop: Event) -> None:
        self._changed = changed
        stop.wait()

    def list(self) -> list[Instance]:
        assert not self.down.is_set(), "a frozen engine must not be listed: that would hang"
        return super().list()


def ledger_of(side: MemorySide, pace: Pace) -> tuple[Watcher, Ledger]:
    ledger = Ledger()

    def listed(side: Side, instances: list[Instance]) -> None:
        ledger.enter_instances(side.name, instances)
        ledger.enter_health(side.name, Health(side.name, ok=True))

    def ailing(side: Side, health: Health) -> None:
        ledger.enter_health(side.name, health)

    return Watcher(side, listed, ailing, pace), ledger


def test_a_watcher_that_is_stopped_before_its_threads_began_never_lists() -> None:
    watcher, ledger = ledger_of(
        MemorySide(CONTAINER, [Instance(CONTAINER, "db", State.RUNNING)]), Pace()
    )
    watcher.stop()
    watcher.start()
    watcher.stop()
    assert ledger.snapshot.instances == ()


def test_an_engine_that_freezes_without_a_word_is_told_stale_and_comes_back_by_itself() -> None:
    side = Frozen(CONTAINER, [Instance(CONTAINER, "db", State.RUNNING, id="c1")])
    watcher, ledger = ledger_of(side, Pace(pulse_seconds=0.05))
    watcher.start()
    until(lambda: bool(ledger.snapshot.instances))
    side.down.set()
    until(lambda: CONTAINER in ledger.snapshot.stale, 1.0)
    health = ledger.snapshot.health[CONTAINER]
    assert (health.ok, health.reason, health.fix) == (False, "it is gone", "start it")
    side.down.clear()
    until(lambda: ledger.snapshot.health[CONTAINER].ok and not ledger.snapshot.stale, 1.0)
    watcher.stop()


def test_what_no_event_told_is_found_by_the_listing_once_in_a_while() -> None:
    side = Frozen(CONTAINER, [Instance(CONTAINER, "db", State.RUNNING, id="c1")])
    watcher, ledger = ledger_of(side, Pace(relist_seconds=0.05))
    watcher.start()
    until(lambda: bool(ledger.snapshot.instances))
    side.held.clear()
    until(lambda: not ledger.snapshot.instances, 1.0)
    watcher.stop()


def test_an_engine_that_is_heard_of_is_not_pinged() -> None:
    side = Frozen(CONTAINER, [Instance(CONTAINER, "db", State.RUNNING, id="c1")])
    pings: list[float] = []
    side.ping = lambda: pings.append(0.0) or Health(CONTAINER, ok=True)  # type: ignore[method-assign,func-returns-value]
    watcher, _ledger = ledger_of(side, Pace(pulse_seconds=0.2, relist_seconds=0.03))
    watcher.start()
    time.sleep(0.6)
    watcher.stop()
    assert pings == []


def test_stopping_does_not_wait_for_an_engine_that_hangs() -> None:
    side = Frozen(CONTAINER)
    hung = Event()
    side.ping = lambda: (hung.wait(30) and None) or Health(CONTAINER, ok=True)  # type: ignore[method-assign]
    watcher, _ledger = ledger_of(side, Pace(pulse_seconds=0.02))
    watcher.start()
    time.sleep(0.2)
    began = time.monotonic()
    watcher.stop()
    assert time.monotonic() - began < 1.5
    hung.set()


def test_a_verb_reaches_the_engine_and_its_output_is_kept(rig: Rig) -> None:
    job = rig.fleet.wait_job(rig.fleet.submit(Verb.STOP, "container:db"), 5)
    assert job.state is JobState.DONE
    assert rig.fleet.output("container:db") == ("stop db",)
    until(lambda: rig.state("container:db") is State.STOPPED, 1.0)


def test_a_failure_is_one_plain_line_with_the_next_step(rig: Rig) -> None:
    job = rig.fleet.wait_job(rig.fleet.submit(Verb.STOP, "container:stubborn"), 5)
    assert job.state is JobState.FAILED
    assert job.error == "it would not budge → push harder"
    assert rig.fleet.output("container:stubborn") == ("stop stubborn", job.error)


def test_verbs_on_one_instance_run_in_the_order_asked(rig: Rig) -> None:
    rig.containers.block.clear()
    rig.fleet.submit(Verb.STOP, "container:db")
    last = rig.fleet.submit(Verb.START, "container:db")
    assert rig.fleet.snapshot.find("container:db") is not None
    rig.containers.block.set()
    rig.fleet.wait_job(last, 5)
    assert rig.containers.asked == [(Verb.STOP, "db"), (Verb.START, "db")]


def test_what_takes_turns_is_done_one_after_the_other_in_the_order_asked(rig: Rig) -> None:
    rig.containers.block.clear()
    jobs = [
        rig.fleet.submit(Verb.STOP, f"container:{name}", turn="shop") for name in ("db", "stubborn")
    ]
    other = rig.fleet.submit(Verb.START, "container:old")
    until(lambda: (Verb.START, "old") in rig.containers.asked)
    assert (Verb.STOP, "stubborn") not in rig.containers.asked
    rig.containers.block.set()
    for job in (*jobs, other):
        rig.fleet.wait_job(job, 5)
    assert rig.containers.asked[-1] == (Verb.STOP, "stubborn")


def test_a_verb_out_of_place_is_refused(rig: Rig) -> None:
    with pytest.raises(UsageError, match="cannot stop container:old: it is stopped"):
        rig.fleet.submit(Verb.STOP, "container:old")


def test_an_unknown_instance_is_refused(rig: Rig) -> None:
    with pytest.raises(UnknownInstance, match="no vm:ghost"):
        rig.fleet.submit(Verb.STOP, "vm:ghost")


def test_an_unknown_workload_names_the_known_ones(rig: Rig) -> None:
    with pytest.raises(UsageError) as caught:
        rig.fleet.up("redis", VM)
    assert caught.value.line == "no workload redis → known: hello"


def test_read_only_refuses_every_verb(workload: Workload) -> None:
    rig = Rig(workload, read_only=True)
    rig.fleet.start()
    rig.fleet.wait_ready(5)
    try:
        for verb in Verb:
            with pytest.raises(UsageError, match="read-only"):
                rig.fleet.submit(verb, "container:db")
        with pytest.raises(UsageError, match="read-only"):
            rig.fleet.up("hello", VM)
        assert rig.containers.asked == []
    finally:
        rig.fleet.stop()


@pytest.mark.parametrize("state", [State.STOPPED, State.RUNNING, State.CREATED, State.PAUSED])
def test_what_only_has_a_workloads_name_is_neither_started_nor_timed(
    rig: Rig, state: State
) -> None:
    rig.containers.announce(Instance(CONTAINER, "hello", state, id="x"))
    until(lambda: rig.state("container:hello") is state)
    with pytest.raises(UsageError, match="container:hello is not of the workload hello"):
        rig.fleet.up("hello", CONTAINER)
    assert rig.containers.asked == []
    assert rig.fleet.boots() == []


def test_a_stopped_one_of_the_workloads_own_is_brought_up(rig: Rig) -> None:
    rig.containers.announce(Instance(CONTAINER, "hello", State.STOPPED, id="x", workload="hello"))
    until(lambda: rig.state("container:hello") is State.STOPPED)
    assert rig.fleet.wait_job(rig.fleet.up("hello", CONTAINER), 5).state is JobState.DONE
    assert rig.containers.asked == [(Verb.UP, "hello")]
    assert [(boot.key, boot.workload) for boot in rig.fleet.boots()] == [
        ("container:hello", "hello")
    ]


def test_a_boot_is_timed_by_phase_until_the_workload_answers(rig: Rig) -> None:
    rig.vms.on_up = lambda: time.sleep(0.05)
    job = rig.fleet.wait_job(rig.fleet.up("hello", VM), 5)
    assert job.state is JobState.DONE
    (boot,) = rig.fleet.boots()
    assert boot.answered
    assert boot.total_seconds == pytest.approx(sum(p.seconds for p in boot.phases))
    assert rig.fleet.snapshot.boot_seconds["vm:hello"] == boot.total_seconds


def test_nobody_knocks_before_the_instance_runs(rig: Rig, knocks: list[float]) -> None:
    runs: list[float] = []

    def start() -> None:
        time.sleep(0.2)
        runs.append(time.monotonic())

    rig.containers.on_up = start
    rig.fleet.wait_job(rig.fleet.up("hello", CONTAINER), 5)
    assert min(knocks) > runs[0]


def test_a_restart_is_a_stop_then_a_timed_boot(rig: Rig) -> None:
    job = rig.fleet.wait_job(rig.fleet.submit(Verb.RESTART, "container:db"), 5)
    assert job.state is JobState.DONE
    assert rig.containers.asked == [(Verb.STOP, "db"), (Verb.START, "db")]
    assert [boot.key for boot in rig.fleet.boots()] == ["container:db"]


def test_a_workload_that_never_answers_fails_the_job_and_records_no_boot(rig: Rig) -> None:
    silent = Workload("mute", "", Path("/nowhere"), 80, 1, 1, Probe("http", timeout_seconds=0.1))
    fleet = Rig(silent).fleet
    fleet.start()
    fleet.wait_ready(5)
    try:
        job = fleet.wait_job(fleet.up("mute", CONTAINER), 5)
        assert job.state is JobState.FAILED
        assert "did not answer on 127.0.0.1:1 within 0 s" in job.error
        assert fleet.boots() == []
    finally:
        fleet.stop()


def test_phases_are_seen_while_they_last(rig: Rig) -> None:
    seen: list[Phase | None] = []
    rig.vms.on_up = lambda: time.sleep(0.2)
    job = rig.fleet.up("hello", VM)
    rig.fleet.wait_job(job, 5, on_change=lambda j: seen.append(j.phase))
    assert Phase.START in seen


def test_logs_and_output_are_free_of_terminal_sequences(rig: Rig) -> None:
    assert list(rig.fleet.logs("vm:web", tail=9, follow=False, stop=Event())) == ["one", "two"]
    rig.fleet.wait_job(rig.fleet.up("hello", VM), 5)
    assert rig.fleet.output("vm:hello") == ("creating it",)


def test_the_last_known_fleet_is_drawn_stale_until_confirmed(workload: Workload) -> None:
    rig = Rig(workload)
    rig.store.fleet = [Instance(CONTAINER, "db", State.STOPPED, id="c1")]
    rig.fleet.recall()
    assert rig.fleet.snapshot.stale == {CONTAINER}
    rig.fleet.start()
    try:
        rig.fleet.wait_ready(5)
        assert rig.state("container:db") is State.RUNNING
        assert not rig.fleet.snapshot.stale
    finally:
        rig.fleet.stop()


def test_what_was_glanced_at_has_cpu_figures_before_an_engine_is_connected(
    workload: Workload,
) -> None:
    meter, connected = MemoryMeter(CONTAINER), Event()

    def connect() -> tuple[Side, ...]:
        connected.wait(5)
        return ()

    fleet = Fleet(
        connect=connect,
        open_meters=lambda: Meters((), MemoryHost()),
        quick=meter,
        store=MemoryStore([Instance(CONTAINER, "db", State.RUNNING, id="c1", pid=7)]),  # type: ignore[arg-type]
        workloads=[workload],
    )
    fleet.recall()
    fleet.glance()
    assert not fleet.snapshot.samples
    fleet.start()
    try:
        until(lambda: fleet.snapshot.samples["container:db"].cpu_percent == 2.0)
        assert fleet.snapshot.stale == {CONTAINER}
        assert fleet.snapshot.host is None
    finally:
        connected.set()
        fleet.stop()


def test_without_a_glance_no_recalled_instance_is_read_before_it_is_confirmed(
    workload: Workload,
) -> None:
    rig = Rig(workload)
    rig.store.fleet = [Instance(CONTAINER, "gone", State.RUNNING, id="c9", pid=7)]
    rig.fleet.recall()
    rig.fleet.start()
    try:
        until(lambda: bool(rig.fleet.snapshot.samples))
        assert "container:gone" not in rig.fleet.snapshot.samples
    finally:
        rig.fleet.stop()


def test_the_meters_are_told_who_is_looked_at(rig: Rig) -> None:
    keys = frozenset({"container:db"})
    rig.fleet.watch(keys)
    until(lambda: all(meter.watched == keys for meter in rig.meters))
    rig.fleet.watch(None)
    until(lambda: all(meter.watched is None for meter in rig.meters))


def test_a_hypervisors_pid_is_not_recalled(workload: Workload) -> None:
    rig = Rig(workload)
    rig.store.fleet = [
        Instance(VM, "web", State.RUNNING, id="v1", pid=7),
        Instance(CONTAINER, "db", State.RUNNING, id="c1", pid=8),
    ]
    rig.fleet.recall()
    assert [i.pid for i in rig.fleet.snapshot.instances] == [None, 8]


def test_subscribers_get_every_page_until_they_leave(rig: Rig) -> None:
    got: list[Snapshot] = []
    leave = rig.fleet.subscribe(got.append)
    until(lambda: len(got) >= 2)
    leave()
    time.sleep(0.1)
    count = len(got)
    time.sleep(0.15)
    assert len(got) == count


def test_stopping_releases_the_meters(workload: Workload) -> None:
    rig = Rig(workload)
    rig.fleet.start()
    rig.fleet.wait_ready(5)
    rig.fleet.stop()
    assert all(meter.closed for meter in rig.meters)


def test_the_output_of_an_action_holds_no_secret(rig: Rig) -> None:
    secret = "hunter2-and-more"
    act = rig.containers.act

    def tell(verb: Verb, name: str, report: Any, options: Options) -> None:
        report.line(f"docker run -e DB_PASSWORD={secret} {name}")
        act(verb, name, report, options)
        raise ActionFailed(f"refused by https://me:{secret}@registry.example/v2")

    rig.containers.act = tell  # type: ignore[method-assign]
    job = rig.fleet.wait_job(rig.fleet.submit(Verb.STOP, "container:db"), 5)
    told = "\n".join([*rig.fleet.output("container:db"), job.error])
    assert "DB_PASSWORD=********" in told
    assert "me:********@registry.example" in told
    assert secret not in told


def test_read_only_runs_what_only_looks_and_logs_in_nowhere(workload: Workload) -> None:
    fleet = Rig(workload, read_only=True).fleet
    told = fleet.prove(Proof(("echo", "here\x1b[31m password=hunter2")))
    assert told.startswith("here")
    assert "\x1b" not in told
    assert "hunter2" not in told
    with pytest.raises(ActionFailed, match="read-only: nobody logs in to the guest"):
        fleet.prove(Proof(("echo", "inside"), is_inside=True))
