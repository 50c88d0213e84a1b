"""Waits for anything that may change the list of machines: libvirt's events and Vagrant's files."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread

import watchfiles

from tui.errors import EngineUnavailable
from tui.sides.libvirt import Libvirt

_CONNECT_SECONDS = 0.3
"""A `virsh` that cannot connect ends sooner than this."""
_GATHER_MS = 100
"""File events this close together are one change; also how soon `stop` is seen."""
_LOOK_AGAIN_MS = 5000
_END_SECONDS = 2.0


class _Any:
    """An event that is set as soon as one of its events is."""

    def __init__(self, *events: Event) -> None:
        self._events = events

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)


def matters(_change: watchfiles.Change, path: str) -> bool:
    """Whether a file event can mean another list: the index, a lock, an id, a tunnel's pid."""
    name = path.rpartition("/")[2]
    return name in ("index", "id") or (
        name.startswith(("lock.machine-action-", "ssh_")) and name.endswith((".lock", ".pid"))
    )


def watch_machines(
    libvirt: Libvirt | None,
    home: Path,
    data_paths: Callable[[], Sequence[Path]],
    changed: Callable[[], None],
    stop: Event,
) -> None:
    """Call `changed` after every event until `stop` is set; no process is left behind.

    `data_paths` tells the environments' `.vagrant` folders, asked again after each change.
    Raises EngineUnavailable when libvirt ends the connection.
    """
    lost = Event()
    with contextlib.ExitStack() as cleanup:
        if libvirt is not None:
            child = libvirt.events()
            cleanup.callback(_end, child)
            reader = Thread(
                target=_read_events, args=(child, changed, lost), name="virsh event", daemon=True
            )
            reader.start()
            if not lost.wait(_CONNECT_SECONDS):
                # What happened before virsh was listening.
                changed()
        try:
            _watch_files(home, data_paths, changed, _Any(stop, lost))
        except (OSError, RuntimeError) as error:
            raise EngineUnavailable(
                f"Vagrant's files cannot be watched: {error}",
                "check the rights on ~/.vagrant.d, or raise fs.inotify.max_user_watches",
            ) from error
    if lost.is_set() and not stop.is_set():
        raise EngineUnavailable("libvirt closed the connection", "twindeck setup")


def _read_events(child: subprocess.Popen[str], changed: Callable[[], None], lost: Event) -> None:
    assert child.stdout is not None
    with contextlib.suppress(ValueError, OSError):
        for line in child.stdout:
            # virsh outlives its connection and would wait for events that cannot come.
            if "Disconnected" in line or line.startswith("error:"):
                break
            changed()
    lost.set()


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
