"""The cgroup meter on simulated trees of every kind of host: figures known beforehand."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tui.meters.cgroup import CgroupMeter
from tui.meters.cgroup_paths import locate, read_memberships, read_mounts
from tui.meters.gaps import STANDING
from tui.meters.kept_files import KeptFiles
from tui.model import Instance, SideName, State
from tui.snapshot import Sample

ID = "ab" * 32
PID = 4711
V1_MOUNTS = """\
30 31 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
V2_MOUNTS = "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
NET = "Inter-|\n face |\n lo: 5 0 0 0 0 0 0 0 5 0\n eth0: {rx} 1 0 0 0 0 0 0 {tx} 1\n"
HOST_NET = "Inter-|\n lo: 5 0 0 0 0 0 0 0 5 0\n ens3: 1 1 0 0 0 0 0 0 2 1\n"


class Host:
    """A tree that looks like `/` of a host, with a clock to go with it."""

    def __init__(self, top: Path, mounts: str, membership: str) -> None:
        self.top = top
        self.now_ns = 1_000_000_000
        self.write("proc/self/mountinfo", mounts)
        self.write("proc/self/net/dev", HOST_NET)
        self.write("proc/meminfo", "MemTotal:        1000 kB\nMemFree: 1 kB\n")
        self.write(f"proc/{PID}/cgroup", membership)
        self.write(f"proc/{PID}/net/dev", NET.format(rx=300, tx=40))
        self.meter = CgroupMeter(top, clock_ns=lambda: self.now_ns)

    def write(self, path: str, content: str) -> Path:
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def sample(self, *, after_seconds: float = 0.0) -> Sample:
        self.now_ns += round(after_seconds * 1e9)
        (sample,) = self.meter.sample([container()])
        return sample


def container(pid: int | None = PID, container_id: str = ID) -> Instance:
    return Instance(
        side=SideName.CONTAINER, name="web", state=State.RUNNING, id=container_id, pid=pid
    )


class V1(Host):
    def __init__(self, top: Path, folder: str = f"/docker/{ID}") -> None:
        controllers = ("cpu,cpuacct", "memory", "blkio", "pids", "name=systemd")
        lines = [f"{n}:{c}:{folder}\n" for n, c in enumerate(controllers, 2)]
        super().__init__(top, V1_MOUNTS, "".join(lines) + f"0::{folder}\n")
        self.cgroup = folder
        self.cpu(500_000_000)
        memory = f"sys/fs/cgroup/memory{folder}"
        self.write(f"{memory}/memory.usage_in_bytes", "9000\n")
        self.write(f"{memory}/memory.stat", "inactive_file 1\ntotal_inactive_file 2000\n")
        self.write(f"{memory}/memory.limit_in_bytes", "9223372036854771712\n")
        self.write(f"sys/fs/cgroup/pids{folder}/pids.current", "3\n")
        name = "blkio.throttle.io_service_bytes_recursive"
        self.write(f"sys/fs/cgroup/blkio{folder}/{name}", "8:0 Read 10\n8:0 Write 20\nTotal 30\n")

    def cpu(self, usage_ns: int) -> None:
        self.write(f"sys/fs/cgroup/cpu,cpuacct{self.cgroup}/cpuacct.usage", f"{usage_ns}\n")


class V2(Host):
    def __init__(self, top: Path, folder: str = f"/system.slice/docker-{ID}.scope") -> None:
        super().__init__(top, V2_MOUNTS, f"0::{folder}\n")
        self.folder = f"sys/fs/cgroup{folder}"
        self.cpu(500_000_000)
        self.write(f"{self.folder}/memory.current", "9000\n")
        self.write(f"{self.folder}/memory.stat", "anon 5\ninactive_file 2000\n")
        self.write(f"{self.folder}/memory.max", "max\n")
        self.write(f"{self.folder}/pids.current", "3\n")
        self.write(f"{self.folder}/io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=1\n")

    def cpu(self, usage_ns: int) -> None:
        content = f"usage_usec {usage_ns // 1000}\nuser_usec 1\nsystem_usec 1\n"
        self.write(f"{self.folder}/cpu.stat", content)


@pytest.fixture(params=["v1 cgroupfs", "v1 systemd", "v2 systemd", "v2 cgroupfs", "v2 rootless"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> V1 | V2:
    match request.param:
        case "v1 cgroupfs":
            return V1(tmp_path)
        case "v1 systemd":
            return V1(tmp_path, f"/system.slice/docker-{ID}.scope")
        case "v2 systemd":
            return V2(tmp_path)
        case "v2 cgroupfs":
            return V2(tmp_path, f"/docker/{ID}")
        case _:
            return V2(tmp_path, f"/user.slice/user-1000.slice/user@1000.service/docker-{ID}.scope")


def test_figures_are_those_of_the_files(host: V1 | V2) -> None:
    first = host.sample()
    assert first.cpu_percent is None
    standing = STANDING[SideName.CONTAINER]
    assert first.reasons == {**standing, "cpu_percent": "needs two samples"}
    host.cpu(1_500_000_000)
    second = host.sample(after_seconds=2.0)
    assert second.cpu_percent == pytest.approx(50.0)
    assert second.reasons == standing
    assert (second.memory_bytes, second.memory_limit_bytes) == (7000, 1000 * 1024)
    assert (second.net_rx_bytes, second.net_tx_bytes) == (300, 40)
    assert (second.block_read_bytes, second.block_write_bytes) == (10, 20)
    assert second.pids == 3
    assert second.t_ns == host.now_ns
    assert second.memory_kind == "docker-stats"


def test_a_counter_that_started_anew_gives_no_negative_share(host: V1 | V2) -> None:
    host.sample()
    host.cpu(1_000)
    reset = host.sample(after_seconds=1.0)
    assert reset.cpu_percent is None
    assert "anew" in reset.reasons["cpu_percent"]
    host.cpu(1_000_001_000)
    assert host.sample(after_seconds=1.0).cpu_percent == pytest.approx(100.0)


def test_after_a_note_the_first_sample_has_cpu_per_cent(host: V1 | V2) -> None:
    host.meter.note([container()])
    host.cpu(1_000_000_000)
    assert host.sample(after_seconds=1.0).cpu_percent == pytest.approx(50.0)


def test_a_note_passes_over_what_is_not_here(host: V1 | V2) -> None:
    host.meter.note([container(pid=None), container(pid=99999)])
    assert host.sample().cpu_percent is None


def test_a_restarted_container_is_measured_anew(host: V1 | V2) -> None:
    host.sample()
    shutil.copytree(host.top / f"proc/{PID}", host.top / "proc/815")
    host.now_ns += 10**9
    (sample,) = host.meter.sample([container(pid=815)])
    assert sample.cpu_percent is None


def test_a_container_that_vanishes_is_left_out(host: V1 | V2) -> None:
    # The kernel answers ENODEV on the kept descriptor; a simulated file cannot, a missing one can.
    assert host.meter.version_of(container()) in (1, 2)
    host.meter.close()
    shutil.rmtree(host.top / "sys")
    assert host.meter.sample([container()]) == []


def test_descriptors_are_given_back(host: V1 | V2) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the kernel's list, not files
    host.sample()
    assert len(os.listdir("/proc/self/fd")) > before  # noqa: PTH208
    assert host.meter.sample([]) == []
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize(
    "other",
    [container(pid=None), container(pid=99999), container(container_id="cd" * 32)],
    ids=["no pid", "no such process", "another host's container with a pid of ours"],
)
def test_what_is_not_here_is_not_measured(tmp_path: Path, other: Instance) -> None:
    host = V2(tmp_path)
    assert host.meter.version_of(other) is None
    assert host.meter.sample([other]) == []


def test_missing_controllers_have_reasons(tmp_path: Path) -> None:
    host = V1(tmp_path)
    shutil.rmtree(tmp_path / "sys/fs/cgroup/pids")
    shutil.rmtree(tmp_path / "sys/fs/cgroup/blkio")
    sample = host.sample()
    assert sample.memory_bytes == 7000
    assert (sample.pids, sample.block_read_bytes, sample.block_write_bytes) == (None, None, None)
    assert {"pids", "block_read_bytes", "block_write_bytes"} <= set(sample.reasons)


def test_a_kernel_that_counts_no_block_io_gives_no_zero(tmp_path: Path) -> None:
    host = V1(tmp_path)
    name = "blkio.throttle.io_service_bytes_recursive"
    host.write(f"sys/fs/cgroup/blkio{host.cgroup}/{name}", "Total 0\n")
    sample = host.sample()
    assert (sample.block_read_bytes, sample.block_write_bytes) == (None, None)
    assert {"block_read_bytes", "block_write_bytes"} <= set(sample.reasons)


def test_a_container_on_the_hosts_network_does_not_show_the_hosts_traffic(tmp_path: Path) -> None:
    host = V2(tmp_path)
    host.write(f"proc/{PID}/net/dev", HOST_NET)
    sample = host.sample()
    assert (sample.net_rx_bytes, sample.net_tx_bytes) == (None, None)
    assert "host" in sample.reasons["net_rx_bytes"]


def test_unreadable_memory_file_hands_the_container_on(tmp_path: Path) -> None:
    host = V2(tmp_path)
    (tmp_path / host.folder / "memory.current").unlink()
    assert host.meter.version_of(container()) is None


def test_files_of_what_is_not_measured_are_given_back(tmp_path: Path) -> None:
    host = V2(tmp_path)
    host.write(f"proc/{PID}/net/dev", HOST_NET)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    host.sample()
    host.meter.sample([])
    (tmp_path / host.folder / "memory.stat").unlink()
    assert host.meter.version_of(container()) is None
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_mount_of_just_that_cgroup_is_understood(tmp_path: Path) -> None:
    mounts = read_mounts(f"29 23 0:26 /docker/{ID} /sys/fs/cgroup rw - cgroup2 cgroup2 rw" + "\n")
    files = locate(read_memberships(f"0::/docker/{ID}\n"), mounts, ID, tmp_path)
    assert files is not None
    assert files.cpu == f"{tmp_path}/sys/fs/cgroup/cpu.stat"
    assert locate(read_memberships(f"0::/docker/{ID}x\n"), mounts, f"{ID}x", tmp_path) is None


def test_files_beyond_the_budget_are_still_read(tmp_path: Path) -> None:
    paths = [tmp_path / str(n) for n in range(5)]
    for path in paths:
        path.write_text(path.name)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    files = KeptFiles(budget=2)
    for _ in range(2):
        assert [files.read(str(path)) for path in paths] == [b"0", b"1", b"2", b"3", b"4"]
    assert len(os.listdir("/proc/self/fd")) == before + 2  # noqa: PTH208
    files.close()


def test_hybrid_hosts_are_measured_through_v1(tmp_path: Path) -> None:
    memberships = read_memberships(f"4:memory:/docker/{ID}\n2:cpu,cpuacct:/docker/{ID}\n0::/\n")
    files = locate(memberships, read_mounts(V1_MOUNTS), ID, tmp_path)
    assert files is not None
    assert files.version == 1
    assert files.cpu == f"{tmp_path}/sys/fs/cgroup/cpu,cpuacct/docker/{ID}/cpuacct.usage"
    assert files.pids is None


def test_processes_in_a_deeper_cgroup_count_for_the_container(tmp_path: Path) -> None:
    memberships = read_memberships(f"0::/docker/{ID}/init.scope\n")
    files = locate(memberships, read_mounts(V2_MOUNTS), ID, tmp_path)
    assert files is not None
    assert files.cpu == f"{tmp_path}/sys/fs/cgroup/docker/{ID}/cpu.stat"


def test_mounts_of_a_part_and_with_blanks_are_understood(tmp_path: Path) -> None:
    mounts = read_mounts(r"29 23 0:26 /docker /mnt/c\040group rw - cgroup2 cgroup2 rw" + "\n")
    files = locate(read_memberships(f"0::/docker/{ID}\n"), mounts, ID, tmp_path)
    assert files is not None
    assert files.cpu == f"{tmp_path}/mnt/c group/{ID}/cpu.stat"
    assert locate(read_memberships(f"0::/other/{ID}\n"), mounts, ID, tmp_path) is None
