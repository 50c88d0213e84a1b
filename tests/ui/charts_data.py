"""A pair under load, its history and its boots: fixed data for the tests of charts and details."""

from __future__ import annotations

import math
from typing import Any

from textual.pilot import Pilot

from tests.ui.conftest import charts_drawn, fixed_clock
from tests.ui.fakes import NOW, T_NS, FakeFleet
from tui.app import TwindeckApp
from tui.glyphs import UNICODE, Glyphs
from tui.model import Boot, BootPhase, Instance, Phase, SideName, State
from tui.snapshot import Health, History, HostSample, Sample, Snapshot

MIB = 1024 * 1024
VM = Instance(
    SideName.VM,
    "web",
    State.RUNNING,
    id="0f3c2a9e-5d1b-4c7e-9a0e-3f1b2c4d5e6f",
    image="twindeck/debian12",
    group="/srv/lab",
    ports=("127.0.0.1:18080->80/tcp", "127.0.0.1:2222->22/tcp"),
    created_at=NOW - 7200,
    started_at=NOW - 3723,
    workload="nginx",
    provider="libvirt",
    accelerator="tcg",
    pid=4711,
)
CONTAINER = Instance(
    SideName.CONTAINER,
    "web",
    State.RUNNING,
    id="9b1d4f7c2e8a9b1d4f7c2e8a9b1d4f7c2e8a9b1d4f7c2e8a9b1d4f7c2e8a9b1d",
    image="nginx:1.27-alpine",
    ports=("127.0.0.1:8080->80/tcp",),
    created_at=NOW - 7100,
    started_at=NOW - 3700,
    workload="nginx",
    pid=4890,
)
STOPPED = Instance(
    SideName.CONTAINER,
    "batch[/red]",
    State.STOPPED,
    id="77aa" * 16,
    image="busybox",
    exit_code=137,
)
VM_SAMPLE = Sample(
    SideName.VM,
    "web",
    NOW,
    T_NS,
    cpu_percent=104.2,
    memory_bytes=612 * MIB,
    memory_kind="host-rss",
    memory_limit_bytes=2048 * MIB,
    guest_memory_bytes=212 * MIB,
    net_rx_bytes=3 * MIB,
    net_tx_bytes=41 * MIB,
    block_read_bytes=180 * MIB,
    block_write_bytes=22 * MIB,
    accelerator="tcg",
    reasons={"pids": "the guest's processes are not visible from the host"},
)
CONTAINER_SAMPLE = Sample(
    SideName.CONTAINER,
    "web",
    NOW,
    T_NS,
    cpu_percent=3.1,
    memory_bytes=9 * MIB,
    memory_limit_bytes=None,
    net_rx_bytes=2 * MIB,
    net_tx_bytes=39 * MIB,
    block_read_bytes=4 * MIB,
    block_write_bytes=0,
    pids=5,
    reasons={"memory_limit_bytes": "no limit set"},
)


def history(
    cpu: float, memory_mib: float, guest_mib: float | None = None, samples: int = 290
) -> History:
    """A minute-long swing around the given levels, with ten seconds missing in the middle."""
    t_ns = tuple(T_NS - (samples - 1 - i) * 1_000_000_000 for i in range(samples))
    swing = [math.sin(i / 11) + 0.3 * math.sin(i / 3) for i in range(samples)]
    is_gap = [140 <= i < 155 for i in range(samples)]
    return History(
        t_ns=t_ns,
        cpu_percent=tuple(
            None if gap else max(0.0, cpu * (1 + s / 2))
            for s, gap in zip(swing, is_gap, strict=True)
        ),
        memory_bytes=tuple(
            None if gap else int(memory_mib * MIB * min(1.0, 0.4 + i / samples))
            for i, gap in enumerate(is_gap)
        ),
        guest_memory_bytes=tuple(
            None if gap or guest_mib is None else int(guest_mib * MIB * (1 + s / 20))
            for s, gap in zip(swing, is_gap, strict=True)
        ),
    )


HISTORIES = {VM.key: history(80, 612, 212), CONTAINER.key: history(12, 9)}


def boot(side: SideName, scale: float, ago: float, *, first: bool = False) -> Boot:
    """A boot of `web`; a first one has the phases only a first one has."""
    spans = {
        SideName.CONTAINER: [
            (Phase.CREATE, 0.09),
            (Phase.START, 0.31),
            (Phase.BOOT, 0.02),
            (Phase.ANSWER, 0.06),
        ],
        SideName.VM: [
            (Phase.CREATE, 2.1),
            (Phase.START, 1.4),
            (Phase.BOOT, 38.0),
            (Phase.ANSWER, 3.2),
        ],
    }[side]
    if first:
        spans = [(Phase.PREPARE, 4.0), *spans[:3], (Phase.PROVISION, 21.0), *spans[3:]]
    phases = tuple(BootPhase(name, took * scale) for name, took in spans)
    return Boot(
        side=side,
        name="web",
        started_at=NOW - ago,
        total_seconds=sum(phase.seconds for phase in phases),
        phases=phases,
        accelerator="tcg" if side is SideName.VM else None,
        workload="nginx",
    )


BOOTS = (
    boot(SideName.CONTAINER, 1.0, 3700),
    boot(SideName.VM, 1.0, 3800),
    boot(SideName.CONTAINER, 1.3, 7000),
    boot(SideName.VM, 1.1, 7200, first=True),
    boot(SideName.CONTAINER, 0.9, 9000),
)

SNAPSHOT = Snapshot(
    t_ns=T_NS,
    instances=(VM, STOPPED, CONTAINER),
    samples={VM.key: VM_SAMPLE, CONTAINER.key: CONTAINER_SAMPLE},
    trends={VM.key: (80.0, 104.2), CONTAINER.key: (2.0, 3.1)},
    boot_seconds={VM.key: 44.7, CONTAINER.key: 0.48},
    host=HostSample(NOW, T_NS, 31.0, 8, 4 << 30, 16 << 30, 1.2),
    health={
        SideName.VM: Health(SideName.VM, True, "Vagrant 2.4, libvirt 9.0", accelerator="tcg"),
        SideName.CONTAINER: Health(SideName.CONTAINER, True, "Docker 27"),
    },
)

LOG = tuple(
    f"172.17.0.1 - - [23/Nov/2026:06:{i // 60 % 60:02d}:{i % 60:02d} +0000] "
    f'"GET /{"index.html" if i % 7 else "missing[/b]"} HTTP/1.1" {200 if i % 7 else 404} {612 + i} '
    f'"-" "curl/7.88.1" [YELLOW]'
    for i in range(1000)
)
"""A thousand lines, every seventh with text that looks like markup."""


def pair_app(
    snapshot: Snapshot = SNAPSHOT,
    *,
    glyphs: Glyphs = UNICODE,
    is_thin: bool = False,
    **fleet: Any,
) -> TwindeckApp:
    """The console on the pair, at the fixed moment."""
    given = {"histories": HISTORIES, "boots": BOOTS, "logs": {CONTAINER.key: LOG}, **fleet}
    fake = FakeFleet(snapshot, **given)
    return TwindeckApp(fake, clock=fixed_clock(), glyphs=glyphs, is_thin=is_thin)


async def drawn(pilot: Pilot[Any]) -> None:
    """Until every chart on the screen has its data and is drawn."""
    await charts_drawn(pilot)
