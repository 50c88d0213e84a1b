"""The runner on a pair that is none: what it takes, in which order, and what it keeps."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from tests.studies import study, workload
from tui.errors import ActionFailed
from tui.lab.cancel import Cancelled
from tui.lab.instrument import ONCE, Instrument, Need, Reading, Repeats
from tui.lab.journal import RunJournal
from tui.lab.noise import Look
from tui.lab.owner import begin
from tui.lab.plan import RunPlan, Step, make_plan, order
from tui.lab.project import make_project
from tui.lab.rig import LabRig
from tui.lab.runner import Runner
from tui.model import Instance, SideName, State
from tui.results import Arm, Metric, Row
from tui.run_store import Runs
from tui.store import Store

Take = Callable[[Arm], float]


class Pair:
    """Instances that move at once."""

    def __init__(self) -> None:
        self.states = {Arm.VM: State.RUNNING, Arm.CONTAINER: State.RUNNING}
        self.moves: list[tuple[str, Arm]] = []
        self.is_quick = True
        self.boot_fails = False
        self.is_cancelled = False

    def instance(self, arm: Arm) -> Instance:
        side = SideName.VM if arm is Arm.VM else SideName.CONTAINER
        return Instance(side=side, name="lab-nginx", state=self.states[arm], id="1")

    def pause(self, arm: Arm) -> None:
        self._move("pause", arm, State.PAUSED)

    def resume(self, arm: Arm) -> None:
        self._move("resume", arm, State.RUNNING)

    def stop(self, arm: Arm) -> None:
        self._move("stop", arm, State.STOPPED)

    def boot(self, arm: Arm) -> None:
        if self.boot_fails:
            raise ActionFailed("vagrant up failed")
        self._move("boot", arm, State.RUNNING)

    def sleep(self, seconds: float) -> None:
        if self.is_cancelled:
            raise Cancelled

    def _move(self, word: str, arm: Arm, state: State) -> None:
        self.moves.append((word, arm))
        self.states[arm] = state


class Quiet:
    """A host on which nothing happens."""

    def look(self) -> Look:
        return Look((), 0, 0, 0.0)

    def since(self, before: Look) -> tuple[str, ...]:
        return ()


class Told:
    """Who is told how far the run is."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Step]] = []

    def skipped(self, step: Step) -> None:
        self.told.append(("skipped", step))

    def taking(self, step: Step) -> None:
        self.told.append(("taking", step))

    def taken(self, step: Step) -> None:
        self.told.append(("taken", step))

    def moving(self, what: str) -> None:
        pass


def instrument(name: str, take: Take, **changes: Any) -> Instrument:
    def measure(rig: object, arm: Arm) -> Sequence[Reading]:
        return (Reading(f"{name}.x", take(arm)),)

    return Instrument(
        **{
            "name": name,
            "metrics": (Metric(f"{name}.x", Row.PERFORMANCE, name, "s", ""),),
            "arms": (Arm.VM, Arm.CONTAINER),
            "need": Need.RUNNING,
            "seconds": 1.0,
            "measure": measure,
            "repeats": Repeats(quick=2, full=6, cap=9, warmups=0),
            **changes,
        }
    )


@pytest.fixture
def pair() -> Pair:
    return Pair()


@pytest.fixture
def journal(tmp_path: Path) -> RunJournal:
    return RunJournal(Runs(Store(Path(":memory:"))), study(tmp_path).run)


def run(
    pair: Pair,
    journal: RunJournal,
    *instruments: Instrument,
    is_quick: bool = True,
    told: Told | None = None,
) -> list[tuple[str, Arm, int, str]]:
    """Run it; what was taken, in order."""
    first = instrument("first", lambda arm: 1.0, need=Need.FREE, repeats=ONCE)
    plan = RunPlan(first, instruments, is_quick=is_quick, seed=7)
    runner = Runner(cast(LabRig, pair), plan, journal, cast(Any, Quiet()), told or Told())
    runner.run()
    return [(m.metric, m.arm, m.block, m.stream) for m in journal.measurements]


def test_both_arms_are_in_every_block_and_the_order_turns_round(
    pair: Pair, journal: RunJournal
) -> None:
    taken = run(pair, journal, instrument("cpu", lambda arm: 1.0))
    cpu = [(arm, block) for metric, arm, block, _ in taken if metric == "cpu.x"]
    assert len(cpu) == 4
    assert [block for _, block in cpu] == [0, 0, 1, 1]
    assert cpu[0][0] is cpu[3][0]
    assert cpu[1][0] is cpu[2][0]


def test_the_order_is_drawn_from_the_seed() -> None:
    one = instrument("cpu", lambda arm: 1.0)
    assert order(one, 4, 1) == order(one, 4, 1)
    assert {order(one, 0, seed) for seed in range(20)} == {one.arms, one.arms[::-1]}


def test_the_other_side_is_paused_while_one_is_measured(pair: Pair, journal: RunJournal) -> None:
    seen: list[dict[Arm, State]] = []

    def take(arm: Arm) -> float:
        seen.append({**pair.states, arm: State.RUNNING})
        assert pair.states[arm] is State.RUNNING
        return 1.0

    run(pair, journal, instrument("cpu", take))
    assert all(sorted(states.values()) == [State.PAUSED, State.RUNNING] for states in seen)


def test_nothing_runs_while_the_host_is_measured(pair: Pair, journal: RunJournal) -> None:
    run(pair, journal, instrument("cpu", lambda arm: 1.0, arms=(Arm.HOST,)))
    assert set(pair.states.values()) == {State.PAUSED}


def test_both_are_shut_down_where_that_is_needed(pair: Pair, journal: RunJournal) -> None:
    def take(arm: Arm) -> float:
        assert set(pair.states.values()) == {State.STOPPED}
        return 1.0

    run(pair, journal, instrument("density", take, need=Need.STOPPED))
    assert ("stop", Arm.VM) in pair.moves


def test_what_was_taken_before_is_not_taken_again(pair: Pair, journal: RunJournal) -> None:
    count = 0

    def take(arm: Arm) -> float:
        nonlocal count
        count += 1
        if count == 3:
            raise Cancelled
        return 1.0

    with pytest.raises(Cancelled):
        run(pair, journal, instrument("cpu", take))
    before = list(journal.measurements)
    told = Told()
    taken = run(pair, journal, instrument("cpu", take), told=told)
    assert [word for word, _ in told.told[:5]] == ["skipped"] * 4 + ["taking"]
    assert journal.measurements[: len(before)] == before
    assert len(taken) == len(set(taken)) == 2 + 4


def test_a_run_that_is_cancelled_takes_no_other_reading(pair: Pair, journal: RunJournal) -> None:
    def take(arm: Arm) -> float:
        pair.is_cancelled = True
        return 1.0

    with pytest.raises(Cancelled):
        run(pair, journal, instrument("quick", take))
    assert [m.metric for m in journal.measurements].count("quick.x") == 1


def test_a_failed_reading_is_kept_and_the_others_go_on(pair: Pair, journal: RunJournal) -> None:
    def take(arm: Arm) -> float:
        if arm is Arm.VM:
            raise ActionFailed("the vm:lab-nginx went away while it was measured: it is stopped")
        return 2.0

    run(pair, journal, instrument("cpu", take), instrument("disk", lambda arm: 1.0))
    vm = [m for m in journal.measurements if m.metric == "cpu.x" and m.arm is Arm.VM]
    assert all(m.value is None and "went away" in m.error for m in vm)
    container = [m for m in journal.measurements if m.metric == "cpu.x" and m.arm is not Arm.VM]
    assert [m.value for m in container] == [2.0, 2.0]
    assert sum(m.metric == "disk.x" for m in journal.measurements) == 4
    assert any("went away" in event.text for event in journal.run.events)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (OSError(3, "No such process"), "No such process"),
        (KeyError("x"), "an unexpected fault, KeyError"),
    ],
)
def test_what_a_library_raises_fails_the_reading_and_not_the_run(
    pair: Pair, journal: RunJournal, failure: Exception, reason: str
) -> None:
    def take(arm: Arm) -> float:
        raise failure

    run(pair, journal, instrument("size", take), instrument("disk", lambda arm: 1.0))
    assert {m.error for m in journal.measurements if m.metric == "size.x"} == {reason}
    assert sum(m.metric == "disk.x" for m in journal.measurements) == 4


def test_an_arm_that_failed_twice_is_not_tried_again(pair: Pair, journal: RunJournal) -> None:
    tried = []

    def take(arm: Arm) -> float:
        tried.append(arm)
        raise ActionFailed("no such tool")

    run(pair, journal, instrument("cpu", take, repeats=Repeats(quick=5)))
    assert tried.count(Arm.VM) == tried.count(Arm.CONTAINER) == 2


def test_a_side_that_died_is_brought_up_again_for_the_next_reading(
    pair: Pair, journal: RunJournal
) -> None:
    def take(arm: Arm) -> float:
        if arm is Arm.VM and ("boot", Arm.VM) not in pair.moves:
            pair.states[Arm.VM] = State.STOPPED
            raise ActionFailed("the vm:lab-nginx went away")
        return 1.0

    run(pair, journal, instrument("cpu", take))
    vm = [m.error for m in journal.measurements if m.metric == "cpu.x" and m.arm is Arm.VM]
    assert [bool(error) for error in vm] == [True, False]


def test_a_side_that_cannot_come_up_is_given_up_with_its_reason(
    pair: Pair, journal: RunJournal
) -> None:
    pair.states[Arm.VM] = State.ABSENT
    pair.boot_fails = True
    three = [instrument(name, lambda arm: 1.0) for name in ("a", "b", "c")]
    run(pair, journal, *three)
    errors = [m.error for m in journal.measurements if m.arm is Arm.VM and m.metric == "c.x"]
    assert errors
    assert all("could not be brought up: vagrant up failed" in error for error in errors)
    assert sum(m.metric == "c.x" and m.value == 1.0 for m in journal.measurements) == 2


def test_the_aa_run_compares_the_container_with_itself_first(
    pair: Pair, journal: RunJournal
) -> None:
    taken = run(pair, journal, instrument("cpu", lambda arm: 1.0, in_aa=True))
    streams = [(arm, stream) for metric, arm, _, stream in taken if metric == "cpu.x"]
    assert streams[:6] == [(Arm.CONTAINER, s) for s in "abbaab"]
    assert all(stream == "" for _, stream in streams[6:])


def test_a_full_run_goes_on_until_the_median_is_settled(pair: Pair, journal: RunJournal) -> None:
    values = iter(range(1, 100))
    restless = instrument("cpu", lambda arm: float(next(values)))
    steady = instrument("disk", lambda arm: 5.0)
    taken = run(pair, journal, restless, steady, is_quick=False)
    assert sum(metric == "cpu.x" for metric, *_ in taken) == 2 * 9
    assert sum(metric == "disk.x" for metric, *_ in taken) == 2 * 6


def test_the_plan_of_a_few_rows_holds_no_others(tmp_path: Path) -> None:
    plan = make_plan(workload(tmp_path), [Row.BOOT, Row.SIZE], is_quick=True, seed=1)
    rows = {m.row for i in plan.instruments for m in i.metrics}
    assert rows == {Row.BOOT, Row.SIZE}
    assert 0 < plan.seconds < make_plan(workload(tmp_path), is_quick=True, seed=1).seconds


def test_every_row_has_one_headline(tmp_path: Path) -> None:
    metrics = [
        m for i in make_plan(workload(tmp_path), is_quick=True, seed=1).all for m in i.metrics
    ]
    assert sorted(m.row for m in metrics if m.is_headline) == sorted(Row)
    assert len({m.id for m in metrics}) == len(metrics)
    assert all(m.method and m.title for m in metrics)


def test_the_labs_project_is_a_copy_under_another_name_and_other_ports(tmp_path: Path) -> None:
    folder = tmp_path / "nginx"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM x\n")
    (tmp_path / "Vagrantfile").write_text("# mine\n")
    original = workload(folder)
    own = begin(tmp_path / "twindeck-lab", original.name, None)
    copy = make_project(original, tmp_path / "Vagrantfile", own)
    assert copy.name == f"lab-{original.name}-{own.run}"
    assert copy.folder == own.root / "workloads" / copy.name
    assert {copy.vm_port, copy.container_port}.isdisjoint({original.vm_port, 8080})
    assert (copy.folder / "Dockerfile").read_text() == "FROM x\n"
    ports = tomllib.loads((copy.folder / "workload.toml").read_text())["ports"]
    assert (ports["container"], ports["vm"]) == (copy.container_port, copy.vm_port)
