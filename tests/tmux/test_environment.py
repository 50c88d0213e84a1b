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
  config.vm.boot_timeout = 600
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
        self.filter(self.folder.name)
        self.terminal.press("g")
        self.terminal.wait_text("start all")

    def filter(self, word: str) -> None:
        """Show only what matches, with the cursor on the heading."""
        self.terminal.press("Escape", "Escape")
        self.terminal.wait(lambda s: "shown" not in s, 10, "deck without a filter")
        # Keys go to the row under the cursor; what else is on this host must not be it.
        self.terminal.press("/")
        self.terminal.wait_text("keep the filter")
        self.terminal.press(*word)
        self.terminal.wait_text(f"/{word}  {1 if word == 'web' else 3} shown")
        self.terminal.press("Enter")
        self.terminal.wait_text("q quit")

    def more(self, title: str) -> None:
        """Take that line of the menu for the only row that is shown."""
        self.terminal.press("G", "x")
        screen = self.terminal.wait_text("More for")
        lines = [line for line in screen.splitlines() if "│ " in line]
        first = next(n for n, line in enumerate(lines) if " reload " in line)
        at = next(n for n, line in enumerate(lines) if f" {title}" in line)
        self.terminal.press(*["Down"] * (at - first), "Enter")

    def done(self, verb: str, seconds: float) -> None:
        """Wait until the fleet has nothing more to do on `web` after that verb began."""
        self.terminal.wait(lambda _: "◆" in self.row("web"), 30, f"{verb} at work")
        self.terminal.wait(lambda _: "● running" in self.row("web"), seconds, f"{verb} done")
        assert "✗" not in self.row("web"), self.terminal.screen()

    def inside(self, command: str) -> str:
        """What it prints in `web`."""
        done = subprocess.run(
            ["vagrant", "ssh", "web", "-c", command],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def row(self, machine: str) -> str:
        """Its line on the screen."""
        rows = (line.split("│")[0] for line in self.terminal.screen().splitlines())
        return next((row for row in rows if machine in row[2:].split()[2:5]), "")

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

    # A state is kept, and had back.
    shop.filter("web")
    shop.more("save a snapshot")
    shop.terminal.wait_text("Save a snapshot as")
    shop.terminal.press(*"clean", "Enter")
    shop.done("snapshot save", ACTION_SECONDS)
    assert json.loads(shop.run("snapshot", "list", "web", "--json").stdout) == ["clean"]
    shop.inside("sudo touch /changed && sync")
    shop.more("restore a snapshot")
    shop.terminal.wait_text("Restore a snapshot of")
    shop.terminal.press("Enter")
    shop.terminal.wait_text("What happened in it since is lost")
    shop.terminal.press("Tab", "Enter")
    shop.done("snapshot restore", ACTION_SECONDS)
    assert shop.inside("ls /changed; wc -l < /var/tmp/provisioned").split() == ["1"]

    shop.more("reload and provision")
    shop.done("reload", FIRST_BOOT_SECONDS)
    assert shop.inside("wc -l < /var/tmp/provisioned").split() == ["2"]

    shop.filter(shop.folder.name)
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
