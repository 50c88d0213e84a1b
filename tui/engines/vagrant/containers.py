"""Machines of Vagrant's docker provider: containers, asked for at Docker by their ids.

Through the `docker` command, as the provider does it: so it is the same engine by the same
settings, whatever they are.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence

from tui.model import State

CALL_SECONDS = 5.0
_ID = re.compile(r"[0-9a-f]{64}")
_STATES: Mapping[str, State] = {
    "created": State.CREATED,
    "running": State.RUNNING,
    "restarting": State.RESTARTING,
    "removing": State.REMOVING,
    "paused": State.PAUSED,
    "exited": State.STOPPED,
    "dead": State.DEAD,
}


def is_container_id(text: str) -> bool:
    """Whether it is a whole container id."""
    return _ID.fullmatch(text) is not None


def container_states(ids: Sequence[str]) -> dict[str, State]:
    """Container id -> state; one that this engine does not know, or does not tell, is left out."""
    known = [one for one in ids if is_container_id(one)]
    if not known:
        return {}
    form = "{{.Id}} {{.State.Status}}"
    try:
        done = subprocess.run(
            ["docker", "container", "inspect", "--format", form, *known],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CALL_SECONDS,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    words = [line.split() for line in done.stdout.splitlines()]
    return {
        pair[0]: _STATES.get(pair[1], State.UNKNOWN)
        for pair in words
        if len(pair) == 2 and pair[0] in known
    }


def events_command(ids: Sequence[str]) -> tuple[str, ...]:
    """Prints a line per event of those containers until it is ended."""
    filters = [word for one in ids for word in ("--filter", f"container={one}")]
    return ("docker", "events", "--format", "{{.Action}}", *filters)
