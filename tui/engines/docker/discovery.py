"""The engines this user can choose from: Docker's contexts, rootless Docker, Podman.

Found without asking any of them, so that looking is cheap: an engine on this host counts as found
when its socket is there and may be opened by this user.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.engines.docker.endpoint import (
    CHOSEN,
    DEFAULT_CONTEXT,
    DEFAULT_URL,
    PRODUCTS,
    ROOTS_PODMAN,
    Endpoint,
    config_folder,
    context_file,
    of_context,
    of_url,
    resolve,
)
from tui.errors import EngineUnavailable
from tui.text import clean

ROOTLESS, PODMAN = "rootless", "podman"
_MOST_CONTEXTS = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """One engine to choose from."""

    name: str
    """What `--engine` takes."""
    title: str
    """`the Docker context prod`, `Podman at /run/podman/podman.sock`."""
    endpoint: Endpoint | None = None
    """None when it cannot be told where it is."""
    reason: str = ""
    """Why it cannot be used; "" when it can, as far as is known without asking it."""
    fix: str = ""
    is_current: bool = False

    @property
    def line(self) -> str:
        """Where it is, or why it cannot be used and what mends that."""
        if self.reason:
            return f"{self.reason} → {self.fix}" if self.fix else self.reason
        return clean(self.endpoint.url) if self.endpoint else ""


def offers(env: Mapping[str, str], current: Endpoint | None = None) -> list[Offer]:
    """Every engine that is found, each address once, the most particular name first."""
    found: dict[str, Offer] = {}
    for offer in _all(env, current):
        key = offer.endpoint.key if offer.endpoint else f"context {offer.name}"
        if key not in found:
            is_current = current is not None and offer.endpoint is not None and key == current.key
            name = offer.name
            if offer.endpoint and any(name == other.name for other in found.values()):
                # A context has the name that a socket goes by otherwise.
                name = offer.endpoint.url
            found[key] = Offer(
                name, offer.title, offer.endpoint, offer.reason, offer.fix, is_current
            )
    return list(found.values())


def engine_named(name: str, env: Mapping[str, str]) -> Endpoint:
    """The engine of that context, at that URL, or what `podman` or `rootless` is here.

    Raises EngineUnavailable.
    """
    folder = config_folder(env)
    if "://" in name:
        return of_url(name, env)
    if name == DEFAULT_CONTEXT:
        return Endpoint(origin=CHOSEN)
    if context_file(name, folder).exists():
        return of_context(name, CHOSEN, folder)
    if name not in (ROOTLESS, PODMAN):
        raise EngineUnavailable(
            f"There is no engine {clean(name)!r}: it is no Docker context in "
            f"{clean(str(folder / 'contexts'))}, no URL, and neither {PODMAN} nor {ROOTLESS}",
            "twindeck engines lists those found",
        )
    sockets = [path for kind, path in sockets_of(env) if kind == name]
    path = next((p for p in sockets if _may_open(p)), next(filter(_is_there, sockets), None))
    if path is None:
        unit = "podman.socket" if name == PODMAN else "docker"
        raise EngineUnavailable(
            f"{_titled(name)} is not here: no {' and no '.join(clean(str(p)) for p in sockets)}",
            f"systemctl --user start {unit}",
        )
    return Endpoint(f"unix://{path}", origin=CHOSEN)


def sockets_of(env: Mapping[str, str]) -> list[tuple[str, Path]]:
    """Where rootless Docker and Podman listen: this user's own sockets, then root's."""
    runtime = Path(env.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}").absolute()
    return [
        (ROOTLESS, runtime / "docker.sock"),
        (PODMAN, runtime / "podman" / "podman.sock"),
        (PODMAN, Path(ROOTS_PODMAN)),
    ]


def openable(env: Mapping[str, str]) -> list[Offer]:
    """Those of these sockets that are there and may be opened."""
    return [offer for offer in _on_sockets(env) if not offer.reason]


def _all(env: Mapping[str, str], current: Endpoint | None) -> Iterator[Offer]:
    yield from _contexts(config_folder(env))
    yield from _on_sockets(env)
    default = Endpoint(origin=CHOSEN)
    is_wanted = current is not None and current.is_default
    if is_wanted or _is_there(Path(DEFAULT_URL.removeprefix("unix://"))):
        yield _offer(DEFAULT_CONTEXT, f"Docker at {default.socket}", default)
    try:
        named = resolve(env)
    except EngineUnavailable:
        # Told by the deck, whose engine it is.
        named = None
    for endpoint in (named, current):
        if endpoint is not None:
            yield _offer(endpoint.url, f"the engine at {clean(endpoint.url)}", endpoint)


def _contexts(folder: Path) -> Iterator[Offer]:
    files = sorted((folder / "contexts" / "meta").glob("*/meta.json"))[:_MOST_CONTEXTS]
    known = [(_name_in(file), file) for file in files]
    for name, file in sorted(known, key=lambda pair: pair[0].lower()):
        if not name:
            reason = f"Docker's context in {clean(str(file))} cannot be used: it names none"
            yield Offer(f"{file.parent.name[:12]}…", "a Docker context", None, reason)
        elif context_file(name, folder) != file:
            # The docker command does not find it under its name either.
            continue
        else:
            title = f"the Docker context {clean(name)}"
            try:
                yield _offer(name, title, of_context(name, CHOSEN, folder))
            except EngineUnavailable as error:
                yield Offer(name, title, None, str(error), error.fix)


def _name_in(file: Path) -> str:
    """The context's name; "" when the file does not tell one."""
    try:
        meta = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return ""
    name = meta.get("Name") if isinstance(meta, dict) else None
    return name if isinstance(name, str) else ""


def _on_sockets(env: Mapping[str, str]) -> Iterator[Offer]:
    taken: set[str] = set()
    for kind, path in sockets_of(env):
        if not _is_there(path):
            continue
        title = _titled(kind) if kind == ROOTLESS else f"{_titled(kind)} at {clean(str(path))}"
        # The short name is the one that `engine_named` would choose.
        name = kind if kind not in taken and _may_open(path) else f"unix://{path}"
        taken |= {kind} if name == kind else set()
        yield _offer(name, title, Endpoint(f"unix://{path}", origin=CHOSEN))


def _offer(name: str, title: str, endpoint: Endpoint) -> Offer:
    path = endpoint.socket
    if path is None or _may_open(path):
        return Offer(name, title, endpoint)
    shown = clean(str(path))
    if not _is_there(path):
        return Offer(name, title, endpoint, f"there is no socket {shown}", "start the engine there")
    reason = f"{shown} may not be opened by this user"
    return Offer(name, title, endpoint, reason, f"see whose it is: ls -l {shown}")


def _titled(kind: str) -> str:
    return PRODUCTS["docker" if kind == ROOTLESS else kind]


def _is_there(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False


def _may_open(path: Path) -> bool:
    return _is_there(path) and os.access(path, os.R_OK | os.W_OK)
