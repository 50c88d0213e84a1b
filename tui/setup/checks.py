"""What `twindeck doctor` looks at and tries, one line each; nothing here raises.

A container and a guest are started to see that they do; nothing of them is left.
"""

from __future__ import annotations

import os
import sys

from tui.engines.docker.resolver import Resolver
from tui.model import Check, Reading
from tui.setup.host import Host
from tui.setup.needs import LAB_PACKAGES, LAB_TOOLS, TERMINAL, fix_for

LEAST_COLUMNS, LEAST_LINES = 60, 15


def run_checks(
    fresh: bool = False,
    host: Host | None = None,
    *,
    may_try: bool = True,
    docker: Resolver | None = None,
) -> list[Check]:
    """All checks, the container side's first; `fresh` boots the trial guest again, without
    `may_try` none is booted and no answer kept. `docker` names another engine than the host's
    environment does."""
    # Docker's library is slow to import, and a list of names should not pay for it.
    from tui.setup import container_checks as containers
    from tui.setup import machine_checks as machines
    from tui.setup.container_trial import check_start
    from tui.sides.docker_link import Link
    from tui.sides.libvirt import Libvirt

    host = host or Host()
    link = Link(docker or Resolver(host.env))
    try:
        return [
            containers.check_engine(host, link),
            containers.check_socket(host, link),
            check_start(host, link, may_try=may_try),
            containers.check_cgroups(host),
            containers.check_image(host, link),
            machines.check_vagrant(host),
            machines.check_provider(host),
            machines.check_hypervisor(host),
            machines.check_libvirt(host, Libvirt()),
            machines.check_device(host),
            machines.check_box(host),
            machines.check_accelerator(host, fresh=fresh, may_try=may_try),
            check_lab_tools(host),
            check_terminal(host, terminal_size()),
        ]
    finally:
        link.drop()


def check_lab_tools(host: Host) -> Check:
    """Whether the lab has what it measures with; neither side needs it."""
    lacking = host.missing(tuple(LAB_PACKAGES))
    if not lacking:
        return Check(LAB_TOOLS, Reading.OK, ", ".join(LAB_PACKAGES))
    reason = f"not installed: {', '.join(lacking)}; only comparisons need them"
    return Check(LAB_TOOLS, Reading.MISSING, reason, fix_for(host, LAB_TOOLS))


def terminal_size() -> tuple[int, int] | None:
    """Columns and lines of the terminal we are on; None on none."""
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        try:
            return os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):
            continue
    return None


def check_terminal(host: Host, size: tuple[int, int] | None) -> Check:
    """Whether the console can be shown here."""
    if size is None:
        return Check(TERMINAL, Reading.OK, "not on one; commands need none")
    name = os.environ.get("TERM", "")
    if name in ("", "dumb", "unknown"):
        reason = f"TERM={name} cannot place a cursor"
        return Check(TERMINAL, Reading.BROKEN, reason, "export TERM=xterm-256color")
    columns, lines = size
    if columns < LEAST_COLUMNS or lines < LEAST_LINES:
        reason = f"{columns}x{lines} is too small"
        fix = f"make it {LEAST_COLUMNS}x{LEAST_LINES} or larger"
        return Check(TERMINAL, Reading.BROKEN, reason, fix)
    if is_utf8():
        return Check(TERMINAL, Reading.OK, f"{name}, {columns}x{lines}, UTF-8")
    reason = f"{name}, {columns}x{lines}; not UTF-8, so plain signs are used"
    return Check(TERMINAL, Reading.OK, reason, "export LANG=C.UTF-8")


def is_utf8() -> bool:
    """Whether the locale is UTF-8, by the variable that wins, see locale(7)."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next((name for name in names if name), "")
    return locale.lower().replace("-", "").endswith("utf8")
