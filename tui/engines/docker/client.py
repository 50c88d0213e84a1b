"""Opens the SDK's client for an endpoint, and for no other."""

from __future__ import annotations

import warnings

import requests
from docker import APIClient
from docker.errors import DockerException, create_api_error_from_http_exception
from docker.tls import TLSConfig
from urllib3.exceptions import InsecureRequestWarning

from tui.engines.docker.endpoint import Endpoint, Tls

_SSH_CONNECTIONS = 8
"""Each is an `ssh` process and a login there."""


class EngineClient(APIClient):
    """The SDK's client, which learns the API's version as the docker command does.

    The SDK asks for `/version`, which Podman takes up to seconds to put together.
    """

    def _retrieve_server_version(self) -> str:
        answer = self.get(f"{self.base_url}/_ping", timeout=self.timeout)
        try:
            answer.raise_for_status()
        except requests.HTTPError as error:
            raise create_api_error_from_http_exception(error) from error
        version = answer.headers.get("Api-Version")
        if not version:
            raise DockerException("no Api-Version in the answer to /_ping")
        return str(version)


def connect(endpoint: Endpoint, timeout_seconds: float, connections: int) -> APIClient:
    """A client that keeps up to so many connections; asks the engine for its API's version.

    Raises docker.errors.DockerException, OSError.
    """
    # The SDK takes fractions of a second; its stubs say int.
    seconds = int(timeout_seconds)
    if endpoint.scheme == "ssh":
        # Imported here: only who needs it pays.
        from tui.engines.docker.ssh import SshClient

        return SshClient(endpoint.url, seconds, min(connections, _SSH_CONNECTIONS))
    tls = endpoint.tls
    if tls is not None and not tls.verify:
        # The context says so; a warning a request would be written over the console.
        warnings.simplefilter("ignore", InsecureRequestWarning)
    return EngineClient(
        base_url=endpoint.url,
        tls=False if tls is None else _config_of(tls),
        timeout=seconds,
        # Bulk actions share the client; urllib3 complains on stderr about a full pool.
        max_pool_size=connections,
    )


def _config_of(tls: Tls) -> TLSConfig:
    pair = tls.pair
    return TLSConfig(
        client_cert=None if pair is None else (str(pair[0]), str(pair[1])),
        ca_cert=None if tls.ca is None else str(tls.ca),
        verify=tls.verify,
    )
