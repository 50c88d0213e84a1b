"""Boot time: from the request to the workload's answer, on one clock, by one prober."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event, Thread, Timer

from tui.errors import ActionFailed
from tui.fleet.probe import INTERVAL_SECONDS, wait_answer
from tui.lab.instrument import ONCE, Instrument, Need, Reading, Repeats, Rig, side_of
from tui.lab.instruments.host_state import drop_caches
from tui.model import Boot, Phase, Workload
from tui.results import Arm, Better, Metric, Row

_SIDES = (Arm.VM, Arm.CONTAINER)
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
IMAGE = Metric(
    id="boot.image",
    row=Row.BOOT,
    title="getting ready, apart from any boot",
    unit="s",
    better=Better.LESS,
    method="`docker build` of the workload's folder, from the layers this host has already",
)
_IMPORT = "the box was imported by `twindeck setup`, once; `move.import` times that"
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
        metrics=(FIRST, IMAGE),
        arms=_SIDES,
        need=Need.FREE,
        seconds=50.0,
        measure=_first,
        repeats=ONCE,
    )


def _first(rig: Rig, arm: Arm) -> Sequence[Reading]:
    image = (
        Reading(IMAGE.id, rig.build()) if arm is Arm.CONTAINER else Reading(IMAGE.id, error=_IMPORT)
    )
    boot = rig.boot(arm)
    return Reading(FIRST.id, boot.total_seconds, parts=_parts(boot)), image


def _start(rig: Rig, arm: Arm) -> Sequence[Reading]:
    return (_boot(rig, arm, WARM),)


def _start_cold(rig: Rig, arm: Arm) -> Sequence[Reading]:
    try:
        drop_caches()
    except OSError as error:
        raise ActionFailed(
            f"the host's caches cannot be dropped: {error.strerror}", "run it as root"
        ) from error
    return (_boot(rig, arm, COLD),)


def _boot(rig: Rig, arm: Arm, metric: Metric) -> Reading:
    """Start and shut down again. For a VM, also when it answered past the tool's own tunnel."""
    with _Bridge(rig, arm) as bridge:
        boot = rig.boot(arm)
        now = time.monotonic()
    # The boot's own beginning, on the clock of both probers.
    began = now - (time.time() - boot.started_at)
    rig.stop(arm)
    parts = {**_parts(boot), "returned": now - began}
    if bridge.answered_ns is None or bridge.answered_ns / 1e9 - began >= boot.total_seconds:
        return Reading(metric.id, boot.total_seconds, parts=parts)
    prepare = parts.get(Phase.PREPARE, 0.0)
    on_bridge = parts["bridge"] = bridge.answered_ns / 1e9 - began
    tool = parts["tool"] = boot.total_seconds - on_bridge + prepare
    note = (
        f"vagrant itself: {tool:.1f} s of it (its start, waiting for SSH, its tunnel); "
        f"past it the workload answered after {on_bridge - prepare:.1f} s"
    )
    return Reading(metric.id, boot.total_seconds, parts=parts, note=note)


def _parts(boot: Boot) -> dict[str, float]:
    return {phase.name.value: phase.seconds for phase in boot.phases}


def _resume(rig: Rig, arm: Arm) -> Sequence[Reading]:
    rig.pause(arm)
    resume = _resuming(rig, arm)
    stop = Event()
    limit = Timer(_RESUME_SECONDS, stop.set)
    limit.daemon = True
    limit.start()
    workload = rig.workload
    began_ns = time.monotonic_ns()
    resume()
    answered_ns = wait_answer(workload.probe, workload.port_on(side_of(arm)), stop)
    limit.cancel()
    if answered_ns is None:
        raise ActionFailed(f"no answer within {_RESUME_SECONDS:.0f} s of the resume")
    return (Reading(RESUME.id, (answered_ns - began_ns) / 1e9),)


def _resuming(rig: Rig, arm: Arm) -> Callable[[], object]:
    """The engine's own call and nothing beside it: it takes no longer than looking would."""
    instance = rig.instance(arm)
    if arm is Arm.CONTAINER:
        api = rig.docker()
        return lambda: api.unpause(str(instance.id))
    if instance.provider != "libvirt":
        return lambda: rig.resume(arm)
    libvirt = rig.libvirt()
    return lambda: libvirt.resume(str(instance.id))


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
