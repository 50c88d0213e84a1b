"""What is left of machines when their Vagrantfile, folder or libvirt itself goes away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from tests.engine.project_kit import ROOT
from tests.engine.test_machines import Notes
from tui.engines.libvirt.connections import Connections
from tui.errors import ActionFailed, EngineUnavailable, TwindeckError
from tui.model import Instance, State, Verb
from tui.sides.libvirt import Libvirt
from tui.sides.machines import Machines

pytestmark = pytest.mark.engine

POOL = Path("/var/lib/libvirt/images")


def virsh(*words: str) -> str:
    return subprocess.run(
        ["virsh", "-q", "-c", "qemu:///system", *words],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def wait_until(true: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


class Shop:
    """Another environment of the user's, with one defined domain that was never started."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self.directory = folder / f"shop{os.getpid()}"
        self.uuid = str(uuid.uuid4())
        self.domain = f"{self.directory.name}_web"
        self.disk = POOL / f"{self.domain}.img"
        self.data = self.directory / ".vagrant" / "machines" / "web" / "libvirt"
        self.data.mkdir(parents=True)
        self.project.mkdir()
        (self.data / "id").write_text(self.uuid)
        index = self.home / "data" / "machine-index"
        index.mkdir(parents=True)
        machine = {
            "local_data_path": str(self.directory / ".vagrant"),
            "name": "web",
            "provider": "libvirt",
            "state": "running",
            "vagrantfile_name": None,
            "vagrantfile_path": str(self.directory),
        }
        (index / "index").write_text(json.dumps({"version": 1, "machines": {"a": machine}}))

    def define(self, disk: Path) -> None:
        virsh("vol-create-as", "default", disk.name, "1M")
        xml = self.home / "domain.xml"
        xml.write_text(
            f"<domain type='qemu'><name>{self.domain}</name><uuid>{self.uuid}</uuid>"
            f"<description>Source: {self.directory}/Vagrantfile</description>"
            "<memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os><devices>"
            f"<disk type='file' device='disk'><source file='{disk}'/><target dev='vda'/></disk>"
            "</devices></domain>"
        )
        virsh("define", str(xml))

    def side(self) -> Machines:
        return Machines(self.project, [], home=self.home, accelerator=lambda: None)

    def row(self) -> Instance | None:
        # Other users' machines are listed too, and this host may have some.
        name = f"{self.directory.name}/web"
        return next((row for row in self.side().list() if row.name == name), None)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    if made.uuid in {domain.uuid for domain in Libvirt().domains()}:
        virsh("undefine", made.uuid)
    for disk in POOL.glob(f"{made.domain}*"):
        virsh("vol-delete", str(disk))


def test_a_machine_whose_vagrantfile_is_gone_is_destroyed_with_its_own_disk(shop: Shop) -> None:
    shop.define(shop.disk)
    row = shop.row()
    assert row is not None
    assert (row.name, row.state, row.id) == (
        f"{shop.directory.name}/web",
        State.STOPPED,
        shop.uuid,
    )
    shop.side().act(Verb.DESTROY, row.name, Notes())
    assert shop.row() is None
    assert shop.uuid not in {domain.uuid for domain in Libvirt().domains()}
    assert not shop.disk.exists()


def test_a_machine_whose_folder_is_gone_is_found_by_its_origin(shop: Shop) -> None:
    shop.define(shop.disk)
    shutil.rmtree(shop.directory)
    row = shop.row()
    assert row is not None
    assert (row.state, row.id) == (State.STOPPED, shop.uuid)
    with pytest.raises(ActionFailed, match=r"its folder .* is gone"):
        shop.side().act(Verb.START, row.name, Notes())
    shop.side().act(Verb.DESTROY, row.name, Notes())
    assert shop.row() is None


def test_a_disk_that_is_not_clearly_its_own_is_left_and_named(shop: Shop) -> None:
    shared = POOL / f"{shop.domain}-photos.img"
    shop.define(shared)
    with pytest.raises(ActionFailed, match=r"left: .*photos\.img"):
        shop.side().act(Verb.DESTROY, f"{shop.directory.name}/web", Notes())
    assert shared.exists()


def test_an_id_without_a_domain_is_nothing_without_a_vagrantfile_and_what_vagrant_says_with_one(
    shop: Shop,
) -> None:
    assert shop.row() is None
    (shop.directory / "Vagrantfile").write_text(
        "Vagrant.configure('2') { |config| config.vm.define 'web' }\n"
    )
    row = shop.row()
    assert row is not None
    # It may be at a libvirt that only its Vagrantfile names.
    assert (row.state, row.note) == (State.UNKNOWN, "vagrant is being asked")
    now = shop.side().look(row.name)
    assert now is not None
    assert (now.state, now.id) == (State.ABSENT, None), now.note


def test_a_vagrantfile_with_an_error_is_one_line(shop: Shop) -> None:
    (shop.directory / "Vagrantfile").write_text(
        "Vagrant.configure('2') do |config|\n  foo.bar\nend\n"
    )
    with pytest.raises(ActionFailed, match=r"Vagrantfile cannot be loaded: .*undefined local"):
        shop.side().act(Verb.START, f"{shop.directory.name}/web", Notes())


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Libvirt]]:
    """A libvirt of our own that may be killed."""
    short = Path("/tmp") / f"twindeck-libvirt-{os.getpid()}"
    short.mkdir(mode=0o700)
    argv = ["libvirtd"]
    if os.geteuid() == 0:
        shutil.chown(short, "nobody")
        argv = ["setpriv", "--reuid=nobody", "--clear-groups", *argv]
    places = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            argv,
            env={**os.environ, **dict.fromkeys(places, str(short))},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    socket = short / "libvirt" / "libvirt-sock"
    try:
        wait_until(socket.exists, 20)
        yield process, Libvirt(f"qemu+unix:///session?socket={socket}")
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(short)


def test_watch_ends_with_an_error_when_libvirt_dies(
    tmp_path: Path, daemon: tuple[subprocess.Popen[bytes], Libvirt]
) -> None:
    process, libvirt = daemon
    side = Machines(
        tmp_path,
        [],
        libvirt=Connections(lambda: [libvirt.uri]),
        home=tmp_path,
        accelerator=lambda: None,
    )
    assert side.list() == []
    changes: list[int] = []
    raised: list[TwindeckError] = []

    def watch() -> None:
        try:
            side.watch(lambda: changes.append(1), Event())
        except TwindeckError as error:
            raised.append(error)

    thread = Thread(target=watch)
    thread.start()
    wait_until(lambda: changes, 5)
    process.send_signal(signal.SIGKILL)
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(raised[0], EngineUnavailable)
    names = [child.name() for child in psutil.Process().children(recursive=True)]
    assert "virsh" not in names
    with pytest.raises(EngineUnavailable, match="does not answer"):
        side.list()
    assert not side.health().ok


def test_a_machine_whose_hypervisor_is_killed_is_stopped_within_a_second(shop: Shop) -> None:
    shop.define(shop.disk)
    virsh("start", shop.uuid)
    side = shop.side()
    row = shop.row()
    assert row is not None
    assert row.state is State.RUNNING
    stop, changes = Event(), []
    thread = Thread(target=side.watch, args=(lambda: changes.append(1), stop))
    thread.start()
    try:
        wait_until(lambda: changes, 5)
        changes.clear()
        # As the kernel does when memory is out; libvirt's user may kill it, we perhaps not.
        virsh("destroy", shop.uuid)
        wait_until(lambda: changes, 1)
        row = shop.row()
        assert row is not None
        assert row.state is State.STOPPED
    finally:
        stop.set()
        thread.join(5)


def test_a_broken_workload_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Vagrantfile", tmp_path)
    shutil.copytree(ROOT / "workloads" / "nginx", tmp_path / "workloads" / "nginx")
    (tmp_path / "workloads" / "broken").mkdir()
    (tmp_path / "workloads" / "broken" / "workload.toml").write_text("title = [")
    done = subprocess.run(
        ["vagrant", "status", "--machine-readable"],
        cwd=tmp_path,
        env={**os.environ, "TWINDECK_PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ",nginx,state,not_created" in done.stdout
    assert "broken" not in done.stdout
    assert "broken/workload.toml: left out" in done.stderr
