"""Tells one Docker Engine from another that answers at the same address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tui.engines.docker.endpoint import Endpoint
from tui.text import clean

PODMAN = "Podman"
_PRODUCTS = {"Docker": "Docker", "Libpod": PODMAN}
_SERVER = re.compile(r"(Docker|Libpod)/([\w.-]+)")


def product_of(version: Mapping[str, Any]) -> str:
    """`Docker 20.10.24` or `Podman 4.3.1`, out of the engine's `/version`."""
    parts = [str(part.get("Name", "")) for part in version.get("Components") or ()]
    product = PODMAN if any(PODMAN in part for part in parts) else "Docker"
    return clean(f"{product} {str(version.get('Version', '')).partition('+')[0]}").strip()


def product_in(server: str) -> str:
    """The same out of the header `Server`, which costs nothing: `Docker/20.10.24+dfsg1 (linux)`.

    "" when it names neither. Podman takes up to seconds to put its `/version` together.
    """
    found = _SERVER.match(server)
    return f"{_PRODUCTS[found[1]]} {found[2]}" if found else ""


def identity_of(info: Mapping[str, Any]) -> str:
    """What stays the same for as long as it is the same engine, out of its `/info`.

    The id alone would not do: hosts made from one image share it.
    """
    return "\n".join(str(info.get(name) or "") for name in ("ID", "Name", "DockerRootDir"))


def podman_identity(endpoint: Endpoint) -> str:
    """The same for Podman, which makes up another id for each answer and takes long over it.

    A socket that was replaced is another file.
    """
    try:
        status = endpoint.socket.stat() if endpoint.socket else None
    except OSError:
        status = None
    return f"{PODMAN}\n{status.st_dev}:{status.st_ino}" if status else PODMAN
