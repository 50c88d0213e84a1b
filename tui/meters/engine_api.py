"""Containers measured through the Engine API: for a remote engine, or cgroups out of reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import requests
from docker.errors import DockerException, NotFound
from docker.utils import version_lt

from tui.core.daemon_pool import DaemonPool
from tui.engines.docker.client import connect
from tui.engines.docker.resolver import Resolver
from tui.engines.docker.trouble import unavailable
from tui.errors import EngineUnavailable
from tui.meters.base import Watched
from tui.meters.engine_stats import Counters, counters_of, cpu_percent
from tui.meters.gaps import STANDING, UNCOUNTED_BLOCK, empty_sample, memory_kind, not_running
from tui.model import Instance, SideName
from tui.snapshot import Sample

if TYPE_CHECKING:
    from docker import APIClient

_THREADS = 32
_ANSWER_SECONDS = 1.5
"""How long one sweep waits: the engine answers on its own once-a-second round."""
_REQUEST_SECONDS = 10
_STALE_SECONDS = 10.0
_UNWATCHED = "it is not on the screen, and asking a remote engine is not free"
_SILENT = "the engine has not answered yet"
UNCOUNTED = (
    "its engine runs rootless without cgroups, so nothing counts what one container uses: what it "
    "tells is of the whole host; with cgroup v2 and systemd it can be counted"
)
_ONE_SHOT_SINCE = "1.41"


@dataclass(frozen=True, slots=True)
class _Answer:
    t_ns: int
    time: float
    counters: Counters


def connect_to(docker: Resolver) -> Callable[[], APIClient]:
    """Connects to that engine. Raises EngineUnavailable."""

    def open_client() -> APIClient:
        endpoint = docker.endpoint()
        try:
            return connect(endpoint, _REQUEST_SECONDS, _THREADS)
        except (DockerException, requests.RequestException, OSError, ValueError) as error:
            raise unavailable(error, endpoint) from error

    return open_client


class EngineApiMeter:
    """Asks the engine for each container in a small pool of threads; keeps its own deltas.

    An answer that does not come within a sweep counts in the next one; meanwhile the newest
    sample stands, with its own time, for up to ten seconds.
    """

    side = SideName.CONTAINER

    def __init__(self, connector: Callable[[], APIClient] | None = None) -> None:
        self._connector = connector or connect_to(Resolver())
        self._client: APIClient | None = None
        self._is_counting: Future[bool] = Future()
        """Whether what the engine tells is of the container."""
        self._pool = DaemonPool(_THREADS, "docker stats")
        self._asked: dict[str, Future[_Answer]] = {}
        self._before: dict[str, Counters] = {}
        self._newest: dict[str, Sample] = {}

    def sample(self, live: Sequence[Instance], watched: Watched = None) -> list[Sample]:
        """One sample per instance the engine knows; forgets those no longer given.

        The engine is asked for those in `watched` only: each answer costs it several milliseconds.
        """
        named = {instance.id: instance for instance in live if instance.id}
        self._forget_all_but(named)
        if not named:
            return []
        wanted = {k: i for k, i in named.items() if watched is None or i.key in watched}
        why = self._ask(wanted)
        wait(self._asked.values(), timeout=_ANSWER_SECONDS)
        samples = (
            self._collect(key, instance, why or ("" if key in wanted else _UNWATCHED))
            for key, instance in named.items()
        )
        return [sample for sample in samples if sample is not None]

    def close(self) -> None:
        """Let requests under way end on their own."""
        self._pool.close()
        if self._client is not None:
            self._client.close()

    def _ask(self, named: Mapping[str, Instance]) -> str:
        """Ask for those not asked for already; why that cannot be done, or ""."""
        try:
            client = self._client or self._connector()
        except EngineUnavailable as error:
            return str(error)
        if client is not self._client:
            self._client = client
            self._is_counting = self._pool.submit(partial(_is_counting, client))
        wait((self._is_counting,), timeout=_ANSWER_SECONDS)
        if not self._is_counting.done():
            return _SILENT
        if not self._is_counting.result():
            return UNCOUNTED
        for key in named:
            if key not in self._asked:
                self._asked[key] = self._pool.submit(partial(_fetch, client, key))
        return ""

    def _collect(self, key: str, instance: Instance, why: str) -> Sample | None:
        future = self._asked.get(key)
        if future is None or not future.done():
            newest = self._newest.get(key)
            if newest is not None and time.time() - newest.time < _STALE_SECONDS:
                return newest
            reason = why or _SILENT
            return empty_sample(instance, reason)
        del self._asked[key]
        try:
            answer = future.result()
        except NotFound:
            return None
        except (DockerException, requests.RequestException, OSError, ValueError):
            # Why is told by the side, which asks the same engine.
            self._client = None
            return empty_sample(instance, "the engine did not answer")
        if not answer.counters.is_of_a_run:
            self._before.pop(key, None)
            self._newest.pop(key, None)
            return empty_sample(instance, not_running(instance))
        sample = _sample_of(instance, answer, self._before.get(key))
        self._before[key] = answer.counters
        self._newest[key] = sample
        return sample

    def _forget_all_but(self, named: Mapping[str, Instance]) -> None:
        kept: tuple[dict[str, Any], ...] = (self._asked, self._before, self._newest)
        for known in kept:
            for gone in [key for key in known if key not in named]:
                del known[gone]


def _is_counting(client: APIClient) -> bool:
    """Whether it counts by container: without cgroups it reads the root's files, and tells the
    whole host's figures for each."""
    try:
        return bool(client.info().get("CgroupDriver") != "none")
    except (DockerException, requests.RequestException, OSError, ValueError):
        # What ails it is told by the figures that do not come.
        return True


def _fetch(client: APIClient, container_id: str) -> _Answer:
    # Without one-shot the engine measures twice, a second apart, for a delta not used here.
    is_old = version_lt(client.api_version, _ONE_SHOT_SINCE)
    options = {} if is_old else {"one_shot": True}
    stats = client.stats(container_id, stream=False, **options)
    return _Answer(t_ns=time.monotonic_ns(), time=time.time(), counters=counters_of(stats))


def _sample_of(instance: Instance, answer: _Answer, before: Counters | None) -> Sample:
    now = answer.counters
    percent, why = cpu_percent(before, now)
    reasons = dict(STANDING[SideName.CONTAINER])
    if why:
        reasons["cpu_percent"] = why
    told = {
        "memory_bytes": now.memory_bytes,
        "memory_limit_bytes": now.limit_bytes,
        "pids": now.pids,
    }
    reasons |= {name: "the engine does not tell it" for name in told if told[name] is None}
    if now.network is None:
        lack = "it uses the host's own network, or none"
        reasons |= {"net_rx_bytes": lack, "net_tx_bytes": lack}
    if now.block is None:
        reasons |= dict.fromkeys(("block_read_bytes", "block_write_bytes"), UNCOUNTED_BLOCK)
    received, sent = now.network or (None, None)
    return Sample(
        side=SideName.CONTAINER,
        name=instance.name,
        time=answer.time,
        t_ns=answer.t_ns,
        cpu_percent=percent,
        memory_bytes=now.memory_bytes,
        memory_kind=memory_kind(instance),
        memory_limit_bytes=now.limit_bytes,
        net_rx_bytes=received,
        net_tx_bytes=sent,
        block_read_bytes=now.block[0] if now.block else None,
        block_write_bytes=now.block[1] if now.block else None,
        pids=now.pids,
        reasons=reasons,
    )
