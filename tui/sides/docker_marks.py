"""Reads a container's log on behind a mark, by the times the engine writes before each message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.core.log_mark import LogMark
from tui.sides.docker_rows import unix_seconds
from tui.sides.docker_streams import lines_of

# Docker writes nine digits and Z, Podman fewer digits and a zone.
_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ")


def since_of(mark: LogMark | None, container_id: str) -> int | None:
    """Where to ask the engine to begin, in whole Unix seconds; None for the beginning."""
    if mark is None or mark.of != container_id:
        return None
    after = unix_seconds(mark.stamp)
    return int(after) if after else None


def lines_behind(mark: LogMark, chunks: Iterator[bytes], container_id: str) -> Iterator[str]:
    """The lines written behind `mark`, without their times; the mark moves along.

    `chunks`: as the SDK gives them, a message each, or, for a terminal, cut anywhere.
    """
    reader = _Reader(mark, container_id)
    for line in lines_of(reader.messages(chunks)):
        if not reader.is_framed:
            found = _STAMP.match(line.encode())
            if found is not None:
                if not reader.is_new(found[1].decode()):
                    continue
                line = line[found.end() :]
        yield line


class _Reader:
    def __init__(self, mark: LogMark, container_id: str) -> None:
        self._mark = mark
        self._after = unix_seconds(mark.stamp) if mark.of == container_id else None
        mark.of = container_id
        if self._after is None:
            mark.stamp = ""
        self.is_framed = False
        """Whether messages come one a chunk: then no line of theirs begins with a time of ours."""

    def messages(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The new messages' text; for a terminal, everything as it is."""
        for chunk in chunks:
            found = _STAMP.match(chunk)
            if found is None:
                yield chunk
                continue
            self.is_framed = True
            if self.is_new(found[1].decode()):
                yield chunk[found.end() :]

    def is_new(self, stamp: str) -> bool:
        """Whether a message of that time lies behind the mark, which then moves to it."""
        if self._after is not None:
            if (unix_seconds(stamp) or 0.0) <= self._after:
                return False
            # What follows is newer still: no more times need be read.
            self._after = None
        self._mark.stamp = stamp
        return True
