"""Finds out whether a shell opens, before the terminal is given away and the reason is lost."""

from __future__ import annotations

from tui.errors import ActionFailed
from tui.sides.docker_link import Link
from tui.text import clean

_NOT_STARTED = (126, 127)


def require_shell(link: Link, name: str, container_id: str) -> None:
    """Run `sh` in the container once, for nothing.

    Raises ActionFailed with what the engine says when it does not start, EngineUnavailable.
    """
    with link.translating(f"run sh in {name}", name):
        api = link.look()
        run = api.exec_create(container_id, ["sh", "-c", ":"], stdin=False)
        output = api.exec_start(run["Id"])
        code = api.exec_inspect(run["Id"]).get("ExitCode")
    if code not in _NOT_STARTED:
        return
    text = output.decode(errors="replace") if isinstance(output, bytes) else ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = clean(lines[-1]) if lines else f"sh ended with code {code}"
    raise ActionFailed(
        f"No shell in {name}: {reason}",
        f"its image has no sh; look in from beside it: "
        f"docker run -it --rm --pid container:{clean(name)} busybox",
    )
