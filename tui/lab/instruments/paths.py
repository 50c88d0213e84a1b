"""Which way a request goes to a side: the processes it passes on this host, and the bridge.

The path decides the figure, so it is looked up and not assumed.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from tui.core.reasons import reason_of
from tui.errors import ActionFailed
from tui.lab.instrument import Rig, side_of
from tui.results import Arm

_ROUTES = Path("/proc/net/route")
_UP = 0x1
_PROXIES = {
    "docker-proxy": "docker-proxy",
    "rootlesskit": "rootlesskit's port driver",
    "ssh": "the SSH tunnel vagrant-libvirt forwards through, and the guest's sshd",
    "VBoxHeadless": "VirtualBox's NAT",
    "VirtualBoxVM": "VirtualBox's NAT",
}


@dataclass(frozen=True, slots=True)
class Way:
    """From where, to which address, and what lies between."""

    generator: Arm
    host: str
    port: int
    path: str

    def url(self, path: str) -> str:
        """With the port always in it."""
        return f"http://{self.host}:{self.port}{path}"


def published(rig: Rig, arm: Arm) -> Way:
    """From the host to the port on its loopback."""
    port = rig.workload.port_on(side_of(arm))
    return Way(Arm.HOST, "127.0.0.1", port, f"path: loopback, {_between(port, arm)}")


def bridge(rig: Rig, arm: Arm) -> Way:
    """From the host to the instance's own address. Raises ActionFailed where there is no way."""
    if arm is Arm.VM:
        provider = rig.instance(arm).provider
        if provider == "virtualbox":
            raise ActionFailed("VirtualBox's NAT has no way from the host to the guest's address")
        address = rig.guest_ip()
    else:
        address = rig.container_ip()
    try:
        routes = _ROUTES.read_text(encoding="ascii")
    except OSError:
        routes = ""
    device = device_to(address, routes)
    if not device:
        raise ActionFailed(f"this host has no route of its own to {address}: no bridge is there")
    avoided = "no tunnel" if arm is Arm.VM else "no proxy"
    return Way(Arm.HOST, address, rig.workload.guest_port, f"path: {device}, {avoided}")


def inside(rig: Rig, arm: Arm) -> Way:
    """From within to the loopback there."""
    return Way(arm, "127.0.0.1", rig.workload.guest_port, "path: loopback inside")


def listeners(port: int) -> list[psutil.Process]:
    """The processes of this host that take connections on the loopback port.

    Only root sees whose the sockets of others are; docker-proxy's command line names its port.
    Raises psutil.Error.
    """
    seen = _listening(port)
    found = {pid for pid in seen if pid is not None}
    if None in seen:
        found |= {
            process.pid
            for process in psutil.process_iter(["name", "cmdline"])
            if process.info["name"] == "docker-proxy"
            and is_proxy_of(process.info["cmdline"] or (), port)
        }
    return [psutil.Process(pid) for pid in sorted(found)]


def is_proxy_of(words: Sequence[str], port: int) -> bool:
    """Whether docker-proxy was started with those words for that port of the host."""
    return ("-host-port", str(port)) in pairwise(words)


def device_to(address: str, routes: str) -> str:
    """The interface a directly connected address is behind, out of /proc/net/route; "" if none.

    The default route does not count: what is behind it is no bridge of this host.
    """
    wanted = int(ipaddress.IPv4Address(address))
    best = (0, "")
    for line in routes.splitlines()[1:]:
        words = line.split()
        if len(words) < 8 or not int(words[3], 16) & _UP:
            continue
        network, mask = _address(words[1]), _address(words[7])
        if mask and wanted & mask == network:
            best = max(best, (mask, words[0]))
    return best[1]


def _address(text: str) -> int:
    """The kernel prints it as a number in the order of the host's bytes."""
    return int.from_bytes(struct.pack("=I", int(text, 16)), "big")


def _listening(port: int) -> set[int | None]:
    """Who listens there; None stands for a process that may not be seen."""
    return {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
        and connection.laddr
        and connection.laddr.port == port
    }


def _between(port: int, arm: Arm) -> str:
    try:
        names = [process.name() for process in listeners(port)]
        if names:
            return ", ".join(_PROXIES.get(name, name) for name in dict.fromkeys(names))
        if _listening(port):
            return "a process of another user (only root may see which)"
    except psutil.Error as error:
        return f"what takes it there cannot be seen: {reason_of(error)}"
    if arm is Arm.CONTAINER:
        return "no process: the kernel rewrites the address (DNAT)"
    return "no process of this host"
