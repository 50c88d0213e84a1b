"""The names of the checks and of the packages each command comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui.accelerator import qemu_command
from tui.model import SideName
from tui.setup.host import Host
from tui.sides.vagrant_index import vagrant_home

DOCKER = "docker engine"
DOCKER_SOCKET = "docker socket"
CONTAINER_TRIAL = "container start"
CGROUP = "cgroups"
BASE_IMAGE = "base image"
VAGRANT = "vagrant"
PROVIDER = "vagrant provider"
HYPERVISOR = "hypervisor"
LIBVIRT = "libvirt"
KVM_DEVICE = "/dev/kvm"
ACCELERATOR = "accelerator"
BOX = "box"
LAB_TOOLS = "lab tools"
TERMINAL = "terminal"

IMAGES = ("debian:bookworm-slim", "debian:bookworm", "twindeck/base:latest")
"""Base images where no workload names any."""
BUILT_IMAGE = IMAGES[-1]
BOXES = ("debian/bookworm64", "twindeck/base")
BUILT_BOX = BOXES[-1]

CONTAINER_PACKAGES: Mapping[str, str] = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "iptables": "iptables",
}
MACHINE_PACKAGES: Mapping[str, str] = {
    "vagrant": "vagrant",
    "libvirtd": "libvirt-daemon-system",
    "virtlogd": "libvirt-daemon-system",
    "virsh": "libvirt-clients",
    "qemu-img": "qemu-utils",
    "dnsmasq": "dnsmasq-base",
    "rsync": "rsync",
    "ssh": "openssh-client",
    # vagrant-libvirt looks for its tunnels with ps when it halts a machine.
    "ps": "procps",
}
"""Command -> Debian package; the emulator and the plug-in are added by `wanted_packages`."""
# What those only recommend, and what runs on them needs on some host; installed along with them.
BESIDE: Mapping[SideName, Mapping[str, tuple[str, ...]]] = {
    SideName.CONTAINER: {
        # To pull images over TLS, and to unpack layers that are packed by xz.
        "ca-certificates": ("/etc/ssl/certs/ca-certificates.crt",),
        "xz-utils": ("/usr/bin/xz",),
    },
    # To look at the networks machines are in.
    SideName.VM: {"iproute2": ("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip")},
}
"""Debian package -> the files one of which shows that it is there."""
LAB_PACKAGES: Mapping[str, str] = {
    "sysbench": "sysbench",
    "fio": "fio",
    "wrk": "wrk",
    "h2load": "nghttp2-client",
    "iperf3": "iperf3",
}
"""Likewise for what the lab measures with; the console does without."""


def has_virtualbox(host: Host) -> bool:
    """Whether Vagrant's built-in provider can be used."""
    return host.which("VBoxManage") is not None


def has_libvirt_plugin(host: Host) -> bool:
    """Whether vagrant-libvirt is installed, by distribution or user; reads the disk only."""
    gems = "usr/share/rubygems-integration/all/specifications"
    if any(host.path(f"/{gems}").glob("vagrant-libvirt-*.gemspec")):
        return True
    if any(host.path("/usr/share/vagrant-plugins/plugins.d").glob("vagrant-libvirt*.json")):
        return True
    try:
        return "vagrant-libvirt" in (vagrant_home() / "plugins.json").read_text("utf-8")
    except OSError:
        return False


def uses_virtualbox(host: Host) -> bool:
    """Whether machines run under VirtualBox here: it is there and vagrant-libvirt is not."""
    return has_virtualbox(host) and not has_libvirt_plugin(host)


def wanted_packages(host: Host, side: SideName) -> list[str]:
    """Debian packages of what that side misses, each once."""
    if side is SideName.CONTAINER:
        wanted = [CONTAINER_PACKAGES[name] for name in host.missing(tuple(CONTAINER_PACKAGES))]
    elif uses_virtualbox(host):
        wanted = [MACHINE_PACKAGES[name] for name in host.missing(("vagrant", "rsync", "ssh"))]
    else:
        emulator = qemu_command()
        wanted = [MACHINE_PACKAGES[name] for name in host.missing(tuple(MACHINE_PACKAGES))]
        if host.which(emulator) is None:
            wanted.append("qemu-system-x86" if emulator.endswith("x86_64") else "qemu-system-arm")
        if not has_libvirt_plugin(host):
            wanted.append("vagrant-libvirt")
    if wanted:
        wanted += [
            package
            for package, files in BESIDE[side].items()
            if not any(host.path(file).exists() for file in files)
        ]
    if side is SideName.CONTAINER and lacks_apparmor_parser(host):
        wanted.append("apparmor")
    return list(dict.fromkeys(wanted))


def lacks_apparmor_parser(host: Host) -> bool:
    """Whether the kernel has AppArmor on, so that the engine starts nothing without its parser."""
    try:
        enabled = host.path("/sys/module/apparmor/parameters/enabled").read_text("ascii")
    except (OSError, ValueError):
        return False
    return enabled.startswith("Y") and host.which("apparmor_parser") is None


def wanted_tools(host: Host) -> list[str]:
    """Debian packages of what the lab misses."""
    return [LAB_PACKAGES[name] for name in host.missing(tuple(LAB_PACKAGES))]


def is_debian_like(host: Host) -> bool:
    """Debian, Ubuntu or a relative with apt-get, see os-release(5)."""
    try:
        text = host.path("/etc/os-release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    kin = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".replace('"', "").split()
    return bool({"debian", "ubuntu"} & set(kin)) and host.which("apt-get") is not None


SETUP = "twindeck setup"
_BY_HAND: Mapping[str, str] = {
    DOCKER: "install Docker Engine and start it: systemctl enable --now docker",
    VAGRANT: "install Vagrant",
    PROVIDER: "vagrant plugin install vagrant-libvirt (or install VirtualBox)",
    HYPERVISOR: "install QEMU for this processor (or VirtualBox)",
    LIBVIRT: "install libvirt and start it: systemctl enable --now libvirtd",
    BASE_IMAGE: f"docker pull {IMAGES[0]}",
    BOX: f"vagrant box add {BOXES[0]} --provider libvirt",
    ACCELERATOR: "get a box first, then twindeck doctor --fresh",
    LAB_TOOLS: "install sysbench, fio, wrk, h2load (of nghttp2) and iperf3",
}


def fix_for(host: Host, need: str) -> str:
    """What puts it right: setup where it works, else what to do by hand."""
    return SETUP if is_debian_like(host) else _BY_HAND[need]


def joined(names: Sequence[str]) -> str:
    """`a, b or c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
