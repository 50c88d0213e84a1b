"""python-vagrant with every command streamed, in a session of its own.

The session keeps a ctrl+c at the terminal from reaching a vagrant that acts: killed half-way it
leaves machines half-made.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import IO, Any

from tui.errors import EngineUnavailable, TwindeckError
from tui.sides.vagrant_index import Entry
from tui.sides.vagrant_output import failure, is_progress

_KEPT_ERROR_LINES = 200
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
    """Run it and yield its lines. Raises the error its standard error explains."""
    errors: deque[str] = deque(maxlen=_KEPT_ERROR_LINES)
    try:
        process = subprocess.Popen(
            command,
            cwd=entry.directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise EngineUnavailable(f"vagrant cannot be run: {error}", "twindeck setup") from error
    assert process.stdout is not None
    assert process.stderr is not None
    on_start(process.pid)
    reader = Thread(
        target=_drain, args=(process.stderr, errors, on_line), name="vagrant stderr", daemon=True
    )
    reader.start()
    with process.stdout:
        for line in process.stdout:
            text = line.rstrip("\n")
            if not is_progress(text):
                on_line(text)
            yield text
    code = process.wait()
    # A tunnel vagrant leaves running may hold its standard error open for good.
    reader.join(2.0)
    if code != 0:
        raise _explain(command, entry, list(errors))


def _drain(stream: IO[str], errors: deque[str], on_line: Callable[[str], None]) -> None:
    with contextlib.suppress(ValueError), stream:
        for line in stream:
            text = line.rstrip("\n")
            errors.append(text)
            on_line(text)


def _explain(command: list[str], entry: Entry, errors: list[str]) -> TwindeckError:
    root = Path(entry.directory)
    return failure(command[1], entry.name, root, errors)
