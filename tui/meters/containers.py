"""The container meter: cgroup files where they can be read, the Engine API where not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.meters.cgroup import CgroupMeter
from tui.model import Instance, Sample, SideName

if TYPE_CHECKING:
    from tui.meters.engine_api import EngineApiMeter

_ENGINE = "Engine API"


class ContainerMeter:
    """Chooses for each container by itself and says what it chose."""

    side = SideName.CONTAINER

    def __init__(
        self, cgroup: CgroupMeter | None = None, engine: EngineApiMeter | None = None
    ) -> None:
        self._cgroup = cgroup or CgroupMeter()
        self._engine = engine
        self.method = ""
        """How the last sweep measured: `cgroup v1 files`, `Engine API`, or both by `and`."""

    def sample(self, live: Sequence[Instance]) -> list[Sample]:
        """One sample per live instance, in no order. Raises nothing."""
        versions = {instance.id: self._cgroup.version_of(instance) for instance in live}
        local = [instance for instance in live if versions[instance.id]]
        remote = [instance for instance in live if not versions[instance.id]]
        samples = self._cgroup.sample(local)
        if remote or self._engine is not None:
            samples += self._engine_meter().sample(remote)
        ways = sorted({f"cgroup v{version} files" for version in versions.values() if version})
        self.method = " and ".join(ways + [_ENGINE] * bool(remote)) or self.method
        return samples

    def close(self) -> None:
        """Close the files and the connections."""
        self._cgroup.close()
        if self._engine is not None:
            self._engine.close()

    def _engine_meter(self) -> EngineApiMeter:
        if self._engine is None:
            # The SDK takes 0.1 s to import: only who needs it pays.
            from tui.meters.engine_api import EngineApiMeter

            self._engine = EngineApiMeter()
        return self._engine
