"""Doctor and setup on this host's real engines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.container_kit import AS_ROOT
from tests.engine.private_engine import as_root, private_engine, private_podman
from tui import accelerator
from tui.engines.docker.resolver import Resolver
from tui.model import Reading
from tui.setup import daemons, probe
from tui.setup.checks import run_checks
from tui.setup.container_trial import LABEL, check_start
from tui.setup.daemons import DOCKERD, Daemon
from tui.setup.host import Host
from tui.setup.kernel import fetch_kernel
from tui.setup.plan import make_plan
from tui.setup.run import setup
from tui.sides.docker_link import Link

pytestmark = pytest.mark.engine
SOFTWARE_CPU = ("-accel", "tcg", "-cpu", "qemu64")


def test_doctor_finds_all_well_and_is_quick() -> None:
    run_checks()
    began = time.monotonic()
    checks = run_checks()
    seconds = time.monotonic() - began
    # The terminal the tests run on, if any, is none of the engines' business.
    assert [c for c in checks if c.side is not None and c.status is not Reading.OK] == []
    assert seconds < 5, "a second look boots no guest and asks little"


def of_trials(docker: Callable[..., subprocess.CompletedProcess[bytes]]) -> bytes:
    """Whatever a trial made that is still there."""
    label = ("--quiet", "--filter", f"label={LABEL}")
    asked = (("ps", "--all"), ("network", "ls"), ("images",))
    told = [docker(*words, *label) for words in asked]
    assert [done.returncode for done in told] == [0, 0, 0], told
    return b"".join(done.stdout for done in told)


def on_this_host(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(("docker", *words), capture_output=True)


def test_a_container_really_starts_and_nothing_of_it_stays() -> None:
    found = check_start(Host(), Link())
    assert found.status is Reading.OK, found
    assert found.reason == "one was started on a network of its own, and removed"
    assert of_trials(on_this_host) == b""


def test_on_an_engine_that_cannot_start_one_the_reason_is_one_line_and_nothing_stays() -> None:
    """One whose runtime is a program that always fails."""
    with private_engine("--add-runtime=broken=/bin/false", "--default-runtime=broken") as engine:
        found = check_start(Host(), Link(Resolver({"DOCKER_HOST": engine.host})))
        assert found.status is Reading.BROKEN
        assert found.reason.startswith("none starts: Docker cannot start a container: ")
        assert "\n" not in found.reason
        assert found.fix
        assert of_trials(engine.docker) == b""


def test_on_podman_it_is_tried_without_a_trace() -> None:
    with private_podman() as podman:
        found = check_start(Host(), Link(Resolver({"DOCKER_HOST": podman.host})))
        assert found.reason
        assert "\n" not in found.reason
        assert of_trials(podman.docker) == b""


def test_setup_has_nothing_to_do_twice() -> None:
    def never(question: str) -> bool:
        raise AssertionError(question)

    for _ in range(2):
        said: list[str] = []
        assert setup(said.append, never)
        assert said[0].startswith("Nothing to do")
        assert any(line.startswith("accelerator: ") for line in said)


def test_doctor_as_json_from_the_installed_command() -> None:
    command = Path(sys.executable).with_name("twindeck")
    done = subprocess.run(
        [str(command), "doctor", "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    rows = json.loads(done.stdout)
    assert {"docker engine", "libvirt", "accelerator", "box"} <= {row["check"] for row in rows}
    assert {row["status"] for row in rows} == {"ok"}


def test_the_box_boots_in_the_trial_where_it_can() -> None:
    """The same trial under software emulation, which works everywhere: it tells a boot."""
    payload = probe.find_payload(Host())
    assert payload is not None
    assert payload.is_disk
    before = payload.path.stat()
    trial = probe.boot(Host(), payload, cpu=SOFTWARE_CPU, seconds=240)
    assert trial.has_booted, trial.reason
    after = payload.path.stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def test_a_fetched_kernel_boots_in_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("VAGRANT_HOME", str(tmp_path / "vagrant"))
    kernel = fetch_kernel(Host(), lambda line: None)
    assert [path.name for path in kernel.parent.iterdir()] == ["vmlinuz"]
    payload = probe.find_payload(Host())
    assert payload == probe.Payload(kernel, is_disk=False)
    trial = probe.boot(Host(), payload, cpu=SOFTWARE_CPU, seconds=240)
    assert trial.has_booted, trial.reason


def test_the_remembered_accelerator_is_what_a_fresh_trial_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_checks()
    remembered = accelerator.read()
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path))
    assert accelerator.read() is None
    found = probe.find_out(Host())
    assert found is not None
    assert found.accelerator == remembered == accelerator.read()


class Bare(Host):
    """This host as if no systemd ran it: setup starts the daemons itself."""

    @property
    def has_systemd(self) -> bool:
        return False


@pytest.fixture
def second_engine() -> Iterator[Daemon]:
    """A Docker Engine beside the host's own; its own network, so that bridges do not meet."""
    # A socket's path has 107 characters at most, and pytest's folders take most of them.
    folder = Path(tempfile.mkdtemp(prefix="twindeck-"))
    # Its mounts go with it, too.
    words = ["unshare", "--net", "--mount", "dockerd", "--data-root", f"{folder}/data"]
    words += ["--exec-root", f"{folder}/run", "--pidfile", f"{folder}/docker.pid"]
    words += ["--host", f"unix://{folder}/docker.sock", "--bridge", "none"]
    words += ["--iptables=false", "--ip6tables=false", "--storage-driver", "vfs"]
    yield Daemon(
        name="dockerd",
        command=tuple(words),
        unit=DOCKERD.unit,
        pid_files=(
            (f"{folder}/docker.pid", "dockerd"),
            (f"{folder}/run/containerd/containerd.pid", "containerd"),
        ),
        sockets=(f"{folder}/docker.sock", f"{folder}/run/containerd/containerd.sock"),
    )
    for file, name in (
        (f"{folder}/docker.pid", "dockerd"),
        (f"{folder}/run/containerd/containerd.pid", "containerd"),
    ):
        told = subprocess.run((*AS_ROOT, "cat", file), capture_output=True, text=True).stdout
        if told and daemons.is_process(Host(), pid := int(told), name):
            as_root("kill", "-KILL", str(pid))
    until = time.monotonic() + 20
    while is_any_left(folder):
        assert time.monotonic() < until, f"an engine on {folder} lives on"
        time.sleep(0.1)
    as_root("rm", "-rf", folder)


def is_any_left(folder: Path) -> bool:
    """Whether a process named in a pid file below the folder still runs."""
    pids = [daemons.read_pid(file) for file in folder.rglob("*.pid")]
    return any(pid and daemons.process_name(Host(), pid) for pid in pids if pid != os.getpid())


def answers(daemon: Daemon) -> bool:
    """Whether that engine tells its version."""
    at = f"unix://{daemon.sockets[0].removeprefix('unix://')}"
    told = Host().run("docker", "--host", at, "version", "--format", "{{.Server.Version}}")
    return told.code == 0


def test_an_engine_killed_outright_is_started_over_what_it_left(
    tmp_path: Path, second_engine: Daemon
) -> None:
    host = Bare(env={**Host().env, "TWINDECK_DATA": str(tmp_path / "state")})
    said: list[str] = []
    daemons.start(host, second_engine, lambda: answers(second_engine), said.append)
    first = daemons.running_pid(host, second_engine)
    assert first is not None
    # Killed outright: containerd goes with it, pid files and sockets stay.
    as_root("kill", "-KILL", str(first))
    until = time.monotonic() + 20
    for file, name in second_engine.pid_files:
        pid = int(subprocess.check_output((*AS_ROOT, "cat", file)))
        while daemons.is_process(host, pid, name):
            assert time.monotonic() < until, f"{name} lives on"
    # Its pid belongs by now to somebody who was not there when it was written.
    pid_file = Path(second_engine.pid_files[0][0])
    pid_file.unlink()
    pid_file.write_text(str(os.getpid()))
    os.utime(pid_file, (1, 1))
    said.clear()
    daemons.start(host, second_engine, lambda: answers(second_engine), said.append)
    second = daemons.running_pid(host, second_engine)
    assert second not in (None, first)
    assert any(f"no dockerd runs as pid {os.getpid()}" in line for line in said)
    assert any("nobody listens on it" in line for line in said)


def test_the_plan_of_a_host_with_everything_is_empty() -> None:
    assert make_plan(Host()) == []
