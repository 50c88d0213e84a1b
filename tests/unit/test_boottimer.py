"""Phases of a boot add up to the boot, whatever their order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.fleet.boottimer import BootTimer
from tui.model import Phase

phases = st.lists(st.tuples(st.sampled_from(list(Phase)), st.integers(0, 10**11)), max_size=12)


@given(start=st.integers(0, 10**15), steps=phases, tail=st.integers(0, 10**11))
def test_phases_sum_to_the_whole(start: int, steps: list[tuple[Phase, int]], tail: int) -> None:
    timer = BootTimer(start)
    now = start
    for phase, length in steps:
        now += length
        timer.begin(phase, now)
    end = now + tail
    total = sum(p.seconds for p in timer.phases(end))
    assert abs(total - (end - start) / 1e9) < 1e-6


def test_what_comes_after_the_answer_does_not_count() -> None:
    timer = BootTimer(0)
    timer.begin(Phase.START, 1_000_000_000)
    timer.begin(Phase.PROVISION, 9_000_000_000)
    assert [(p.name, p.seconds) for p in timer.phases(3_000_000_000)] == [
        (Phase.PREPARE, 1.0),
        (Phase.START, 2.0),
    ]
