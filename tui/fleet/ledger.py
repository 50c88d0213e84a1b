"""What the fleet knows, under one lock; every change makes a new immutable snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Condition

from tui.fleet.series import Series
from tui.model import Boot, Instance, SideName
from tui.snapshot import Health, History, HostSample, Job, Sample, Snapshot

_SIDE_ORDER = {SideName.VM: 0, SideName.CONTAINER: 1}


class Ledger:
    """Written by the fleet's threads, read by anybody."""

    def __init__(self) -> None:
        self._news = Condition()
        self._snapshot = Snapshot()
        self._series: dict[str, Series] = {}

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._snapshot

    def history(self, key: str) -> History:
        """The series of one instance; empty for an unknown one."""
        with self._news:
            series = self._series.get(key)
            return series.history() if series else History()

    def recall(self, instances: Sequence[Instance], boot_seconds: Mapping[str, float]) -> None:
        """Enter the last known fleet, stale until a listing confirms it.

        Without the hypervisors' pids: by now such a number may be another process's. A container's
        is checked against its id wherever it is used.
        """
        known = [replace(i, pid=None) if i.side is SideName.VM else i for i in instances]
        self._change(
            instances=_ordered(known),
            stale=frozenset(i.side for i in instances),
            boot_seconds=dict(boot_seconds),
        )

    def enter_instances(self, side: SideName, instances: Sequence[Instance]) -> None:
        """Enter a fresh listing of one side."""
        with self._news:
            old = self._snapshot
            merged = _ordered([*(i for i in old.instances if i.side is not side), *instances])
            keys = {i.key for i in merged}
            self._series = {k: v for k, v in self._series.items() if k in keys}
            self._change(
                instances=merged,
                stale=old.stale - {side},
                samples={k: v for k, v in old.samples.items() if k in keys},
            )

    def enter_instance(self, instance: Instance) -> None:
        """Enter how one known instance is."""
        with self._news:
            others = (i for i in self._snapshot.instances if i.key != instance.key)
            self._change(instances=_ordered([*others, instance]))

    def enter_health(self, side: SideName, health: Health) -> None:
        """Enter how an engine is; what it held is stale while it does not answer."""
        # Its patterns are compiled with it, and the first frame needs none.
        from tui.core.secrets import mask_text

        health = replace(health, reason=mask_text(health.reason), fix=mask_text(health.fix))
        with self._news:
            old = self._snapshot
            has_any = any(i.side is side for i in old.instances)
            stale = old.stale | {side} if has_any and not health.ok else old.stale
            self._change(health={**old.health, side: health}, stale=stale)

    def enter_engine_name(self, engine: str) -> None:
        """Enter which container engine the session begins with."""
        self._change(engine=engine)

    def enter_engine(self, side: SideName, engine: str, boot_seconds: Mapping[str, float]) -> None:
        """Another engine stands on that side: forget all of it. `boot_seconds` are of both."""
        with self._news:
            old = self._snapshot
            gone = {i.key for i in old.instances if i.side is side}
            self._series = {k: v for k, v in self._series.items() if k not in gone}
            self._change(
                engine=engine,
                t_ns=time.monotonic_ns(),
                instances=tuple(i for i in old.instances if i.side is not side),
                samples={k: v for k, v in old.samples.items() if k not in gone},
                trends={k: v for k, v in old.trends.items() if k not in gone},
                health={k: v for k, v in old.health.items() if k is not side},
                methods={k: v for k, v in old.methods.items() if k is not side},
                jobs={k: v for k, v in old.jobs.items() if v.side is not side},
                stale=old.stale - {side},
                boot_seconds=boot_seconds,
            )

    def enter_boot(self, boot: Boot) -> None:
        """Enter the newest boot of an instance."""
        with self._news:
            boots = {**self._snapshot.boot_seconds, boot.key: boot.total_seconds}
            self._change(boot_seconds=boots)

    def enter_samples(self, samples: Sequence[Sample], host: HostSample | None = None) -> None:
        """Enter one sweep over all live instances; `host` None leaves the host as it was."""
        with self._news:
            for sample in samples:
                self._series.setdefault(sample.key, Series()).append(sample)
            self._change(
                samples={s.key: s for s in samples},
                trends={s.key: self._series[s.key].trend() for s in samples},
                host=host or self._snapshot.host,
            )

    def enter_methods(self, methods: Mapping[SideName, str]) -> None:
        """Enter how each side was measured in the last sweep."""
        if methods != self._snapshot.methods:
            self._change(methods=dict(methods))

    def close_page(self, jobs: Mapping[str, Job]) -> Snapshot:
        """Enter the jobs, stamp the snapshot and wake those who wait for news."""
        with self._news:
            self._change(jobs=dict(jobs), t_ns=time.monotonic_ns())
            self._news.notify_all()
            return self._snapshot

    def wait(self, is_met: Callable[[Snapshot], bool], timeout_seconds: float | None) -> Snapshot:
        """The first snapshot that meets it, or the newest when the time is over."""
        with self._news:
            self._news.wait_for(lambda: is_met(self._snapshot), timeout_seconds)
            return self._snapshot

    def _change(self, **changes: object) -> None:
        with self._news:
            self._snapshot = replace(self._snapshot, **changes)  # type: ignore[arg-type]


def _ordered(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    """VMs first, then containers; by group, then name."""
    return tuple(sorted(instances, key=lambda i: (_SIDE_ORDER[i.side], i.group, i.name)))
