"""Calls that may hang hold nobody up."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait
from threading import Event

import pytest

from tests.unit.test_fleet import until
from tui.core.daemon_pool import DaemonPool


@pytest.fixture
def pool(request: pytest.FixtureRequest) -> Iterator[DaemonPool]:
    pool = DaemonPool(2, request.node.name)
    yield pool
    pool.close()


def test_what_a_call_gives_or_raises_is_the_futures(pool: DaemonPool) -> None:
    def fail() -> None:
        raise KeyError("x")

    assert pool.submit(lambda: 7).result(5) == 7
    with pytest.raises(KeyError):
        pool.submit(fail).result(5)


def test_no_more_threads_than_calls_nor_than_allowed(
    pool: DaemonPool, request: pytest.FixtureRequest
) -> None:
    def threads() -> int:
        return sum(thread.name == request.node.name for thread in threading.enumerate())

    go = Event()
    for _ in range(5):
        assert pool.submit(lambda: None).exception(5) is None
    assert threads() == 1
    futures = [pool.submit(go.wait) for _ in range(6)]
    assert threads() == 2
    go.set()
    assert len(wait(futures, 5).done) == 6


def test_closed_it_calls_nothing_any_more(pool: DaemonPool) -> None:
    go = Event()
    under_way = [pool.submit(go.wait) for _ in range(2)]
    until(lambda: all(future.running() for future in under_way))
    waiting = pool.submit(lambda: None)
    pool.close()
    go.set()
    assert waiting.cancelled()
    assert all(future.result(5) for future in under_way)


def test_a_process_ends_while_a_call_hangs() -> None:
    code = (
        "import time\n"
        "from tui.core.daemon_pool import DaemonPool\n"
        "pool = DaemonPool(1, 'hangs')\n"
        "pool.submit(lambda: time.sleep(60))\n"
        "pool.close()\n"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    assert time.monotonic() - began < 20
