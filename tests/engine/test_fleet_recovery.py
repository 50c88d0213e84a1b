"""A Docker Engine that dies and comes back, seen by the fleet. The engine is the test's own."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.fleet_fakes import MemoryHost, MemoryStore
from tests.unit.test_fleet import until
from tui.fleet.fleet import Fleet
from tui.fleet.meters import Meters
from tui.model import SideName, State
from tui.sides.containers import Containers

pytestmark = pytest.mark.engine
CONTAINER = SideName.CONTAINER


class PrivateEngine:
    """A second dockerd with folders, a socket and a network namespace of its own.

    `--bridge=none` would otherwise remove the bridge of the host's own engine.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.host = f"unix://{folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; what a crash left in the way is swept first."""
        shutil.rmtree(self._folder / "exec-root", ignore_errors=True)
        (self._folder / "pid").unlink(missing_ok=True)
        with (self._folder / "dockerd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "unshare",
                    "--net",
                    "dockerd",
                    "-H",
                    self.host,
                    "--bridge=none",
                    "--iptables=false",
                ]
                + [f"--{name}={self._folder / name}" for name in ("data-root", "exec-root")]
                + [f"--pidfile={self._folder / 'pid'}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(lambda: self.docker("info").returncode == 0, 30)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        """End it in order, its containerd with it."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)
        # An engine that was killed leaves its data folder mounted on itself.
        while (
            subprocess.run(["umount", self._folder / "data-root"], capture_output=True).returncode
            == 0
        ):
            continue

    def docker(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """The docker command against it."""
        return subprocess.run(["docker", "-H", self.host, *words], input=stdin, capture_output=True)

    def create(self, name: str) -> None:
        """A container that was never started, from an image of one empty file."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("empty"))
        assert self.docker("import", "-", "twtest:empty", stdin=archive.getvalue()).returncode == 0
        assert self.docker("create", "--name", name, "twtest:empty", "/none").returncode == 0


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateEngine]:
    """A private engine that answers; DOCKER_HOST points to it."""
    # A socket's path may have 107 characters: pytest's own folders are too deep for containerd's.
    folder = Path(tempfile.mkdtemp(prefix="twtest"))
    engine = PrivateEngine(folder)
    monkeypatch.setenv("DOCKER_HOST", engine.host)
    engine.start()
    yield engine
    engine.stop()
    left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True).stdout
    for pid in left.split():
        if int(pid) != os.getpid():
            os.kill(int(pid), 15)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fleet(engine: PrivateEngine, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet on that engine alone."""
    engine.create("twtest-box")
    fleet = Fleet(
        connect=lambda: (Containers(tmp_path, ()),),
        open_meters=lambda: Meters((), MemoryHost()),
        store=MemoryStore(),  # type: ignore[arg-type]
        workloads=(),
    )
    fleet.start()
    fleet.wait_ready(10)
    yield fleet
    fleet.stop()


def test_a_restarted_engine_is_back_within_three_seconds_of_answering(
    engine: PrivateEngine, fleet: Fleet
) -> None:
    assert [i.name for i in fleet.snapshot.instances] == ["twtest-box"]

    engine.kill()
    until(lambda: not fleet.snapshot.health[CONTAINER].ok, 5)
    assert CONTAINER in fleet.snapshot.stale
    assert fleet.snapshot.health[CONTAINER].fix

    engine.start()
    answered = time.monotonic()
    until(lambda: fleet.snapshot.health[CONTAINER].ok and not fleet.snapshot.stale, 10)
    assert time.monotonic() - answered < 3.0

    engine.docker("rename", "twtest-box", "twtest-renamed")
    until(lambda: fleet.snapshot.instances[0].name == "twtest-renamed", 1.0)
    assert fleet.snapshot.instances[0].state is State.CREATED


def test_a_container_removed_behind_its_back_leaves_the_deck_within_a_second(
    engine: PrivateEngine, fleet: Fleet
) -> None:
    engine.docker("rm", "-f", "twtest-box")
    until(lambda: not fleet.snapshot.instances, 1.0)
