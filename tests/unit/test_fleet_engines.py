"""Another engine takes the container side's place: nothing of the one is taken for the other's."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread

import pytest

from tests.unit.fleet_fakes import MemoryHost, MemoryMeter, MemorySide, MemoryStore
from tests.unit.test_fleet import until
from tui.core.guard import Guard
from tui.engines.docker.discovery import Offer
from tui.errors import EngineUnavailable, UnknownInstance, UsageError
from tui.fleet.fleet import Fleet
from tui.fleet.meters import Meters
from tui.meters.base import Meter
from tui.model import Boot, Instance, SideName, State, Verb
from tui.sides.base import Side

VM, CONTAINER = SideName.VM, SideName.CONTAINER


class MemoryEngines:
    """Two engines, `one` and `two`; each has a container `web`."""

    def __init__(self) -> None:
        self.key = self.name = "one"
        self.sides = {
            name: MemorySide(
                CONTAINER,
                [
                    Instance(CONTAINER, "web", State.RUNNING, id=name),
                    Instance(CONTAINER, f"only-{name}", State.STOPPED, id="x"),
                ],
            )
            for name in ("one", "two")
        }
        self.meters = {name: MemoryMeter(CONTAINER) for name in ("one", "two")}

    def found(self) -> list[Offer]:
        return [Offer(name, name, is_current=name == self.key) for name in self.sides]

    def choose(self, name: str) -> tuple[Side, Meter]:
        if name not in self.sides:
            raise EngineUnavailable(f"There is no engine {name}")
        self.key = self.name = name
        return self.sides[name], self.meters[name]


class Rig:
    """A running fleet on engine `one`."""

    def __init__(self, *, read_only: bool = False) -> None:
        self.engines = MemoryEngines()
        self.vms = MemorySide(VM, [Instance(VM, "web", State.RUNNING, id="v")])
        self.vm_meter = MemoryMeter(VM)
        self.store = MemoryStore()
        self.store.kept = [
            Boot(CONTAINER, "web", 1.0, seconds, (), engine=engine)
            for engine, seconds in (("one", 1.0), ("two", 2.0))
        ]
        self.fleet = Fleet(
            connect=lambda: (self.vms, self.engines.sides["one"]),
            open_meters=lambda: Meters((self.vm_meter, self.engines.meters["one"]), MemoryHost()),
            engines=self.engines,
            store=self.store,  # type: ignore[arg-type]
            workloads=[],
            interval_seconds=0.02,
            guard=Guard(read_only),
        )

    def rows(self) -> list[str]:
        return [i.key for i in self.fleet.snapshot.on_side(CONTAINER)]


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    rig.fleet.recall()
    rig.fleet.start()
    rig.fleet.wait_ready(5)
    yield rig
    rig.fleet.stop()


def test_rows_of_the_engine_before_are_gone_with_the_return_and_the_others_come(rig: Rig) -> None:
    two = rig.engines.sides["two"]
    two.down.set()
    rig.fleet.use_engine("two")
    assert rig.rows() == []
    assert rig.fleet.snapshot.engine == "two"
    assert rig.fleet.snapshot.find("vm:web")
    assert not rig.fleet.wait_ready(5).health[CONTAINER].ok
    assert rig.rows() == []
    two.down.clear()
    until(lambda: rig.rows() == ["container:only-two", "container:web"])


def test_actions_logs_and_shells_go_to_the_engine_of_the_rows(rig: Rig) -> None:
    rig.fleet.use_engine("two")
    with pytest.raises(UnknownInstance):
        rig.fleet.submit(Verb.DESTROY, "container:only-one")
    rig.fleet.wait_ready(5)
    rig.fleet.wait_job(rig.fleet.submit(Verb.STOP, "container:web"), 5)
    assert rig.engines.sides["two"].asked == [(Verb.STOP, "web")]
    assert rig.engines.sides["one"].asked == []
    assert rig.engines.sides["one"].held["web"].state is State.RUNNING


def test_figures_and_curves_begin_anew_with_the_other_engines_meter(rig: Rig) -> None:
    until(lambda: len(rig.fleet.history("container:web").t_ns) > 3)
    rig.fleet.use_engine("two")
    assert "container:web" not in rig.fleet.snapshot.samples
    assert rig.fleet.history("container:web").t_ns == ()
    until(lambda: "container:web" in rig.fleet.snapshot.samples)
    until(lambda: rig.engines.meters["one"].closed)
    assert not rig.vm_meter.closed
    swept = rig.engines.meters["one"].sweeps
    until(lambda: rig.engines.meters["two"].sweeps > 5)
    assert rig.engines.meters["one"].sweeps == swept


def test_a_figure_that_was_being_taken_is_not_the_other_engines(rig: Rig) -> None:
    begun, go_on = Event(), Event()
    meter = rig.engines.meters["one"]
    sample = meter.sample

    def slow(live: object, watched: object = None) -> object:
        begun.set()
        go_on.wait(5)
        return sample(live, watched)  # type: ignore[arg-type]

    meter.sample = slow  # type: ignore[method-assign, assignment]
    assert begun.wait(5)
    rig.fleet.use_engine("two")
    until(lambda: rig.rows() != [])
    go_on.set()
    until(lambda: rig.engines.meters["two"].sweeps > 2)
    figures = rig.fleet.history("container:web").cpu_percent
    assert list(figures) == [float(n + 1) for n in range(len(figures))]


def test_a_listing_that_comes_late_is_not_entered(rig: Rig) -> None:
    one = rig.engines.sides["one"]
    begun, go_on = Event(), Event()
    listing = one.list

    def slow() -> list[Instance]:
        begun.set()
        go_on.wait(5)
        return listing()

    one.list = slow  # type: ignore[method-assign]
    rig.fleet.refresh()
    assert begun.wait(5)
    rig.fleet.use_engine("two")
    rig.fleet.wait_ready(5)
    go_on.set()
    rig.fleet.refresh()
    until(lambda: rig.rows() == ["container:only-two", "container:web"])
    one.announce(Instance(CONTAINER, "ghost", State.RUNNING, id="g"))
    rig.engines.sides["two"].announce(Instance(CONTAINER, "new", State.RUNNING, id="n"))
    until(lambda: "container:new" in rig.rows())
    assert "container:ghost" not in rig.rows()
    assert "container:only-one" not in rig.rows()


def test_while_an_action_runs_no_other_engine_is_used(rig: Rig) -> None:
    one = rig.engines.sides["one"]
    one.block.clear()
    job = rig.fleet.submit(Verb.STOP, "container:web")
    with pytest.raises(UsageError, match="an action on a container is under way"):
        rig.fleet.use_engine("two")
    assert rig.fleet.snapshot.engine == "one"
    one.block.set()
    assert not rig.fleet.wait_job(job, 5).is_active
    until(lambda: not rig.fleet._board.is_busy(CONTAINER))
    rig.fleet.use_engine("two")
    # What became of it is not shown on the other engine's container of that name.
    rig.fleet.wait_ready(5)
    until(lambda: rig.rows() != [])
    assert "container:web" not in rig.fleet.snapshot.jobs
    assert rig.fleet.output("container:web") == ()


def test_an_action_on_a_vm_keeps_no_engine_from_being_used(rig: Rig) -> None:
    rig.vms.block.clear()
    job = rig.fleet.submit(Verb.STOP, "vm:web")
    rig.fleet.use_engine("two")
    rig.vms.block.set()
    rig.fleet.wait_job(job, 5)
    assert rig.vms.asked == [(Verb.STOP, "web")]


def test_an_engine_that_cannot_be_told_changes_nothing(rig: Rig) -> None:
    keys = rig.rows()
    with pytest.raises(EngineUnavailable):
        rig.fleet.use_engine("nosuch")
    assert rig.fleet.snapshot.engine == "one"
    assert rig.rows() == keys


def test_boots_are_of_the_engine_they_were_on(rig: Rig) -> None:
    assert rig.fleet.snapshot.boot_seconds == {"container:web": 1.0}
    assert [boot.engine for boot in rig.fleet.boots(["container:web"])] == ["one"]
    rig.fleet.use_engine("two")
    assert rig.fleet.snapshot.boot_seconds == {"container:web": 2.0}
    assert [boot.engine for boot in rig.fleet.boots(["container:web"])] == ["two"]


def test_read_only_may_look_at_another_engine() -> None:
    rig = Rig(read_only=True)
    rig.fleet.start()
    rig.fleet.wait_ready(5)
    rig.fleet.use_engine("two")
    until(lambda: "container:only-two" in rig.rows())
    rig.fleet.stop()


def test_to_and_fro_leaves_no_thread_behind(rig: Rig) -> None:
    import threading

    def watchers() -> list[Thread]:
        return [t for t in threading.enumerate() if t.name.endswith(f" {CONTAINER}")]

    for name in ("two", "one") * 5:
        rig.fleet.use_engine(name)
        rig.fleet.wait_ready(5)
    until(lambda: len(watchers()) == 3)
    assert rig.fleet.snapshot.engine == "one"
