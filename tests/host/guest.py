"""The guest: booted and destroyed by Vagrant, spoken to by ssh."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer

from tests.host.record import Record

_VAGRANT_SECONDS = 900.0
_COPY_SECONDS = 600.0
_LANGUAGE = "export LANG=C.UTF-8\n"
"""A user's session has one; this guest has none set."""


class Failed(Exception):
    """A command did not end well; its output is in the log."""


class Guest:
    """The one machine of the Vagrantfile beside this module."""

    def __init__(self, record: Record, accelerator: str) -> None:
        self._record = record
        self._ssh_config = record.folder / "ssh_config"
        self._env = {
            **os.environ,
            "VAGRANT_CWD": str(Path(__file__).parent),
            "TWINDECK_ACCELERATOR": accelerator,
        }

    def boot(self) -> None:
        """Up, unless it is; then ssh reaches it. Raises Failed."""
        self._call(["vagrant", "up", "--provider", "libvirt"], _VAGRANT_SECONDS)
        self._ssh_config.write_text(self._call(["vagrant", "ssh-config"], _VAGRANT_SECONDS))

    def destroy(self) -> None:
        """Gone with its disk. Raises Failed."""
        self._call(["vagrant", "destroy", "--force"], _VAGRANT_SECONDS)

    def run(self, script: str, seconds: float) -> str:
        """What a shell of the user's prints on standard output. Raises Failed."""
        self._record.note(script)
        shell = ("-o", "ServerAliveInterval=15", "host", "bash", "-eu", "-s")
        return self._call(["ssh", *self._config, *shell], seconds, _LANGUAGE + script)

    def send(self, source: Path, target: str) -> None:
        """A file, or a folder's content, into one of root's or of the user's. Raises Failed."""
        self._rsync(f"{source}/" if source.is_dir() else str(source), f"host:{target}")

    def fetch(self, source: str, target: Path, *only: str) -> None:
        """A folder's files of these names. Raises Failed."""
        chosen = [f"--include={name}" for name in only] + ["--exclude=*"]
        self._rsync(f"host:{source}/", f"{target}/", *chosen)

    @property
    def _config(self) -> tuple[str, str]:
        return "-F", str(self._ssh_config)

    def _rsync(self, source: str, target: str, *options: str) -> None:
        shell = " ".join(("ssh", *self._config))
        argv = ["rsync", "--recursive", "--times", "--rsh", shell, "--rsync-path", "sudo rsync"]
        self._call([*argv, *options, source, target], _COPY_SECONDS)

    def _call(self, argv: Sequence[str], seconds: float, given: str = "") -> str:
        """Standard output; in a session of its own, so that a ctrl+c reaches it through us."""
        self._record.note(f"$ {' '.join(argv)}\n")
        until = time.monotonic() + seconds
        with subprocess.Popen(
            argv,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._record.log,
            start_new_session=True,
            text=True,
            errors="replace",
        ) as child:
            late = Timer(seconds, _interrupt, (child,))
            late.start()
            try:
                lines = list(self._heard(child, given))
            except BaseException:
                _interrupt(child)
                raise
            finally:
                late.cancel()
        if child.returncode and time.monotonic() > until:
            raise Failed(f"{argv[0]} took more than {seconds:.0f} s")
        if child.returncode:
            raise Failed(f"{argv[0]} ended with {child.returncode}")
        return "".join(lines)

    def _heard(self, child: subprocess.Popen[str], given: str) -> Iterator[str]:
        """Its lines, each in the log as it comes."""
        assert child.stdin is not None
        assert child.stdout is not None
        # One that has ended already reads nothing.
        with suppress(BrokenPipeError):
            child.stdin.write(given)
            child.stdin.close()
        for line in child.stdout:
            self._record.note(line)
            yield line
        child.wait()


def _interrupt(child: subprocess.Popen[str]) -> None:
    """As ctrl+c does: `vagrant` then ends what it has begun, or takes it back."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(60)
    except subprocess.TimeoutExpired:
        child.kill()
