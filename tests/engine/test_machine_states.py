"""What is said of a machine is what its engine says, wherever and whosever it is."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from tests.engine.container_kit import docker
from tests.engine.domain_kit import Environment
from tui.engines.vagrant.containers import container_states
from tui.model import State
from tui.sides.machines import Machines

pytestmark = pytest.mark.engine


def wait_until(true: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Environment]:
    made = Environment(tmp_path / f"twtest-vm-{os.getpid()}", tmp_path / "home")
    yield made
    made.remove()


def test_an_error_of_vagrant_is_no_line_of_the_guests_log(shop: Environment) -> None:
    shop.make(vagrantfile="Vagrant.configure('2') do |c|\nend }\n")
    shop.start()
    done = shop.run("logs", f"vm:{shop.name}")
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{shop.directory}/Vagrantfile cannot be loaded: line 2: syntax error" in done.stderr


def test_the_log_that_is_read_is_named(shop: Environment, tmp_path: Path) -> None:
    shop.make()
    shop.start()
    side = Machines(tmp_path, [], home=shop.home)
    assert side.log_source(shop.name) == "journal by SSH"


def test_a_machine_of_another_vagrant_is_listed_and_marked(
    shop: Environment, tmp_path: Path
) -> None:
    shop.make()
    shop.start()
    row = shop.row(VAGRANT_HOME=str(tmp_path / "mine"))
    assert row is not None
    assert (row["state"], row["owner"]) == ("running", "another VAGRANT_HOME")
    assert (row["id"], row["group"]) == (shop.uuid, str(shop.directory))


def test_of_another_vagrants_machine_libvirt_does_what_it_can_and_no_more(
    shop: Environment, tmp_path: Path
) -> None:
    shop.make()
    shop.start()
    mine, key = str(tmp_path / "mine"), f"vm:{shop.name}"
    for verb, state in (
        ("pause", "paused"),
        ("resume", "running"),
        ("kill", "shut off"),
        ("start", "running"),
    ):
        done = shop.run(verb, key, VAGRANT_HOME=mine)
        assert done.returncode == 0, done.stderr
        assert shop.state() == state
    refused = shop.run("destroy", "--yes", key, VAGRANT_HOME=mine)
    assert refused.returncode == 1
    assert shop.state() == "running"
    logs = shop.run("logs", key, VAGRANT_HOME=mine)
    assert logs.returncode == 1
    assert "is of another VAGRANT_HOME: this Vagrant cannot reach it" in logs.stderr


def test_where_the_folder_is_gone_one_line_says_so_and_what_still_works(shop: Environment) -> None:
    shop.make()
    shop.start()
    shutil.rmtree(shop.directory)
    row = shop.row()
    assert row is not None
    assert (row["state"], row["owner"]) == ("running", None)
    gone = f"{shop.name}: its folder {shop.directory} is gone, so vagrant cannot reach it"
    step = f"virsh -c qemu:///system console {shop.domain}"
    logs = shop.run("logs", f"vm:{shop.name}")
    assert (logs.returncode, logs.stderr) == (1, f"twindeck: {gone} → {step}\n")
    assert shell_of(shop) == (1, f"twindeck: {gone} → {step}")
    killed = shop.run("kill", f"vm:{shop.name}")
    assert killed.returncode == 0, killed.stderr
    assert shop.state() == "shut off"
    destroyed = shop.run("destroy", "--yes", f"vm:{shop.name}")
    assert destroyed.returncode == 0, destroyed.stderr
    assert shop.uuid not in shop.virsh("list", "--all", "--uuid")


def shell_of(shop: Environment) -> tuple[int, str]:
    """Exit code and text of `twindeck shell`, which wants a terminal."""
    master, slave = pty.openpty()
    env = {**os.environ, "VAGRANT_HOME": str(shop.home), "TWINDECK_DATA": str(shop.home / "d")}
    with subprocess.Popen(
        [sys.executable, "-m", "tui", "shell", f"vm:{shop.name}"],
        env=env,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    ) as child:
        os.close(slave)
        text = b""
        with contextlib.suppress(OSError):
            while chunk := os.read(master, 4096):
                text += chunk
        code = child.wait(60)
    os.close(master)
    return code, " ".join(text.decode().split())


def test_a_state_that_only_a_missing_plugin_could_tell_is_unknown(shop: Environment) -> None:
    shop.make(provider="twtest")
    row = shop.row()
    assert row is not None
    assert row["state"] == "unknown"
    assert "vagrant status: " in str(row["note"])
    assert row["told_at"] is not None
    stopped = shop.run("stop", f"vm:{shop.name}")
    assert stopped.returncode == 1
    assert "already" not in stopped.stderr


# ---- the user's own libvirt session


@pytest.fixture
def session() -> Iterator[Environment]:
    """An environment of an ordinary user, at that user's own libvirt session."""
    name = f"twtest{os.getpid()}"
    is_root = os.geteuid() == 0
    if is_root:
        subprocess.run(["useradd", "--create-home", name], check=True)
    base = Path(tempfile.mkdtemp(prefix="twtest-vm-"))
    home = pwd.getpwnam(name).pw_dir if is_root else str(Path.home())
    as_user = (
        *("runuser", "-u", name, "--", "env", "-u", "XDG_RUNTIME_DIR", "-u", "XDG_CONFIG_HOME"),
        *("-u", "XDG_CACHE_HOME", "-u", "DOCKER_HOST", f"HOME={home}"),
    )
    made = Environment(
        base / f"shop{os.getpid()}",
        base / "home",
        uri="qemu:///session",
        prefix=as_user if is_root else (),
        # Root's own may stand where nobody else may look.
        python=str(shutil.which("python3", path="/usr/bin")) if is_root else sys.executable,
    )
    made.make()
    if is_root:
        subprocess.run(["chown", "-R", f"{name}:", str(base)], check=True)
    try:
        made.start()
        yield made
    finally:
        made.remove()
        if is_root:
            _end_all_of(pwd.getpwnam(name).pw_uid)
            subprocess.run(["userdel", "--remove", name], capture_output=True)
        shutil.rmtree(base)


def _end_all_of(uid: int) -> None:
    """The session's daemons would stay for two minutes."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == uid:
                process.kill()


def test_a_machine_at_the_users_session_is_seen_and_acted_on_there(session: Environment) -> None:
    row = session.row()
    assert row is not None
    assert (row["state"], row["connection"]) == ("running", "qemu:///session")
    stats = session.run("stats", f"vm:{session.name}", "--json", "--count", "1")
    (sample,) = (json.loads(line) for line in stats.stdout.splitlines())
    assert sample["memory_bytes"] > 0
    assert sample["memory_limit_bytes"] == 32 << 20, "told by the libvirt it is at"
    killed = session.run("kill", f"vm:{session.name}")
    assert killed.returncode == 0, killed.stderr
    assert session.state() == "shut off"


# ---- Vagrant's docker provider


@pytest.fixture
def boxed(tmp_path: Path) -> Iterator[Environment]:
    """A machine that Vagrant's docker provider made: a container of busybox."""
    image = f"twtest-vm-{os.getpid()}"
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    shutil.copy(str(shutil.which("busybox")), root / "bin" / "busybox")
    (root / "bin" / "sleep").symlink_to("busybox")
    tar = subprocess.run(["tar", "-C", str(root), "-c", "."], check=True, capture_output=True)
    subprocess.run(["docker", "import", "-", image], input=tar.stdout, check=True)
    made = Environment(tmp_path / image, tmp_path / "home")
    made.directory.mkdir()
    (made.directory / "Vagrantfile").write_text(
        'Vagrant.configure("2") do |c|\n  c.vm.define "web" do |m|\n'
        '    m.vm.synced_folder ".", "/vagrant", disabled: true\n'
        '    m.vm.provider("docker") do |d|\n'
        f'      d.image = "{image}"\n      d.name = "{image}"\n      d.cmd = %w(sleep 600)\n'
        "      d.remains_running = true\n      d.has_ssh = false\n"
        "      d.create_args = %w(--network none --stop-timeout 1)\n    end\n  end\nend\n"
    )
    env = {**os.environ, "VAGRANT_HOME": str(made.home), "VAGRANT_CHECKPOINT_DISABLE": "1"}
    try:
        subprocess.run(
            ["vagrant", "up", "--provider", "docker"],
            cwd=made.directory,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        yield made
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", image], capture_output=True)
        subprocess.run(["docker", "rmi", image], capture_output=True)


def test_a_machine_of_the_docker_provider_is_as_docker_says(
    boxed: Environment, tmp_path: Path
) -> None:
    container = boxed.directory.name
    row = boxed.row()
    assert row is not None
    assert (row["state"], row["provider"]) == ("running", "docker")
    assert container_states([str(row["id"])]) == {row["id"]: State.RUNNING}

    side = Machines(tmp_path / "none", [], home=boxed.home)
    machine = next(i for i in side.list() if i.name == boxed.name)
    assert machine.state is State.RUNNING
    stop, changes = Event(), []
    thread = Thread(target=side.watch, args=(lambda: changes.append(1), stop))
    thread.start()
    try:
        wait_until(lambda: changes, 10)
        changes.clear()
        docker("pause", container)
        wait_until(lambda: changes, 10)
        assert side.look(boxed.name).state is State.PAUSED
        docker("unpause", container)
    finally:
        stop.set()
        thread.join(5)
    assert not thread.is_alive()

    stopped = boxed.run("stop", f"vm:{boxed.name}")
    assert stopped.returncode == 0, stopped.stderr
    assert docker("inspect", "--format", "{{.State.Running}}", container).strip() == "false"
    again = boxed.run("stop", f"vm:{boxed.name}")
    assert (again.returncode, again.stderr) == (0, f"vm:{boxed.name}: is stopped already\n")
    started = boxed.run("start", f"vm:{boxed.name}")
    assert started.returncode == 0, started.stderr
    assert docker("inspect", "--format", "{{.State.Running}}", container).strip() == "true"
