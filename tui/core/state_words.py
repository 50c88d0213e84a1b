"""What an instance is doing, and how it ended, in words; the long and the short form."""

from __future__ import annotations

import signal

from tui.model import HealthStatus, Instance, State
from tui.units import iec

_SIGNAL_BASE = 128
"""A shell and the engines give 128 + N for a process that signal N ended."""
_CODES = {
    125: "the engine could not run it",
    126: "its command cannot be executed",
    127: "its command was not found",
}
_SIGNALS = {
    signal.SIGINT: "interrupted",
    signal.SIGABRT: "aborted by itself",
    signal.SIGILL: "crashed on an illegal instruction",
    signal.SIGBUS: "crashed on a bus error",
    signal.SIGFPE: "crashed on an arithmetic error",
    signal.SIGSEGV: "crashed on a wrong memory address",
    signal.SIGKILL: "killed",
    signal.SIGTERM: "asked to end",
}
OUT_OF_MEMORY = "out of memory"


def exit_words(instance: Instance) -> str:
    """Why its last run ended, `killed: out of memory, limit 8.0 MiB`; "" when it just ended."""
    code = instance.exit_code
    if instance.is_out_of_memory and not _is_up(instance):
        limit = instance.memory_limit_bytes
        return f"killed: {OUT_OF_MEMORY}" + (f", limit {iec(limit)}" if limit else "")
    if code is None or code == 0:
        return ""
    if code in _CODES:
        return _CODES[code]
    try:
        number = signal.Signals(code - _SIGNAL_BASE)
    except ValueError:
        return ""
    return f"{_SIGNALS.get(number, 'ended')} ({number.name})"


def state_text(instance: Instance) -> str:
    """The state and what belongs to it: `stopped, exit 137: killed (SIGKILL)`."""
    parts = [str(instance.state)]
    if instance.health is not None and _is_up(instance):
        is_starting = instance.health is HealthStatus.STARTING
        parts.append("health check starting" if is_starting else str(instance.health))
    if instance.exit_code and not _is_up(instance):
        words = exit_words(instance)
        parts.append(f"exit {instance.exit_code}" + (f": {words}" if words else ""))
    return ", ".join(parts)


def short_state(instance: Instance, width: int) -> str:
    """The one word that matters most, in `width` characters: `unhealthy`, `exited 137`."""
    if instance.state is State.RUNNING and instance.health is not None:
        is_starting = instance.health is HealthStatus.STARTING
        return _first_that_fits(
            ("health: starting", "starting") if is_starting else (str(instance.health),), width
        )
    if instance.state is State.STOPPED and instance.is_out_of_memory:
        return _first_that_fits((OUT_OF_MEMORY, "OOM-killed"), width)
    if instance.state is State.STOPPED and instance.exit_code:
        return f"exited {instance.exit_code}"
    return str(instance.state)


def _is_up(instance: Instance) -> bool:
    return instance.state in (State.RUNNING, State.PAUSED)


def _first_that_fits(words: tuple[str, ...], width: int) -> str:
    return next((word for word in words if len(word) <= width), words[-1])
