"""One long-lived virsh, asked line by line: a process for the session, none for a sample."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from tui.core.reasons import reason_of
from tui.engines.libvirt.uris import default_uri

_END_SECONDS = 1.0
_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what."""

    answer_seconds: float = 0.5
    first_answer_seconds: float = 1.5
    """The first answer waits for the connection."""
    rest_seconds: float = 5.0
    """After a failure nothing is tried for so long."""


class VirshError(Exception):
    """virsh cannot be asked; the message says why."""


class Virsh:
    """An interactive virsh child, started on first use, ended by `close` or with this process.

    Its commands are lines of text: callers must pass nothing in them that an engine or a user
    wrote unless they checked its form.
    """

    def __init__(
        self, uri: str | None = None, program: str = "virsh", patience: Patience | None = None
    ) -> None:
        self._patience = patience or Patience()
        self._argv = (program, "--quiet", "--connect", uri or default_uri())
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = 0
        self._rest_until = 0.0
        self._why = ""

    @property
    def pid(self) -> int | None:
        """Of the child that runs now."""
        return self._child.pid if self._child else None

    def ask(self, commands: Sequence[str]) -> list[str]:
        """The output of each command, errors among it. Raises VirshError, after its patience."""
        if time.monotonic() < self._rest_until:
            raise VirshError(self._why)
        try:
            return self._ask(commands)
        except (OSError, VirshError) as error:
            self._give_up(error)
            raise VirshError(self._why) from error

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            # Without input virsh ends by itself.
            child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def _ask(self, commands: Sequence[str]) -> list[str]:
        child, is_first = self._running()
        assert child.stdin is not None  # it was opened with a pipe
        marks = []
        for command in commands:
            self._asked += 1
            marks.append(f"twindeck-{self._asked}-end")
            child.stdin.write(f"{command}\necho {marks[-1]}\n".encode())
        child.stdin.flush()
        patience = self._patience
        seconds = patience.first_answer_seconds if is_first else patience.answer_seconds
        text = self._read_to(child, _at_line_start(marks[-1]), time.monotonic() + seconds)
        outputs: list[str] = []
        for mark in marks:
            output, text = _at_line_start(mark).split(text, maxsplit=1)
            outputs.append(output.decode(errors="replace"))
        return outputs

    def _running(self) -> tuple[subprocess.Popen[bytes], bool]:
        """The child, and whether it was started just now."""
        if self._child is not None and self._child.poll() is None:
            return self._child, False
        return self._start(), True

    def _start(self) -> subprocess.Popen[bytes]:
        self.close()
        try:
            self._child = subprocess.Popen(
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # Away from the terminal: its keys are not for virsh, nor may virsh ask there.
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C", "TERM": "dumb"},
            )
        except FileNotFoundError as error:
            raise VirshError("virsh is not installed") from error
        return self._child

    def _read_to(
        self, child: subprocess.Popen[bytes], mark: re.Pattern[bytes], deadline: float
    ) -> bytes:
        assert child.stdout is not None  # likewise
        text = b""
        while not mark.search(text):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
                raise VirshError("libvirt does not answer in time")
            chunk = os.read(child.stdout.fileno(), _CHUNK_BYTES)
            if not chunk:
                raise VirshError(_last_error(text) or "virsh ended unexpectedly")
            text += chunk
        return text

    def _give_up(self, error: Exception) -> None:
        self._why = str(error) if isinstance(error, VirshError) else reason_of(error)
        self._rest_until = time.monotonic() + self._patience.rest_seconds
        # One that waits for a hung daemon does not end by itself.
        if self._child is not None:
            self._child.kill()
        self.close()


def error_in(output: str) -> str:
    """The first error virsh printed in it, "" if none."""
    for line in output.splitlines():
        _, found, reason = line.partition("error: ")
        if found:
            return reason.strip()
    return ""


def _last_error(text: bytes) -> str:
    return error_in(text.decode(errors="replace"))


def _at_line_start(mark: str) -> re.Pattern[bytes]:
    # virsh repeats what it reads behind its prompt; the mark itself stands at a line's start.
    return re.compile(rb"^(?:virsh # )*" + mark.encode(), re.MULTILINE)
