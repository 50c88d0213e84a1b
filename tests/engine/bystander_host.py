"""What else of a user's lives on a host: daemons, programs of their own, files, boxes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import psutil

from tests.engine.bystanders import Bystander, process_facts, tree_facts

_DAEMONS = {
    "dockerd",
    "containerd",
    "libvirtd",
    "virtqemud",
    "virtlogd",
    "virtlockd",
    "virtnetworkd",
    "virtstoraged",
    "systemd",
}
_SETTINGS = (
    "/etc/docker",
    "/etc/containerd",
    "/etc/libvirt/libvirtd.conf",
    "/etc/libvirt/qemu.conf",
    "/etc/vagrant",
)


def daemons() -> Iterator[Bystander]:
    """Every engine's daemon that runs, whoever started it."""
    for process in psutil.process_iter(["name"]):
        if process.info["name"] in _DAEMONS and process_facts(process.pid):
            look = partial(process_facts, process.pid)
            yield Bystander("daemon", f"{process.info['name']} pid {process.pid}", look)


def settings() -> Iterator[Bystander]:
    """The engines' settings of this host."""
    for place in map(Path, _SETTINGS):
        if place.exists() and os.access(place, os.R_OK):
            yield Bystander("settings", str(place), partial(tree_facts, place))


def vagrant_home() -> Path:
    """Where this user's boxes are."""
    return Path(os.environ.get("VAGRANT_HOME", Path.home() / ".vagrant.d"))


def boxes(stack: ExitStack, *names: str) -> Iterator[Bystander]:
    """Every box that is installed, and more of the user's under these names."""
    folder = vagrant_home() / "boxes"
    for name in names:
        own = folder / name.replace("/", "-VAGRANTSLASH-")
        files = own / "0" / "libvirt"
        stack.callback(subprocess.run, ("rm", "-rf", str(own)), check=True)
        files.mkdir(parents=True)
        (files / "metadata.json").write_text(
            '{"provider":"libvirt","format":"qcow2","virtual_size":1}\n'
        )
        (files / "box.img").write_bytes(b"QFI\xfb" + name.encode())
    for own in sorted(folder.iterdir()):
        yield Bystander("box", own.name, partial(tree_facts, own))
    for key in vagrant_home().glob("insecure_private_key*"):
        yield Bystander("key", str(key), partial(tree_facts, key))


def program(stack: ExitStack, *words: str) -> tuple[int, Bystander]:
    """A program of the user's that only waits; its command line is `words`, which looks like ours.

    Its pid comes with it.
    """
    process = subprocess.Popen(
        (*words[:1], "-c", "read forever", *words[1:]),
        executable="/bin/sh",
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    look = partial(process_facts, process.pid)
    return process.pid, Bystander("program", f"{words[0]} pid {process.pid}", look)
