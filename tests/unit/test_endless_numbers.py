"""Numbers of thousands of digits, which `int` refuses to read, in what others tell us."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.ui.fleets import full_fleet
from tui.core.port_ranges import ranged
from tui.errors import ActionFailed
from tui.lab.instruments.http import generator_seconds, parse_requests
from tui.lab.instruments.memory import guest_use
from tui.lab.instruments.performance import parse_bandwidth, parse_events
from tui.sides.docker_rows import exit_code_of
from tui.widgets.columns import Column
from tui.widgets.ordering import Order, arranged

ENDLESS = "9" * 5000
WRK = """  {count} requests in {seconds}s, {size}MB read
Requests/sec:   {rate}
"""


def wrk(**endless: str) -> str:
    told = {"count": "10", "seconds": "2.00", "size": "1.5", "rate": "5.00"}
    return WRK.format(**{**told, **endless})


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        *(
            (parse_requests, wrk(**{name: ENDLESS}))
            for name in ("count", "seconds", "size", "rate")
        ),
        (generator_seconds, f"{ENDLESS}m0.1s 0m0.1s\n"),
        (generator_seconds, f"0m{ENDLESS}s 0m0.1s\n"),
        (parse_events, f"events per second: {ENDLESS}\n"),
        (parse_bandwidth, f"{ENDLESS} MiB transferred ({ENDLESS} MiB/sec)\n"),
    ],
    ids=["wrk's count", "its seconds", "its size", "its rate", "m", "s", "events", "bandwidth"],
)
def test_of_a_tool_is_none_and_the_reading_fails(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ActionFailed):
        parse(text)


def test_of_refusals_is_a_refusal_all_the_same() -> None:
    with pytest.raises(ActionFailed, match="replies were no success"):
        parse_requests(f"{wrk()}  Non-2xx or 3xx responses: {ENDLESS}\n")


def test_of_a_guest_is_left_out() -> None:
    now = time.time()
    told = {"available": 100, "unused": 40, "last-update": int(now) + 1, "usable": ENDLESS}
    answer = "".join(f"  balloon.{name}={value}\n" for name, value in told.items())
    assert guest_use("memory", answer, now).value == 60 * 1024


def test_of_an_engine_is_left_out() -> None:
    assert exit_code_of({"Status": f"Exited ({ENDLESS}) 2 hours ago"}) is None


def test_for_a_port_stays_as_it_is_told_and_orders_last() -> None:
    strange = f"127.0.0.1:{ENDLESS}->80/tcp"
    assert ranged((strange,)) == (strange,)
    snapshot = full_fleet()
    first, second, *_ = snapshot.instances
    instances = [
        replace(first, ports=(strange,)),
        replace(second, ports=("127.0.0.1:80->80/tcp",)),
    ]
    assert arranged(instances, Order(Column.PORTS), snapshot)[0].name == second.name
