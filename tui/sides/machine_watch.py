"""Waits for anything that may change the list of machines: libvirt's events and Vagrant's files."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

import watchfiles

from tui.core.children import bound
from tui.core.reasons import reason_of
from tui.errors import EngineUnavailable

_CONNECT_SECONDS = 0.3
"""A `virsh` that cannot connect ends sooner than this."""
_GATHER_MS = 100
"""File events this close together are one change; also how soon `stop` is seen."""
_SLOWLY_MS = 500
"""Likewise where a person waits for what they edited, and nobody for the end."""
_LOOK_AGAIN_MS = 5000
_END_SECONDS = 2.0


class _Any:
    """An event that is set as soon as one of its events is."""

    def __init__(self, *events: Event | _Any) -> None:
        self._events = events

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)


def matters(_change: watchfiles.Change, path: str) -> bool:
    """Whether a file event can mean another list: the index, a lock, an id, a tunnel's pid."""
    name = path.rpartition("/")[2]
    return name in ("index", "id") or (
        name.startswith(("lock.machine-action-", "ssh_")) and name.endswith((".lock", ".pid"))
    )


class _Streams:
    """The engines' event streams: one child each, as many as there are engines to hear."""

    def __init__(
        self, wanted: Callable[[], Mapping[str, tuple[str, ...]]], changed: Callable[[], None]
    ) -> None:
        self._wanted = wanted
        self._changed = changed
        self._children: dict[str, tuple[tuple[str, ...], subprocess.Popen[str]]] = {}
        self.lost = Event()
        self.why = ""

    def match(self) -> None:
        """Start what is wanted and does not run; end what runs and is wanted no more."""
        wanted = self._wanted()
        for name, (argv, child) in list(self._children.items()):
            if wanted.get(name) != argv:
                del self._children[name]
                _end(child)
        is_first = not self._children
        for name, argv in wanted.items():
            if name not in self._children:
                self._children[name] = (argv, self._start(name, argv))
                is_first = True
        if is_first and self._children and not self.lost.wait(_CONNECT_SECONDS):
            # What happened before they were listening.
            self._changed()

    def close(self) -> None:
        """End them all."""
        for _argv, child in self._children.values():
            _end(child)
        self._children.clear()

    def _start(self, name: str, argv: tuple[str, ...]) -> subprocess.Popen[str]:
        try:
            child = subprocess.Popen(
                bound(argv),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, "LC_ALL": "C"},
                start_new_session=True,
            )
        except OSError as error:
            why = f"{argv[0]} cannot be run: {error.strerror}"
            raise EngineUnavailable(why, "twindeck setup") from error
        Thread(
            target=self._read, args=(name, argv, child), name=f"{name} events", daemon=True
        ).start()
        return child

    def _read(self, name: str, argv: tuple[str, ...], child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        with contextlib.suppress(ValueError, OSError):
            for line in child.stdout:
                # virsh outlives its connection and would wait for events that cannot come.
                if "Disconnected" in line or line.startswith("error:"):
                    break
                self._changed()
        # One that was ended because it is wanted no more is no loss.
        if self._children.get(name) == (argv, child):
            self.why = f"{name} closed the connection"
            self.lost.set()


class Places(Protocol):
    """What of the file system is watched; asked again after each change."""

    def data_paths(self) -> Sequence[Path]:
        """The environments' `.vagrant` folders."""

    def vagrantfiles(self) -> Sequence[Path]:
        """The files that define machines."""


def watch_machines(
    streams: Callable[[], Mapping[str, tuple[str, ...]]],
    renew: Event,
    home: Path,
    places: Places,
    changed: Callable[[], None],
    stop: Event,
) -> None:
    """Call `changed` after every event until `stop` is set; no process is left behind.

    `streams` tells the commands that print a line an event, by the name of their engine, and is
    asked again when `renew` is set. Raises EngineUnavailable when an engine ends the connection.
    """
    heard = _Streams(streams, changed)
    ended = _Any(stop, heard.lost)
    try:
        Thread(
            target=_watch_vagrantfiles,
            args=(places.vagrantfiles, changed, ended),
            name="Vagrantfiles",
            daemon=True,
        ).start()
        while not ended.is_set():
            renew.clear()
            heard.match()
            _watch_files(home, places.data_paths, changed, _Any(ended, renew))
    except (OSError, RuntimeError) as error:
        raise EngineUnavailable(
            f"Vagrant's files cannot be watched: {reason_of(error)}",
            f"check the rights on {home}, or raise fs.inotify.max_user_watches",
        ) from error
    finally:
        heard.close()
    if heard.lost.is_set() and not stop.is_set():
        raise EngineUnavailable(heard.why, "twindeck doctor")


def _watch_files(
    home: Path,
    data_paths: Callable[[], Sequence[Path]],
    changed: Callable[[], None],
    stop: _Any,
) -> None:
    index_folder = home / "data" / "machine-index"
    while not stop.is_set():
        _await_folder(index_folder, stop)
        watched = _existing(data_paths())
        # A folder may go between the look and the watch: then look again.
        with contextlib.suppress(FileNotFoundError):
            for _changes in watchfiles.watch(
                index_folder.parent,
                *watched,
                watch_filter=matters,
                debounce=_GATHER_MS,
                step=_GATHER_MS,
                stop_event=stop,
            ):
                changed()
                if _existing(data_paths()) != watched:
                    break


def _watch_vagrantfiles(
    files: Callable[[], Sequence[Path]], changed: Callable[[], None], stop: _Any
) -> None:
    """Their folders, as an editor puts a new file in an old one's place."""
    while not stop.is_set():
        folders = _existing([file.parent for file in files()])
        # A folder that goes, or one watch too many: what changed shows with the next listing.
        with contextlib.suppress(OSError, RuntimeError):
            for changes in watchfiles.watch(
                *folders,
                recursive=False,
                watch_filter=lambda _change, path: Path(path) in files(),
                debounce=_SLOWLY_MS,
                step=_SLOWLY_MS,
                rust_timeout=_LOOK_AGAIN_MS,
                yield_on_timeout=True,
                stop_event=stop,
            ):
                if changes:
                    changed()
                if folders != _existing([file.parent for file in files()]):
                    break
        time.sleep(_SLOWLY_MS / 1000)


def _await_folder(folder: Path, stop: _Any) -> None:
    """Until Vagrant has made it: who only looks makes nothing."""
    while not folder.is_dir() and not stop.is_set():
        above = next(path for path in folder.parents if path.is_dir())
        with contextlib.suppress(FileNotFoundError):
            # Looked at again now and then: it may come between the look and the watch.
            for _changes in watchfiles.watch(
                above,
                recursive=False,
                step=_GATHER_MS,
                debounce=_GATHER_MS,
                rust_timeout=_LOOK_AGAIN_MS,
                yield_on_timeout=True,
                stop_event=stop,
            ):
                break


def _existing(paths: Sequence[Path]) -> list[Path]:
    return sorted({path for path in paths if path.is_dir()})


def _end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
