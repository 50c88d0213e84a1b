"""Published ports in few words: neighbours become a range, as the docker command writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

_PUBLISHED = re.compile(
    r"(?P<address>.*):(?P<outside>\d{1,5})->(?P<inside>\d{1,5})/(?P<protocol>\w+)"
)


@dataclass(frozen=True, slots=True)
class _Run:
    """Ports of one address that follow one another on both sides of the arrow."""

    address: str
    protocol: str
    outside: int
    inside: int
    length: int
    place: int
    """In the list it came from."""

    def is_followed_by(self, other: _Run) -> bool:
        """Whether `other` goes on where this ends."""
        end = (self.outside + self.length, self.inside + self.length)
        is_same = (self.address, self.protocol) == (other.address, other.protocol)
        return is_same and end == (other.outside, other.inside)

    @property
    def text(self) -> str:
        """As the docker command writes it."""
        outside, inside = (_span(first, self.length) for first in (self.outside, self.inside))
        return f"{self.address}:{outside}->{inside}/{self.protocol}"


def ranged(ports: Sequence[str]) -> tuple[str, ...]:
    """`127.0.0.1:8000-8099->8000-8099/tcp` for a hundred ports; what is no such port stays itself.

    `ports`: as in `Instance.ports`. Each range stands where the first of it stood.
    """
    runs: list[_Run] = []
    texts: dict[int, str] = {}
    for place, port in enumerate(ports):
        match = _PUBLISHED.fullmatch(port)
        if match is None:
            texts[place] = port
        else:
            outside, inside = int(match["outside"]), int(match["inside"])
            runs.append(_Run(match["address"], match["protocol"], outside, inside, 1, place))
    runs.sort(key=lambda run: (run.address, run.protocol, run.outside, run.inside))
    for joined in _joined(runs):
        texts[joined.place] = joined.text
    return tuple(text for _, text in sorted(texts.items()))


def _joined(runs: Sequence[_Run]) -> Iterator[_Run]:
    """`runs`, in order, with those that follow one another as one."""
    last: _Run | None = None
    for run in runs:
        if last is not None and last.is_followed_by(run):
            last = replace(last, length=last.length + 1, place=min(last.place, run.place))
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


def _span(first: int, length: int) -> str:
    return str(first) if length == 1 else f"{first}-{first + length - 1}"
