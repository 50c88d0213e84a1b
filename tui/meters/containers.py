"""The container meter: cgroup files where they can be read, the Engine API where not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.engines.docker.resolver import Resolver
from tui.meters.base import Watched
from tui.meters.cgroup import CgroupMeter
from tui.meters.gaps import empty_sample, not_running
from tui.model import Instance, Sampler, SideName, State
from tui.snapshot import Sample

if TYPE_CHECKING:
    from tui.meters.engine_api import EngineApiMeter

_ENGINE = "Engine API"
_NO_FILES = "its cgroup files cannot be read here, and --sampler cgroup allows no other way"


class ContainerMeter:
    """Chooses for each container by itself, unless told how, and says what it chose."""

    side = SideName.CONTAINER

    def __init__(
        self,
        cgroup: CgroupMeter | None = None,
        engine: EngineApiMeter | None = None,
        sampler: Sampler = Sampler.AUTO,
        docker: Resolver | None = None,
    ) -> None:
        self._cgroup = cgroup or CgroupMeter()
        self._engine = engine
        self._sampler = sampler
        self._docker = docker or Resolver()
        self.method = ""
        """`cgroup v1`, `Engine API`, or both joined by `and`."""

    def sample(self, live: Sequence[Instance], watched: Watched = None) -> list[Sample]:
        """One sample per live instance, in no order. Raises nothing.

        `watched` limits what the engine is asked.
        """
        versions: dict[str, int] = {}
        resting = [i for i in live if i.state is State.RESTARTING]
        live = [instance for instance in live if instance not in resting]
        if self._sampler is not Sampler.ENGINE:
            found = ((instance.key, self._cgroup.version_of(instance)) for instance in live)
            versions = {key: version for key, version in found if version}
        local = [instance for instance in live if instance.key in versions]
        others = [instance for instance in live if instance.key not in versions]
        ways = sorted({f"cgroup v{version}" for version in versions.values()})
        samples = self._cgroup.sample(local)
        if self._sampler is Sampler.CGROUP:
            samples += [empty_sample(other, _NO_FILES) for other in others]
        elif others or self._engine is not None:
            samples += self._engine_meter().sample(others, watched)
            ways += [_ENGINE] * bool(others)
        self.method = " and ".join(ways) or self.method
        return samples + [empty_sample(each, not_running(each)) for each in resting]

    def close(self) -> None:
        """Close the files and the connections."""
        self._cgroup.close()
        if self._engine is not None:
            self._engine.close()

    def _engine_meter(self) -> EngineApiMeter:
        if self._engine is None:
            # The SDK takes 0.1 s to import: only who needs it pays.
            from tui.meters.engine_api import EngineApiMeter, connect_to

            self._engine = EngineApiMeter(connect_to(self._docker))
        return self._engine
