"""Processes on this host: found by name or pid, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress

import psutil

from tui.core.architecture import Cost
from tui.text import clean


def tree_of(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it; empty when it is gone or another user's secret."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def ancestors_of(pid: int) -> list[psutil.Process]:
    """The processes above one, nearest first, without the first of the host."""
    with suppress(psutil.Error):
        return [p for p in psutil.Process(pid).parents() if p.pid != 1]
    return []


def named(*names: str) -> list[psutil.Process]:
    """All processes of these names, by pid."""
    return [p for p in psutil.process_iter(["name"]) if p.info["name"] in names]


def name_of(process: psutil.Process) -> str:
    """Its name, `?` when it went away meanwhile."""
    with suppress(psutil.Error):
        return str(process.name())
    return "?"


class Costs:
    """What processes cost, by pid; CPU is the share since the look before. Not thread-safe."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    def of(self, pids: Iterable[int]) -> Mapping[int, Cost]:
        """Those that still run. Forgets all others."""
        known, self._known = self._known, {}
        found = {}
        for pid in pids:
            try:
                process = known.get(pid)
                is_new = process is None or not process.is_running()
                if process is None or is_new:
                    process = psutil.Process(pid)
                percent = process.cpu_percent(None)
                found[pid] = Cost(None if is_new else percent, process.memory_info().rss)
            except psutil.NoSuchProcess:
                continue
            except psutil.AccessDenied:
                found[pid] = Cost(None, None)
                continue
            self._known[pid] = process
        return found


def counted(names: Iterable[str]) -> str:
    """`nginx ×3, sh`, the most frequent first; at most four."""
    counts = Counter(clean(name) for name in names).most_common()
    words = [name if count == 1 else f"{name} ×{count}" for name, count in counts[:4]]
    return ", ".join(words) + (f" and {len(counts) - 4} more" if len(counts) > 4 else "")
