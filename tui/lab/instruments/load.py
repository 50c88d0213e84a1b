"""A workload's own load command, run inside the VM and inside the container."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence

from tui.errors import ActionFailed
from tui.lab.instrument import Instrument, Need, Output, Reading, Rig
from tui.model import Load, Workload
from tui.results import Arm, Better, Metric, Row

_ARMS = (Arm.VM, Arm.CONTAINER)
QUICK_SECONDS, FULL_SECONDS = 3, 10
_LATENESS_SECONDS = 120.0
_PREPARE_SECONDS = 900.0
"""Filling a database under software emulation takes minutes."""


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """One where the workload's folder names a load command, else none."""
    load = workload.load
    if load is None:
        return ()
    seconds = QUICK_SECONDS if is_quick else FULL_SECONDS
    shown = shlex.join(fill(load.argv, workload, seconds))
    metric = Metric(
        id="load.result",
        row=Row(load.row),
        title=load.title,
        unit=load.unit,
        better=Better.MORE if load.more_is_better else Better.LESS,
        method=f"`{shown}` inside the VM and inside the container, each with its own package's "
        "client, so no network lies between",
    )

    def prepare(rig: Rig, arm: Arm) -> None:
        if load.prepare:
            argv = fill(load.prepare, rig.workload, seconds)
            rig.run(arm, argv, timeout_seconds=_PREPARE_SECONDS)

    def measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
        argv = fill(load.argv, rig.workload, seconds)
        output = rig.run(arm, argv, timeout_seconds=seconds + _LATENESS_SECONDS)
        parts = {"host_seconds": output.seconds}
        return (Reading(metric.id, parse(load, output), parts=parts),)

    return (
        Instrument(
            name="load",
            metrics=(metric,),
            arms=_ARMS,
            need=Need.RUNNING,
            seconds=seconds + 2.0,
            measure=measure,
            prepare=prepare,
        ),
    )


def fill(argv: Sequence[str], workload: Workload, seconds: int) -> tuple[str, ...]:
    """The placeholders filled in; any other brace is left as it is."""
    values = {"port": workload.guest_port, "seconds": seconds, "cpus": workload.cpus}

    def value(match: re.Match[str]) -> str:
        return str(values[match[1]])

    return tuple(re.sub(r"\{(port|seconds|cpus)\}", value, word) for word in argv)


def parse(load: Load, output: Output) -> float:
    """The number the pattern finds, in what came on either stream. Raises ActionFailed."""
    name = shlex.join(load.argv[:1])
    printed = f"{output.stdout}\n{output.stderr}"
    found = re.search(load.pattern, printed)
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    said = f"its last line: {lines[-1][:160]}" if lines else "it printed nothing"
    if found is None:
        raise ActionFailed(f"{name} was to print what /{load.pattern}/ finds; {said}")
    try:
        value = float(found[1])
    except (TypeError, ValueError, IndexError):
        value = math.nan
    if not math.isfinite(value):
        raise ActionFailed(f"/{load.pattern}/ was to find a decimal number; {said}")
    return value
