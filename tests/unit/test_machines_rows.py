"""The list where there is no libvirt: VirtualBox machines, from Vagrant's files and processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tui.engines.libvirt.connections import Connections
from tui.engines.vagrant.status import Asker
from tui.errors import EngineUnavailable
from tui.model import Instance, Probe, State, Workload
from tui.sides.machine_rows import Inventory
from tui.sides.machines import Machines
from tui.sides.vagrant_lock import OwnSessions

ID = "6a1f9a5e-31b5-4a57-9f0e-8a3f0e1c2d3b"


@pytest.fixture(autouse=True)
def no_virsh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("VAGRANT_DOTFILE_PATH", raising=False)


def workload(project: Path) -> Workload:
    return Workload(
        name="nginx",
        title="",
        folder=project,
        guest_port=80,
        container_port=8080,
        vm_port=18080,
        probe=Probe("tcp"),
        boxes=("debian/bookworm64", "twindeck/base"),
    )


def inventory_of(project: Path, home: Path, *workloads: Workload) -> Inventory:
    return Inventory(project, workloads, Connections(), home, OwnSessions(), Asker())


def row(project: Path, home: Path) -> Instance:
    inventory = inventory_of(project, home, workload(project))
    (machine,) = inventory.machines().values()
    return machine.instance


def make(project: Path) -> None:
    folder = project / ".vagrant" / "machines" / "nginx" / "virtualbox"
    folder.mkdir(parents=True)
    (folder / "id").write_text(ID)
    (folder / "box_meta").write_text(json.dumps({"name": "debian/bookworm64"}))


def test_a_workload_is_absent_until_made_and_tells_the_box_it_would_use(tmp_path: Path) -> None:
    absent = row(tmp_path, tmp_path)
    assert (absent.state, absent.image) == (State.ABSENT, "debian/bookworm64")
    (tmp_path / "boxes" / "twindeck-VAGRANTSLASH-base").mkdir(parents=True)
    assert row(tmp_path, tmp_path).image == "twindeck/base"


def test_made_but_without_a_process_is_stopped(tmp_path: Path) -> None:
    make(tmp_path)
    stopped = row(tmp_path, tmp_path)
    assert (stopped.state, stopped.id, stopped.pid) == (State.STOPPED, ID, None)
    assert (stopped.provider, stopped.ports) == ("virtualbox", ())


def test_a_process_of_its_id_makes_it_running(tmp_path: Path) -> None:
    make(tmp_path)
    # The name of the process counts, as VirtualBox's own does.
    program = tmp_path / "VBoxHeadless"
    program.symlink_to(sys.executable)
    with subprocess.Popen(
        [str(program), "-c", "import sys; sys.stdin.read()", "--startvm", ID],
        stdin=subprocess.PIPE,
    ) as process:
        running = row(tmp_path, tmp_path)
        process.communicate(b"")
    assert (running.state, running.pid) == (State.RUNNING, process.pid)
    assert running.accelerator == "virtualbox"
    assert running.ports == ("127.0.0.1:18080->80/tcp",)
    assert row(tmp_path, tmp_path).state is State.STOPPED


def test_a_half_written_index_keeps_what_was_known(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "Vagrantfile").write_text("")
    index = tmp_path / "data" / "machine-index" / "index"
    index.parent.mkdir(parents=True)
    machine = {"name": "web", "provider": "virtualbox", "vagrantfile_path": str(shop)}
    index.write_text(json.dumps({"version": 1, "machines": {"a": machine}}))
    inventory = inventory_of(tmp_path / "p", tmp_path)
    assert list(inventory.machines()) == ["shop/web"]
    index.write_text('{"version": 1, "mach')
    assert list(inventory.machines()) == ["shop/web"]
    index.write_text('{"version": 1, "machines": {}}')
    assert list(inventory.machines()) == []


def test_no_provider_at_all_is_told(tmp_path: Path) -> None:
    (tmp_path / "vagrant").write_text("#!/bin/sh\n")
    (tmp_path / "vagrant").chmod(0o755)
    with pytest.raises(EngineUnavailable, match="no provider"):
        Machines(tmp_path, [], home=tmp_path).list()


def test_a_machine_of_any_other_provider_shows_that_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "vagrant").write_text("#!/bin/sh\n")
    (tmp_path / "vagrant").chmod(0o755)
    index = tmp_path / "data" / "machine-index" / "index"
    index.parent.mkdir(parents=True)
    machine = {"name": "web", "provider": "vmware_desktop", "vagrantfile_path": str(tmp_path)}
    index.write_text(json.dumps({"version": 1, "machines": {"a": machine}}))
    (tmp_path / "Vagrantfile").write_text("")
    (web,) = Machines(tmp_path / "p", [], home=tmp_path).list()
    assert (web.provider, web.state) == ("vmware_desktop", State.ABSENT)
