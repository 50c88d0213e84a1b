"""The engine of a session: found out once, and exchanged only when the user chooses another."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from threading import Lock

from tui.engines.docker.endpoint import Endpoint, resolve


class _Once:
    """Resolves at the first question; the same from then on."""

    def __init__(self, find: Callable[[], Endpoint]) -> None:
        self._find = find
        self._lock = Lock()
        self._endpoint: Endpoint | None = None

    def endpoint(self) -> Endpoint:
        with self._lock:
            if self._endpoint is None:
                self._endpoint = self._find()
            return self._endpoint


class Resolver:
    """What the docker command would speak to, or what is named instead.

    Whoever speaks to an engine holds a `pinned` one: a choice made later never leads there what
    was meant for the engine before it.
    """

    def __init__(self, env: Mapping[str, str] | None = None, name: str = "") -> None:
        """`name`: a context, `podman`, `rootless` or a URL, see `discovery.engine_named`."""
        self._env = env
        self._once = _Once(lambda: self._named(name) if name else resolve(self.env))

    @property
    def env(self) -> Mapping[str, str]:
        """The environment in which it is resolved."""
        return os.environ if self._env is None else self._env

    def endpoint(self) -> Endpoint:
        """Raises EngineUnavailable; what failed is tried again at the next question."""
        return self._once.endpoint()

    def choose(self, name: str) -> Endpoint:
        """Take another engine from now on. Raises EngineUnavailable, and stays with this one."""
        endpoint = self._named(name)
        self._once = _Once(lambda: endpoint)
        return endpoint

    def pinned(self) -> Resolver:
        """The same engine, whatever is chosen here later."""
        pinned = Resolver(self._env)
        pinned._once = self._once
        return pinned

    def _named(self, name: str) -> Endpoint:
        # Imported here: few name one.
        from tui.engines.docker.discovery import engine_named

        return engine_named(name, self.env)
