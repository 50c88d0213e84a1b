"""What virsh prints and what hypervisors are called with, as captured from libvirt 9 and QEMU 7."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import ActionFailed, EngineUnavailable
from tui.model import State
from tui.sides.hypervisor import end_tunnels, identify, parse_tunnel, tunnels
from tui.sides.libvirt import Libvirt, parse_definition, parse_domains
from tui.sides.machine_actions import belongs

UUID = "280b41ff-245a-47bf-a0df-ce0393a87e27"
OTHER = "7a3f2b62-6ad3-4e1f-8a55-0c4f0e1f1a11"
LISTED = f"""\
{UUID} main_nginx
{OTHER} it's odd: 'x'

Domain: 'main_nginx'
  state.state=3
  state.reason=1

Domain: 'it's odd: 'x''
  state.state=5
  state.reason=1
"""
XML = f"""\
<domain type='qemu' id='1'>
  <name>main_nginx</name>
  <uuid>{UUID}</uuid>
  <description>Source: /srv/shop/Vagrantfile</description>
  <devices>
    <disk type='file' device='disk'><source file='/pool/main_nginx.img'/></disk>
    <disk type='file' device='disk'><source file='/pool/seed.iso'/><readonly/></disk>
    <disk type='file' device='cdrom'><source file='/pool/cd.iso'/></disk>
    <serial type='file'><source path='/srv/shop/console.log'/><target port='0'/></serial>
  </devices>
</domain>
"""
QEMU = ["qemu-system-x86_64", "-machine", "pc-i440fx-7.2,usb=off", "-accel", "tcg", "-uuid", UUID]
SSH = ["ssh", "-o", "User=vagrant", "-n", "-L", "127.0.0.1:18080:192.168.121.84:80", "-N", "x"]


def test_domains_with_their_states() -> None:
    domains = {domain.name: domain for domain in parse_domains(LISTED)}
    assert domains["main_nginx"].uuid == UUID
    assert domains["main_nginx"].state is State.PAUSED
    assert domains["it's odd: 'x'"].state is State.STOPPED


def test_a_domain_whose_memory_is_on_disk_is_suspended() -> None:
    domains = {domain.name: domain for domain in parse_domains(f"{LISTED}\n{OTHER}\n{UUID}\n")}
    assert domains["it's odd: 'x'"].state is State.SUSPENDED
    assert domains["main_nginx"].state is State.PAUSED


def test_the_state_of_one_domain_is_read_though_the_answer_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "virsh"
    program.write_text("#!/bin/sh\nprintf \"Domain: 'shop_web'\\n  state.state=1\\n\"\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert Libvirt("test:///default").state(UUID) is State.RUNNING


def test_a_domain_without_a_state_is_unknown() -> None:
    (domain,) = parse_domains(f"{UUID} main_nginx\n")
    assert domain.state is State.UNKNOWN


@given(st.text())
def test_any_listing_is_survived(text: str) -> None:
    parse_domains(text)


def test_definition() -> None:
    definition = parse_definition(XML)
    assert definition.accelerator == "tcg"
    assert definition.console == "/srv/shop/console.log"
    assert definition.disks == ("/pool/main_nginx.img",)
    assert definition.description == "Source: /srv/shop/Vagrantfile"
    devices = definition.tree["domain"]["devices"]
    assert [disk["@device"] for disk in devices["disk"]] == ["disk", "disk", "cdrom"]
    with pytest.raises(ActionFailed, match="no readable domain XML"):
        parse_definition("<domain>")


@pytest.mark.parametrize(
    ("argv", "identity"),
    [
        (QEMU, (UUID, "tcg")),
        ([*QEMU[:4], "kvm", *QEMU[5:]], (UUID, "kvm")),
        (["qemu", "-machine", "pc,accel=kvm", "-uuid", UUID], (UUID, "kvm")),
        (["qemu", "-enable-kvm", "-uuid", UUID], (UUID, "kvm")),
        (["VBoxHeadless", "--comment", "x", "--startvm", UUID], (UUID, "virtualbox")),
        (["qemu-img", "convert"], None),
        (["qemu", "-uuid"], None),
    ],
)
def test_identity_on_the_command_line(argv: list[str], identity: tuple[str, str] | None) -> None:
    assert identify(argv) == identity


@given(st.lists(st.sampled_from(["-uuid", "-accel", "-machine", "accel=", "a,b", "", "-M"])))
def test_any_command_line_is_survived(argv: list[str]) -> None:
    identify(argv)
    parse_tunnel(1, ["ssh", "-L", *argv])


def test_tunnel() -> None:
    tunnel = parse_tunnel(7, SSH)
    assert tunnel is not None
    assert tunnel.text == "127.0.0.1:18080->80/tcp"
    assert parse_tunnel(7, ["vim", *SSH[1:]]) is None
    assert parse_tunnel(7, ["ssh", "-L"]) is None


@contextmanager
def listening() -> Iterator[subprocess.Popen[bytes]]:
    """A process with the command line of a tunnel."""
    with subprocess.Popen(
        ["ssh", "-c", "import sys; sys.stdin.read()", *SSH[1:]],
        executable=sys.executable,
        stdin=subprocess.PIPE,
    ) as child:
        # The kernel tells of the new program a moment before it knows its command line.
        deadline = time.monotonic() + 5
        while not psutil.Process(child.pid).cmdline() and time.monotonic() < deadline:
            time.sleep(0.001)
        yield child


def test_a_pid_that_is_somebody_else_by_now_is_no_tunnel(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    (tmp_path / "pids" / "ssh_18080.pid").write_text(str(os.getpid()))
    (tmp_path / "pids" / "ssh_18081.pid").write_text("none")
    assert tunnels(tmp_path) == []
    with listening() as child:
        (tmp_path / "pids" / "ssh_18080.pid").write_text(str(child.pid))
        assert [tunnel.pid for tunnel in tunnels(tmp_path)] == [child.pid]
        child.communicate(b"")


@pytest.mark.parametrize(
    ("disk", "is_own"),
    [
        ("/pool/main_nginx.img", True),
        ("/pool/main_nginx-vdb.qcow2", True),
        ("/pool/main_nginx2.img", False),
        ("/pool/main_nginx-vdb.qcow2.bak", False),
        ("/home/me/photos.img", False),
    ],
)
def test_only_disks_named_after_the_domain_are_its_own(disk: str, is_own: bool) -> None:
    assert belongs(disk, "main_nginx") is is_own


def test_a_host_without_libvirt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not Libvirt().is_installed
    with pytest.raises(EngineUnavailable, match="not installed"):
        Libvirt().domains()


def test_tunnels_of_a_dead_machine_are_ended_and_forgotten(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    file = tmp_path / "pids" / "ssh_18080.pid"
    with listening() as child:
        file.write_text(str(child.pid))
        # Nobody has reaped the child when this returns, as on hosts with a slow init.
        end_tunnels(tmp_path)
        assert child.wait(5) == -signal.SIGTERM
    assert not file.exists()
