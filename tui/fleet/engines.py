"""The container engines the fleet can be connected to, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tui.engines.docker.resolver import Resolver
from tui.errors import EngineUnavailable
from tui.meters.base import Meter
from tui.sides.base import Side

if TYPE_CHECKING:
    from tui.engines.docker.discovery import Offer


_NONE = "?"
"""Nothing is of an engine that cannot be told."""


class Engines(Protocol):
    """Which container engine is meant, and which could be."""

    @property
    def key(self) -> str:
        """Tells its instances and boots from another's: "" is the default engine."""

    @property
    def name(self) -> str:
        """What a title says of it; "" for the default."""

    def found(self) -> list[Offer]:
        """Those to choose from. Asks none of them."""

    def choose(self, name: str) -> tuple[Side, Meter]:
        """Mean that one from now on. Raises EngineUnavailable, and means the same as before."""


class DockerEngines:
    """Those that speak Docker's API; `open_one` connects to the one that is meant."""

    def __init__(
        self, docker: Resolver, open_one: Callable[[Resolver], tuple[Side, Meter]]
    ) -> None:
        self._docker = docker
        self._open_one = open_one

    @property
    def key(self) -> str:
        """See `Engines.key`."""
        try:
            return self._docker.endpoint().key
        except EngineUnavailable:
            return _NONE

    @property
    def name(self) -> str:
        """See `Engines.name`."""
        try:
            return self._docker.endpoint().short
        except EngineUnavailable:
            return ""

    def found(self) -> list[Offer]:
        """See `Engines.found`."""
        # Imported here: only who looks for others needs it.
        from tui.engines.docker.discovery import offers

        try:
            current = self._docker.endpoint()
        except EngineUnavailable:
            current = None
        return offers(self._docker.env, current)

    def choose(self, name: str) -> tuple[Side, Meter]:
        """See `Engines.choose`."""
        self._docker.choose(name)
        return self._open_one(self._docker.pinned())
