"""Engines of the test's own, to kill, freeze and swap: a Docker Engine, Podman and libvirt."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.engine.container_kit import AS_ROOT
from tests.unit.test_fleet import until
from tui.core.system_path import with_system_folders

NOBODY = 65534
# sudo stops itself with the command it runs, and would stay so: a shell stands between them.
_UNDER_SUDO = (*AS_ROOT, "sh", "-c", '"$@" & wait', "sh") if AS_ROOT else ()


def as_root(*argv: str | Path) -> int:
    """The exit code of a command that takes root's rights."""
    return subprocess.run([*AS_ROOT, *argv], capture_output=True).returncode


def image_of(*commands: str) -> bytes:
    """An archive of a static busybox under these names in /bin, and of nothing else."""
    busybox = shutil.which("busybox")
    assert busybox is not None, "apt-get install busybox-static"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(Path(busybox).resolve(), f"bin/{commands[0]}")
        for name in commands[1:]:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, commands[0]
            tar.addfile(link)
    return archive.getvalue()


class PrivateDaemon:
    """A process of ours, to freeze and to kill."""

    _process: subprocess.Popen[bytes] | None = None

    def begin(
        self, argv: Sequence[str], log: int | IO[bytes] = subprocess.DEVNULL, **env: str
    ) -> None:
        """Begin it; it reads nothing, and what it prints goes to the log."""
        path = with_system_folders(os.environ.get("PATH"))
        self._process = subprocess.Popen(
            argv,
            env={**os.environ, "PATH": path, **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def send(self, number: signal.Signals) -> None:
        """A signal to it."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.send(signal.SIGKILL)
        self.process.wait(10)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and says nothing, as a host out of memory lets it."""
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    def end(self) -> None:
        """End it in order."""
        self.send(signal.SIGTERM)
        self.process.wait(20)


class AskedByDocker(PrivateDaemon):
    """One that the docker command speaks to."""

    host: str

    def docker(self, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """The docker command against it."""
        return subprocess.run(["docker", "-H", self.host, *words], input=stdin, capture_output=True)

    def stop(self) -> None:
        """End its containers, then it."""
        names = self.docker("ps", "-aq").stdout.decode().split()
        if names:
            self.docker("rm", "-f", *names)
        self.end()


class PrivateEngine(AskedByDocker):
    """A second dockerd with folders, a socket and a network namespace of its own.

    `--bridge=none` would otherwise remove the bridge of the host's own engine.
    """

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self._folder = folder
        self._options = options
        self.path = folder / "docker.sock"
        self.host = f"unix://{self.path}"

    def start(self) -> None:
        """Start it and wait until it answers; what a crash left in the way is swept first."""
        as_root("rm", "-rf", self._folder / "exec-root", self._folder / "pid")
        with (self._folder / "dockerd.log").open("ab") as log:
            self.begin(
                [*_UNDER_SUDO, "unshare", "--net", "dockerd", "-H", self.host]
                + ["--bridge=none", "--iptables=false"]
                + [f"--{name}={self._folder / name}" for name in ("data-root", "exec-root")]
                + [f"--pidfile={self._folder / 'pid'}", *self._options],
                log,
            )
        until(lambda: self.docker("info").returncode == 0, 30)

    def send(self, number: signal.Signals) -> None:
        """A signal to it, and not to the sudo above it."""
        as_root("kill", f"-{number}", (self._folder / "pid").read_text())

    def stop(self) -> None:
        """End it in order, its containerd with it."""
        self.end()
        # An engine that was killed leaves its data folder mounted on itself.
        while as_root("umount", self._folder / "data-root") == 0:
            continue

    def create(self, name: str) -> None:
        """A container that was never started, from an image of one empty file."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("empty"))
        assert self.docker("import", "-", "twtest:empty", stdin=archive.getvalue()).returncode == 0
        assert self.docker("create", "--name", name, "twtest:empty", "/none").returncode == 0


@contextmanager
def private_engine(*options: str) -> Iterator[PrivateEngine]:
    """One that answers, and is gone afterwards with all it made; `options` are dockerd's."""
    # A socket's path may have 107 characters: pytest's own folders are too deep for containerd's.
    folder = Path(tempfile.mkdtemp(prefix="twtest"))
    engine = PrivateEngine(folder, options)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()
        end_all_of(folder)
        as_root("rm", "-rf", folder)


def end_all_of(folder: Path) -> None:
    """What an engine left running: each of its processes names its folder."""
    found = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True)
    for pid in found.stdout.split():
        if int(pid) != os.getpid():
            as_root("kill", pid)


class PrivatePodman(AskedByDocker):
    """Podman's service with a storage of its own; spoken to by the docker command."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.host = f"unix://{folder}/p.sock"

    def start(self) -> None:
        """Start it, wait until it answers, give it an image."""
        argv = ["podman", "--root", f"{self._folder}/root", "--runroot", f"{self._folder}/run"]
        argv += ["--storage-driver", "vfs", "system", "service", "--time=0", self.host]
        self.begin(argv)
        until(lambda: self.docker("info").returncode == 0, 30)
        image = image_of("busybox", "sh", "sleep")
        assert self.docker("import", "-", "twtest-pod:1", stdin=image).returncode == 0

    def run(self, name: str, *command: str) -> None:
        """A container that needs no network."""
        limits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")
        done = self.docker(
            *("run", "-d", "--network", "none", *limits, "--name", name, "twtest-pod:1", *command)
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def private_podman() -> Iterator[PrivatePodman]:
    """One that answers, and is gone afterwards with all it made."""
    folder = Path(tempfile.mkdtemp(prefix="twtest"))
    podman = PrivatePodman(folder)
    podman.start()
    try:
        yield podman
    finally:
        podman.stop()
        # What ran in a container is watched for minutes after its end.
        end_all_of(folder)
        for mounted in sorted(folder.glob("root/*"), reverse=True):
            as_root("umount", mounted)
        as_root("rm", "-rf", folder)


class PrivateLibvirt(PrivateDaemon):
    """libvirt's daemon of an ordinary user, which shares nothing with the system's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        socket = folder / "libvirt" / "libvirt-sock"
        self.uri = f"qemu+unix:///session?socket={socket}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        places = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
        as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.begin(
            [*(as_nobody if os.geteuid() == 0 else []), "libvirtd"],
            **{name: str(self._folder) for name in places},
        )
        until(lambda: self.virsh("hostname").returncode == 0, 30)

    def virsh(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """The virsh command against it."""
        return subprocess.run(["virsh", "-c", self.uri, *words], capture_output=True)


@contextmanager
def private_libvirt() -> Iterator[PrivateLibvirt]:
    """One that answers, and is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="twtest"))
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    libvirt = PrivateLibvirt(folder)
    libvirt.start()
    try:
        yield libvirt
    finally:
        libvirt.end()
        shutil.rmtree(folder, ignore_errors=True)
