"""A VM in seconds: a domain that is only a BIOS, with the files Vagrant writes for a machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
VAGRANTFILE = (
    'Vagrant.configure("2") do |c|\n  c.vm.box = "twindeck/base"\n  c.vm.define "web"\nend\n'
)


@dataclass(frozen=True)
class Environment:
    """A folder with a machine `web`, and the VAGRANT_HOME that knows it."""

    directory: Path
    home: Path
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    uri: str = "qemu:///system"
    prefix: Sequence[str] = ()
    """What stands before each command, to run it as another user."""
    python: str = sys.executable

    @property
    def name(self) -> str:
        return f"{self.directory.name}/web"

    @property
    def domain(self) -> str:
        return f"{self.directory.name}_web"

    def virsh(self, *words: str) -> str:
        done = subprocess.run(
            [*self.prefix, "virsh", "-q", "-c", self.uri, *words],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def state(self) -> str:
        return self.virsh("domstate", self.uuid).strip()

    def make(self, provider: str = "libvirt", vagrantfile: str = VAGRANTFILE) -> None:
        """The files, as Vagrant writes them."""
        folder = self.directory / ".vagrant" / "machines" / "web" / provider
        folder.mkdir(parents=True)
        (self.directory / "Vagrantfile").write_text(vagrantfile)
        index_id = self.uuid.replace("-", "")
        (folder / "id").write_text(self.uuid)
        (folder / "creator_uid").write_text(str(os.getuid()))
        (folder / "index_uuid").write_text(index_id)
        index = self.home / "data" / "machine-index"
        index.mkdir(parents=True)
        machine = {
            "local_data_path": str(self.directory / ".vagrant"),
            "name": "web",
            "provider": provider,
            "state": "running",
            "vagrantfile_name": None,
            "vagrantfile_path": str(self.directory),
            "updated_at": None,
            "extra_data": {},
        }
        (index / "index").write_text(json.dumps({"version": 1, "machines": {index_id: machine}}))

    def start(self) -> None:
        """Define and start the domain."""
        file = self.home / "domain.xml"
        file.write_text(
            f"<domain type='qemu'><name>{self.domain}</name><uuid>{self.uuid}</uuid>"
            f"<description>Source: {self.directory}/Vagrantfile</description>"
            "<memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os>"
            "<devices><serial type='pty'/><console type='pty'/></devices></domain>"
        )
        file.chmod(0o644)
        self.virsh("define", str(file))
        self.virsh("start", self.uuid)

    def remove(self) -> None:
        """End and undefine the domain, if it is there."""
        for verb in ("destroy", "undefine"):
            subprocess.run(
                [*self.prefix, "virsh", "-q", "-c", self.uri, verb, self.uuid], capture_output=True
            )

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """`twindeck WORDS`, with this VAGRANT_HOME."""
        settings: Mapping[str, str] = {
            "TWINDECK_DATA": str(self.home / "twindeck"),
            "VAGRANT_HOME": str(self.home),
            "VAGRANT_CHECKPOINT_DISABLE": "1",
            "PYTHONPATH": ":".join([str(ROOT), *(p for p in sys.path if p)]),
            **env,
        }
        assigned = [f"{key}={value}" for key, value in settings.items()]
        return subprocess.run(
            [*self.prefix, "env", *assigned, self.python, "-m", "tui", *words],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def row(self, **env: str) -> dict[str, object] | None:
        """Its row, as `twindeck ls --json` tells it."""
        done = self.run("ls", "--on", "vm", "--json", **env)
        assert done.returncode == 0, done.stderr
        rows = json.loads(done.stdout)
        return next((row for row in rows if row["name"] == self.name), None)
