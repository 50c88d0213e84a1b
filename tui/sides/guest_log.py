"""Follows what a child prints, line by line, until told to stop: a VM's console file or journal.

What the child says of its own failure is never taken for a line of the log.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event

from tui.core.children import bound

_WAKE_SECONDS = 0.2
"""How soon `stop` is seen while nothing is printed."""
_PROMPT_WAKES = 5
"""After so many silent wakes an unfinished line is told as it is: a prompt never ends."""
_END_SECONDS = 2.0
_LONGEST_LINE_BYTES = 64 * 1024
_KEPT_ERROR_BYTES = 64 * 1024


class LogFailed(Exception):
    """The child failed; `lines` are what it wrote to its standard error."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = list(lines)


def console_command(file: Path, *, tail: int, follow: bool) -> tuple[str, ...]:
    """Prints a console file; follows it through rotation (`tail` waits on inotify)."""
    options = ["-F"] if follow else []
    return ("tail", "-q", "-n", str(tail), *options, "--", str(file))


def journal_command(name: str, *, tail: int, follow: bool) -> tuple[str, ...]:
    """Prints the guest's journal through `vagrant ssh`."""
    options = " --follow" if follow else ""
    return (
        *("vagrant", "ssh", name, "--no-tty", "--command"),
        f"sudo journalctl --no-pager --lines={int(tail)}{options}",
    )


def container_command(container_id: str, *, tail: int, follow: bool) -> tuple[str, ...]:
    """Prints what a container wrote, both its streams: the second is no complaint of docker's."""
    options = ["--follow"] if follow else []
    return (
        *("sh", "-c", 'exec docker logs "$@" 2>&1', "docker"),
        *("--tail", str(int(tail)), *options, container_id),
    )


def lines_of(
    argv: Sequence[str],
    stop: Event,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Lines the child prints, until it ends or `stop` is set; then it is ended.

    Raises OSError, LogFailed when it ended by itself and not well.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            bound(argv),
            cwd=cwd,
            env=dict(env) if env is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        assert process.stdout is not None
        code = 0
        try:
            yield from _split(process.stdout.fileno(), stop)
            if not stop.is_set():
                code = _code_of(process)
        finally:
            _end(process)
            process.stdout.close()
        if code != 0:
            errors.seek(0)
            text = errors.read(_KEPT_ERROR_BYTES).decode("utf-8", "replace")
            raise LogFailed(text.splitlines() or [f"{argv[0]} ended with code {code}"])


def _code_of(process: subprocess.Popen[bytes]) -> int:
    """Of a child that closed its output and is about to end; 0 when it stays."""
    try:
        return process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        return 0


def _split(fd: int, stop: Event) -> Iterator[str]:
    rest, silent = b"", 0
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while not stop.is_set():
            if not selector.select(_WAKE_SECONDS):
                silent += 1
                if rest and silent == _PROMPT_WAKES:
                    yield _decode(rest)
                    rest = b""
                continue
            silent = 0
            chunk = os.read(fd, 65536)
            if not chunk:
                break
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield _decode(line)
            if len(rest) > _LONGEST_LINE_BYTES:
                yield _decode(rest)
                rest = b""
    if rest:
        yield _decode(rest)


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child and what it started; it leads a session of its own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
            return
