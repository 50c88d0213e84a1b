"""Which Docker Engine is meant: resolved as the docker command resolves it, never guessed.

`DOCKER_HOST`, then `DOCKER_CONTEXT`, then `currentContext` of `config.json`, else the default.
The SDK resolves too, but takes the default engine for a context that is not there and looks for
contexts in the current folder while there is no `config.json`; so none of that is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tui.errors import EngineUnavailable
from tui.text import clean

DEFAULT_CONTEXT = "default"
DEFAULT_SOCKET = "/var/run/docker.sock"
DEFAULT_URL = f"unix://{DEFAULT_SOCKET}"
USERS_SOCKET = re.compile(r"/run/user/\d+/(docker|podman)(?:/podman)?\.sock")
"""Of an engine without root's rights."""
ROOTS_PODMAN = "/run/podman/podman.sock"
PRODUCTS = {"docker": "rootless Docker", "podman": "Podman"}
CHOSEN = "--engine"
"""The origin of what the user chose in Twindeck itself."""
_DEFAULT_PORT = 2375
_DEFAULT_TLS_URL = "tcp://localhost:2376"
_SCHEMES = ("unix", "tcp", "ssh")
_HOST_FIX = "correct or unset DOCKER_HOST"


@dataclass(frozen=True, slots=True)
class Tls:
    """How a connection is made safe."""

    folder: Path
    """Holds `ca.pem`, and `cert.pem` with `key.pem` where the engine wants to know us."""
    verify: bool = True
    """Whether the engine must prove who it is."""

    @property
    def ca(self) -> Path | None:
        """The authority that vouches for the engine; None for those the system trusts."""
        return _present(self.folder / "ca.pem")

    @property
    def pair(self) -> tuple[Path, Path] | None:
        """Our own certificate and its key."""
        cert, key = _present(self.folder / "cert.pem"), _present(self.folder / "key.pem")
        return (cert, key) if cert and key else None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One engine's address, and who named it."""

    url: str = DEFAULT_URL
    """`unix:///PATH`, `tcp://HOST:PORT` or `ssh://[USER@]HOST[:PORT]`."""
    context: str = DEFAULT_CONTEXT
    origin: str = ""
    """What named it: `DOCKER_HOST`, `DOCKER_CONTEXT`, `--engine`, the path of `config.json`; "" for
    nothing."""
    tls: Tls | None = None

    @property
    def is_default(self) -> bool:
        """Whether it is the socket Docker listens on unless told otherwise."""
        return self.url in (DEFAULT_URL, "unix:///run/docker.sock")

    @property
    def key(self) -> str:
        """Tells its instances and boots from another engine's of the same name; "" is the default.

        A context is another name for an address, not another engine.
        """
        return "" if self.is_default else self.url

    @property
    def short(self) -> str:
        """What a title has room for: `context prod`, `Podman`; "" for the default."""
        if self.context != DEFAULT_CONTEXT:
            return f"context {clean(self.context)}"
        if own := USERS_SOCKET.fullmatch(self.url.removeprefix("unix://")):
            return PRODUCTS[own[1]]
        if self.url.endswith("/podman/podman.sock"):
            return PRODUCTS["podman"]
        return "" if self.is_default else clean(self.url.removeprefix("unix://"))

    @property
    def scheme(self) -> str:
        """`unix`, `tcp` or `ssh`."""
        return self.url.partition("://")[0]

    @property
    def socket(self) -> Path | None:
        """The socket's path; None when the engine is not on one of this host's."""
        return Path(self.url.removeprefix("unix://")) if self.scheme == "unix" else None

    @property
    def label(self) -> str:
        """`tcp://10.0.0.5:2376 (context prod)`, safe to show."""
        named = "" if self.context == DEFAULT_CONTEXT else f" (context {clean(self.context)})"
        return clean(self.url) + named

    @property
    def environment(self) -> dict[str, str]:
        """What makes a child's docker command speak to this engine and to no other.

        An empty value counts as none; a host that is named wins over every context.
        """
        tls = self.tls
        return {
            "DOCKER_HOST": self.url,
            "DOCKER_CONTEXT": "",
            "DOCKER_TLS": "1" if tls else "",
            "DOCKER_TLS_VERIFY": "1" if tls and tls.verify else "",
            "DOCKER_CERT_PATH": str(tls.folder) if tls else "",
        }


def resolve(env: Mapping[str, str]) -> Endpoint:
    """The engine the docker command would speak to in that environment.

    Raises EngineUnavailable, naming the context and its file, when that cannot be told.
    """
    if host := env.get("DOCKER_HOST", ""):
        named = host.strip() or DEFAULT_URL
        return Endpoint(_checked(named), origin="DOCKER_HOST", tls=_tls_of(env))
    origin = "DOCKER_CONTEXT"
    name = env.get("DOCKER_CONTEXT", "")
    if not name:
        file = config_folder(env) / "config.json"
        origin, name = str(file), _current_context(file)
    if name not in ("", DEFAULT_CONTEXT):
        return of_context(name, origin, config_folder(env))
    tls = _tls_of(env)
    return Endpoint(_DEFAULT_TLS_URL if tls else DEFAULT_URL, tls=tls)


def config_folder(env: Mapping[str, str]) -> Path:
    """Where the docker command keeps its configuration."""
    if named := env.get("DOCKER_CONFIG", ""):
        return Path(named).absolute()
    home = env.get("HOME", "")
    return (Path(home) if home else Path.home()) / ".docker"


def _current_context(file: Path) -> str:
    fix = f"correct {clean(str(file))}, or name the engine in DOCKER_HOST"
    what = f"Docker's current context is not known: {clean(str(file))}"
    try:
        config = _read(file)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise EngineUnavailable(f"{what}: {error.strerror}", fix) from error
    except ValueError as error:
        raise EngineUnavailable(f"{what} is no JSON", fix) from error
    name = {} if config is None else config
    if isinstance(name, dict):
        name = name.get("currentContext") or ""
    if not isinstance(name, str):
        raise EngineUnavailable(f"{what} has no currentContext that is text", fix)
    return name


def of_url(url: str, env: Mapping[str, str]) -> Endpoint:
    """The engine at a URL the user chose. Raises EngineUnavailable."""
    try:
        checked = _checked(url, what="The engine")
    except EngineUnavailable as error:
        raise EngineUnavailable(str(error), "twindeck engines lists those found") from error
    tls = _tls_of(env) if checked.startswith("tcp://") else None
    return Endpoint(checked, origin=CHOSEN, tls=tls)


def context_file(name: str, folder: Path) -> Path:
    """Where the docker command keeps that context, below its configuration."""
    return folder / "contexts" / "meta" / _key_of(name) / "meta.json"


def _key_of(name: str) -> str:
    # The default context, which most have, does without OpenSSL before the first frame.
    import hashlib

    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def of_context(name: str, origin: str, folder: Path) -> Endpoint:
    """The engine a context names. Raises EngineUnavailable."""
    file = context_file(name, folder)
    host, is_verified = _host_of(name, origin, file)
    try:
        url = _checked(host, what=f"Docker's context {_shown(name)} in {clean(str(file))}")
    except EngineUnavailable as error:
        raise EngineUnavailable(str(error), _other_context(name)) from error
    certificates = folder / "contexts" / "tls" / _key_of(name) / "docker"
    tls = None
    if url.startswith("tcp://") and (certificates.is_dir() or not is_verified):
        tls = Tls(certificates, is_verified)
        _check_pair(certificates, f"Docker's context {_shown(name)}", _other_context(name))
    return Endpoint(url, name, origin, tls)


def _host_of(name: str, origin: str, file: Path) -> tuple[str, bool]:
    """The host a context names, and whether its engine must prove who it is."""
    what = f"Docker's context {_shown(name)} cannot be used: {clean(str(file))}"
    try:
        meta = _read(file)
    except FileNotFoundError as error:
        if origin == "DOCKER_CONTEXT":
            fix = "docker context ls shows the names; correct or unset DOCKER_CONTEXT"
        else:
            fix = "docker context ls shows the names; docker context use NAME chooses one"
        raise EngineUnavailable(
            f"There is no Docker context {_shown(name)}, which {clean(origin)} names: "
            f"no file {clean(str(file))}",
            fix,
        ) from error
    except OSError as error:
        raise EngineUnavailable(f"{what}: {error.strerror}", _other_context(name)) from error
    except ValueError as error:
        raise EngineUnavailable(f"{what} is no JSON", _other_context(name)) from error
    endpoint = _table(_table(meta).get("Endpoints")).get("docker")
    host = _table(endpoint).get("Host")
    if not isinstance(host, str) or not host.strip():
        raise EngineUnavailable(f"{what} names no Docker host", _other_context(name))
    return host.strip(), not _table(endpoint).get("SkipTLSVerify")


def _other_context(name: str) -> str:
    return f"docker context inspect {_shown(name)}, then correct it or use another"


def _checked(host: str, what: str = "DOCKER_HOST") -> str:
    """The host as a whole URL. Raises EngineUnavailable for what no engine can be reached by."""
    is_plain = what == "DOCKER_HOST"
    scheme, found, rest = host.partition("://")
    if not found and is_plain:
        # As the docker command has it: an address alone is TCP.
        scheme, rest = "tcp", host
    if scheme not in _SCHEMES or not (found or is_plain):
        known = ", ".join(f"{known}://" for known in _SCHEMES)
        raise EngineUnavailable(
            f"{what} is {_shown(host)}, which begins with none of {known}", _HOST_FIX
        )
    if scheme == "unix":
        if "?" in rest or "#" in rest:
            raise EngineUnavailable(
                f"{what} is {_shown(host)}, a path that cannot be spoken to", _HOST_FIX
            )
        return f"unix://{Path(rest).absolute() if rest else DEFAULT_SOCKET}"
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        port = parts.port
    except ValueError as error:
        raise EngineUnavailable(
            f"{what} is {_shown(host)}: no such host or port", _HOST_FIX
        ) from error
    return _tcp(parts, port) if scheme == "tcp" else _ssh(parts, host, what)


def _tcp(parts: SplitResult, port: int | None) -> str:
    name = parts.hostname or "localhost"
    shown = f"[{name}]" if ":" in name else name
    return f"tcp://{shown}:{port or _DEFAULT_PORT}{parts.path.rstrip('/')}"


def _ssh(parts: SplitResult, host: str, what: str) -> str:
    if parts.hostname is None:
        raise EngineUnavailable(f"{what} is {_shown(host)}, which names no host", _HOST_FIX)
    if parts.password is not None or parts.query or parts.fragment:
        raise EngineUnavailable(
            f"{what} holds more than ssh://USER@HOST:PORT, such as a password", _HOST_FIX
        )
    return parts.geturl().rstrip("/")


def _tls_of(env: Mapping[str, str]) -> Tls | None:
    """As the environment asks for it. Raises EngineUnavailable when its files are missing."""
    verify = bool(env.get("DOCKER_TLS_VERIFY"))
    if not verify and not env.get("DOCKER_TLS"):
        return None
    named = env.get("DOCKER_CERT_PATH", "")
    folder = Path(named).absolute() if named else config_folder(env)
    name = "DOCKER_TLS_VERIFY" if verify else "DOCKER_TLS"
    fix = f"put it there, or correct DOCKER_CERT_PATH, or unset {name}"
    ca = folder / "ca.pem"
    if not ca.is_file():
        raise EngineUnavailable(f"{name} asks for TLS, but there is no {clean(str(ca))}", fix)
    _check_pair(folder, name, fix)
    return Tls(folder, verify)


def _check_pair(folder: Path, what: str, fix: str) -> None:
    names = ("cert.pem", "key.pem")
    present = [name for name in names if (folder / name).is_file()]
    if len(present) == 1:
        missing = folder / next(name for name in names if name not in present)
        raise EngineUnavailable(
            f"{what} has {present[0]} for TLS, but there is no {clean(str(missing))}", fix
        )


def _read(file: Path) -> Any:
    """Its JSON. Raises OSError, and ValueError for what is none."""
    try:
        return json.loads(file.read_bytes())
    except RecursionError as error:
        raise ValueError("too deep") from error


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _present(file: Path) -> Path | None:
    return file if file.is_file() else None


def _shown(name: str) -> str:
    # A repr, for what a name holds that cannot be printed at all.
    return repr(clean(name))
