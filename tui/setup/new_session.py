"""What doctor finds in a session in which the groups count that setup has just given the user."""

from __future__ import annotations

import os
import sys

from tui.model import Check
from tui.setup.host import Host, group_id

GROUPS = ("docker", "libvirt", "kvm")
"""Who is in them may use the engines without root's rights."""
_SECONDS = 180.0


def is_older_than_groups(host: Host) -> bool:
    """Whether the user is in one of `GROUPS` by the books, and this session is not yet."""
    if host.uid == 0:
        return False
    counting = set(os.getgroups())
    return any(group_id(name) not in counting for name in GROUPS if name in host.groups_of_user())


def checks_of_new_session(host: Host) -> list[Check] | None:
    """The checks, by `twindeck doctor` in a session that sudo opens; None where it opens none."""
    import msgspec

    doctor = (sys.executable, "-m", "tui", "doctor", "--json")
    told = host.run(*("sudo", "-n", "-E", "-u", host.user, "--"), *doctor, seconds=_SECONDS)
    start = told.text.find("[")
    try:
        return msgspec.json.decode(told.text[start:] if start >= 0 else "", type=list[Check])
    except msgspec.MsgspecError:
        return None
