"""Small kernel files read again and again through descriptors that stay open.

`pread` at offset 0 makes the kernel write the file anew: 1 µs instead of 8 µs with open and close.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

_BUFFER_BYTES = 16 * 1024


def descriptor_budget() -> int:
    """How many descriptors may be kept: half of what the process may open."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 4096 if soft == resource.RLIM_INFINITY else soft // 2


def read_once(path: str) -> bytes:
    """Up to 16 KiB of a file that is not kept open. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(descriptor, _BUFFER_BYTES, 0)
    finally:
        os.close(descriptor)


class KeptFiles:
    """Opens on first use and keeps up to `budget` descriptors; files beyond it are opened anew."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._open: dict[str, int] = {}

    def read(self, path: str) -> bytes:
        """Up to 16 KiB of the file. Raises OSError (ENODEV once the cgroup is gone)."""
        descriptor = self._open.get(path)
        if descriptor is None:
            if len(self._open) >= self._budget:
                return read_once(path)
            descriptor = self._open[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        return os.pread(descriptor, _BUFFER_BYTES, 0)

    def forget(self, paths: Iterable[str]) -> None:
        """Close these."""
        for path in paths:
            descriptor = self._open.pop(path, None)
            if descriptor is not None:
                os.close(descriptor)

    def close(self) -> None:
        """Close all."""
        self.forget(list(self._open))
