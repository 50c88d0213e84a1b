"""The one place that says no when the user asked to look only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tui.errors import UsageError

Action = TypeVar("Action", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Guard:
    """Asked before anything is changed: at an engine, in the history, in the user's folders."""

    is_read_only: bool = False

    def refuse(self, what: str) -> None:
        """Raises UsageError when nothing may be changed; `what` completes "will not …"."""
        if self.is_read_only:
            raise UsageError(f"read-only: will not {what}", "start without --read-only")


def changing(action: Action) -> Action:
    """Mark an action of the console as one that changes something: read-only does not offer it.

    What it calls asks the guard all the same; the mark only keeps it from being offered.
    """
    action.is_changing = True  # type: ignore[attr-defined]
    return action


def is_changing(node: object, action: str) -> bool:
    """Whether the method `action_NAME` of that screen, widget or app bears the mark."""
    return getattr(getattr(type(node), f"action_{action}", None), "is_changing", False)
