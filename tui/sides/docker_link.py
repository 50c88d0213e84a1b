"""One lazy connection to the Docker Engine, and its errors in plain words.

Every exception of the SDK ends here, so that no other module has to know them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import requests
from docker import APIClient
from docker.errors import APIError, DockerException, NotFound

from tui.engines.docker.client import connect
from tui.engines.docker.endpoint import Endpoint
from tui.engines.docker.identity import product_in, product_of
from tui.engines.docker.resolver import Resolver
from tui.engines.docker.trouble import PERMISSION_FIX, START_FIX, reason_of, unavailable
from tui.errors import ActionFailed, EngineUnavailable, TwindeckError, UnknownInstance
from tui.text import clean

LOOK_SECONDS = 5.0
ACT_SECONDS = 120.0
PING_SECONDS = 2.0
_CONNECTIONS = 64


class Link:
    """Connects on first use to the engine that is meant, and stays with it; thread-safe.

    After `drop()` the next call connects anew. Looking has a short time-out, acting a long one.
    """

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver or Resolver()
        self._lock = Lock()
        self._clients: dict[float, APIClient] = {}
        self.drops = 0
        """How often the connections were given up."""

    @property
    def endpoint(self) -> Endpoint:
        """Where the engine is. Raises EngineUnavailable when that cannot be told."""
        return self._resolver.endpoint()

    def look(self) -> APIClient:
        """A client for reading. Raises EngineUnavailable."""
        return self._client(LOOK_SECONDS)

    def act(self) -> APIClient:
        """A client for changing things. Raises EngineUnavailable."""
        return self._client(ACT_SECONDS)

    def ping(self) -> str:
        """Ask for a sign of life, and wait two seconds at most; what it calls itself.

        Raises EngineUnavailable.
        """
        with self.translating("answer a ping"):
            api = self._client(PING_SECONDS)
            answer = api.get(f"{api.base_url}/_ping", timeout=PING_SECONDS)
            answer.raise_for_status()
        return str(answer.headers.get("Server", ""))

    def product(self) -> str:
        """`Docker 20.10.24` or `Podman 4.3.1`. Raises EngineUnavailable."""
        known = product_in(self.ping())
        if known:
            return known
        # Something in between has put its own name there.
        with self.translating("tell its version"):
            return product_of(self.look().version())

    def drop(self) -> None:
        """Forget the connections; calls under way end on their own."""
        with self._lock:
            clients, self._clients = self._clients, {}
            self.drops += 1
        for client in clients.values():
            client.close()

    def _client(self, timeout_seconds: float) -> APIClient:
        with self._lock:
            client = self._clients.get(timeout_seconds)
        if client is not None:
            return client
        endpoint = self.endpoint
        try:
            # Not under the lock: an engine that hangs would keep all others waiting in a row.
            made = connect(endpoint, timeout_seconds, _CONNECTIONS)
        except (DockerException, requests.RequestException, OSError, ValueError) as error:
            raise self._trouble(error, endpoint) from error
        with self._lock:
            client = self._clients.setdefault(timeout_seconds, made)
        if client is not made:
            made.close()
        return client

    def _trouble(self, error: Exception, endpoint: Endpoint) -> EngineUnavailable:
        """Why it does not answer. Another engine is offered where none was named; never taken."""
        trouble = unavailable(error, endpoint)
        if not endpoint.origin and trouble.fix in (START_FIX, PERMISSION_FIX):
            # Imported here: few need it.
            from tui.engines.docker.discovery import openable

            for offer in openable(self._resolver.env)[:1]:
                trouble.fix += (
                    f", or use {offer.title}: ctrl+p in the console, or --engine {offer.name}"
                )
        return trouble

    @contextmanager
    def translating(self, what: str, name: str = "") -> Iterator[None]:
        """Turn the SDK's errors into ours; `what` completes the sentence 'Docker cannot …'.

        Raises UnknownInstance (404 with a `name`), EngineUnavailable, ActionFailed.
        """
        try:
            yield
        except NotFound as error:
            if name and "no such container" in str(error.explanation).lower():
                raise unknown(name) from error
            raise _refused(what, error, name) from error
        except APIError as error:
            raise _refused(what, error, name) from error
        except (DockerException, requests.RequestException, OSError) as error:
            trouble = self._trouble(error, self.endpoint)
            if not isinstance(error, requests.Timeout):
                self.drop()
            raise trouble from error


def unknown(name: str) -> UnknownInstance:
    """No container of that name."""
    return UnknownInstance(f"There is no container named {clean(name)!r}", "list them: twindeck ls")


def _refused(what: str, error: APIError, name: str) -> TwindeckError:
    fix = f"docker inspect {clean(name)} shows how it was made" if name else "docker info"
    return ActionFailed(f"Docker cannot {what}: {reason_of(error)}", fix)
