"""Why an engine does not answer, and what mends that: in words of ours, never a library's."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import requests
from docker.errors import APIError

from tui.engines.docker.endpoint import CHOSEN, ROOTS_PODMAN, USERS_SOCKET, Endpoint
from tui.errors import EngineUnavailable
from tui.text import clean

PERMISSION_FIX = "sudo usermod -aG docker $USER, then log out and in again"
START_FIX = "sudo systemctl start docker, or twindeck setup"


class SocketClosed(EngineUnavailable):
    """The engine's socket may not be opened by this user."""


class SshError(OSError):
    """What `ssh` said when it could not connect."""


def unavailable(error: BaseException, endpoint: Endpoint) -> EngineUnavailable:
    """Why the engine at `endpoint` does not answer, from the innermost cause."""
    causes = list(_causes(error))
    refusal = next((cause for cause in causes if isinstance(cause, APIError)), None)
    where = endpoint.label
    if refusal is not None:
        return _answered_no(refusal, endpoint)
    if any(isinstance(cause, PermissionError) for cause in causes):
        return closed(endpoint)
    if any(isinstance(cause, FileNotFoundError) for cause in causes) and endpoint.scheme == "ssh":
        return EngineUnavailable(
            f"{_product(endpoint)} at {where} needs the ssh command, which is not installed",
            "sudo apt-get install openssh-client",
        )
    if any(isinstance(cause, FileNotFoundError | ConnectionRefusedError) for cause in causes):
        return EngineUnavailable(
            f"{_product(endpoint)} is not running at {where}", start_fix(endpoint)
        )
    if any(isinstance(cause, requests.Timeout | TimeoutError) for cause in causes):
        return EngineUnavailable(
            f"{_product(endpoint)} at {where} does not answer in time", _wait_fix(endpoint)
        )
    return _by_reason(causes, endpoint)


def closed(endpoint: Endpoint) -> SocketClosed:
    """The socket is there, but not for this user."""
    path = endpoint.socket
    reason = f"{_product(endpoint)}'s socket {endpoint.label} may not be opened by this user"
    if endpoint.is_default and (path is None or _is_of_root(path)):
        return SocketClosed(reason, PERMISSION_FIX)
    return SocketClosed(reason, _or_way_out(f"see whose it is: ls -l {path}", endpoint))


def start_fix(endpoint: Endpoint) -> str:
    """How the engine at that address is started."""
    if endpoint.is_default:
        return START_FIX
    path = str(endpoint.socket or "")
    if own := USERS_SOCKET.fullmatch(path):
        unit = "podman.socket" if own[1] == "podman" else "docker"
        return _or_way_out(f"systemctl --user start {unit}", endpoint)
    if path == ROOTS_PODMAN:
        return _or_way_out("sudo systemctl start podman.socket", endpoint)
    where = "that listens there" if path else "on that host"
    return _or_way_out(f"start the engine {where}", endpoint)


def reason_of(error: APIError) -> str:
    """The engine's own explanation on one line."""
    text = " ".join(str(error.explanation or "").split())
    return clean(text) if text else f"it answered with status {error.status_code}"


def _answered_no(error: APIError, endpoint: Endpoint) -> EngineUnavailable:
    reason = reason_of(error)
    if "HTTP request to an HTTPS server" in reason:
        if endpoint.origin == "DOCKER_HOST":
            fix = "export DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH=FOLDER of its certificates"
        else:
            fix = _or_way_out("docker context update --docker host=…,ca=…,cert=…,key=…", endpoint)
        return EngineUnavailable(f"{_product(endpoint)} at {endpoint.label} wants TLS", fix)
    return EngineUnavailable(
        f"{_product(endpoint)} at {endpoint.label} refuses: {reason}",
        _or_way_out("docker info", endpoint),
    )


def _by_reason(causes: list[BaseException], endpoint: Endpoint) -> EngineUnavailable:
    what = f"{_product(endpoint)} at {endpoint.label} cannot be reached"
    for cause in causes:
        if isinstance(cause, SshError):
            return EngineUnavailable(f"{what}: {clean(str(cause))}", _ssh_fix(endpoint))
        if isinstance(cause, ssl.SSLError):
            why = clean(getattr(cause, "verify_message", "") or cause.reason or "no TLS there")
            fix = f"look at its certificates in {endpoint.tls.folder}" if endpoint.tls else ""
            return EngineUnavailable(f"{what}: TLS failed: {why}", _or_way_out(fix, endpoint))
        if isinstance(cause, socket.gaierror):
            return EngineUnavailable(
                f"{what}: there is no host of that name", _or_way_out("", endpoint)
            )
    # The last is the innermost.
    for cause in reversed(causes):
        if isinstance(cause, OSError) and cause.errno and cause.strerror:
            return EngineUnavailable(f"{what}: {clean(cause.strerror)}", start_fix(endpoint))
    return EngineUnavailable(
        f"{what}: what listens there does not answer as a Docker Engine", start_fix(endpoint)
    )


def _ssh_fix(endpoint: Endpoint) -> str:
    host = endpoint.url.removeprefix("ssh://").partition("/")[0]
    name, _, port = host.partition(":")
    return (
        f"make this work without a question: ssh {f'-p {port} ' if port else ''}{name} docker info"
    )


def _wait_fix(endpoint: Endpoint) -> str:
    if endpoint.scheme == "ssh":
        return _ssh_fix(endpoint)
    if endpoint.is_default:
        return "journalctl -u docker tells why; it is asked again every few seconds"
    where = "its log" if endpoint.socket else "its log on that host"
    return _or_way_out(f"see in {where} what keeps it", endpoint)


def _or_way_out(fix: str, endpoint: Endpoint) -> str:
    """The fix, or how to come to another engine."""
    if endpoint.origin in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        out = f"correct or unset {endpoint.origin}"
    elif endpoint.origin == CHOSEN:
        out = "choose another: twindeck engines lists those found"
    elif endpoint.origin:
        out = "docker context use default"
    else:
        out = ""
    return ", or ".join(part for part in (fix, out) if part)


def _product(endpoint: Endpoint) -> str:
    """What is meant to answer there, as far as its address tells."""
    return "Podman" if endpoint.url.endswith("/podman/podman.sock") else "Docker"


def _is_of_root(path: Path) -> bool:
    try:
        return path.stat().st_uid == 0
    except OSError:
        # Nor may its folder be looked into; root's default it is all the same.
        return True


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        # urllib3 hides the OSError in the arguments of its own errors.
        yield from (arg for arg in error.args if isinstance(arg, BaseException))
        error = error.__cause__ or error.__context__
