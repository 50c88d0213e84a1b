"""Memory and CPU of a side: what each figure is made of, and why one cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.studies import workload
from tui.errors import ActionFailed
from tui.lab.cancel import Cancelled
from tui.lab.instrument import Output
from tui.lab.instruments import attendants, http, memory, paths, resources
from tui.model import Instance, SideName, State
from tui.results import Arm

NOW = 1795434703
# libvirt 9.0.0, a guest of Debian 12 that was asked to tell its memory every second.
TOLD = f"""Domain: 'twindeck-lab_lab-nginx'
  balloon.current=524288
  balloon.maximum=524288
  balloon.unused=210436
  balloon.available=481276
  balloon.usable=431356
  balloon.last-update={NOW}
  balloon.disk_caches=217764
  balloon.rss=1655912
"""
# Parts of /proc/PID/smaps of QEMU 7.2 under tcg.
SMAPS = """55779358e000-557793995000 r--p 00000000 fe:00 2171698     /usr/bin/qemu-system-x86_64
Size:               4124 kB
Rss:                4124 kB
Pss:                2062 kB
VmFlags: rd mr mw me sd
557793995000-557793f2c000 r-xp 00407000 fe:00 2171698     /usr/bin/qemu-system-x86_64
Size:               5724 kB
Pss:                2800 kB
5577ab672000-5577ac91e000 rw-p 00000000 00:00 0                          [heap]
Size:              19120 kB
Pss:                5180 kB
7f6a47e00000-7f6a67e00000 rw-p 00000000 00:00 0
Size:             524288 kB
Pss:              415744 kB
7f6a68000000-7f6aa7fff000 rwxp 00000000 00:00 0
Size:            1048572 kB
Pss:             1048572 kB
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
Size:                  4 kB
Pss:                   0 kB
"""
KIB, MIB = 1024, 2**20
IDLE = http.Requests(100.0, 200, 2.0, 1e6)


class FakeRig:
    """A side that is some process of this host, or none."""

    is_quick = True

    def __init__(self, folder: Path, pid: int | None = None, provider: str = "libvirt") -> None:
        self.workload = workload(folder)
        self.pid = pid
        self.provider = provider
        self.failure: Exception | None = None

    def instance(self, arm: Arm) -> Instance:
        side = SideName.VM if arm is Arm.VM else SideName.CONTAINER
        return Instance(
            side, "lab-nginx", State.RUNNING, id="f" * 64, pid=self.pid, provider=self.provider
        )

    def run(self, arm: Arm, argv: Sequence[str], **_: Any) -> Output:
        assert self.failure is not None
        raise self.failure

    def tool(self, arm: Arm, name: str) -> tuple[str, ...]:
        return (name,)

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.05))


@pytest.fixture(autouse=True)
def _no_forwarder(monkeypatch: pytest.MonkeyPatch) -> None:
    """What listens on this host is no matter of these."""
    monkeypatch.setattr(attendants, "listeners", lambda port: [])


def test_what_the_guest_uses_and_what_of_it_is_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW + 0.5)
    reading = memory.guest_use("memory.idle.use", TOLD, since=NOW - 0.5)
    assert reading.value == (481276 - 431356) * KIB
    assert reading.parts == {
        "with_file_cache": (481276 - 210436) * KIB,
    }
    assert "with its file cache 264.5 MiB" in reading.note


@pytest.mark.parametrize(
    ("text", "since", "words"),
    [
        (TOLD, NOW + 0.2, "has not told its memory since the reading began"),
        (TOLD, NOW + 5, "has not told its memory since the reading began"),
        (TOLD.replace("balloon.unused=210436", ""), NOW - 1, "no balloon driver"),
        (TOLD.replace(str(NOW), str(NOW - 60)), NOW - 90, "last told its memory 60 s ago"),
        ("error: failed to get domain\n", NOW, "libvirt: failed to get domain"),
        ("", NOW, "libvirt was busy"),
    ],
)
def test_a_guest_that_told_nothing_anew_gives_a_reason(
    text: str, since: float, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW + 0.5)
    reading = memory.guest_use("memory.idle.use", text, since)
    assert reading.value is None
    assert words in reading.error


def test_an_older_guest_tells_less_and_its_use_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW + 0.5)
    told = TOLD.replace("  balloon.usable=431356\n", "")
    reading = memory.guest_use("memory.idle.use", told, NOW - 1)
    assert reading.value == (481276 - 210436) * KIB
    assert reading.parts == {}


def test_another_provider_tells_no_guests_memory(tmp_path: Path) -> None:
    with memory.Memory(FakeRig(tmp_path, os.getpid(), "virtualbox"), Arm.VM) as one:
        reading = one.use("memory.idle.use", 0)
    assert reading.error == "virtualbox does not tell it"


def test_an_emulators_memory_is_taken_apart() -> None:
    parts = memory.emulator_parts(SMAPS, 512 * MIB)
    assert parts == {
        "guest's memory": 415744 * KIB,
        "translation cache": 1048572 * KIB,
        "hypervisor": (2062 + 2800 + 5180) * KIB,
    }


def test_without_a_mapping_of_the_guests_size_nothing_is_lost() -> None:
    parts = memory.emulator_parts(SMAPS, 4096 * MIB)
    assert parts == {
        "translation cache": 1048572 * KIB,
        "hypervisor": (2062 + 2800 + 5180 + 415744) * KIB,
    }


def test_the_parts_of_a_real_process_sum_up_to_its_pss() -> None:
    smaps = Path("/proc/self/smaps").read_text()
    whole = memory.pss_bytes(os.getpid())
    assert sum(memory.emulator_parts(smaps, 1 << 40).values()) == pytest.approx(whole, rel=0.05)


def test_a_hypervisor_costs_its_pss(tmp_path: Path) -> None:
    with memory.Memory(FakeRig(tmp_path, os.getpid(), "virtualbox"), Arm.VM) as one:
        reading = one.host("memory.idle.host")
    assert reading.value == pytest.approx(memory.pss_bytes(os.getpid()), rel=0.05)
    assert reading.value == sum(reading.parts.values())
    assert reading.note.startswith("hypervisor ")


def test_who_may_not_read_it_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(memory, "pss_bytes", refuse)
    with memory.Memory(FakeRig(tmp_path, os.getpid(), "virtualbox"), Arm.VM) as one:
        reading = one.host("memory.idle.host")
    assert reading.value is None
    assert reading.error == "only root may read /proc/PID/smaps_rollup of it"


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_container_that_is_not_on_this_host_has_no_cost(is_taken: bool, tmp_path: Path) -> None:
    """Its engine is in a VM: some process here has its pid, and is in no cgroup of its id."""
    rig = FakeRig(tmp_path, os.getpid() if is_taken else None)
    with memory.Memory(rig, Arm.CONTAINER) as one:
        reading = one.host("memory.idle.host")
    assert reading.value is None
    assert reading.error


def test_cpu_time_is_finer_than_a_tick() -> None:
    code = "import time\nwhile time.process_time() < 0.2: pass\ninput()"
    with subprocess.Popen(
        (sys.executable, "-c", code), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        deadline = time.monotonic() + 10
        while attendants.process_seconds(child.pid) < 0.2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        used = attendants.process_seconds(child.pid)
        assert used % 0.01 > 1e-6
        child.communicate(b"\n")
    with pytest.raises(OSError, match="Invalid argument"):
        attendants.process_seconds(child.pid)


def test_a_side_that_ends_meanwhile_is_an_error(tmp_path: Path) -> None:
    with subprocess.Popen(("sleep", "60")) as child:
        clock = attendants.cpu_clock(FakeRig(tmp_path, child.pid), Arm.VM)
        assert clock() >= 0
        child.kill()
    with pytest.raises(ActionFailed, match="ended meanwhile"):
        clock()


def test_a_side_without_a_process_here_has_no_clock(tmp_path: Path) -> None:
    with pytest.raises(ActionFailed, match="not on this host"):
        attendants.cpu_clock(FakeRig(tmp_path), Arm.VM)
    with pytest.raises(ActionFailed, match="its cgroup cannot be read"):
        attendants.cpu_clock(FakeRig(tmp_path, os.getpid()), Arm.CONTAINER)


def test_cpu_of_the_work_is_without_the_generators() -> None:
    reading = resources.per_work(http.Work(IDLE, 0.5, 1.5), "path: x")
    assert reading.value == pytest.approx(1000 * (1.5 - 0.5) / 200)
    assert reading.parts["requests"] == 200
    assert reading.note == "path: x"


@pytest.mark.parametrize("host", [0.5, 0.4, -1.0])
def test_work_below_the_noise_is_an_error_not_a_zero(host: float) -> None:
    reading = resources.per_work(http.Work(IDLE, 0.5, host), "path: x")
    assert reading.value is None
    assert "other work hides" in reading.error


@pytest.mark.parametrize("failure", [ActionFailed("wrk: no"), Cancelled()])
def test_what_ends_the_load_ends_the_reading(
    failure: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this thread: one that died with it on its own would print a trace over the console."""
    rig = FakeRig(tmp_path, os.getpid(), "virtualbox")
    rig.failure = failure
    monkeypatch.setattr(paths, "listeners", lambda port: [])
    _, at_work = resources.instruments(rig.workload, is_quick=True)
    with pytest.raises(type(failure)):
        at_work.measure(rig, Arm.VM)


def test_idle_is_measured_for_every_workload_and_work_where_it_can_be(tmp_path: Path) -> None:
    names = {"http": ["idle", "at-work"], "tcp": ["idle", "at-work"]}
    for kind, expected in names.items():
        found = resources.instruments(workload(tmp_path, kind), is_quick=True)
        assert [one.name for one in found] == expected
    readings = found[1].measure(FakeRig(tmp_path), Arm.VM)
    assert [r.metric for r in readings] == [
        "memory.load.use",
        "memory.load.host",
        "cpu.per_work",
    ]
    assert {r.error for r in readings} == {"the workload speaks no HTTP"}


def test_one_figure_that_cannot_be_had_leaves_the_others(tmp_path: Path) -> None:
    idle, _ = resources.instruments(workload(tmp_path), is_quick=True)
    cpu, host, use = idle.measure(FakeRig(tmp_path, os.getpid(), "virtualbox"), Arm.VM)
    assert host.value is not None
    assert use.error == "virtualbox does not tell it"
    assert cpu.value is not None
