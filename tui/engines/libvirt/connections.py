"""All libvirt connections a user's machines may be at, asked as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tui.engines.libvirt.uris import uris
from tui.errors import EngineUnavailable
from tui.sides.libvirt import Domain, Libvirt, is_installed


@dataclass(frozen=True, slots=True)
class Listing:
    """The domains of all connections at one moment."""

    domains: Mapping[str, Domain] = field(default_factory=dict)
    """UUID -> domain; at the first connection that has it."""
    failures: Mapping[str, EngineUnavailable] = field(default_factory=dict)
    """URI -> why it does not answer."""


class Connections:
    """Every libvirt this user's machines may be at. Thread-safe."""

    def __init__(self, choose: Callable[[], Sequence[str]] = uris) -> None:
        self._choose = choose
        self._answering: tuple[str, ...] | None = None

    @property
    def is_installed(self) -> bool:
        """Whether there is a `virsh` to ask."""
        return is_installed()

    @property
    def answering(self) -> tuple[str, ...]:
        """The URIs that answered the last listing; all there are before the first."""
        known = self._answering
        return tuple(self._choose()) if known is None else known

    def at(self, uri: str) -> Libvirt:
        """One connection."""
        return Libvirt(uri)

    def listing(self) -> Listing:
        """The domains of every connection. Raises EngineUnavailable when none answers."""
        domains: dict[str, Domain] = {}
        failures: dict[str, EngineUnavailable] = {}
        chosen = self._choose()
        for uri in chosen:
            try:
                found = Libvirt(uri).domains()
            except EngineUnavailable as error:
                failures[uri] = error
                continue
            for domain in found:
                domains.setdefault(domain.uuid, domain)
        self._answering = tuple(uri for uri in chosen if uri not in failures)
        if not self._answering and failures:
            raise next(iter(failures.values()))
        return Listing(domains, failures)

    def version(self) -> str:
        """Of the first that answers. Raises EngineUnavailable when none does."""
        first: EngineUnavailable | None = None
        for uri in self._choose():
            try:
                return Libvirt(uri).version()
            except EngineUnavailable as error:
                first = first or error
        raise first or EngineUnavailable("there is no libvirt connection to ask", "twindeck setup")
