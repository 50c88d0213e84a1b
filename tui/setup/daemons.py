"""Starts the engines' daemons: under systemd where it runs, else detached by ourselves.

The daemons may have been killed outright before, their state still on disk: a pid file that names
a dead process, or one that is something else by now, and sockets nobody listens on.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tui.core.files import PRIVATE, append_private, private_folder, replace_file
from tui.errors import ActionFailed
from tui.setup.host import Host, Say

READY_SECONDS = 60.0
_LOOK_SECONDS = 0.2
_LAST_LINES = 5
_CLOCK_SECONDS = 1.0
"""The kernel tells its own start in whole seconds."""
# One fixed script, the log as $0 and the daemon as "$@": in a session of its own, with no terminal
# and no pipe of ours, so that it outlives whoever started it. Under sudo it runs whole as root.
# A shell has its background children ignore two signals; a daemon would pass that to containers.
_DETACH = 'env --default-signal=INT,QUIT,HUP setsid "$@" </dev/null >>"$0" 2>&1 & echo $!'

_READ_AS_ROOT = 'echo "$(stat -c %Y "$0") $(cat "$0")"'


@dataclass(frozen=True, slots=True)
class Daemon:
    """One daemon and what it leaves on disk."""

    name: str
    """What its process is called."""
    command: tuple[str, ...]
    unit: str
    """systemd's name for it."""
    pid_files: tuple[tuple[str, str], ...] = ()
    """File, and the name of the process whose pid it should hold."""
    sockets: tuple[str, ...] = ()


DOCKERD = Daemon(
    name="dockerd",
    command=("dockerd",),
    unit="docker.service",
    pid_files=(
        ("/var/run/docker.pid", "dockerd"),
        ("/var/run/docker/containerd/containerd.pid", "containerd"),
    ),
    sockets=("/var/run/docker.sock", "/var/run/docker/containerd/containerd.sock"),
)
VIRTLOGD = Daemon(
    name="virtlogd",
    command=("virtlogd",),
    unit="virtlogd.socket",
    pid_files=(("/var/run/virtlogd.pid", "virtlogd"),),
    sockets=("/var/run/libvirt/virtlogd-sock",),
)
LIBVIRTD = Daemon(
    name="libvirtd",
    command=("libvirtd",),
    unit="libvirtd.service",
    pid_files=(("/var/run/libvirtd.pid", "libvirtd"),),
    sockets=("/var/run/libvirt/libvirt-sock", "/var/run/libvirt/libvirt-sock-ro"),
)
_LIBVIRTD_CONF = """\
# Without D-Bus nobody can ask polkit: the socket's group decides, as it does for Docker.
unix_sock_group = "libvirt"
unix_sock_rw_perms = "0770"
auth_unix_ro = "none"
auth_unix_rw = "none"
"""


def libvirtd_for(host: Host) -> Daemon:
    """libvirtd, told to go without polkit where there is no D-Bus to reach it by.

    Raises FileFailed when its settings cannot be written.
    """
    if host.has_systemd or host.path("/run/dbus/system_bus_socket").exists():
        return LIBVIRTD
    if not host.has_group("libvirt"):
        return LIBVIRTD
    settings = host.state_folder / "libvirtd.conf"
    private_folder(settings.parent)
    replace_file(settings, _LIBVIRTD_CONF, PRIVATE)
    command = (*LIBVIRTD.command, "--config", str(settings))
    return replace(LIBVIRTD, command=command)


def start(host: Host, daemon: Daemon, is_ready: Callable[[], bool], say: Say) -> None:
    """Start it unless it is ready already, and wait until it is. Raises ActionFailed, OSError."""
    if is_ready():
        return
    if host.has_systemd:
        _start_unit(host, daemon, is_ready)
        return
    if running := running_pid(host, daemon):
        say(f"{daemon.name} runs already (pid {running}); waiting for it")
    else:
        clear_stale(host, daemon, say)
        running = _detach(host, daemon, say)
    # By its pid alone: for its first moments it is still the setsid that becomes the daemon.
    _await(host, daemon, is_ready, lambda: process_name(host, running) is not None)


def _start_unit(host: Host, daemon: Daemon, is_ready: Callable[[], bool]) -> None:
    told = host.run(*host.as_root("systemctl", "enable", "--now", daemon.unit), seconds=90)
    if told.code != 0:
        raise ActionFailed(
            f"systemctl cannot start {daemon.unit}: {told.last_line}",
            f"journalctl -u {daemon.unit}",
        )
    _await(host, daemon, is_ready, lambda: True)


def _await(
    host: Host, daemon: Daemon, is_ready: Callable[[], bool], lives: Callable[[], bool]
) -> None:
    until = time.monotonic() + READY_SECONDS
    while not is_ready():
        if not lives():
            raise ActionFailed(f"{daemon.name} ended: {_last_words(host, daemon)}", _log_fix(host))
        if time.monotonic() > until:
            raise ActionFailed(
                f"{daemon.name} did not answer within {READY_SECONDS:.0f} s: "
                f"{_last_words(host, daemon)}",
                _log_fix(host),
            )
        time.sleep(_LOOK_SECONDS)


def log_path(host: Host, daemon: Daemon) -> Path:
    """Where a daemon we started writes."""
    return host.state_folder / f"{daemon.name}.log"


def _log_fix(host: Host) -> str:
    return "see the journal" if host.has_systemd else f"see the logs in {host.state_folder}"


def _last_words(host: Host, daemon: Daemon) -> str:
    try:
        text = log_path(host, daemon).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "without a word"
    return " / ".join(text.splitlines()[-_LAST_LINES:]) or "without a word"


def _detach(host: Host, daemon: Daemon, say: Say) -> int:
    """Start it in a session of its own; returns its pid."""
    log = log_path(host, daemon)
    private_folder(log.parent)
    # Made here: the shell that appends to it follows links and the umask.
    os.close(append_private(log))
    told = host.run(*host.as_root("sh", "-c", _DETACH, str(log), *daemon.command))
    if told.code != 0 or not told.last_line.isdigit():
        raise ActionFailed(f"{daemon.name} cannot be started: {told.last_line}")
    pid = int(told.last_line)
    replace_file(host.state_folder / f"{daemon.name}.pid", f"{pid}\n", PRIVATE)
    say(f"{daemon.name} started, pid {pid}, log {log}")
    return pid


def clear_stale(host: Host, daemon: Daemon, say: Say) -> None:
    """Remove what a killed daemon left behind and a new one would stumble over."""
    for file, name in daemon.pid_files:
        path = host.path(file)
        left = _left(host, path)
        if left is None or is_process(host, left.pid, name):
            continue
        if _wrote(host, left):
            say(f"leaving {path}: pid {left.pid}, which runs, was there when it was written")
            continue
        say(f"removing {path}: no {name} runs as pid {left.pid}")
        host.run(*host.as_root("rm", "-f", str(path)))
    for file in daemon.sockets:
        path = host.path(file)
        if is_dead_socket(path):
            say(f"removing {path}: nobody listens on it")
            host.run(*host.as_root("rm", "-f", str(path)))


@dataclass(frozen=True, slots=True)
class _Left:
    """A pid file."""

    pid: int | None
    written: float
    """Unix seconds."""


def _left(host: Host, path: Path) -> _Left | None:
    """What is in a daemon's pid file, be its folder root's alone; None when there is none."""
    try:
        return _Left(read_pid(path), path.stat().st_mtime)
    except PermissionError:
        told = host.run(*host.as_root("sh", "-c", _READ_AS_ROOT, str(path)))
    except OSError:
        return None
    written, _, pid = told.last_line.partition(" ")
    if not written.isdigit():
        return None
    return _Left(int(pid) if pid.isdigit() else None, float(written))


def _wrote(host: Host, left: _Left) -> bool:
    """Whether the live process of that pid is older than the file, so that the file means it.

    A daemon by another name, in a container or behind a wrapper, is somebody's all the same.
    """
    try:
        stat = host.path(f"/proc/{left.pid}/stat").read_text(encoding="utf-8", errors="replace")
        kernel = host.path("/proc/stat").read_text(encoding="ascii")
        state, *rest = stat.rpartition(")")[2].split()
        (booted,) = (line for line in kernel.splitlines() if line.startswith("btime "))
    except (OSError, ValueError):
        return False
    # Field 22 of proc(5): ticks from the kernel's start to the process's.
    began = int(booted.split()[1]) + int(rest[18]) / os.sysconf("SC_CLK_TCK")
    return state not in ("Z", "X") and began < left.written + _CLOCK_SECONDS


def running_pid(host: Host, daemon: Daemon) -> int | None:
    """Its pid when it runs, whoever started it."""
    files = [host.path(file) for file, name in daemon.pid_files if name == daemon.name]
    for path in (*files, host.state_folder / f"{daemon.name}.pid"):
        pid = read_pid(path)
        if pid is not None and is_process(host, pid, daemon.name):
            return pid
    return None


def read_pid(path: Path) -> int | None:
    """The pid a file holds; None when it holds none."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def is_process(host: Host, pid: int | None, name: str) -> bool:
    """Whether that pid is a live process of that name: pids are used again."""
    # The kernel cuts a name off after 15 characters.
    return pid is not None and process_name(host, pid) == name[:15]


def process_name(host: Host, pid: int) -> str | None:
    """The name of a live process; None when there is none, or only what is left of it."""
    try:
        status = host.path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # PID (NAME) STATE …, see proc(5); the name may hold any character.
    head, _, rest = status.rpartition(")")
    return None if rest.split()[:1] in ([], ["Z"], ["X"]) else head.partition("(")[2]


def is_dead_socket(path: Path) -> bool:
    """Whether it is a socket that refuses, as one does whose owner is gone.

    In a folder that is root's alone it is not known to be: its daemon makes it anew.
    """
    try:
        if not path.is_socket():
            return False
    except PermissionError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
