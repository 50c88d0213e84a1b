"""Rootless Docker of an ordinary user, who is made for the test and removed after it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engine.private_engine import AskedByDocker, image_of
from tests.unit.test_fleet import until

SCRIPT = Path("/usr/share/docker.io/contrib/dockerd-rootless.sh")


class RootlessEngine(AskedByDocker):
    """Debian's own script, in a network namespace of its own: it needs no device for a tunnel."""

    def __init__(self, user: str, folder: Path) -> None:
        self._user = user
        self.runtime = folder
        """The user's XDG_RUNTIME_DIR."""
        self.path = folder / "docker.sock"
        self.host = f"unix://{self.path}"

    def start(self) -> None:
        """Start it, wait until it answers, give it an image."""
        env = {
            "HOME": f"/home/{self._user}",
            "USER": self._user,
            "XDG_RUNTIME_DIR": str(self.runtime),
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            # Its port driver would need the network that the namespace does not have.
            "DOCKERD_ROOTLESS_ROOTLESSKIT_NET": "host",
            "DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER": "none",
        }
        words = [f"{name}={value}" for name, value in env.items()]
        as_user = [f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups"]
        with (self.runtime / "rootless.log").open("wb") as log:
            self.begin(
                [
                    *("unshare", "--net", "setpriv", *as_user, "env", "-i", *words),
                    *("sh", str(SCRIPT)),
                    *("--bridge=none", "--iptables=false", "--storage-driver=vfs"),
                ],
                log,
            )
        until(lambda: self.docker("info").returncode == 0, 60)
        image = image_of("busybox", "sh", "sleep", "dd")
        assert self.docker("import", "-", "twtest:1", stdin=image).returncode == 0


@contextmanager
def rootless_engine() -> Iterator[RootlessEngine]:
    """One that answers, and is gone afterwards with its user."""
    assert SCRIPT.exists(), "apt-get install docker.io"
    user = f"twtest{uuid.uuid4().hex[:6]}"
    folder = Path(tempfile.mkdtemp(prefix="twtest"))
    subprocess.run(("useradd", "--create-home", user), check=True)
    try:
        shutil.chown(folder, user, user)
        engine = RootlessEngine(user, folder)
        try:
            engine.start()
            yield engine
        finally:
            engine.stop()
    finally:
        left = subprocess.run(["pgrep", "-U", user], capture_output=True, text=True).stdout.split()
        for pid in left:
            os.kill(int(pid), signal.SIGKILL)
        subprocess.run(("userdel", "--remove", "--force", user), capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)
