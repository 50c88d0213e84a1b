"""A user's own Vagrantfile, key by key in a real terminal: three machines, none made yet."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tmux.terminal import TWINDECK, Terminal

pytestmark = pytest.mark.engine

FIRST_BOOT_SECONDS = 420.0
ACTION_SECONDS = 150.0
VAGRANTFILE = """\
Vagrant.configure("2") do |config|
  config.vm.box = "twindeck/base"
  config.vm.box_check_update = false
  config.vm.synced_folder ".", "/vagrant", disabled: true
  config.vm.provider("libvirt") do |libvirt|
    libvirt.driver = "qemu"
    libvirt.cpu_mode = "custom"
    libvirt.cpu_model = "qemu64"
    libvirt.memory = 256
    libvirt.cpus = 1
    libvirt.graphics_type = "none"
  end
  config.vm.define("web") do |web|
    web.vm.provision "note", type: "shell", inline: "date +%s%N >> /var/tmp/provisioned"
  end
  config.vm.define "db"
  config.vm.define "spare", autostart: false
end
"""


class Shop:
    """The folder, its machines as the command line tells them, and the console over them."""

    def __init__(self, folder: Path, terminal: Terminal) -> None:
        self.folder = folder
        self.terminal = terminal
        self.env = {"LANG": "C.UTF-8", "TWINDECK_DATA": str(folder / "data")}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(TWINDECK), *words],
            cwd=self.folder,
            env={**os.environ, **self.env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def states(self) -> dict[str, str]:
        """Machine -> state."""
        rows = json.loads(self.run("ls", "--on", "vm", "--json").stdout)
        mine = (row for row in rows if row["group"] == str(self.folder))
        return {row["name"].rpartition("/")[2]: row["state"] for row in mine}

    def open(self) -> None:
        """The console, with the cursor on the environment's heading."""
        self.terminal.run([str(TWINDECK)], self.env, self.folder)
        self.terminal.wait_text("spare")
        # Keys go to the row under the cursor; what else is on this host must not be it.
        self.terminal.press("/")
        self.terminal.wait_text("keep the filter")
        self.terminal.press(*self.folder.name)
        self.terminal.wait_text("3 shown")
        self.terminal.press("Enter")
        self.terminal.wait_text("q quit")
        self.terminal.press("g")
        self.terminal.wait_text("start all")

    def row(self, machine: str) -> str:
        """Its line on the screen."""
        lines = self.terminal.screen().splitlines()
        return next((line for line in lines if f"/{machine}" in line), "")

    def wait(self, machine: str, word: str, seconds: float) -> None:
        self.terminal.wait(
            lambda _: word in self.row(machine), seconds, f"{machine} that is {word}"
        )


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    folder = tmp_path / "twshop"
    folder.mkdir()
    (folder / "Vagrantfile").write_text(VAGRANTFILE)
    shop = Shop(folder, Terminal(160, 45))
    yield shop
    shop.terminal.close()
    shop.run("destroy", "--yes", f"{folder}/")


def test_from_nothing_made_to_nothing_left(shop: Shop) -> None:
    assert shop.states() == {"web": "absent", "db": "absent", "spare": "absent"}
    assert not (shop.folder / ".vagrant").exists(), "who only looks makes nothing"
    shop.open()

    # One of them.
    shop.terminal.press("j", "j", "j")
    shop.terminal.press("s")
    shop.wait("web", "running", FIRST_BOOT_SECONDS)
    assert shop.states() == {"web": "running", "db": "absent", "spare": "absent"}

    # All of them, but for the one that vagrant leaves out.
    shop.terminal.press("g", "s")
    shop.wait("db", "running", FIRST_BOOT_SECONDS)
    assert shop.states() == {"web": "running", "db": "running", "spare": "absent"}

    shop.terminal.press("g", "s")
    for machine in ("web", "db"):
        shop.wait(machine, "stopped", ACTION_SECONDS)

    shop.terminal.press("g", "d")
    shop.terminal.wait_text("Destroy")
    shop.terminal.press("Tab", "Enter")
    for machine in ("web", "db"):
        shop.wait(machine, "absent", ACTION_SECONDS)
    assert shop.states() == {"web": "absent", "db": "absent", "spare": "absent"}
    boots = json.loads(shop.run("boots", "--json").stdout)
    assert {boot["name"] for boot in boots} == {"twshop/web", "twshop/db"}
