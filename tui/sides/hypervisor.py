"""Finds the host processes of VMs: QEMU and VirtualBox by the id on their command line, and the
SSH tunnels vagrant-libvirt keeps for forwarded ports."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import psutil

_TUNNEL = re.compile(r"(?P<ip>[^:]+|\[[^]]+\]):(?P<port>\d{1,5}):(?P<guest>.+):(?P<to>\d{1,5})")

_END_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Hypervisor:
    """The process one VM runs in."""

    pid: int
    started_at: float
    """Unix seconds."""
    accelerator: str


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One forwarded port: an ssh process that listens on the host."""

    pid: int
    host_ip: str
    host_port: int
    guest_port: int

    @property
    def text(self) -> str:
        """As ports are written everywhere: `127.0.0.1:18080->80/tcp`."""
        return f"{self.host_ip}:{self.host_port}->{self.guest_port}/tcp"


def identify(argv: Sequence[str]) -> tuple[str, str] | None:
    """Machine id and accelerator a hypervisor's command line names; None when it is none."""
    machine_id, accelerator = None, "tcg"
    for word, value in zip_longest(argv, argv[1:], fillvalue=""):
        match word:
            case "-uuid":
                machine_id = value
            case "--startvm":
                return value, "virtualbox"
            case "-accel":
                accelerator = value.partition(",")[0] or accelerator
            case "-enable-kvm":
                accelerator = "kvm"
            case "-machine" | "-M":
                for option in value.split(","):
                    key, _, choice = option.partition("=")
                    if key == "accel":
                        # A list `kvm:tcg` is a wish; libvirt never writes one.
                        accelerator = choice.partition(":")[0] or accelerator
    return (machine_id, accelerator) if machine_id else None


class Hypervisors:
    """Machine id -> process; scans the host only for ids it does not know."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[psutil.Process, Hypervisor]] = {}

    def find(self, ids: Iterable[str]) -> dict[str, Hypervisor]:
        """The processes of those machines that have one."""
        wanted = set(ids)
        kept = {
            machine_id: (process, known)
            for machine_id, (process, known) in self._known.items()
            if machine_id in wanted and process.is_running()
        }
        if wanted - kept.keys():
            kept = {**_scan(wanted - kept.keys()), **kept}
        self._known = kept
        return {machine_id: known for machine_id, (_process, known) in kept.items()}


def _scan(wanted: set[str]) -> dict[str, tuple[psutil.Process, Hypervisor]]:
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if not process.name().lower().startswith(("qemu", "vboxheadless", "kvm")):
                continue
            identity = identify(process.cmdline())
            if identity and identity[0] in wanted:
                hypervisor = Hypervisor(process.pid, process.create_time(), identity[1])
                found[identity[0]] = (process, hypervisor)
    return found


def parse_tunnel(pid: int, argv: Sequence[str]) -> Tunnel | None:
    """The forwarded port of an `ssh -L IP:PORT:GUEST:PORT` command line."""
    if "ssh" not in {Path(word).name for word in argv[:2]} or "-L" not in argv[:-1]:
        return None
    match = _TUNNEL.fullmatch(argv[list(argv).index("-L") + 1])
    if match is None:
        return None
    return Tunnel(pid, match["ip"], int(match["port"]), int(match["to"]))


def tunnels(folder: Path) -> list[Tunnel]:
    """The tunnels that stand for the machine with that data folder, by host port."""
    found = []
    try:
        files = [file for file in (folder / "pids").iterdir() if file.match("ssh_*.pid")]
    except OSError:
        # There is none, or it is another user's.
        return []
    for file in files:
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            pid = int(file.read_text(encoding="ascii"))
            tunnel = parse_tunnel(pid, psutil.Process(pid).cmdline())
            # A pid may have gone to another tunnel since; the port in the file's name tells.
            if tunnel and file.name == f"ssh_{tunnel.host_port}.pid":
                found.append(tunnel)
    return sorted(found, key=lambda t: t.host_port)


def end_tunnels(folder: Path) -> None:
    """End tunnels a dead machine left behind, which would keep its ports."""
    for tunnel in tunnels(folder):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(tunnel.pid)
            process.terminate()
            _wait_ended(process)
        # Vagrant would end whatever has that pid by then.
        (folder / "pids" / f"ssh_{tunnel.host_port}.pid").unlink(missing_ok=True)


def _wait_ended(process: psutil.Process) -> None:
    """Until it holds nothing any more; its parent may take long to reap it."""
    deadline = time.monotonic() + _END_SECONDS
    while process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.01)


def port_holder(port: int) -> str | None:
    """`nginx, pid 4711` when something listens on that TCP port of the loopback; None when free."""
    for connection in psutil.net_connections("tcp"):
        if connection.status != psutil.CONN_LISTEN or not connection.laddr:
            continue
        ip, listening = connection.laddr[:2]
        if listening != port or ip not in ("127.0.0.1", "0.0.0.0", "::"):
            continue
        if connection.pid is None:
            return "another process"
        with contextlib.suppress(psutil.Error):
            return f"{psutil.Process(connection.pid).name()}, pid {connection.pid}"
        return f"pid {connection.pid}"
    return None
