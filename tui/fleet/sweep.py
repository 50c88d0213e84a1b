"""One sweep over all live instances."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tui.meters.base import Meter, Watched
from tui.model import Instance
from tui.snapshot import Sample

_FIGURES = ("cpu_percent", "memory_bytes")


def sweep(
    meters: Sequence[Meter], instances: Sequence[Instance], watched: Watched = None
) -> list[Sample]:
    """A sample of each live instance. A meter that breaks gives gaps with the reason, not silence.

    Old figures left standing would pass for live ones.
    """
    samples: list[Sample] = []
    for meter in meters:
        live = [i for i in instances if i.side is meter.side and i.is_live]
        try:
            samples.extend(meter.sample(live, watched))
        except Exception as error:  # the sampler's edge: one broken meter must not end all figures
            reason = f"the meter failed: {type(error).__name__}: {error}"
            samples.extend(_gap(instance, reason) for instance in live)
    return samples


def _gap(instance: Instance, reason: str) -> Sample:
    return Sample(
        side=instance.side,
        name=instance.name,
        time=time.time(),
        t_ns=time.monotonic_ns(),
        accelerator=instance.accelerator,
        reasons=dict.fromkeys(_FIGURES, reason),
    )
