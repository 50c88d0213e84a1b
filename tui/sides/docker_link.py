"""One lazy connection to the Docker Engine, and its errors in plain words.

Every exception of the SDK ends here, so that no other module has to know them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import docker
import requests
from docker import APIClient
from docker.errors import APIError, DockerException, NotFound

from tui.errors import ActionFailed, EngineUnavailable, TwindeckError, UnknownInstance
from tui.text import clean

LOOK_SECONDS = 5.0
ACT_SECONDS = 120.0
_CONNECTIONS = 64
PERMISSION_FIX = "sudo usermod -aG docker $USER, then log out and in again"
START_FIX = "sudo systemctl start docker, or twindeck setup"
_SOCKET_ERROR = re.compile(r"docker\.sock.*permission denied", re.IGNORECASE)


class Link:
    """Connects on first use, as the docker command would (DOCKER_HOST, contexts); thread-safe.

    After `drop()` the next call connects anew. Looking has a short time-out, acting a long one.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._clients: dict[float, APIClient] = {}

    def look(self) -> APIClient:
        """A client for reading. Raises EngineUnavailable."""
        return self._client(LOOK_SECONDS)

    def act(self) -> APIClient:
        """A client for changing things. Raises EngineUnavailable."""
        return self._client(ACT_SECONDS)

    def drop(self) -> None:
        """Forget the connections; calls under way end on their own."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _client(self, timeout_seconds: float) -> APIClient:
        with self._lock:
            client = self._clients.get(timeout_seconds)
            if client is None:
                client = _connect(timeout_seconds)
                self._clients[timeout_seconds] = client
            return client

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
            raise _refused(what, error) from error
        except APIError as error:
            raise _refused(what, error) from error
        except (DockerException, requests.RequestException, OSError) as error:
            self.drop()
            raise unavailable(error) from error


def _connect(timeout_seconds: float) -> APIClient:
    host = os.environ.get("DOCKER_HOST", "")
    try:
        client = docker.from_env(
            # The SDK takes fractions of a second; its stubs say int.
            timeout=int(timeout_seconds),
            use_ssh_client=host.startswith("ssh://"),
            # Bulk actions share the client; urllib3 complains on stderr about a full pool.
            max_pool_size=_CONNECTIONS,
        )
    except (DockerException, requests.RequestException, OSError, ValueError) as error:
        raise unavailable(error) from error
    return client.api


def unknown(name: str) -> UnknownInstance:
    """No container of that name."""
    return UnknownInstance(f"There is no container named {clean(name)!r}", "list them: twindeck ls")


def unavailable(error: BaseException) -> EngineUnavailable:
    """Why the engine does not answer, from the innermost cause."""
    causes = list(_causes(error))
    host = os.environ.get("DOCKER_HOST", "")
    if any(isinstance(cause, PermissionError) for cause in causes):
        return EngineUnavailable("Docker's socket may not be opened by this user", PERMISSION_FIX)
    if any(isinstance(cause, FileNotFoundError | ConnectionRefusedError) for cause in causes):
        fix = "start it there, or correct DOCKER_HOST" if host else START_FIX
        return EngineUnavailable(f"Docker is not running{_where()}", fix)
    if any(isinstance(cause, requests.Timeout | TimeoutError) for cause in causes):
        return EngineUnavailable(f"Docker does not answer in time{_where()}", "docker info")
    reason = clean(str(error).replace("\n", " "))
    if "paramiko" in reason:
        reason, fix = "the SSH library is not installed", "pip install paramiko"
    else:
        fix = "correct DOCKER_HOST" if host else "docker info"
    return EngineUnavailable(f"Docker cannot be reached{_where()}: {reason}", fix)


def _where() -> str:
    host = os.environ.get("DOCKER_HOST", "")
    return f" at {clean(host)}" if host else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        # urllib3 hides the OSError in the arguments of its own errors.
        yield from (arg for arg in error.args if isinstance(arg, BaseException))
        error = error.__cause__ or error.__context__


def _refused(what: str, error: APIError) -> TwindeckError:
    reason = reason_of(error)
    if _SOCKET_ERROR.search(reason):
        return EngineUnavailable("Docker's socket may not be opened by this user", PERMISSION_FIX)
    return ActionFailed(f"Docker cannot {what}: {reason}", "read the job's output")


def reason_of(error: APIError) -> str:
    """The engine's own explanation on one line."""
    text: Any = error.explanation or error
    return clean(" ".join(str(text).split()))
