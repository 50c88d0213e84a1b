"""This host as setup sees it: files below a root, commands, and who we are.

Everything the checks and steps ask or change goes through here, so that a test can point them at
a directory and a PATH of its own.
"""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import queue
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from platformdirs import user_cache_path, user_state_path

from tui.core.system_path import with_system_folders
from tui.errors import ActionFailed

Say = Callable[[str], None]

_CALL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Output:
    """What a short command gave; `code` is None when it could not be run or took too long."""

    code: int | None
    text: str
    """Standard output and error together."""

    @property
    def last_line(self) -> str:
        """The last line that is not empty."""
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        return lines[-1] if lines else ""


def _environment() -> dict[str, str]:
    """Ours, with the folders daemons live in, and every tool speaking English."""
    path = with_system_folders(os.environ.get("PATH"))
    return {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Host:
    """Where things are on this host."""

    root: Path = Path("/")
    """Every absolute path is taken below it."""
    env: Mapping[str, str] = field(default_factory=_environment)
    uid: int = field(default_factory=os.geteuid)

    def path(self, name: str) -> Path:
        """`/etc/os-release` below the root."""
        return self.root / name.lstrip("/")

    def which(self, command: str) -> str | None:
        """The command's full path; daemons' folders are searched too."""
        return shutil.which(command, path=self.env.get("PATH", os.defpath))

    def missing(self, commands: Sequence[str]) -> list[str]:
        """Those of the commands that are not installed."""
        return [command for command in commands if self.which(command) is None]

    def as_root(self, *argv: str) -> list[str]:
        """The command as root runs it; sudo is never let ask in the middle of something."""
        return list(argv) if self.uid == 0 else ["sudo", "-n", "--", *argv]

    @property
    def user(self) -> str:
        """Name of the user the console runs as."""
        return getpass.getuser()

    @property
    def has_systemd(self) -> bool:
        """Whether systemd runs this host, see sd_booted(3)."""
        return self.path("/run/systemd/system").is_dir()

    @property
    def state_folder(self) -> Path:
        """Where logs and pids of what setup started are."""
        if named := self.env.get("TWINDECK_DATA"):
            return Path(named).expanduser()
        return user_state_path("twindeck", appauthor=False)

    @property
    def work_folder(self) -> Path:
        """Where big files are built; kept until they are done, so that a build can go on."""
        return user_cache_path("twindeck", appauthor=False)

    def run(self, *argv: str, seconds: float = _CALL_SECONDS) -> Output:
        """A short command, to its end. Raises nothing."""
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=seconds,
                env=dict(self.env),
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Output(None, f"{argv[0]} did not end within {seconds:.0f} s")
        except OSError as error:
            return Output(None, f"{argv[0]}: {error.strerror}")
        return Output(done.returncode, done.stdout)

    def stream(
        self,
        argv: Sequence[str],
        say: Say,
        *,
        stall_seconds: float | None = None,
        grows: Path | None = None,
    ) -> None:
        """A long command, telling each line it prints.

        With `stall_seconds` it is ended once it has printed nothing, and nothing below `grows`
        has changed in size, for so long; not for commands under sudo, which cannot be ended so.
        Raises ActionFailed with the last line.
        """
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=dict(self.env),
                start_new_session=stall_seconds is not None,
            )
        except OSError as error:
            raise ActionFailed(f"{argv[0]}: {error.strerror}") from error
        last = ""
        try:
            for line in _lines(process, stall_seconds, grows):
                if text := line.strip():
                    last = text
                    say(text)
            code = process.wait()
        except BaseException:
            if stall_seconds is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if code != 0:
            raise ActionFailed(f"{' '.join(argv[:4])} … failed ({code}): {last}")

    def groups_of_user(self) -> frozenset[str]:
        """The groups the user is in by the books, also those this session does not have yet."""
        return frozenset(g.gr_name for g in grp.getgrall() if self.user in g.gr_mem)

    def has_group(self, name: str) -> bool:
        """Whether there is such a group."""
        return group_id(name) is not None


def group_id(name: str) -> int | None:
    """None when there is no such group."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def _lines(
    process: subprocess.Popen[str], stall_seconds: float | None, grows: Path | None
) -> Iterator[str]:
    """Its lines as they come. Raises ActionFailed on a stall."""
    assert process.stdout is not None
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def drain(stream: Iterator[str]) -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    reader = Thread(target=drain, args=(process.stdout,), daemon=True)
    reader.start()
    heard, size = time.monotonic(), _size(grows)
    while True:
        try:
            line = lines.get(timeout=1.0)
        except queue.Empty:
            if (now := _size(grows)) != size:
                heard, size = time.monotonic(), now
            if stall_seconds is not None and time.monotonic() - heard > stall_seconds:
                raise ActionFailed(
                    f"{process.args[0]!s} gave no sign of life for {stall_seconds:.0f} s"  # type: ignore[index]
                ) from None
            continue
        if line is None:
            return
        heard = time.monotonic()
        yield line


def _size(folder: Path | None) -> int:
    """Bytes in the files below a folder; 0 when there is none."""
    total = 0
    if folder is not None:
        for path in folder.rglob("*"):
            with contextlib.suppress(OSError):
                total += path.lstat().st_size
    return total
