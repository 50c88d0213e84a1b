"""Installs Debian and Ubuntu packages from the sources this host is set up with."""

from __future__ import annotations

from collections.abc import Sequence

from tui.errors import ActionFailed
from tui.model import SideName
from tui.setup.host import Host, Say
from tui.setup.needs import wanted_packages, wanted_tools

_LOCK_SECONDS = 180


def install_command(packages: Sequence[str]) -> str:
    """As shown in the plan."""
    return f"apt-get install --no-install-recommends {' '.join(packages)}"


def install(host: Host, packages: Sequence[str], say: Say) -> None:
    """Install them with fresh package lists. Raises ActionFailed."""
    # A run that was cut off leaves packages unpacked but not set up, and apt refuses all else.
    host.stream(_quiet(host, "dpkg", "--configure", "-a"), say)
    try:
        host.stream(_apt(host, "update"), say)
    except ActionFailed as error:
        # One dead source of many is no reason to stop: the packages may be in the others.
        say(f"going on with the package lists there are: {error}")
    host.stream(_apt(host, "install", "--yes", "--no-install-recommends", *packages), say)


def install_side(host: Host, side: SideName, say: Say) -> None:
    """Install what `wanted_packages` names for that side. Raises ActionFailed."""
    install(host, wanted_packages(host, side), say)
    # Newer releases have the docker command in a package of its own.
    is_apart = side is SideName.CONTAINER and host.which("docker") is None
    if is_apart and host.run("apt-cache", "show", "docker-cli").code == 0:
        install(host, ["docker-cli"], say)
    _refuse_left(wanted_packages(host, side))


def install_tools(host: Host, say: Say) -> None:
    """Install what the lab measures with. Raises ActionFailed."""
    install(host, wanted_tools(host), say)
    _refuse_left(wanted_tools(host))


def _refuse_left(left: Sequence[str]) -> None:
    if left:
        raise ActionFailed(
            f"{', '.join(left)}: installed, but what it should bring is still missing",
            "check that PATH has /usr/bin and /usr/sbin",
        )


def _apt(host: Host, *words: str) -> list[str]:
    wait = f"DPkg::Lock::Timeout={_LOCK_SECONDS}"
    keep = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
    return _quiet(host, "apt-get", "-q", "-o", wait, *keep, *words)


def _quiet(host: Host, *argv: str) -> list[str]:
    return host.as_root("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", *argv)
