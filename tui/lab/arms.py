"""Running commands where the lab measures: on the host, in the guest, in the container."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tui.core.reasons import reason_of
from tui.errors import ActionFailed
from tui.lab.cancel import Cancelled
from tui.lab.instrument import Output
from tui.sides.docker_link import Link
from tui.sides.vagrant_command import environment
from tui.sides.vagrant_index import Entry

_LOOK_SECONDS = 0.05
_SSH_CONFIG_SECONDS = 30.0


def run_here(
    argv: Sequence[str],
    cancel: Event,
    *,
    timeout_seconds: float,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Output:
    """Run a command on this host; it and its children end with the time-out or the cancelling.

    Raises ActionFailed (cannot be run, no end in time), Cancelled.
    """
    began = time.monotonic()
    try:
        # A file, not a pipe: `communicate` forgets what is left to write when it is asked again.
        with tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            process = subprocess.Popen(
                argv,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=env,
                cwd=cwd,
            )
    except OSError as error:
        raise ActionFailed(
            f"{argv[0]} cannot be run: {error.strerror}", "twindeck setup"
        ) from error
    try:
        out, err = _communicate(process, cancel, began + timeout_seconds)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return Output(
        out.decode(errors="replace"),
        err.decode(errors="replace"),
        process.returncode,
        time.monotonic() - began,
    )


def _communicate(
    process: subprocess.Popen[bytes], cancel: Event, deadline: float
) -> tuple[bytes, bytes]:
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_LOOK_SECONDS)
        if cancel.is_set():
            raise Cancelled
        if time.monotonic() > deadline:
            raise ActionFailed(f"{_named(process)} did not end in time")


def _named(process: subprocess.Popen[bytes]) -> str:
    argv = process.args if isinstance(process.args, list | tuple) else (process.args,)
    return shlex.join(str(word) for word in argv)[:80]


class Guest:
    """Commands in one Vagrant machine, over one SSH connection kept open.

    `vagrant ssh` costs two seconds a call under emulation; a kept connection 0.1 s.
    """

    def __init__(self, entry: Entry, folder: Path, cancel: Event) -> None:
        self._entry = entry
        self._config = folder / "ssh_config"
        self._known = folder / "known_hosts"
        self._sockets: Path | None = None
        """Where the open connection is; None while there is none."""
        self._cancel = cancel

    def run(self, argv: Sequence[str], *, timeout_seconds: float, stdin: bytes = b"") -> Output:
        """Run a command as root. Raises ActionFailed, Cancelled."""
        if self._sockets is None:
            self._call()
        return run_here(
            (*self._ssh(), self._entry.name, shlex.join(("sudo", "-n", "--", *argv))),
            self._cancel,
            timeout_seconds=timeout_seconds,
            stdin=stdin,
        )

    def hang_up(self) -> None:
        """Close the connection: the guest goes down, or comes back with another address."""
        if self._sockets is None:
            return
        with suppress(ActionFailed, Cancelled):
            run_here((*self._ssh(), "-O", "exit", self._entry.name), Event(), timeout_seconds=10)
        shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None

    def forget(self) -> None:
        """The VM is removed: the next one has another host key."""
        self.hang_up()
        self._known.unlink(missing_ok=True)

    def _call(self) -> None:
        """Open the connection the commands share.

        In a process of its own that holds none of their pipes, or they would never see an end.
        """
        self._write_config()
        # Of this user alone, and short: a socket's path may have no more than 108 bytes.
        self._sockets = Path(tempfile.mkdtemp(prefix="twindeck-"))
        argv = (*self._ssh(), "-M", "-N", "-f", self._entry.name)
        try:
            subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_SSH_CONFIG_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            self.hang_up()
            raise ActionFailed(f"the VM does not answer over SSH: {reason_of(error)}") from error

    def _ssh(self) -> tuple[str, ...]:
        kept = {
            "ControlPath": f"{self._sockets}/%C",
            "ConnectTimeout": "20",
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "4",
            "BatchMode": "yes",
            # Another VM may be given its address, and takes the same key: its host key tells.
            "UserKnownHostsFile": str(self._known),
            "StrictHostKeyChecking": "accept-new",
            "HostKeyAlias": self._entry.name,
        }
        options = (word for key, value in kept.items() for word in ("-o", f"{key}={value}"))
        return ("ssh", "-F", str(self._config), *options)

    def _write_config(self) -> None:
        answer = run_here(
            ("vagrant", "ssh-config", self._entry.name),
            self._cancel,
            timeout_seconds=_SSH_CONFIG_SECONDS,
            env=environment(self._entry),
            cwd=self._entry.directory,
        )
        if answer.code != 0:
            reason = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ActionFailed(f"the VM cannot be reached over SSH: {reason}")
        self._config.parent.mkdir(parents=True, exist_ok=True)
        self._config.write_text(answer.stdout, encoding="utf-8")


class Inside:
    """Commands in one container, through the Engine API; told by its id, as names are taken."""

    def __init__(self, link: Link, find: Callable[[], str], cancel: Event) -> None:
        self._link = link
        self._find = find
        self._cancel = cancel

    def run(self, argv: Sequence[str], *, timeout_seconds: float, stdin: bytes = b"") -> Output:
        """Run a command as root; it must need no input. Raises ActionFailed, Cancelled."""
        if stdin:
            raise ActionFailed("a command in the container is given no input; copy a file there")
        container = self._find()
        began = time.monotonic()
        with self._link.translating(f"run {argv[0]} in the container", container):
            api = self._link.act()
            made = api.exec_create(container, list(argv), user="root")["Id"]
            out, err = self._read(api, made, timeout_seconds)
            code = api.exec_inspect(made)["ExitCode"]
        if code is None:
            raise ActionFailed(f"the container went away while {argv[0]} ran in it")
        return Output(
            out.decode(errors="replace"),
            err.decode(errors="replace"),
            int(code),
            time.monotonic() - began,
        )

    def copy(self, archive: bytes, folder: str) -> None:
        """Unpack a tar, gzipped or not, into a folder that exists. Raises ActionFailed."""
        container = self._find()
        with self._link.translating("copy files into the container", container):
            self._link.act().put_archive(container, folder, archive)

    def _read(self, api: Any, made: str, timeout_seconds: float) -> tuple[bytes, bytes]:
        """Both streams to their end, read in a thread of its own: the API cannot be interrupted."""
        got: list[tuple[bytes | None, bytes | None]] = []
        failed: list[Exception] = []

        def read() -> None:
            try:
                got.append(api.exec_start(made, demux=True))
            except Exception as error:  # a thread's edge: told below
                failed.append(error)

        thread = Thread(target=read, name="exec in the lab", daemon=True)
        thread.start()
        deadline = time.monotonic() + timeout_seconds
        while thread.is_alive():
            thread.join(_LOOK_SECONDS)
            if self._cancel.is_set():
                raise Cancelled
            if thread.is_alive() and time.monotonic() > deadline:
                raise ActionFailed("a command in the container did not end in time")
        if failed:
            raise failed[0]
        out, err = got[0]
        return out or b"", err or b""


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """A plain tar of those files, for `Inside.copy`."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()
