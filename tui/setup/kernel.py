"""Fetches a kernel to try KVM with, for hosts that have neither our box nor a kernel in /boot."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from tui.errors import ActionFailed
from tui.setup.host import Host, Say
from tui.setup.probe import kernel_path

_META_PACKAGES = ("linux-image-cloud-amd64", "linux-image-virtual", "linux-image-arm64")
_REAL_PACKAGE = re.compile(r"Depends: (linux-image-[\w.+~-]+)")


def fetch_kernel(host: Host, say: Say) -> Path:
    """Unpack the distribution's kernel into our cache; the host's own kernel stays as it is.

    Raises ActionFailed, OSError.
    """
    target = kernel_path(host)
    target.parent.mkdir(parents=True, exist_ok=True)
    package = _newest(host)
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        folder = Path(name)
        host.stream(["env", "-C", name, "apt-get", "-q", "download", package], say)
        archive = next(folder.glob("*.deb"))
        host.stream(["dpkg-deb", "-x", str(archive), name], say)
        kernel = next(folder.glob("boot/vmlinuz-*"), None)
        if kernel is None:
            raise ActionFailed(f"{package} holds no boot/vmlinuz")
        part = target.with_name("vmlinuz.part")
        shutil.move(kernel, part)
        part.rename(target)
    return target


def _newest(host: Host) -> str:
    for name in _META_PACKAGES:
        told = host.run("apt-cache", "depends", "--important", name)
        if told.code == 0 and (found := _REAL_PACKAGE.search(told.text)):
            return found[1]
    raise ActionFailed("no kernel package to try KVM with", "sudo apt-get update")
