"""States, exit codes and ports in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.port_ranges import ranged
from tui.core.state_words import exit_words, short_state, state_text
from tui.model import HealthStatus, Instance, SideName, State

ONE = Instance(SideName.CONTAINER, "one", State.STOPPED, id="a" * 64)
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, ""),
        (0, ""),
        (1, ""),
        (126, "its command cannot be executed"),
        (127, "its command was not found"),
        (130, "interrupted (SIGINT)"),
        (137, "killed (SIGKILL)"),
        (139, "crashed on a wrong memory address (SIGSEGV)"),
        (143, "asked to end (SIGTERM)"),
        (255, ""),
    ],
)
def test_known_exit_codes_in_words(code: int | None, words: str) -> None:
    assert exit_words(replace(ONE, exit_code=code)) == words


def test_want_of_memory_names_the_limit() -> None:
    killed = replace(ONE, exit_code=137, is_out_of_memory=True, memory_limit_bytes=8 * MIB)
    assert exit_words(killed) == "killed: out of memory, limit 8.0 MiB"
    assert state_text(killed) == "stopped, exit 137: killed: out of memory, limit 8.0 MiB"
    assert exit_words(replace(killed, memory_limit_bytes=None)) == "killed: out of memory"


@pytest.mark.parametrize(
    ("instance", "text"),
    [
        (replace(ONE, state=State.RUNNING, health=HealthStatus.UNHEALTHY), "running, unhealthy"),
        (
            replace(ONE, state=State.RUNNING, health=HealthStatus.STARTING),
            "running, health check starting",
        ),
        (replace(ONE, state=State.RESTARTING, exit_code=3), "restarting, exit 3"),
        (replace(ONE, exit_code=0), "stopped"),
        (replace(ONE, state=State.RUNNING, exit_code=1), "running"),
    ],
)
def test_a_state_with_what_belongs_to_it(instance: Instance, text: str) -> None:
    assert state_text(instance) == text


@given(
    st.sampled_from(list(State)),
    st.sampled_from([None, *HealthStatus]),
    st.none() | st.integers(-1, 300),
    st.booleans(),
    st.integers(10, 14),
)
def test_the_short_form_always_fits(
    state: State, health: HealthStatus | None, code: int | None, killed: bool, width: int
) -> None:
    one = replace(ONE, state=state, health=health, exit_code=code, is_out_of_memory=killed)
    assert 0 < len(short_state(one, width)) <= width
    assert state_text(one).startswith(str(state))


def published(address: str, first: int, count: int, shift: int = 0) -> list[str]:
    return [f"{address}:{n}->{n + shift}/tcp" for n in range(first, first + count)]


def test_a_hundred_ports_are_one_range() -> None:
    ports = published("127.0.0.1", 33000, 100)
    assert ranged(ports) == ("127.0.0.1:33000-33099->33000-33099/tcp",)


def test_ranges_of_several_addresses_do_not_mix_and_gaps_part_them() -> None:
    both = [
        p
        for pair in zip(published("0.0.0.0", 80, 3), published("[::]", 80, 3), strict=True)
        for p in pair
    ]
    odd = ["0.0.0.0:90->90/udp", "0.0.0.0:91->92/udp", "80/tcp"]
    assert ranged([*both, *odd]) == (
        "0.0.0.0:80-82->80-82/tcp",
        "[::]:80-82->80-82/tcp",
        "0.0.0.0:90->90/udp",
        "0.0.0.0:91->92/udp",
        "80/tcp",
    )


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), unique=True))
def test_ranges_hold_every_port_and_no_other(pairs: list[tuple[int, int]]) -> None:
    shown = ranged([f"1.2.3.4:{outside}->{inside}/tcp" for outside, inside in pairs])
    told: list[tuple[int, int]] = []
    for text in shown:
        outside, _, inside = text.removeprefix("1.2.3.4:").removesuffix("/tcp").partition("->")
        first, _, last = outside.partition("-")
        inner = int(inside.partition("-")[0])
        told += [(n, inner + n - int(first)) for n in range(int(first), int(last or first) + 1)]
    assert sorted(told) == sorted(pairs)


@given(st.lists(st.text()))
def test_what_is_no_published_port_is_left_as_it_is(ports: list[str]) -> None:
    kept = tuple(port for port in ports if "->" not in port)
    assert ranged(kept) == kept
    assert len(ranged(ports)) <= len(ports)
