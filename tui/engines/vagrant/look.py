"""Runs a command that only looks: within a time and an amount of output, ended whole.

A Vagrantfile is a program, and a guest prints what it likes. One that loops, sleeps or prints
without end must not hold or fill the process that only wanted to know.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from tui.core.reading import MIB

_MOST_BYTES = 8 * MIB
"""A thousand machines are half a MiB."""
_CHUNK_BYTES = 64 * 1024
_END_SECONDS = 2.0


class LookFailed(Exception):
    """It did not answer; the text is why, to stand behind the command's name."""

    def __init__(self, why: str, *, is_endless: bool = False) -> None:
        super().__init__(why)
        self.is_endless = is_endless
        """Whether it was ended because it took too long, or told too much."""


class Looking:
    """One command, which another thread may end. Used once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._is_ended = False

    def run(
        self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], seconds: float
    ) -> tuple[str, str]:
        """What it printed, and what it complained about. Raises LookFailed."""
        try:
            child = subprocess.Popen(
                argv,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise LookFailed(f"cannot be run in {cwd}: {error.strerror}") from error
        with self._lock:
            self._child = child
            is_ended = self._is_ended
        with child:
            try:
                if is_ended:
                    raise LookFailed("was ended")
                told = _read(child, time.monotonic() + seconds, seconds)
                # Both ends are closed: it is over, or has nothing more to say.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_END_SECONDS)
                return told
            finally:
                _end(child)

    @property
    def code(self) -> int | None:
        """The exit code of one that was run to its end; None before, and of one that was ended."""
        return None if self._child is None else self._child.returncode

    def end(self) -> None:
        """End it now, with all that it started."""
        with self._lock:
            self._is_ended = True
            child = self._child
        if child is not None:
            _end(child)


def _read(child: subprocess.Popen[bytes], deadline: float, seconds: float) -> tuple[str, str]:
    assert child.stdout is not None
    assert child.stderr is not None
    told = {child.stdout.fileno(): bytearray(), child.stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as selector:
        for descriptor in told:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise LookFailed(f"did not answer within {seconds:.0f} s", is_endless=True)
            for key, _events in selector.select(left):
                chunk = os.read(key.fd, _CHUNK_BYTES)
                told[key.fd] += chunk
                if len(told[key.fd]) > _MOST_BYTES:
                    raise LookFailed(f"printed more than {_MOST_BYTES // MIB} MiB", is_endless=True)
                if not chunk:
                    selector.unregister(key.fd)
    out, err = (bytes(text).decode("utf-8", "replace") for text in told.values())
    return out, err


def _end(child: subprocess.Popen[bytes]) -> None:
    """End it and what it started; it only looks, and leads a session of its own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        # Not asked before whether it runs: until it is waited for, its session's id is its own.
        if child.returncode is not None:
            break
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_END_SECONDS)
