"""Tells one Docker Engine from another that answers at the same address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.text import clean

_PODMAN_ONLY = "BuildahVersion"


def product_of(version: Mapping[str, Any]) -> str:
    """`Docker 20.10.24` or `Podman 4.3.1`, out of the engine's `/version`."""
    parts = [str(part.get("Name", "")) for part in version.get("Components") or ()]
    product = "Podman" if any("Podman" in part for part in parts) else "Docker"
    return clean(f"{product} {str(version.get('Version', '')).partition('+')[0]}").strip()


def identity_of(info: Mapping[str, Any]) -> str:
    """What stays the same for as long as it is the same engine, out of its `/info`.

    The id alone would not do: hosts made from one image share it, and Podman makes up another
    for each answer.
    """
    own_id = "" if _PODMAN_ONLY in info else str(info.get("ID") or "")
    return "\n".join((own_id, str(info.get("Name") or ""), str(info.get("DockerRootDir") or "")))
