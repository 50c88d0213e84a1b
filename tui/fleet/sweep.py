"""One sweep over all live instances."""

from __future__ import annotations

from collections.abc import Sequence

from tui.meters.base import Meter, Watched
from tui.meters.gaps import empty_sample
from tui.model import Instance
from tui.snapshot import Sample


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
            reason = f"the meter broke on a fault of its own ({type(error).__name__})"
            samples.extend(empty_sample(instance, reason) for instance in live)
    return samples
