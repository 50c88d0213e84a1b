"""Start, stop and the rest: one engine call each, told in the docker command's words."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from typing import Any

from docker import APIClient
from docker.errors import APIError, NotFound

from tui.errors import ActionFailed, UnknownInstance
from tui.model import Phase, State, Verb
from tui.sides.base import Report
from tui.sides.docker_link import Link
from tui.sides.docker_rows import name_of, state_of
from tui.sides.docker_up import await_first_process, start

STOP_SECONDS = 10
"""Between the stop signal and the kill, as `docker stop` has it."""
_GONE_SECONDS = 30.0
_LOOK_SECONDS = 0.05

_CALLS: Mapping[Verb, tuple[str, Callable[[APIClient, str], Any]]] = {
    Verb.STOP: ("stop", lambda api, it: api.stop(it, timeout=STOP_SECONDS)),
    Verb.PAUSE: ("pause", lambda api, it: api.pause(it)),
    Verb.RESUME: ("unpause", lambda api, it: api.unpause(it)),
    Verb.KILL: ("kill", lambda api, it: api.kill(it)),
}


def perform(link: Link, verb: Verb, entry: Mapping[str, Any], report: Report) -> None:
    """Do `verb` to the container of that list entry.

    Raises UnknownInstance if it went away, ActionFailed, EngineUnavailable.
    """
    name, container_id = name_of(entry), str(entry["Id"])
    if verb is Verb.DESTROY:
        report.line(shlex.join(["docker", "rm", "--force", "--volumes", name]))
        _destroy(link, name, container_id)
    elif verb is Verb.START:
        report.phase(Phase.START)
        report.line(shlex.join(["docker", "start", name]))
        start(link, name, container_id)
        report.phase(Phase.BOOT)
        await_first_process(link, name, container_id)
    elif verb in _CALLS:
        if verb in (Verb.STOP, Verb.KILL) and state_of(entry) is State.PAUSED:
            # A frozen process cannot take a signal; older engines refuse outright.
            _call(link, "unpause", name, container_id, report, _CALLS[Verb.RESUME][1])
        word, call = _CALLS[verb]
        _call(link, word, name, container_id, report, call)
    else:
        raise ActionFailed(f"A container cannot {verb} in one step", "stop it, then start it")


def _call(
    link: Link,
    word: str,
    name: str,
    container_id: str,
    report: Report,
    call: Callable[[APIClient, str], Any],
) -> None:
    report.line(shlex.join(["docker", word, name]))
    with link.translating(f"{word} {name}", name):
        call(link.act(), container_id)


def _destroy(link: Link, name: str, container_id: str) -> None:
    with link.translating(f"remove {name}", name):
        try:
            link.act().remove_container(container_id, v=True, force=True)
        except NotFound:
            return
        except APIError as error:
            # Somebody else removes it already: what counts is that it goes.
            if error.status_code != 409 or "in progress" not in str(error.explanation):
                raise
    _await_gone(link, name, container_id)


def _await_gone(link: Link, name: str, container_id: str) -> None:
    deadline = time.monotonic() + _GONE_SECONDS
    while time.monotonic() < deadline:
        try:
            with link.translating(f"inspect {name}", name):
                link.look().inspect_container(container_id)
        except UnknownInstance:
            return
        time.sleep(_LOOK_SECONDS)
    raise ActionFailed(
        f"{name} is still there {_GONE_SECONDS:.0f} s after its removal was asked for",
        shlex.join(["docker", "rm", "--force", "--volumes", name]),
    )
