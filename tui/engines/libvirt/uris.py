"""Where a user's machines may be: the libvirt connections worth asking."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM_URI = "qemu:///system"
SESSION_URI = "qemu:///session"
_SOCKETS = ("libvirt-sock", "virtqemud-sock")


def default_uri() -> str:
    """The connection that `virsh` and vagrant-libvirt take unless a machine says otherwise."""
    return os.environ.get("LIBVIRT_DEFAULT_URI") or SYSTEM_URI


def uris() -> tuple[str, ...]:
    """The default connection, the system's, and the user's session where there is one.

    A Vagrantfile may choose another than the default (`qemu_use_session`, which Fedora's
    vagrant-libvirt sets by itself), so a machine is looked up at each of them.
    """
    wanted = [default_uri(), SYSTEM_URI]
    if has_session():
        wanted.append(SESSION_URI)
    return tuple(dict.fromkeys(wanted))


def has_session() -> bool:
    """Whether this user has a libvirt session: its daemon's socket or a domain defined in it.

    Told by files alone: to connect would start a session daemon for a user who has none. The
    session of root is the system's.
    """
    if os.geteuid() == 0:
        return False
    cache = _folder("XDG_CACHE_HOME", ".cache")
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or cache) / "libvirt"
    if any((runtime / name).exists() for name in _SOCKETS):
        return True
    definitions = _folder("XDG_CONFIG_HOME", ".config") / "libvirt" / "qemu"
    return next(definitions.glob("*.xml"), None) is not None


def _folder(variable: str, name: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / name)
