"""Gets a Vagrant box: a file or URL of the user's own, one built here, or the catalogue's."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from tui.errors import ActionFailed
from tui.setup import packages
from tui.setup.box import (
    BUILD_COMMANDS,
    BUILD_PACKAGES,
    GRUB_IMAGES,
    add_box,
    box_present,
    build_box,
)
from tui.setup.host import Host, Say
from tui.setup.needs import BUILT_BOX, is_debian_like, joined, uses_virtualbox
from tui.sides.vagrant_index import vagrant_home

STALL_SECONDS = 45.0
"""A catalogue or a download that does nothing for so long is given up."""


def in_order(host: Host, names: Sequence[str]) -> list[str]:
    """The boxes as they are tried: the one built here first, where one can be built.

    HashiCorp's public catalogue, which every other name is looked up in, closes on 2026-12-31.
    """
    return sorted(names, key=lambda name: name != BUILT_BOX) if can_build(host) else list(names)


def can_build(host: Host) -> bool:
    """Whether a box can be built here: from Debian's packages, for libvirt."""
    return is_debian_like(host) and not uses_virtualbox(host)


def how_to_get(host: Host, names: Sequence[str]) -> str:
    """As shown in the plan."""
    ways = [
        "built by mmdebstrap in a minute or two"
        if name == BUILT_BOX and can_build(host)
        else f"vagrant box add {name}"
        for name in in_order(host, names)
    ]
    return ", else ".join(ways)


def get_box(host: Host, names: Sequence[str], say: Say) -> None:
    """Get the first of the boxes that can be had. Raises ActionFailed, OSError."""
    provider = _provider(host)
    for name in in_order(host, names):
        try:
            if name == BUILT_BOX and provider == "libvirt":
                _build(host, say)
            else:
                _add(host, provider, (name,), say)
        except ActionFailed as error:
            say(f"{name} cannot be had: {error}")
        else:
            return
    raise ActionFailed(
        f"none of {joined(names)} can be had for {provider}",
        f"vagrant box add {names[0]} --provider {provider}",
    )


def how_to_take(source: str) -> str:
    """As shown in the plan, and what to type where setup changes nothing."""
    return shlex.join(["vagrant", "box", "add", "--name", BUILT_BOX, source])


def take_box(host: Host, source: str, say: Say) -> None:
    """Add a box file or URL of the user's own under the name that every workload takes.

    Raises ActionFailed, also when there is a box of that name: none is ever replaced.
    """
    refuse_second_box([BUILT_BOX])
    _add(host, _provider(host), (f"--name={BUILT_BOX}", source), say)


def refuse_second_box(names: Iterable[str]) -> None:
    """Raises ActionFailed when there is one of these boxes, which machines would take instead."""
    for name in names:
        if box_present([name]):
            raise ActionFailed(
                f"there is a box {name} already, which machines take, and none is replaced",
                f"remove it first: vagrant box remove {name}",
            )


def _provider(host: Host) -> str:
    return "virtualbox" if uses_virtualbox(host) else "libvirt"


def _add(host: Host, provider: str, what: Sequence[str], say: Say) -> None:
    *options, source = what
    add = ["env", "VAGRANT_CHECKPOINT_DISABLE=1", "vagrant", "box", "add", "--no-tty"]
    host.stream(
        [*add, "--provider", provider, *options, "--", source],
        say,
        stall_seconds=STALL_SECONDS,
        grows=vagrant_home() / "tmp",
    )


def _build(host: Host, say: Say) -> None:
    missing = host.missing(BUILD_COMMANDS)
    keyring = host.path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if missing or not host.path(GRUB_IMAGES).is_dir() or not keyring.exists():
        packages.install(host, [*BUILD_PACKAGES, "debian-archive-keyring"], say)
    box = build_box(host, host.work_folder / "box", say)
    add_box(host, box, say)
    # Vagrant has its own copy now.
    box.unlink()
