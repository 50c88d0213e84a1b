"""What an instance runs on, read from its engine, the kernel and its guest."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.stacks import CONTAINER_STACK, VM_STACK
from tests.unit.fleet_fakes import MemorySide
from tui.architecture.ask import ask
from tui.architecture.container import cgroup_path, container_stack, namespaces_of
from tui.architecture.guest import SCRIPT, Guest, parse_guest, workload_names
from tui.architecture.host import host_layers
from tui.architecture.machine import in_guest, machine_stack
from tui.architecture.processes import Costs, counted
from tui.architecture.read import read_stack
from tui.core.architecture import NAMESPACES, Cost, Gauge, Layer, LayerName, Proof, cost_of
from tui.errors import ActionFailed
from tui.model import Instance, SideName, State
from tui.sides.base import Command
from tui.snapshot import HostSample, Sample, Snapshot

ID = "0123456789abcdef" * 4
DOCKER = Command(("docker",), env={"DOCKER_HOST": "tcp://10.0.0.5:2376"})
GUEST = Command(("vagrant", "ssh", "web", "-c"), Path("/srv/shop"), {"VAGRANT_CWD": "/srv/shop"})
TOLD = """\
Warning: Permanently added '10.0.0.9' to the list of known hosts.
kernel 6.1.0-18-amd64
boot_id 3f2a77c1-8a41-4b1e-9f7e-3a8e4f0c1d22
system Debian GNU/Linux 12 (bookworm)
init systemd
cores 2
services 12
process 1 0 systemd
process 2 0 kthreadd
process 17 2 kworker/0:1-events
process 300 1 nginx
process 301 300 nginx
process 400 1 sshd
listening LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=301,fd=6),("nginx",pid=300,fd=6))
listening LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=400,fd=4))
"""


def container(state: State = State.RUNNING, **more: Any) -> Instance:
    return Instance(SideName.CONTAINER, "web", state, id=ID, **more)


def inspection(pid: int, **host: Any) -> dict[str, Any]:
    """As `docker inspect` has it, as far as it is read."""
    return {
        "Id": ID,
        "Image": "sha256:beef",
        "State": {"Pid": pid},
        "Config": {"Image": "shop/web:2"},
        "GraphDriver": {"Name": "overlay2"},
        "HostConfig": {"NetworkMode": "bridge", "CgroupnsMode": "host", **host},
    }


def answers(**told: str) -> Callable[[Proof], str]:
    """Answers by a word of the command; a command that has none fails."""

    def put(proof: Proof) -> str:
        for word, text in told.items():
            if word in proof.argv:
                return text
        raise ActionFailed(f"{proof.shown} failed: no reason given")

    return put


def texts(layers: tuple[Layer, ...]) -> Mapping[LayerName, str]:
    return {layer.name: layer.text or f"not known: {layer.missing}" for layer in layers}


def test_a_container_that_does_not_run_has_only_its_image() -> None:
    told = texts(
        container_stack(
            container(State.STOPPED), inspection(0), DOCKER, answers(image="3 1048576 linux/amd64")
        ).layers
    )
    assert told[LayerName.IMAGE] == (
        "shop/web:2: 3 layers, 1.0 MiB, read-only, and one to write on (overlay2)"
    )
    for name in (LayerName.PROCESSES, LayerName.NAMESPACES, LayerName.CGROUP):
        assert told[name] == "not known: it is not running"


def test_one_on_another_host_stands_on_that_hosts_kernel() -> None:
    # A process of that number may well be here: its cgroup says that it is not this container.
    put = answers(info='"5.10.0","Debian 11",4,8589934592')
    stack = container_stack(container(), inspection(os.getpid()), DOCKER, put)
    told = texts(stack.layers)
    assert not stack.is_here
    assert told[LayerName.HOST_KERNEL] == "5.10.0, Debian 11"
    assert told[LayerName.HARDWARE] == "4 cores, 8.0 GiB"
    assert told[LayerName.PROCESSES] == "not known: its engine runs on another host"
    assert told[LayerName.NAMESPACES] == "its own: ipc, mnt, net, pid, uts; the host's: " + (
        "cgroup, time, user"
    )


class WithoutCommand(MemorySide):
    """An engine that answers, on a host without the docker command."""

    def inspect(self, name: str) -> dict[str, Any]:
        return inspection(os.getpid())

    def query(self, name: str) -> Command:
        raise ActionFailed("the docker command is not installed")


def test_without_the_docker_command_only_what_it_would_tell_is_missing() -> None:
    stack = read_stack(container(), WithoutCommand(SideName.CONTAINER), answers())
    told = texts(stack.layers)
    assert told[LayerName.IMAGE].startswith("not known: docker image inspect")
    assert told[LayerName.CGROUP] == "no limit is set"


def test_its_proofs_go_to_its_own_engine() -> None:
    stack = container_stack(container(), inspection(os.getpid()), DOCKER, answers())
    for layer in stack.layers:
        if layer.proof and layer.proof.argv[0] == "docker":
            assert layer.proof.env == DOCKER.env


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({}, "no limit is set"),
        ({"Memory": 64 * 2**20, "NanoCpus": 1_500_000_000}, "memory 64.0 MiB, cpu 1.5 cores"),
        ({"NanoCpus": 1_000_000_000}, "cpu 1 core"),
        ({"CpuQuota": 50_000, "PidsLimit": 100}, "cpu 0.5 cores, processes 100"),
        ({"CpuQuota": 50_000, "CpuPeriod": 25_000, "PidsLimit": -1}, "cpu 2 cores"),
    ],
)
def test_the_limits_that_are_set(config: Mapping[str, Any], text: str) -> None:
    stack = container_stack(container(), inspection(os.getpid(), **config), DOCKER, answers())
    assert texts(stack.layers)[LayerName.CGROUP] == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0::/system.slice/docker-01.scope\n", (2, "/system.slice/docker-01.scope")),
        ("11:memory:/docker/01\n10:cpu,cpuacct:/docker/02\n0::/x\n", (1, "/docker/01")),
        ("", (2, "")),
    ],
)
def test_the_control_group_of_memory(text: str, found: tuple[int, str]) -> None:
    assert cgroup_path(text) == found


def test_namespaces_are_the_kernels_own_numbers() -> None:
    own = namespaces_of(os.getpid())
    assert own["net"] == Path("/proc/self/ns/net").stat().st_ino
    assert set(own) <= set(NAMESPACES)
    assert namespaces_of(2**22 - 1) == {}


def test_a_guest_tells_of_itself() -> None:
    guest = parse_guest(TOLD)
    assert (guest.kernel, guest.init, guest.cores, guest.services) == (
        "6.1.0-18-amd64",
        "systemd",
        2,
        12,
    )
    assert guest.processes == ("systemd", "nginx", "nginx", "sshd")
    assert workload_names(guest, ("127.0.0.1:18080->80/tcp",)) == ["nginx", "nginx"]
    assert workload_names(guest, ()) == []


@given(st.text())
def test_whatever_a_guest_prints_is_survived(text: str) -> None:
    parse_guest(text)
    parse_guest(f"listening {text}\nprocess {text}\nservices {text}")


def test_the_guests_script_tells_of_any_linux() -> None:
    guest = parse_guest(ask(Proof(("sh", "-c", SCRIPT))))
    assert guest.kernel == os.uname().release
    assert guest.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert guest.cores >= 1
    assert guest.processes


def machine(state: State = State.RUNNING, **more: Any) -> Instance:
    return Instance(SideName.VM, "shop/web", state, accelerator="kvm", **more)


def test_a_machine_is_asked_once_for_three_layers() -> None:
    asked: list[Proof] = []

    def put(proof: Proof) -> str:
        asked.append(proof)
        return TOLD

    running = machine(pid=os.getpid(), ports=("127.0.0.1:18080->80/tcp",))
    told = texts(machine_stack(running, {}, GUEST, put).layers)
    assert asked == [in_guest(GUEST, SCRIPT)]
    assert told[LayerName.PROCESSES] == "nginx ×2 of 4 processes, of which the host sees none"
    assert told[LayerName.USERLAND] == (
        "Debian GNU/Linux 12 (bookworm), init systemd, 12 services running"
    )
    assert told[LayerName.GUEST_KERNEL] == "Linux 6.1.0-18-amd64, boot 3f2a77c1, 2 vCPU"
    assert told[LayerName.DEVICES] == "not known: only libvirt tells them"


@pytest.mark.parametrize(
    ("state", "guest", "why"),
    [
        (State.STOPPED, GUEST, "it is stopped"),
        (State.RUNNING, "it is not Vagrant's", "it is not Vagrant's"),
        (State.RUNNING, GUEST, "vagrant ssh web -c"),
    ],
)
def test_a_guest_that_cannot_be_asked_says_why(
    state: State, guest: Command | str, why: str
) -> None:
    told = texts(machine_stack(machine(state), {}, guest, answers()).layers)
    for name in (LayerName.PROCESSES, LayerName.USERLAND, LayerName.GUEST_KERNEL):
        assert told[name].startswith(f"not known: {why}")


@pytest.mark.parametrize(
    ("uri", "is_here"),
    [("qemu:///system", True), ("", True), ("qemu+ssh://me@far/system", False)],
)
def test_a_machine_of_another_hosts_libvirt_stands_on_that_host(uri: str, is_here: bool) -> None:
    stack = machine_stack(machine(), {"connection": uri}, "no", answers())
    assert stack.is_here is is_here
    assert (
        texts(stack.layers)[LayerName.HARDWARE] == "not known: its libvirt is on another host"
    ) is (not is_here)


def test_the_devices_of_a_domain() -> None:
    card = {"model": {"@type": "virtio"}, "source": {"@network": "vagrant-libvirt"}}
    disk = {
        "@device": "disk",
        "target": {"@bus": "virtio"},
        "source": {"@file": "/var/lib/libvirt/images/web.img"},
    }
    devices = {"interface": [card, card], "disk": [disk, {"@device": "cdrom"}]}
    domain = {"domain": {"domain": {"os": {"@firmware": "efi"}, "devices": devices}}}
    stack = machine_stack(machine(), {**domain, "id": "u"}, "no", answers())
    assert texts(stack.layers)[LayerName.DEVICES] == (
        "virtio NIC on vagrant-libvirt, virtio NIC on vagrant-libvirt, virtio disk web.img, UEFI"
    )


def test_the_host_is_this_one() -> None:
    kernel, hardware = host_layers()
    assert os.uname().release in kernel.text
    assert hardware.facts["cores"] == os.cpu_count()
    assert kernel.proof is not None
    assert ask(kernel.proof).splitlines()[0].split()[1] == os.uname().release


def test_a_command_that_fails_says_so_with_its_last_line() -> None:
    with pytest.raises(ActionFailed, match="false-ish failed: two"):
        ask(Proof(("sh", "-c", "echo one >&2; echo two >&2; exit 3"), shown="false-ish"))
    with pytest.raises(ActionFailed, match=r"nosuch cannot be run in \.: No such file"):
        ask(Proof(("nosuch",)))


def test_a_command_that_prints_without_end_is_ended() -> None:
    with pytest.raises(ActionFailed, match="yes printed more than 8 MiB"):
        ask(Proof(("yes",)))
    assert psutil.Process().children() == []


@pytest.fixture
def busy() -> Iterator[int]:
    """The pid of a process that takes all the processor it gets."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        yield child.pid
        child.kill()


def test_what_a_process_costs_is_known_at_the_second_look(busy: int) -> None:
    costs = Costs()
    assert costs.of([busy])[busy].cpu_percent is None
    time.sleep(0.3)
    found = costs.of([busy, 2**22 - 1])
    assert set(found) == {busy}
    assert (found[busy].cpu_percent or 0.0) > 5.0
    assert (found[busy].memory_bytes or 0) > 2**20


SAMPLE = Sample(SideName.VM, "nginx", 1.0, 1, 12.5, 100, guest_memory_bytes=40)
SNAPSHOT = Snapshot(samples={"vm:nginx": SAMPLE}, host=HostSample(1.0, 1, 25.0, 4, 1000, 8000))


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        (LayerName.HARDWARE, Cost(100.0, 1000)),
        (LayerName.HYPERVISOR, Cost(12.5, 100)),
        (LayerName.GUEST_KERNEL, Cost(None, 40)),
        (LayerName.DEVICES, Cost(None, None)),
    ],
)
def test_a_layer_costs_what_its_gauge_says(name: LayerName, cost: Cost) -> None:
    layer = VM_STACK.layer(name)
    assert layer is not None
    assert cost_of(layer, VM_STACK, SNAPSHOT) == cost


def test_the_processes_of_a_layer_are_added_up_and_a_part_is_no_figure() -> None:
    layer = CONTAINER_STACK.layer(LayerName.PROCESSES)
    assert layer is not None
    assert layer.gauge is Gauge.PIDS
    known = {21: Cost(1.0, 10), 22: Cost(2.0, 20), 23: Cost(0.5, 30)}
    assert cost_of(layer, CONTAINER_STACK, Snapshot(), known) == Cost(3.5, 60)
    secret = {**known, 23: Cost(None, None)}
    assert cost_of(layer, CONTAINER_STACK, Snapshot(), secret) == Cost(None, None)


def test_many_names_are_counted_and_cut() -> None:
    assert counted(["nginx", "nginx", "sh"]) == "nginx ×2, sh"
    assert counted("abcdef") == "a, b, c, d and 2 more"


def test_services_that_nobody_tells_are_not_none_running() -> None:
    silent = TOLD.replace("services 12\n", "")
    told = texts(machine_stack(machine(), {}, GUEST, lambda _: silent).layers)
    assert told[LayerName.USERLAND] == "Debian GNU/Linux 12 (bookworm), init systemd"


def test_the_processes_command_lists_what_the_kernel_does_not_run_itself() -> None:
    stack = machine_stack(machine(), {}, GUEST, lambda _: TOLD)
    layer = stack.layer(LayerName.PROCESSES)
    assert layer is not None
    assert layer.proof is not None
    # As it runs in any Linux: here.
    lines = ask(Proof(("sh", "-c", layer.proof.argv[-1]))).splitlines()
    names = [line.split()[-1] for line in lines[1:]]
    assert Path("/proc/self/comm").read_text().strip()[:15] in names
    assert "kthreadd" not in names


def test_a_guest_that_tells_nothing_is_empty() -> None:
    assert parse_guest("") == Guest()
