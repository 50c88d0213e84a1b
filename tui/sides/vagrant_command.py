"""python-vagrant with every command streamed, in a session of its own.

The session keeps a ctrl+c at the terminal from reaching a vagrant that acts: killed half-way it
leaves machines half-made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tui.core.reasons import reason_of
from tui.errors import EngineUnavailable
from tui.sides.vagrant_index import Entry
from tui.sides.vagrant_output import failure, is_progress

_KEPT_ERROR_LINES = 200
_LOOK_SECONDS = 0.05
"""How often a running vagrant's output is read; so exact are the phases of a boot."""
# They choose the environment; here its directory does.
_FOREIGN = ("VAGRANT_CWD", "VAGRANT_DOTFILE_PATH", "VAGRANT_VAGRANTFILE", "VAGRANT_LOG")


def is_installed() -> bool:
    """Whether there is a `vagrant` to call."""
    return shutil.which("vagrant") is not None


def environment(entry: Entry, accelerator: str | None = None) -> dict[str, str]:
    """The whole environment a vagrant for that machine runs in."""
    env = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    return {**env, "VAGRANT_NO_COLOR": "1", **additions(entry, accelerator)}


def additions(entry: Entry, accelerator: str | None = None) -> dict[str, str]:
    """What a vagrant for that machine needs on top of the user's own environment."""
    env = {
        "VAGRANT_CWD": str(entry.directory),
        "VAGRANT_CHECKPOINT_DISABLE": "1",
        "TWINDECK_PYTHON": sys.executable,
    }
    if accelerator is not None:
        env["TWINDECK_ACCELERATOR"] = accelerator
    if entry.data_path != entry.directory / ".vagrant":
        env["VAGRANT_DOTFILE_PATH"] = str(entry.data_path)
    if entry.vagrantfile:
        env["VAGRANT_VAGRANTFILE"] = entry.vagrantfile
    return env


def streaming_vagrant(
    entry: Entry,
    env: dict[str, str],
    on_line: Callable[[str], None],
    on_start: Callable[[int], None],
) -> Any:
    """A `vagrant.Vagrant` whose every command tells its lines as they come.

    `on_start` gets the pid, which is its session's id too. Commands raise ActionFailed or
    ActionBusy; EngineUnavailable when there is no vagrant.
    """
    if not is_installed():
        raise EngineUnavailable("vagrant is not installed", "twindeck setup")
    import vagrant

    class Streaming(vagrant.Vagrant):
        def _make_vagrant_command(self, args: Sequence[str | None]) -> list[str]:
            command: list[str] = super()._make_vagrant_command(  # type: ignore[no-untyped-call]
                args
            )
            return [*command, "--no-tty"]

        def lines(self, *args: str) -> Iterator[str]:
            """What python-vagrant has no method for, or none that takes a machine's name."""
            yield from self._stream_vagrant_command(args)

        def _call_vagrant_command(self, args: Sequence[str | None]) -> None:
            for _line in self._stream_vagrant_command(args):
                pass

        def _stream_vagrant_command(self, args: Sequence[str | None]) -> Iterator[str]:
            command = self._make_vagrant_command(args)
            yield from _stream(command, entry, env, on_line, on_start)

    return Streaming(  # type: ignore[no-untyped-call]
        root=str(entry.directory), env=env
    )


def _stream(
    command: list[str],
    entry: Entry,
    env: dict[str, str],
    on_line: Callable[[str], None],
    on_start: Callable[[int], None],
) -> Iterator[str]:
    """Run it and yield its lines. Raises the error its standard error explains.

    It writes to files, not pipes: should this process die, vagrant finishes what it began instead
    of failing half-way on a broken pipe.
    """
    errors: deque[str] = deque(maxlen=_KEPT_ERROR_LINES)
    with _Output() as out, _Output() as err:
        process = _start(command, entry, env, out, err)
        on_start(process.pid)
        is_over = False
        while not is_over:
            # Asked before the files are read: what comes after the last look is not lost.
            is_over = _has_ended(process)
            for line in err.lines(is_over):
                errors.append(line)
                on_line(line)
            for line in out.lines(is_over):
                if not is_progress(line):
                    on_line(line)
                yield line
    if process.returncode != 0:
        raise failure(command[1], entry.name, entry.directory, list(errors))


class _Output:
    """A file without a name that a child writes and this process reads behind it."""

    def __init__(self) -> None:
        with tempfile.NamedTemporaryFile(prefix="twindeck-", delete=False) as named:
            path = Path(named.name)
        self.writer = path.open("ab", buffering=0)
        self._reader = path.open("rb")
        path.unlink()
        self._rest = b""

    def lines(self, is_last: bool) -> list[str]:
        """Whole lines written since the last call; with `is_last`, the rest too."""
        *whole, self._rest = (self._rest + self._reader.read()).split(b"\n")
        if is_last and self._rest:
            whole.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace") for line in whole]

    def __enter__(self) -> _Output:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.writer.close()
        self._reader.close()


def _start(
    command: list[str], entry: Entry, env: dict[str, str], out: _Output, err: _Output
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=entry.directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out.writer,
            stderr=err.writer,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineUnavailable(
            f"vagrant cannot be run: {reason_of(error)}", "twindeck setup"
        ) from error


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Wait a moment for the child to end; says whether it has."""
    try:
        process.wait(_LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True
