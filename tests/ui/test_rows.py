"""The pure parts of the decks: columns, cells, order, signs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.fakes import NOW, T_NS
from tests.ui.fleets import container, fleet_of, full_fleet, job, vm
from tui.glyphs import ASCII, UNICODE, glyphs_for
from tui.model import HealthStatus, Phase, SideName, State, Verb
from tui.snapshot import JobState, Snapshot
from tui.widgets.cells import Moment, boot_text, cell, elapsed, ports_text, state_cell
from tui.widgets.columns import GAP, Column, columns_of, fit
from tui.widgets.lines import line_of, slots_of
from tui.widgets.ordering import Order, arranged, matches

MUST = {Column.STATE, Column.NAME, Column.CPU, Column.MEMORY}


@pytest.mark.parametrize("side", list(SideName))
@pytest.mark.parametrize("width", range(45, 200))
def test_columns_fill_the_width_and_never_pass_it(side: SideName, width: int) -> None:
    fitted = fit(columns_of(side), width)
    assert {f.spec.column for f in fitted} >= MUST
    assert fitted[-1].x + fitted[-1].width <= width
    for before, after in pairwise(fitted):
        assert before.x + before.width + GAP == after.x


def test_a_vm_keeps_its_accelerator_longest() -> None:
    widths = range(45, 120)
    for width in widths:
        shown = {f.spec.column for f in fit(columns_of(SideName.VM), width)}
        if shown > MUST:
            assert Column.ACCELERATOR in shown


def test_all_columns_are_there_at_160_and_80() -> None:
    for side, width in ((SideName.VM, 80), (SideName.CONTAINER, 79), (SideName.VM, 79)):
        assert len(fit(columns_of(side), width)) == len(columns_of(side))


@pytest.mark.parametrize(
    ("ports", "text"),
    [
        (("127.0.0.1:8080->80/tcp",), "8080→80"),
        (("0.0.0.0:5000->5000/tcp", "[::]:5000->5000/tcp"), "*:5000"),
        (("127.0.0.1:53->53/udp",), "53→53/udp"),
        (("192.168.1.4:443->8443/tcp",), "192.168.1.4:443→8443"),
        (("80/tcp",), "80"),
        ((), ""),
        (tuple(f"0.0.0.0:{n}->{n}/udp" for n in range(7000, 7100)), "*:7000-7099→7000-7099/udp"),
        (tuple(f"127.0.0.1:{n}->{n - 70}/tcp" for n in range(80, 83)), "80-82→10-12"),
    ],
)
def test_ports(ports: tuple[str, ...], text: str) -> None:
    assert ports_text(ports, "→") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (0.42, "0.42s"), (49.34, "49.3s"), (125, "2m05s"), (4000, "1h06m")],
)
def test_boots_fit_in_six_characters(value: float | None, text: str) -> None:
    assert boot_text(value, "—") == text
    assert len(text) <= 6


@given(st.integers(0, 10**6), st.sampled_from([None, *Phase]), st.integers(12, 16))
def test_a_running_action_fits_its_cell(seconds: int, phase: Phase | None, width: int) -> None:
    begun = T_NS - seconds * 10**9
    for verb in Verb:
        running = job(verb, "vm:one", phase=phase, phase_t_ns=begun if phase else None)
        snapshot = replace(fleet_of(vm("one")), jobs={"vm:one": running})
        moment = Moment(snapshot, NOW, T_NS, UNICODE)
        text = state_cell(vm("one"), moment, width).text
        assert len(text) <= width
        assert text.startswith("◆ ")


def test_the_state_is_told_by_sign_and_word_never_by_colour_alone() -> None:
    moment = Moment(fleet_of(), NOW, T_NS, UNICODE)
    told = {state: state_cell(vm("one", state), moment, 12).text for state in State}
    assert len({text.split()[0] for text in told.values()}) == len(State)
    assert all(text.split()[1] == state for state, text in told.items())


def test_a_stopped_container_with_an_error_tells_its_exit_code() -> None:
    moment = Moment(fleet_of(), NOW, T_NS, UNICODE)
    crashed = container("one", State.STOPPED, exit_code=137)
    assert state_cell(crashed, moment, 12).text == "○ exited 137"


def test_health_is_told_by_sign_and_word() -> None:
    moment = Moment(fleet_of(), NOW, T_NS, UNICODE)
    told = {h: state_cell(container("one", health=h), moment, 12) for h in HealthStatus}
    assert {h: cell.text for h, cell in told.items()} == {
        HealthStatus.STARTING: "◔ starting",
        HealthStatus.HEALTHY: "● healthy",
        HealthStatus.UNHEALTHY: "! unhealthy",
    }
    assert told[HealthStatus.UNHEALTHY].tone == "bad"
    paused = container("one", State.PAUSED, health=HealthStatus.UNHEALTHY)
    assert state_cell(paused, moment, 12).text == "◐ paused"


def test_want_of_memory_is_told_where_a_plain_exit_code_would_say_killed() -> None:
    moment = Moment(fleet_of(), NOW, T_NS, UNICODE)
    killed = container("one", State.STOPPED, exit_code=137, is_out_of_memory=True)
    assert state_cell(killed, moment, 12).text == "○ OOM-killed"
    assert state_cell(killed, moment, 16).text == "○ out of memory"


@given(
    st.sampled_from(list(State)),
    st.sampled_from([None, *HealthStatus]),
    st.sampled_from(list(Verb)),
    st.integers(0, 255),
    st.integers(12, 16),
)
def test_a_failed_action_marks_the_row_and_hides_no_state(
    state: State, health: HealthStatus | None, verb: Verb, code: int, width: int
) -> None:
    one = container("one", state, health=health, exit_code=code)
    clear = Moment(fleet_of(one), NOW, T_NS, UNICODE)
    broken = job(verb, one.key, JobState.FAILED)
    failed = replace(clear, snapshot=replace(clear.snapshot, jobs={one.key: broken}))
    text = state_cell(one, failed, width).text
    assert "✗" in text
    assert len(text) <= width
    assert state_cell(one, clear, width).text.partition(" ")[2] in text


def test_a_figure_that_is_missing_is_a_dash_never_a_nought() -> None:
    moment = Moment(fleet_of(), NOW, T_NS, UNICODE)
    fresh = container("without-sample")
    for column in (Column.CPU, Column.MEMORY, Column.BOOT):
        assert cell(column, fresh, moment, 8).text == "—"


def test_a_stopped_instance_shows_no_figures_of_its_last_run() -> None:
    snapshot = full_fleet()
    moment = Moment(snapshot, NOW, T_NS, UNICODE)
    stopped = vm("nginx", State.STOPPED)
    assert cell(Column.CPU, stopped, moment, 8).text == "—"
    assert cell(Column.UPTIME, stopped, moment, 8).text == "—"


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        ((0.0, 50.0, 100.0), "  ▁▅█"),
        ((None, 0.0), "    ▁"),
        ((0.1, 0.2, 0.1, 0.0, 0.3, 0.2, 0.1), "▁▁▁▁▁"),
        ((), "     "),
        ((400.0, 200.0), "   █▅"),
    ],
)
def test_sparklines(values: tuple[float | None, ...], bars: str) -> None:
    assert UNICODE.sparkline(values, 5, 20.0) == bars


def test_groups_have_one_heading_and_only_in_the_order_of_names() -> None:
    snapshot = full_fleet()
    columns = fit(columns_of(SideName.CONTAINER), 80)
    moment = Moment(snapshot, NOW, T_NS, UNICODE)
    side = snapshot.on_side(SideName.CONTAINER)
    by_name = slots_of(arranged(side, Order(), snapshot), Order())
    headings = [line_of(slot, columns, moment).cells[0].text for slot in by_name if slot.is_heading]
    assert headings == ["▾ monitor", "▾ shop"]
    order = Order(Column.CPU)
    assert not any(slot.is_heading for slot in slots_of(arranged(side, order, snapshot), order))


def test_what_is_there_stands_before_what_could_be() -> None:
    offers = [container(name, State.ABSENT, workload=name) for name in ("cpu", "nginx")]
    side = [*offers, container("web", State.STOPPED), container("db", State.RUNNING, group="shop")]
    names = [i.name for i in arranged(side, Order(), Snapshot())]
    assert names == ["web", "cpu", "nginx", "db"]


def test_order_puts_the_unknown_last_both_ways() -> None:
    snapshot = full_fleet()
    side = snapshot.on_side(SideName.CONTAINER)
    for is_reversed in (False, True):
        ordered = arranged(side, Order(Column.CPU, is_reversed), snapshot)
        known = [i.key in snapshot.samples for i in ordered]
        assert known == sorted(known, reverse=True)


def test_order_does_not_depend_on_the_order_before() -> None:
    snapshot = full_fleet()
    side = snapshot.on_side(SideName.CONTAINER)
    for column in (Column.NAME, Column.STATE, Column.CPU, Column.PORTS):
        assert arranged(side, Order(column), snapshot) == arranged(
            side[::-1], Order(column), snapshot
        )


@pytest.mark.parametrize(
    ("needle", "is_found"),
    [
        ("", True),
        ("SHOP", True),
        ("shop api", True),
        ("api shop", True),
        ("sapi1", True),
        ("running", True),
        ("9000", True),
        ("bookworm", True),
        ("api3", False),
        ("1ipa", False),
    ],
)
def test_matching(needle: str, is_found: bool) -> None:
    one = container("shop-api-1", group="shop", ports=("127.0.0.1:9000->9000/tcp",))
    assert matches(one, needle) is is_found


@pytest.mark.parametrize(
    ("environ", "is_ascii"),
    [
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "de_DE.utf8"}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "C"}, True),
        ({}, True),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, True),
        ({"LC_ALL": "C.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
    ],
)
def test_signs_follow_the_locale(environ: dict[str, str], is_ascii: bool) -> None:
    assert glyphs_for(environ).is_ascii is is_ascii


def test_both_sets_of_signs_are_complete_and_one_character_wide() -> None:
    for glyphs in (UNICODE, ASCII):
        assert set(glyphs.states) == set(State)
        assert all(len(sign) == 1 for sign in glyphs.states.values())
    assert "".join([*ASCII.states.values(), ASCII.bars, ASCII.arrow, ASCII.dash]).isascii()


def test_elapsed() -> None:
    assert elapsed(12.7) == "12s"
    assert elapsed(65) == "1m05s"


def test_a_failed_job_that_was_read_gives_the_state_back() -> None:
    broken = job(Verb.STOP, "vm:one", JobState.FAILED, id=5)
    snapshot = replace(fleet_of(vm("one")), jobs={"vm:one": broken})
    unread = Moment(snapshot, NOW, T_NS, UNICODE)
    assert state_cell(vm("one"), unread, 16).text == "● running ✗ stop"
    read = Moment(snapshot, NOW, T_NS, UNICODE, frozenset({5}))
    assert state_cell(vm("one"), read, 16).text == "● running"
