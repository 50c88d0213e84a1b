"""Every check of `twindeck doctor`, both ways, on files and commands of the test's own."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tui.engines.docker import endpoint
from tui.engines.docker.resolver import Resolver
from tui.lab.tools import TOOLS
from tui.model import Check, Reading, SideName
from tui.setup import container_checks, container_trial, machine_checks, probe
from tui.setup.checks import check_lab_tools, check_terminal, run_checks
from tui.setup.host import Host, group_id
from tui.setup.needs import fix_for, is_debian_like, uses_virtualbox, wanted_packages
from tui.sides.docker_link import Link
from tui.sides.libvirt import Libvirt

Install = Callable[[str, str], None]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A Debian with nothing on it: its own root, PATH and user folders."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "LIBVIRT_DEFAULT_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    # An engine that runs on this host starts nothing for a test that needs none.
    monkeypatch.setattr(container_trial, "_start_one", lambda *_: None)
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path / "vagrant"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TWINDECK_PROJECT", str(Path(__file__).parents[2]))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("bin", "etc", "dev", "run", "proc/self"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    return Host(root=tmp_path, env={**os.environ})


@pytest.fixture
def install(tmp_path: Path, host: Host) -> Install:
    """Put a command on the PATH."""

    def put(name: str, script: str = "exit 0") -> None:
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    put("apt-get")
    return put


@pytest.fixture
def link(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Link]:
    """A connection to the default engine, which is not there."""
    monkeypatch.setattr(endpoint, "DEFAULT_URL", f"unix://{tmp_path}/nosuch.sock")
    link = Link(Resolver(host.env))
    yield link
    link.drop()


def has(check: Check, status: Reading, words: str) -> bool:
    """Whether it says so on one line, with a fix unless all is well."""
    assert "\n" not in check.reason + check.fix
    assert check.status is Reading.OK or check.fix
    return check.status is status and words in check.reason


def test_nothing_installed_raises_nothing_and_names_a_fix_each(
    host: Host, install: Install, tmp_path: Path
) -> None:
    checks = run_checks(host=host)
    assert [check.check for check in checks] == [
        "docker engine",
        "docker socket",
        "container start",
        "cgroups",
        "base image",
        "vagrant",
        "vagrant provider",
        "hypervisor",
        "libvirt",
        "/dev/kvm",
        "box",
        "accelerator",
        "lab tools",
        "terminal",
    ]
    for check in checks:
        assert has(check, check.status, "")
    missing = {check.check for check in checks if check.status is not Reading.OK}
    assert {"vagrant", "vagrant provider", "hypervisor", "box", "libvirt"} <= missing
    assert {check.side for check in checks} == {SideName.VM, SideName.CONTAINER, None}


def test_the_fix_is_setup_only_where_setup_works(host: Host, install: Install) -> None:
    assert is_debian_like(host)
    assert fix_for(host, "vagrant") == "twindeck setup"
    host.path("/etc/os-release").write_text("ID=fedora\n")
    assert fix_for(host, "vagrant") == "install Vagrant"
    host.path("/etc/os-release").write_text('ID=linuxmint\nID_LIKE="ubuntu debian"\n')
    assert is_debian_like(host)
    host.path("/etc/os-release").unlink()
    assert not is_debian_like(host)


def test_engine_not_installed_or_not_running(host: Host, install: Install, link: Link) -> None:
    assert has(container_checks.check_engine(host, link), Reading.MISSING, "not installed")
    install("dockerd", "")
    assert has(container_checks.check_engine(host, link), Reading.BROKEN, "not running")


def test_socket_missing_no_socket_open_and_closed(
    host: Host, install: Install, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(host: Host) -> Check:
        return container_checks.check_socket(host, link)

    path = host.path("/var/run/docker.sock")
    assert has(check(host), Reading.MISSING, "no /")
    path.mkdir(parents=True)
    assert has(check(host), Reading.BROKEN, "no socket")
    path.rmdir()
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(path.parent)
        listener.bind(path.name)
        assert has(check(host), Reading.OK, "may be opened")
        # Root may open everything: what the kernel tells others is put in its place.
        monkeypatch.setattr(os, "access", lambda *args, **kwargs: False)
        closed = check(host)
    assert has(closed, Reading.BROKEN, "may not be opened by")
    assert closed.fix.startswith("sudo usermod -aG docker ")


def test_a_session_older_than_the_group_is_told_to_log_in_again(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Host, "groups_of_user", lambda self: frozenset({"daemon"}))
    monkeypatch.setattr(os, "getgroups", lambda: [])
    reason, fix = container_checks.refusal(host, "the socket", "daemon")
    assert "this session is older" in reason
    assert "newgrp daemon" in fix
    monkeypatch.setattr(os, "getgroups", lambda: [group_id("daemon")])
    assert "usermod" in container_checks.refusal(host, "the socket", "daemon")[1]


@pytest.mark.parametrize(
    ("mounts", "controllers", "status", "words"),
    [
        ("30 1 0:26 / /cg rw - cgroup2 none rw\n", "cpu io memory pids", Reading.OK, "version 2"),
        ("30 1 0:26 / /cg rw - cgroup2 none rw\n", "pids", Reading.MISSING, "no hierarchy"),
        (
            "31 1 0:27 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
            "32 1 0:28 / /cg/memory rw - cgroup cgroup rw,memory\n",
            "",
            Reading.OK,
            "version 1",
        ),
        ("", "", Reading.MISSING, "no hierarchy"),
        (None, "", Reading.BROKEN, "/proc/self/mountinfo"),
    ],
)
def test_cgroups(
    host: Host, mounts: str | None, controllers: str, status: Reading, words: str
) -> None:
    if mounts is not None:
        host.path("/proc/self/mountinfo").write_text(mounts)
    host.path("/cg").mkdir()
    host.path("/cg/cgroup.controllers").write_text(controllers)
    assert has(container_checks.check_cgroups(host), status, words)


def test_vagrant_missing_broken_and_well(host: Host, install: Install) -> None:
    assert has(machine_checks.check_vagrant(host), Reading.MISSING, "not installed")
    install("vagrant", "echo 'cannot load such file -- i18n'; exit 1")
    assert has(machine_checks.check_vagrant(host), Reading.BROKEN, "cannot load such file")
    install("vagrant", "echo Vagrant 2.3.4")
    assert has(machine_checks.check_vagrant(host), Reading.OK, "Vagrant 2.3.4")


@pytest.mark.parametrize(
    "place",
    [
        "usr/share/rubygems-integration/all/specifications/vagrant-libvirt-0.11.2.gemspec",
        "usr/share/vagrant-plugins/plugins.d/vagrant-libvirt.json",
        "vagrant/plugins.json",
    ],
)
def test_the_plug_in_is_found_wherever_it_is_installed(
    host: Host, install: Install, tmp_path: Path, place: str
) -> None:
    assert has(machine_checks.check_provider(host), Reading.MISSING, "neither")
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text('{"installed": {"vagrant-libvirt": {}}}')
    assert has(machine_checks.check_provider(host), Reading.OK, "vagrant-libvirt")


def test_virtualbox_alone_needs_no_libvirt(host: Host, install: Install) -> None:
    libvirt = Libvirt("qemu:///nosuch")
    assert has(machine_checks.check_hypervisor(host), Reading.MISSING, "not installed")
    assert has(machine_checks.check_libvirt(host, libvirt), Reading.MISSING, "not installed")
    install("VBoxManage", "")
    assert uses_virtualbox(host)
    assert has(machine_checks.check_provider(host), Reading.OK, "VirtualBox")
    assert has(machine_checks.check_hypervisor(host), Reading.OK, "VirtualBox")
    assert has(machine_checks.check_libvirt(host, libvirt), Reading.OK, "not needed")
    assert has(machine_checks.check_accelerator(host, fresh=False), Reading.OK, "virtualbox")
    assert not {"libvirt-clients", "qemu-system-x86", "vagrant-libvirt"} & set(
        wanted_packages(host, SideName.VM)
    )


@pytest.mark.parametrize(
    ("error", "words", "fix"),
    [
        (
            "error: failed to connect to the hypervisor\nerror: no such file",
            "no such file",
            "setup",
        ),
        ("error: failed to connect\nerror: Permission denied", "may not be opened", "usermod"),
    ],
)
def test_libvirt_that_does_not_answer(
    host: Host, install: Install, error: str, words: str, fix: str
) -> None:
    install("virsh", f"echo '{error}' >&2; exit 1")
    assert has(machine_checks.check_libvirt(host, Libvirt()), Reading.MISSING, "no daemon")
    install("libvirtd", "")
    check = machine_checks.check_libvirt(host, Libvirt())
    assert has(check, Reading.BROKEN, words)
    assert fix in check.fix
    install("virsh", "echo 'Using library: libvirt 9.0.0'")
    assert has(machine_checks.check_libvirt(host, Libvirt()), Reading.OK, "libvirt 9.0.0")


def test_kvm_device_closed_to_its_group_is_broken(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = machine_checks.check_device
    assert has(check(host), Reading.OK, "none on this host")
    device = host.path("/dev/kvm")
    device.touch()
    own = device.stat().st_gid
    monkeypatch.setattr(machine_checks, "group_id", lambda name: own)
    for mode, status in ((0o600, Reading.BROKEN), (0o640, Reading.BROKEN), (0o660, Reading.OK)):
        device.chmod(mode)
        assert check(host).status is status, oct(mode)
    monkeypatch.setattr(machine_checks, "group_id", lambda name: own + 1)
    closed = check(host)
    assert has(closed, Reading.BROKEN, "closed to the group kvm")
    assert "chgrp kvm /dev/kvm" in closed.fix
    device.chmod(0o666)
    assert has(check(host), Reading.OK, "open to everybody")
    assert stat.S_IMODE(device.stat().st_mode) == 0o666, "a check changed the device"


def test_accelerator_says_why_it_was_not_tried(
    host: Host, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> Check:
        return machine_checks.check_accelerator(host, fresh=False)

    host.path("/dev/kvm").touch()
    assert has(check(), Reading.MISSING, "no hypervisor")
    install("qemu-system-" + os.uname().machine, "echo Welcome to")
    assert has(check(), Reading.MISSING, "no box and no kernel")
    host.path("/boot").mkdir()
    host.path("/boot/vmlinuz-6").touch()
    with monkeypatch.context() as patch:
        patch.setattr(probe, "can_open", lambda device: False)
        assert has(check(), Reading.MISSING, "may not be opened")
    assert has(check(), Reading.OK, "kvm: the kernel vmlinuz-6 booted")


def test_accelerator_that_cannot_be_kept_is_told(
    host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "file/below"))
    check = machine_checks.check_accelerator(host, fresh=False)
    assert has(check, Reading.BROKEN, "cannot be kept")


def test_software_emulation_is_said_and_not_failed(host: Host) -> None:
    check = machine_checks.check_accelerator(host, fresh=False)
    assert has(check, Reading.OK, "tcg, software emulation, many times slower")
    assert "there is no /dev/kvm" in check.reason


def test_box_is_looked_for_on_disk(host: Host, install: Install, tmp_path: Path) -> None:
    missing = machine_checks.check_box(host)
    assert has(missing, Reading.MISSING, "none of")
    folder = tmp_path / "vagrant/boxes/twindeck-VAGRANTSLASH-base/0/libvirt"
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text("{}")
    assert has(machine_checks.check_box(host), Reading.OK, "twindeck/base")


def test_outside_a_project_the_usual_images_and_boxes_are_wanted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TWINDECK_PROJECT", str(tmp_path))
    assert machine_checks.wanted_boxes() == [("debian/bookworm64", "twindeck/base")]
    assert container_checks.wanted_images()[0][-1] == "twindeck/base:latest"


@pytest.mark.parametrize(
    ("term", "locale", "size", "status", "words"),
    [
        ("xterm", "en_US.UTF-8", (80, 24), Reading.OK, "80x24, UTF-8"),
        ("xterm", "C", (80, 24), Reading.OK, "not UTF-8"),
        ("dumb", "C.utf8", (80, 24), Reading.BROKEN, "TERM=dumb"),
        ("", "C.utf8", (80, 24), Reading.BROKEN, "cursor"),
        ("xterm", "C.utf8", (59, 24), Reading.BROKEN, "too small"),
        ("xterm", "C.utf8", (60, 14), Reading.BROKEN, "too small"),
        ("", "", None, Reading.OK, "not on one"),
    ],
)
def test_terminal(
    host: Host,
    monkeypatch: pytest.MonkeyPatch,
    term: str,
    locale: str,
    size: tuple[int, int] | None,
    status: Reading,
    words: str,
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("LC_ALL", locale)
    check = check_terminal(host, size)
    assert check.status is status
    assert words in check.reason


def test_the_labs_tools_are_looked_for_and_neither_side_needs_them(
    host: Host, install: Install
) -> None:
    install("fio", "")
    check = check_lab_tools(host)
    assert has(check, Reading.MISSING, "not installed: sysbench, wrk, h2load, iperf3")
    assert check.side is None
    assert check.fix == "twindeck setup"
    host.path("/etc/os-release").write_text("ID=fedora\n")
    assert "install sysbench" in check_lab_tools(host).fix
    for name in TOOLS:
        install(name, "")
    assert has(check_lab_tools(host), Reading.OK, "sysbench, fio, wrk, h2load, iperf3")


def test_packages_are_named_once_and_only_for_what_is_missing(host: Host, install: Install) -> None:
    machines = wanted_packages(host, SideName.VM)
    assert len(machines) == len(set(machines))
    assert {"vagrant", "vagrant-libvirt", "libvirt-daemon-system"} <= set(machines)
    beside = ["ca-certificates", "xz-utils"]
    assert wanted_packages(host, SideName.CONTAINER) == ["docker.io", "iptables", *beside]
    install("dockerd", "")
    assert "docker.io" in wanted_packages(host, SideName.CONTAINER), "the docker command is missing"
    install("docker", "")
    assert wanted_packages(host, SideName.CONTAINER) == ["iptables", *beside]
