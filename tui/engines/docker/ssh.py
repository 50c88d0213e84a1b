"""An engine behind SSH, reached through the user's own `ssh` as the docker command reaches it.

The SDK's way wants paramiko even when it is told to run `ssh`, and its reads have no time-out.
Here each connection is one end of a socket pair whose other end is the child's input and output.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from http.client import HTTPException
from typing import IO, Any
from urllib.parse import urlsplit

from docker.constants import MINIMUM_DOCKER_API_VERSION
from docker.transport.unixconn import (
    UnixHTTPAdapter,
    UnixHTTPConnection,
    UnixHTTPConnectionPool,
)

from tui.engines.docker.client import EngineClient
from tui.engines.docker.trouble import SshError

_CONNECT_SECONDS = 10
_END_SECONDS = 0.5
_MOST_BYTES = 4096


def ssh_argv(url: str) -> list[str]:
    """`ssh` for `ssh://[USER@]HOST[:PORT][/SOCKET]`; it never asks: nobody could answer."""
    parts = urlsplit(url)
    argv = ["ssh", "-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={_CONNECT_SECONDS}"]
    if parts.username:
        argv += ["-l", parts.username]
    if parts.port:
        argv += ["-p", str(parts.port)]
    engine = ["--host", f"unix://{parts.path}"] if parts.path else []
    return [*argv, "--", str(parts.hostname), "docker", *engine, "system", "dial-stdio"]


class SshClient(EngineClient):
    """The SDK's client on such connections."""

    def __init__(self, url: str, timeout_seconds: int, connections: int) -> None:
        # A version given is not asked for: there is no way to ask before the adapter stands.
        super().__init__(
            base_url="unix:///ssh", version=MINIMUM_DOCKER_API_VERSION, timeout=timeout_seconds
        )
        self._custom_adapter = _SshAdapter(url, timeout_seconds, connections)
        self.mount("http+docker://", self._custom_adapter)
        self._version = self._retrieve_server_version()


class _SshAdapter(UnixHTTPAdapter):
    def __init__(self, url: str, timeout_seconds: int, connections: int) -> None:
        super().__init__(f"http+unix://{url}", timeout_seconds, max_pool_size=connections)
        self._url = url

    def get_connection(self, url: Any, proxies: Any = None) -> UnixHTTPConnectionPool:
        with self.pools.lock:
            pool = self.pools.get(self._url)
            if pool is None:
                pool = _SshPool(self._url, self._url, self.timeout, maxsize=self.max_pool_size)
                # More than these wait for one that is free: each is a login.
                pool.block = True
                self.pools[self._url] = pool
            return pool


class _SshPool(UnixHTTPConnectionPool):
    def _new_conn(self) -> UnixHTTPConnection:  # type: ignore[override]
        # The stubs do not know that urllib3 gives a connection its time-out before it connects.
        return _SshConnection(self.base_url, self.socket_path, self.timeout)  # type: ignore[arg-type]


class _SshConnection(UnixHTTPConnection):
    _child: subprocess.Popen[bytes] | None = None
    _errors: IO[bytes] | None = None
    _said = ""
    """The last thing `ssh` said on its standard error."""

    def connect(self) -> None:
        """Start `ssh`. Raises OSError."""
        near, far = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 closed with the connection
        with far:
            self._child = subprocess.Popen(
                ssh_argv(self.base_url),
                stdin=far.fileno(),
                stdout=far.fileno(),
                stderr=self._errors,
                # Away from the terminal: it is the console's, and no place for questions.
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C"},
            )
        near.settimeout(self.timeout)
        self.sock = near

    def getresponse(self) -> Any:
        """The engine's answer. Raises SshError when `ssh` ended instead."""
        try:
            return super().getresponse()
        except (ConnectionError, HTTPException) as error:
            self.close()
            if self._said:
                raise SshError(self._said) from error
            raise

    def close(self) -> None:
        """End `ssh` with the connection."""
        super().close()
        child, self._child = self._child, None
        errors, self._errors = self._errors, None
        if child is None or errors is None:
            return
        if child.poll() is None:
            child.terminate()
        try:
            child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        with errors:
            errors.seek(0)
            lines = errors.read(_MOST_BYTES).decode(errors="replace").splitlines()
        self._said = next((line.strip() for line in reversed(lines) if line.strip()), "")
