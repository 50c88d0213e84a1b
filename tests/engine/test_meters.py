"""The meters against their references: docker stats, psutil and virsh on real instances."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.engine.container_kit import AS_ROOT, Run, find
from tui import accelerator
from tui.engines.libvirt.uris import SYSTEM_URI
from tui.meters.cgroup import CgroupMeter
from tui.meters.containers import ContainerMeter
from tui.meters.engine_api import EngineApiMeter
from tui.meters.machines import MachineMeter
from tui.model import Instance, SideName, State
from tui.sides.containers import Containers
from tui.snapshot import Sample

pytestmark = pytest.mark.engine

SAMPLES = 10
START_UP = 3
"""Readings until the container's memory is filled and a delta spans a whole second."""
# Holds about 20 MB and keeps a processor busy, as far as it is let.
BUSY = "x=$(head -c 20000000 /dev/zero | tr '\\0' x); while :; do :; done"
UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def call(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def start(run: Run, containers: Containers) -> Callable[..., Instance]:
    """Starts containers; gives them as the side lists them."""
    return lambda *options, command: find(containers, run(*options, command=("sh", "-c", command)))


class DockerStats:
    """`docker stats` running beside the meter: one reading a second."""

    def __init__(self, name: str) -> None:
        self._child = subprocess.Popen(
            ["docker", "stats", "--format", "{{json .}}", name], stdout=subprocess.PIPE, text=True
        )

    def __iter__(self) -> Iterator[tuple[float, float]]:
        """CPU per cent and memory bytes of each reading; it repeats one until the next is there."""
        assert self._child.stdout is not None
        last = ""
        for line in self._child.stdout:
            found = re.search(r"\{.*\}", line)
            if not found or found[0] == last or '"--' in found[0]:
                continue
            last = found[0]
            reading = json.loads(last)
            size = re.match(r"([\d.]+)([A-Za-z]+)", reading["MemUsage"])
            assert size is not None
            yield float(reading["CPUPerc"].rstrip("%")), float(size[1]) * UNITS[size[2]]

    def close(self) -> None:
        # It heeds its signals between two readings only, and not always then.
        self._child.kill()
        self._child.wait(10)
        if self._child.stdout is not None:
            self._child.stdout.close()


@pytest.mark.parametrize("meter", [CgroupMeter, EngineApiMeter], ids=["cgroup", "engine-api"])
def test_a_busy_container_agrees_with_docker_stats(
    meter: type[CgroupMeter] | type[EngineApiMeter], start: Callable[..., Instance]
) -> None:
    # The shares keep the load steady next to whatever else the host does.
    instance = start("--cpus", "0.5", "--cpu-shares", "100000", command=BUSY)
    ours, measured = meter(), list[Sample]()
    reference = DockerStats(instance.name)
    theirs: list[tuple[float, float]] = []
    try:
        ours.sample([instance])
        for count, reading in enumerate(reference):
            (sample,) = ours.sample([instance])
            if count < START_UP:
                continue
            theirs.append(reading)
            measured.append(sample)
            if len(theirs) == SAMPLES:
                break
    finally:
        reference.close()
        ours.close()
    assert len(theirs) == SAMPLES
    cpu = [sample.cpu_percent for sample in measured if sample.cpu_percent is not None]
    memory = [sample.memory_bytes for sample in measured if sample.memory_bytes is not None]
    print(f"cpu ours {cpu} theirs {[c for c, _ in theirs]}")
    print(f"memory ours {memory} theirs {[m for _, m in theirs]}")
    assert statistics.mean(cpu) == pytest.approx(statistics.mean(c for c, _ in theirs), rel=0.05)
    assert statistics.mean(memory) == pytest.approx(statistics.mean(m for _, m in theirs), rel=0.05)


def test_both_methods_agree_on_every_counter(start: Callable[..., Instance]) -> None:
    options = ("-m", "64m", "--cpus", "0.5")
    # oflag=direct: past the page cache, so that the block layer counts it.
    work = "dd if=/dev/zero of=/f bs=1M count=8 oflag=direct; sync; sleep 600 & echo written; wait"
    instance = start(*options, command=work)
    files, engine = CgroupMeter(), EngineApiMeter()
    deadline = time.monotonic() + 20
    while True:
        if "written" in call("docker", "logs", instance.name):
            break
        assert time.monotonic() < deadline
    (one,) = files.sample([instance])
    (other,) = engine.sample([instance])
    (again,) = files.sample([instance])
    files.close()
    engine.close()
    assert one.block_write_bytes == other.block_write_bytes
    shown = call("docker", "stats", "--no-stream", "--format", "{{.BlockIO}}", instance.name)
    if shown == "0B / 0B":
        # This kernel counts none: written was all the same, so a zero would be wrong.
        assert one.block_write_bytes is None
        assert one.reasons["block_write_bytes"] == other.reasons["block_write_bytes"]
    else:
        assert one.block_write_bytes == pytest.approx(8 * 2**20, rel=0.1)
    assert one.memory_limit_bytes == other.memory_limit_bytes == 64 * 2**20
    assert one.pids == other.pids == 2
    assert other.net_rx_bytes is not None
    assert (one.net_rx_bytes or 0) <= other.net_rx_bytes <= (again.net_rx_bytes or 0)
    assert one.net_tx_bytes == other.net_tx_bytes


def test_the_method_is_chosen_and_told(start: Callable[..., Instance], tmp_path: Path) -> None:
    instance = start(command="sleep 600")
    local = ContainerMeter()
    (sample,) = local.sample([instance])
    assert sample.memory_bytes
    assert re.fullmatch("cgroup v[12]", local.method)
    local.close()
    # No such tree: as for an engine on another host.
    remote = ContainerMeter(cgroup=CgroupMeter(tmp_path))
    (sample,) = remote.sample([instance])
    assert sample.memory_bytes
    assert remote.method == "Engine API"
    remote.close()


def test_removed_containers_are_left_out_and_cost_nothing(start: Callable[..., Instance]) -> None:
    kept, gone = start(command="sleep 600"), start(command="sleep 600")
    meters = (CgroupMeter(), EngineApiMeter())
    for meter in meters:
        assert {s.name for s in meter.sample([kept, gone])} == {kept.name, gone.name}
    call("docker", "rm", "-f", gone.name)
    for meter in meters:
        assert [s.name for s in meter.sample([kept, gone])] == [kept.name]
        meter.close()


def test_a_hundred_containers_cost_five_milliseconds(start: Callable[..., Instance]) -> None:
    real = [start(command="sleep 600") for _ in range(4)]
    meters = [CgroupMeter() for _ in range(25)]
    costs_ms = []
    for _ in range(20):
        began = time.process_time_ns()
        # A hundred readings of real files; 25 meters, since one knows each container once.
        samples = [sample for meter in meters for sample in meter.sample(real)]
        costs_ms.append((time.process_time_ns() - began) / 1e6)
        assert len(samples) == 100
    for meter in meters:
        meter.close()
    # The least: what is above it is the cost of whatever else the host does.
    print(f"100 containers: {min(costs_ms):.2f} ms of CPU a sweep at best, all: {costs_ms}")
    assert min(costs_ms) <= 5.0


ACCELERATOR = accelerator.read() or accelerator.TCG
DOMAIN = """
<domain type='{kind}'>
  <name>{name}</name><memory unit='MiB'>384</memory><vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os><features><acpi/></features>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
      <source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
    <serial type='null'/><memballoon model='virtio'/>
  </devices>
</domain>
"""


def virsh(*arguments: str) -> str:
    return call("virsh", "--quiet", "--connect", SYSTEM_URI, *arguments)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A booting guest from the box that `twindeck setup` builds, without Vagrant around it."""
    name = f"twtest-{uuid.uuid4().hex[:8]}"
    boxes = sorted(Path.home().glob(".vagrant.d/boxes/twindeck-*/*/libvirt/box.img"))
    assert boxes, "no box: run `twindeck setup`"
    # Where the hypervisor's own user may read it.
    disk = Path("/var/lib/libvirt/images") / f"{name}.qcow2"
    call(*AS_ROOT, "cp", str(boxes[-1]), str(disk))
    definition = tmp_path_factory.mktemp("domain") / "domain.xml"
    kind = "kvm" if ACCELERATOR == accelerator.KVM else "qemu"
    definition.write_text(DOMAIN.format(kind=kind, name=name, disk=disk))
    try:
        virsh("create", str(definition))
        yield Instance(
            side=SideName.VM,
            name=name,
            state=State.RUNNING,
            id=virsh("domuuid", name),
            pid=int(call(*AS_ROOT, "cat", f"/run/libvirt/qemu/{name}.pid")),
            provider="libvirt",
            accelerator=ACCELERATOR,
        )
    finally:
        subprocess.run(["virsh", "-q", "-c", SYSTEM_URI, "destroy", name], capture_output=True)
        call(*AS_ROOT, "rm", "-f", str(disk))


def test_a_machines_host_cost_agrees_with_psutil(machine: Instance) -> None:
    meter = MachineMeter()
    process = psutil.Process(machine.pid)
    process.cpu_percent(None)
    meter.sample([machine])
    # The meter's first answer waits for libvirt: begin both windows together after it.
    ours, theirs = list[Sample](), list[float]()
    meter.sample([machine])
    process.cpu_percent(None)
    for _ in range(5):
        theirs.append(process.cpu_percent(1.0))
        ours += meter.sample([machine])
        rss_bytes = process.memory_info().rss
        assert ours[-1].memory_bytes == pytest.approx(rss_bytes, rel=0.05)
    meter.close()
    cpu = [sample.cpu_percent for sample in ours if sample.cpu_percent is not None]
    print(f"cpu ours {cpu} theirs {theirs}")
    assert statistics.mean(cpu) == pytest.approx(statistics.mean(theirs), rel=0.05, abs=1.0)
    assert {sample.memory_kind for sample in ours} == {"host-rss"}
    assert {sample.accelerator for sample in ours} == {ACCELERATOR}


def test_a_guests_memory_agrees_with_virsh(machine: Instance) -> None:
    meter = MachineMeter()
    deadline = time.monotonic() + 180
    reasons: set[str] = set()
    children: set[int] = set()
    while True:
        (sample,) = meter.sample([machine])
        children |= {child.pid for child in psutil.Process().children() if child.name() == "virsh"}
        if sample.guest_memory_bytes is not None:
            break
        reasons.add(sample.reasons["guest_memory_bytes"])
        assert time.monotonic() < deadline, reasons
        time.sleep(0.5)
    told = dict(line.split() for line in virsh("dommemstat", machine.name).splitlines())
    used_bytes = (int(told["available"]) - int(told["unused"])) * 1024
    meter.close()
    assert sample.guest_memory_bytes == pytest.approx(used_bytes, rel=0.1)
    assert sample.memory_limit_bytes == 384 * 2**20
    assert sample.block_read_bytes
    assert sample.reasons["net_rx_bytes"]  # it has no network card
    # Booting is a reason, not a zero; and one child did for all of it.
    assert all("balloon" in reason for reason in reasons)
    assert len(children) == 1
    assert not psutil.pid_exists(children.pop())
