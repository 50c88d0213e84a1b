"""Reads the stack of one instance from its side."""

from __future__ import annotations

from tui.architecture.ask import Ask
from tui.core.architecture import Stack
from tui.errors import ActionFailed
from tui.model import Instance, SideName
from tui.sides.base import Command, Side


def read_stack(instance: Instance, side: Side, ask: Ask) -> Stack:
    """All layers of it as they are now; takes seconds where a guest is asked.

    Raises UnknownInstance, ActionFailed, EngineUnavailable when its engine cannot tell of it.
    """
    inspection = side.inspect(instance.name)
    if side.name is SideName.CONTAINER:
        from tui.architecture.container import container_stack

        try:
            docker = side.query(instance.name)
        except ActionFailed:
            # Without the command only what it would tell is missing.
            docker = Command(("docker",))
        return container_stack(instance, inspection, docker, ask)
    from tui.architecture.machine import machine_stack

    try:
        guest: Command | str = side.query(instance.name)
    except ActionFailed as error:
        guest = str(error)
    return machine_stack(instance, inspection, guest, ask)
