"""A user's libvirt domains, storage volumes and networks, under every name ours could have.

No guest boots: a domain with a disk that holds no system stays in its BIOS, and is a process, a
definition and a disk like any other.
"""

from __future__ import annotations

import subprocess
import uuid
from contextlib import ExitStack
from pathlib import Path
from xml.sax.saxutils import escape

import psutil

from tests.engine.bystanders import Bystander, Facts, digest, output, process_facts

POOL = "default"
_VIRSH = ("virsh", "-q", "-c", "qemu:///system")
_DISK_BYTES = 1 << 20


def virsh(*words: str) -> str:
    """What virsh prints; fails with what it says."""
    done = subprocess.run((*_VIRSH, *words), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class UsersMachines:
    """Makes them; all are removed when the stack ends."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self.made: list[Bystander] = []

    def domain(self, name: str, state: str, source: Path | None = None) -> str:
        """One that is running, paused or shut off, with a disk of its name; its UUID.

        `source` is the Vagrantfile it says it came from.
        """
        disk = self.disk(f"{name}.img")
        identity = str(uuid.uuid4())
        told = f"<description>Source: {escape(str(source))}</description>" if source else ""
        file = self._folder / f"{name}.xml"
        file.write_text(
            f"<domain type='qemu'><name>{name}</name><uuid>{identity}</uuid>{told}"
            "<memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices>"
            f"<disk type='file' device='disk'><source file='{disk}'/><target dev='vda'/></disk>"
            "</devices></domain>"
        )
        self._on_end("undefine", identity)
        self._on_end("destroy", identity)
        virsh("define", str(file))
        if state != "shut off":
            virsh("start", identity)
        if state == "paused":
            virsh("suspend", identity)
        self.made.append(Bystander("domain", name, lambda: domain_facts(name, identity)))
        return identity

    def disk(self, name: str) -> str:
        """Path of a storage volume with content that no system boots from."""
        content = self._folder / "disk"
        content.write_bytes(name.encode().ljust(_DISK_BYTES, b"."))
        self._on_end("vol-delete", "--pool", POOL, name)
        virsh("vol-create-as", POOL, name, str(_DISK_BYTES))
        virsh("vol-upload", "--pool", POOL, name, str(content))
        path = virsh("vol-path", "--pool", POOL, name)
        self.made.append(Bystander("storage volume", name, lambda: self._disk_facts(name)))
        return path

    def network(self, name: str, bridge: str) -> None:
        """A network of the user's, up, that leads nowhere."""
        file = self._folder / f"{name}.xml"
        file.write_text(f"<network><name>{name}</name><bridge name='{bridge}'/></network>")
        self._on_end("net-undefine", name)
        self._on_end("net-destroy", name)
        virsh("net-define", str(file))
        virsh("net-start", name)
        self.made.append(Bystander("libvirt network", name, lambda: network_facts(name)))

    def _disk_facts(self, name: str) -> Facts:
        info = output(*_VIRSH, "vol-info", "--bytes", "--pool", POOL, name)
        copy = self._folder / "downloaded"
        copy.unlink(missing_ok=True)
        copy.touch()
        output(*_VIRSH, "vol-download", "--pool", POOL, name, str(copy))
        path = output(*_VIRSH, "vol-path", "--pool", POOL, name).decode()
        whole = {"content": digest(copy.read_bytes()), "path": path, "size": info.decode()}
        return whole if info else {}

    def _on_end(self, *words: str) -> None:
        self._stack.callback(output, *_VIRSH, *words)


def domain_facts(name: str, identity: str) -> Facts:
    """Definition as it is stored and as it runs, state, and the hypervisor process."""
    stored = output(*_VIRSH, "dumpxml", "--inactive", "--security-info", identity)
    if not stored:
        return {}
    state = output(*_VIRSH, "domstate", "--reason", identity).decode().strip()
    facts = {"stored definition": digest(stored), "state": state, "uuid": identity, "name": name}
    if not state.startswith("shut off"):
        facts["running definition"] = digest(output(*_VIRSH, "dumpxml", identity))
        for pid in _hypervisors(identity):
            facts |= {f"hypervisor {key}": fact for key, fact in process_facts(pid).items()}
    return facts


def network_facts(name: str) -> Facts:
    """Definition and whether it is up."""
    definition = output(*_VIRSH, "net-dumpxml", name)
    info = output(*_VIRSH, "net-info", name).decode()
    return {"definition": digest(definition), "info": info} if definition else {}


def names_of(*words: str) -> set[str]:
    """What one of virsh's lists names: `list --all`, `net-list --all`."""
    return set(virsh(*words, "--name").split())


def _hypervisors(identity: str) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(identity in word for word in process.info["cmdline"] or ())
        and "qemu" in (process.info["cmdline"] or [""])[0]
    ]
