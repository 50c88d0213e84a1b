"""Gets a Vagrant box: from the catalogue, else built from the distribution's packages."""

from __future__ import annotations

from collections.abc import Sequence

from tui.errors import ActionFailed
from tui.setup import packages
from tui.setup.box import (
    BUILD_COMMANDS,
    BUILD_PACKAGES,
    GRUB_IMAGES,
    add_box,
    build_box,
)
from tui.setup.host import Host, Say
from tui.setup.needs import BUILT_BOX, joined, uses_virtualbox
from tui.sides.vagrant_index import vagrant_home

STALL_SECONDS = 45.0
"""A catalogue or a download that does nothing for so long is given up."""


def get_box(host: Host, names: Sequence[str], say: Say) -> None:
    """Get the first of the boxes that can be had. Raises ActionFailed, OSError."""
    provider = "virtualbox" if uses_virtualbox(host) else "libvirt"
    for name in names:
        if name == BUILT_BOX and provider == "libvirt":
            _build(host, say)
            return
        try:
            _add(host, name, provider, say)
        except ActionFailed as error:
            say(f"{name} cannot be had: {error}")
        else:
            return
    raise ActionFailed(
        f"none of {joined(names)} can be had for {provider}",
        f"vagrant box add {names[0]} --provider {provider}",
    )


def _add(host: Host, name: str, provider: str, say: Say) -> None:
    add = ["env", "VAGRANT_CHECKPOINT_DISABLE=1", "vagrant", "box", "add", "--no-tty"]
    host.stream(
        [*add, "--provider", provider, "--", name],
        say,
        stall_seconds=STALL_SECONDS,
        grows=vagrant_home() / "tmp",
    )


def _build(host: Host, say: Say) -> None:
    missing = host.missing(BUILD_COMMANDS)
    keyring = host.path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if missing or not GRUB_IMAGES.is_dir() or not keyring.exists():
        packages.install(host, [*BUILD_PACKAGES, "debian-archive-keyring"], say)
    box = build_box(host.work_folder / "box", say)
    add_box(box, say)
    # Vagrant has its own copy now.
    box.unlink()
