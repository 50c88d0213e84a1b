"""The series of one instance: bounded, exact, and honest about gaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.fleet.series import TREND_SAMPLES, Series
from tui.model import SideName
from tui.snapshot import Sample

LENGTH = 70
percents = st.none() | st.floats(0, 6400, allow_nan=False)
sizes = st.none() | st.integers(0, 2**50)


def sample(t_ns: int, cpu: float | None, memory: int | None, guest: int | None) -> Sample:
    return Sample(
        SideName.VM,
        "one",
        time=0.0,
        t_ns=t_ns,
        cpu_percent=cpu,
        memory_bytes=memory,
        guest_memory_bytes=guest,
    )


@given(st.lists(st.tuples(percents, sizes, sizes), max_size=4 * LENGTH))
def test_the_newest_come_out_as_they_went_in(taken: list[tuple[float | None, ...]]) -> None:
    series = Series(LENGTH)
    for number, (cpu, memory, guest) in enumerate(taken):
        series.append(
            sample(
                10**18 + number,
                cpu,
                None if memory is None else int(memory),
                None if guest is None else int(guest),
            )
        )
    kept = taken[-LENGTH:]
    history = series.history()
    first = 10**18 + len(taken) - len(kept)
    assert history.t_ns == tuple(range(first, first + len(kept)))
    columns = (history.cpu_percent, history.memory_bytes, history.guest_memory_bytes)
    assert columns == (tuple(zip(*kept, strict=True)) if kept else ((), (), ()))
    assert all(isinstance(size, int | None) for size in history.memory_bytes)
    assert series.trend() == history.cpu_percent[-TREND_SAMPLES:]
