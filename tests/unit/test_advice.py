"""What the advisor answers, and why: the chart that comes along, and the rules it is weighed by."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tui.advice.chart import QUESTIONS, SHIPPED, load_chart
from tui.advice.decide import decide
from tui.advice.interview import Interview
from tui.advice.model import Advice, Chart, Criterion, Figure, State
from tui.advice.words import lines
from tui.errors import ChartError

CHART = load_chart()
SANDBOXES = {"microvm", "kata", "gvisor"}


def names(advice: Advice) -> set[str]:
    return {outcome.id for outcome in advice.leaders}


def measured(metric: str, vm: float, container: float, **changes: object) -> Figure:
    made = Figure(
        metric=metric,
        title=metric,
        unit="s",
        is_more_better=False,
        vm=vm,
        container=container,
        ratio=vm / container,
        is_alike=False,
        readings=6,
        run_id="nginx-20260131-093000",
        accelerator="kvm",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def criterion(name: str) -> Criterion:
    found = CHART.criterion(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param(
            {"software": "services", "change": "rebuilt"}, "container", id="microservices"
        ),
        pytest.param({"software": "legacy", "guest": "host-kernel"}, "vm", id="legacy"),
        pytest.param({"guest": "other-os"}, "vm", id="another system"),
        pytest.param({"guest": "other-os", "software": "services"}, "vm", id="Windows services"),
        pytest.param({"isolation": "maximum"}, "vm", id="maximum isolation"),
        pytest.param(
            {"software": "jobs", "density": "dozens", "scaling": "bursts", "code": "own"},
            "container",
            id="dense CI workers",
        ),
        pytest.param({"display": "desktop", "guest": "host-kernel"}, "vm", id="desktop"),
        pytest.param({"modules": "yes"}, "vm", id="kernel modules"),
        pytest.param({"devices": "pci"}, "vm", id="a PCI device"),
        pytest.param({"moving": "live"}, "vm", id="live migration"),
        pytest.param(
            {"software": "many", "tenants": "teams"}, "container_in_vm", id="many applications"
        ),
        pytest.param({"virtualization": "inside-vm"}, "container_in_vm", id="inside a VM"),
        pytest.param({"data": "mixed"}, "container_in_vm", id="levels of sensitivity"),
        pytest.param({"software": "system"}, "system_container", id="a whole system"),
        pytest.param({"virtualization": "none", "code": "untrusted"}, "gvisor", id="no KVM"),
        pytest.param({"code": "untrusted", "platform": "kubernetes"}, None, id="in a cluster"),
        pytest.param({"code": "untrusted", "startup": "subsecond"}, None, id="functions"),
        pytest.param({"code": "untrusted", "guest": "host-kernel"}, None, id="uploaded code"),
    ],
)
def test_a_textbook_case_has_its_textbook_answer(
    answers: dict[str, str], expected: str | None
) -> None:
    advice = decide(CHART, answers)
    assert advice.leaders
    if expected is None:
        assert names(advice) <= SANDBOXES
    else:
        assert names(advice) == {expected}


WITNESSES = {
    "container": {"software": "services"},
    "vm": {"guest": "other-os"},
    "container_in_vm": {"software": "many"},
    "microvm": {"code": "untrusted", "software": "jobs", "startup": "subsecond"},
    "kata": {"isolation": "kernel", "platform": "kubernetes", "change": "rebuilt"},
    "gvisor": {"code": "untrusted", "virtualization": "none"},
    "system_container": {"software": "system"},
}


@pytest.mark.parametrize("outcome", [outcome.id for outcome in CHART.outcomes])
def test_every_outcome_can_be_reached(outcome: str) -> None:
    advice = decide(CHART, WITNESSES[outcome])
    assert advice.state is State.DECIDED
    assert names(advice) == {outcome}


def test_the_chart_asks_of_everything_it_promises_and_every_claim_has_a_source() -> None:
    assert len(CHART.criteria) >= 18
    for one in CHART.criteria:
        assert one.sources, one.id
        assert len(one.answers) >= 2, one.id
        assert len({answer.id for answer in one.answers}) == len(one.answers), one.id


def test_no_answer_gives_no_guess() -> None:
    advice = decide(CHART, {})
    assert advice.state is State.NOT_ENOUGH
    assert advice.leaders == ()
    assert advice.changes == ()
    assert next(lines(CHART, advice)) == "No answer: not enough answers to choose by"


def test_answers_that_speak_for_nothing_give_no_guess() -> None:
    neutral = {"modules": "no", "devices": "none", "display": "none", "memory": "no"}
    assert decide(CHART, neutral).state is State.NOT_ENOUGH


def test_a_few_answers_are_told_to_be_a_leaning() -> None:
    told = list(lines(CHART, decide(CHART, {"platform": "vms", "watching": "inside"})))
    assert told[2] == "2 of 25 questions answered; take it as a leaning."


def test_equal_points_are_told_as_a_tie() -> None:
    advice = decide(CHART, {"code": "untrusted"})
    assert advice.state is State.TIED
    assert names(advice) == SANDBOXES
    told = list(lines(CHART, advice))
    assert told[0] == "Answer: a tie between microVM, Kata Containers and gVisor"
    assert "Why microVM:" in told


def test_what_is_vetoed_cannot_win_whatever_its_points() -> None:
    speaking = {c.id: "" for c in CHART.criteria}
    for one in CHART.criteria:
        speaking[one.id] = max(one.answers, key=lambda a: a.speaks.get("container", 0)).id
    advice = decide(CHART, {**speaking, "guest": "other-os", "virtualization": "yes"})
    standing = next(one for one in advice.standings if one.outcome.id == "container")
    assert standing.points == max(one.points for one in advice.standings)
    assert standing.ruled_out_by == (("guest", "other-os"),)
    assert "container" not in names(advice)


def test_when_all_is_ruled_out_the_vetoes_that_contradict_each_other_are_told() -> None:
    advice = decide(CHART, {"guest": "other-os", "virtualization": "none"})
    assert advice.state is State.ALL_VETOED
    assert advice.leaders == ()
    told = "\n".join(lines(CHART, advice))
    assert told.startswith("No answer: your answers rule out every outcome\n")
    assert "`guest=other-os` and `virtualization=none` rule out every outcome between them." in told
    assert "VM: There is no hardware virtualization, and emulation is too slow." in told
    assert {change.criterion.id for change in advice.changes} == {"guest", "virtualization"}


@pytest.mark.parametrize(
    ("answers", "part"),
    [
        ({"guest": "other-os", "virtualization": "emulation"}, "expect it to be many times slower"),
        ({"isolation": "process", "code": "untrusted"}, "one of the two answers is probably wrong"),
        (
            {"moving": "live", "virtualization": "none"},
            "one calls for VM or containers in VMs, the other rules that out",
        ),
    ],
)
def test_answers_that_fight_are_pointed_out(answers: dict[str, str], part: str) -> None:
    assert any(part in one.says for one in decide(CHART, answers).conflicts)


def test_an_answer_that_leaves_another_outcome_does_not_fight() -> None:
    assert decide(CHART, {"software": "jobs", "code": "untrusted"}).conflicts == ()


def test_answers_that_agree_are_not_said_to_fight() -> None:
    assert decide(CHART, {"guest": "other-os", "virtualization": "yes"}).conflicts == ()


def test_reasons_come_heaviest_first_each_with_its_source() -> None:
    advice = decide(CHART, {"skills": "machines", "guest": "other-os", "moving": "live"})
    assert [reason.criterion.id for reason in advice.reasons] == ["guest", "moving", "skills"]
    assert [reason.points for reason in advice.reasons] == [15, 12, 4]
    told = "\n".join(lines(CHART, advice))
    for reason in advice.reasons:
        assert reason.criterion.sources[0].citation in told


def test_what_speaks_against_the_answer_is_told_too() -> None:
    advice = decide(CHART, {"guest": "other-os", "watching": "host"})
    assert [reason.criterion.id for reason in advice.doubts] == ["watching"]
    assert "What speaks against it:" in list(lines(CHART, advice))


def test_what_would_change_the_answer_does_change_it_and_nothing_else_does() -> None:
    answers = {"software": "services", "tenants": "teams", "change": "rebuilt"}
    advice = decide(CHART, answers)
    turning = {(change.criterion.id, change.after.id) for change in advice.changes}
    for one in CHART.criteria:
        for answer in one.answers:
            if answers.get(one.id) == answer.id:
                continue
            other = decide(CHART, {**answers, one.id: answer.id})
            is_turned = (other.state, other.leaders) != (advice.state, advice.leaders)
            assert is_turned == ((one.id, answer.id) in turning), (one.id, answer.id)


def test_the_smallest_change_comes_first() -> None:
    sizes = [one.size for one in decide(CHART, {"software": "services"}).changes]
    assert sizes == sorted(sizes)


LEANING = {"startup": "seconds", "platform": "vms", "tenants": "one"}
"""A platform of VMs where new ones must answer within seconds; cited figures say container."""


def test_a_measured_boot_within_the_limit_turns_the_answer_to_the_vm() -> None:
    cited = decide(CHART, LEANING)
    assert names(cited) == {"container"}
    advice = decide(CHART, LEANING, {"boot.warm": measured("boot.warm", 3.1, 0.4)})
    assert names(advice) == {"vm"}
    assert advice.without_figures == cited.leaders
    told = "\n".join(lines(CHART, advice))
    assert "by the cited ones alone it would be container." in told
    assert "measured here in run nginx-20260131-093000 (kvm, 6 readings a side)" in told
    assert "Asked for is at most 10.0 s: both sides meet it." in told


def test_a_measured_boot_above_the_limit_confirms_what_is_cited() -> None:
    advice = decide(CHART, LEANING, {"boot.warm": measured("boot.warm", 21.0, 0.4)})
    assert names(advice) == {"container"}
    assert advice.without_figures is None
    assert "10.0 s: the container meets it, the VM does not." in advice.findings[0].says


def test_an_unfit_figure_changes_nothing_and_says_why() -> None:
    unfit = measured("boot.warm", 3.1, 0.4, accelerator="tcg", unfit="it was emulated")
    advice = decide(CHART, LEANING, {"boot.warm": unfit})
    assert advice.standings == decide(CHART, LEANING).standings
    assert advice.findings[0].says.endswith("Not counted: it was emulated.")
    told = "\n".join(lines(CHART, advice))
    assert "Not counted: it was emulated." in told
    assert "Cited: Firecracker promises" in told


@pytest.mark.parametrize(
    ("vm", "container", "is_alike", "expected"),
    [
        (1000.0, 990.0, False, {"vm": True, "container": True}),
        (500.0, 1000.0, False, {"vm": False, "container": True}),
        (1000.0, 500.0, False, {"vm": True, "container": False}),
        (500.0, 1000.0, True, {"vm": True, "container": True}),
    ],
)
def test_speed_is_decided_by_the_share_one_side_reaches_of_the_other(
    vm: float, container: float, is_alike: bool, expected: dict[str, bool]
) -> None:
    figure = measured(
        "disk.randread", vm, container, unit="IOPS", is_more_better=True, is_alike=is_alike
    )
    advice = decide(CHART, {"storage": "heavy"}, {"disk.randread": figure})
    assert advice.findings[0].passes == expected


@pytest.mark.parametrize(
    ("vm", "container", "told"),
    [
        (20.0, 18.0, "Asked for is at most 10.0 s: neither side meets it."),
        (3.0, 18.0, "Asked for is at most 10.0 s: the VM meets it, the container does not."),
    ],
)
def test_a_finding_says_which_side_meets_the_need(vm: float, container: float, told: str) -> None:
    figure = measured("boot.warm", vm, container)
    says = decide(CHART, {"startup": "seconds"}, {"boot.warm": figure}).findings[0].says
    assert says.endswith(told)


def test_a_finding_of_speed_names_the_side_that_falls_behind() -> None:
    figure = measured("cpu.events", 600.0, 1000.0, unit="events/s", is_more_better=True)
    says = decide(CHART, {"cpu": "yes"}, {"cpu.events": figure}).findings[0].says
    assert says.endswith("The VM does not reach 95 % of the other.")


def test_unknown_answers_are_not_looked_at() -> None:
    advice = decide(CHART, {"guest": "templeos", "colour": "blue", "software": "services"})
    assert dict(advice.answers) == {"software": "services"}


def test_an_interview_goes_back_skips_and_ends() -> None:
    interview = Interview(CHART).answer("host-kernel").answer("yes").back()
    assert interview.question is not None
    assert interview.question.id == "modules"
    assert interview.given == "yes"
    interview = interview.skip()
    assert dict(interview.answers) == {"guest": "host-kernel"}
    assert Interview(CHART).back().at == 0
    assert interview.finish().question is None
    assert interview.finish().skip().question is None


def test_an_interview_takes_no_answer_the_question_has_not() -> None:
    with pytest.raises(ValueError, match="templeos"):
        Interview(CHART).answer("templeos")


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str, str, str], Chart]:
    """The chart with one text of one of its files replaced."""

    def load(file: str, old: str, new: str) -> Chart:
        for one in ("outcomes.toml", "sources.toml", "conflicts.toml", *QUESTIONS):
            shutil.copy(SHIPPED / one, tmp_path / one)
        text = (tmp_path / file).read_text()
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new, 1))
        return load_chart(tmp_path)

    return load


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("load.toml", "weight = 4", "weight = 0", "criterion[software].weight: expected a whole"),
        ("load.toml", "weight = 4", "wait = 4", "criterion[software].wait: unknown key"),
        ("load.toml", "container = 3", "container = 4", "answer[services].speaks.container: "),
        ("load.toml", "container = 3", "jail = 3", "answer[services].speaks.jail: unknown key"),
        ("trust.toml", 'vetoes = ["container"', 'vetoes = ["jail"', "vetoes: no outcome jail"),
        ("load.toml", "limit = 10.0", "share = 0.5, limit = 1", "expected either limit or share"),
        ("trust.toml", 'sources = ["nist-190"]', 'sources = ["x"]', "sources: no source x"),
        ("trust.toml", 'id = "data"', 'id = "guest"', "criterion[guest].id: stands there twice"),
        ("sources.toml", "https://", "ftp://", "address: expected https://"),
        ("conflicts.toml", "guest=other-os", "guest=x", "answers: no answer guest=x"),
        ("kernel.toml", 'tcg = "emulation"', 'tcg = "x"', "by_accelerator.tcg: no answer x"),
        ("kernel.toml", 'tcg = "emulation"', 'hvf = "yes"', "by_accelerator.hvf: unknown key"),
        ("outcomes.toml", "[[outcome]]", "[[outcome", "malformed TOML"),
    ],
)
def test_a_wrong_chart_is_told_with_file_and_key(
    broken: Callable[[str, str, str], Chart], file: str, old: str, new: str, told: str
) -> None:
    with pytest.raises(ChartError) as caught:
        broken(file, old, new)
    assert file in caught.value.line or "stands there twice" in told
    assert told in caught.value.line


def test_a_missing_file_of_the_chart_is_told(tmp_path: Path) -> None:
    with pytest.raises(ChartError, match=r"outcomes\.toml: cannot be read: No such file"):
        load_chart(tmp_path)
