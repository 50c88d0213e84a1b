"""The protocol of a meter: instances in, samples out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tui.model import Instance, SideName
from tui.snapshot import HostSample, Sample

Watched = frozenset[str] | None
"""Keys of the instances somebody looks at; None stands for all."""


class Meter(Protocol):
    """Measures the live instances of one side. Called about once a second, from one thread."""

    side: SideName

    @property
    def method(self) -> str:
        """How the last sweep measured, in a word or two."""

    def sample(self, live: Sequence[Instance], watched: Watched = None) -> list[Sample]:
        """One sample per live instance that could be read; forgets instances no longer given.

        Where a sample costs an engine something, only those in `watched` are asked for. An
        instance that vanishes meanwhile is left out. Raises nothing: a figure that cannot be had
        is None with a reason.
        """

    def close(self) -> None:
        """Release files and processes."""


class HostMeter(Protocol):
    """Measures the host itself."""

    def sample(self) -> HostSample:
        """The host now. Raises nothing."""
