"""Boot time: from the request to the workload's answer, on one clock, by one prober."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread, Timer

from tui.errors import ActionFailed
from tui.fleet.probe import INTERVAL_SECONDS, wait_answer
from tui.lab.instrument import ONCE, Instrument, Need, Reading, Repeats, Rig, side_of
from tui.model import Boot, Phase, Workload
from tui.results import Arm, Better, Metric, Row

_SIDES = (Arm.VM, Arm.CONTAINER)
_DROP = Path("/proc/sys/vm/drop_caches")
_RESUME_SECONDS = 60.0
_SAME_END = (
    "the same reply to the same prober on 127.0.0.1, asked every "
    f"{INTERVAL_SECONDS * 1000:.0f} ms, on the host's CLOCK_MONOTONIC"
)

FIRST = Metric(
    id="boot.first",
    row=Row.BOOT,
    title="first: created, provisioned, started",
    unit="s",
    better=Better.LESS,
    method=f"`vagrant up` of a new machine, `docker create` + start of a new container; "
    f"request to {_SAME_END}; box and image are there already",
)
WARM = Metric(
    id="boot.warm",
    row=Row.BOOT,
    title="start, files cached by the host",
    unit="s",
    better=Better.LESS,
    method=f"`vagrant up` of a halted machine, `docker start` of a stopped container; "
    f"request to {_SAME_END}; orders alternate, each side shut down in between",
    is_headline=True,
)
COLD = Metric(
    id="boot.cold",
    row=Row.BOOT,
    title="start, nothing cached",
    unit="s",
    better=Better.LESS,
    method="as the warm start, after `sync` and dropping the host's page cache, dentries and "
    "inodes; the guest was shut down and has none",
)
RESUME = Metric(
    id="boot.resume",
    row=Row.BOOT,
    title="resume from pause",
    unit="s",
    better=Better.LESS,
    method=f"`virsh suspend`/`resume` in memory, `docker pause`/`unpause`; request to {_SAME_END}",
)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """All but the first boot, which brings the pair up."""
    return (
        Instrument(
            name="boot-resume",
            metrics=(RESUME,),
            arms=_SIDES,
            need=Need.RUNNING,
            seconds=1.0,
            measure=_resume,
            repeats=Repeats(quick=6, full=10, cap=30),
        ),
        Instrument(
            name="boot-warm",
            metrics=(WARM,),
            arms=_SIDES,
            need=Need.STOPPED,
            seconds=23.0,
            measure=_start,
            # The first boot after the pair was made has filled the caches.
            repeats=Repeats(quick=3, full=10, cap=20, warmups=0 if is_quick else 1),
            in_aa=True,
        ),
        Instrument(
            name="boot-cold",
            metrics=(COLD,),
            arms=_SIDES,
            need=Need.STOPPED,
            seconds=25.0,
            measure=_start_cold,
            repeats=Repeats(quick=1, full=6, cap=6, warmups=0),
        ),
    )


def first(workload: Workload) -> Instrument:
    """The boot that brings the pair up; a run has one a side, however often it is resumed."""
    return Instrument(
        name="boot-first",
        metrics=(FIRST,),
        arms=_SIDES,
        need=Need.FREE,
        seconds=50.0,
        measure=_first,
        repeats=ONCE,
    )


def _first(rig: Rig, arm: Arm) -> Sequence[Reading]:
    boot = rig.boot(arm)
    return (Reading(FIRST.id, boot.total_seconds, parts=_parts(boot)),)


def _start(rig: Rig, arm: Arm) -> Sequence[Reading]:
    return (_boot(rig, arm, WARM),)


def _start_cold(rig: Rig, arm: Arm) -> Sequence[Reading]:
    os.sync()
    try:
        _DROP.write_text("3\n", encoding="ascii")
    except OSError as error:
        raise ActionFailed(
            f"the host's caches cannot be dropped: {error.strerror}", "run it as root"
        ) from error
    return (_boot(rig, arm, COLD),)


def _boot(rig: Rig, arm: Arm, metric: Metric) -> Reading:
    """Start and shut down again. For a VM, also when it answered past the tool's own tunnel."""
    with _Bridge(rig, arm) as bridge:
        began_ns = time.monotonic_ns()
        boot = rig.boot(arm)
        returned = (time.monotonic_ns() - began_ns) / 1e9
    rig.stop(arm)
    parts = {**_parts(boot), "returned": returned}
    note = ""
    if bridge.answered_ns is not None:
        on_bridge = (bridge.answered_ns - began_ns) / 1e9
        if on_bridge < boot.total_seconds:
            parts["bridge"] = on_bridge
            parts["tool"] = boot.total_seconds - on_bridge + parts.get(Phase.PREPARE, 0.0)
            note = (
                f"vagrant itself: {parts['tool']:.1f} s of it (its start, waiting for SSH, its "
                "tunnel); "
                f"past it the workload answered after {on_bridge - parts.get(Phase.PREPARE, 0):.1f}"
                " s"
            )
    return Reading(metric.id, boot.total_seconds, parts=parts, note=note)


def _parts(boot: Boot) -> dict[str, float]:
    return {phase.name.value: phase.seconds for phase in boot.phases}


def _resume(rig: Rig, arm: Arm) -> Sequence[Reading]:
    rig.pause(arm)
    stop = Event()
    limit = Timer(_RESUME_SECONDS, stop.set)
    limit.daemon = True
    limit.start()
    began_ns = time.monotonic_ns()
    rig.resume(arm)
    workload = rig.workload
    answered_ns = wait_answer(workload.probe, workload.port_on(side_of(arm)), stop)
    limit.cancel()
    if answered_ns is None:
        raise ActionFailed(f"no answer within {_RESUME_SECONDS:.0f} s of the resume")
    return (Reading(RESUME.id, (answered_ns - began_ns) / 1e9),)


class _Bridge:
    """Knocks at the VM's own address meanwhile, where its last one is known."""

    def __init__(self, rig: Rig, arm: Arm) -> None:
        self.answered_ns: int | None = None
        self._stop = Event()
        self._thread: Thread | None = None
        address = rig.last_guest_ip() if arm is Arm.VM else None
        if address is not None:
            probe, port = rig.workload.probe, rig.workload.guest_port

            def knock() -> None:
                self.answered_ns = wait_answer(probe, port, self._stop, host=address)

            self._thread = Thread(target=knock, name="bridge probe", daemon=True)

    def __enter__(self) -> _Bridge:
        if self._thread is not None:
            self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(1.0)
