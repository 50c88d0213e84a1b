"""What the status line says of a group whose heading is selected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from textual.content import Content

from tui.core.groups import members_for, start_or_stop_all
from tui.model import Instance, State
from tui.widgets.cells import member_name, visible_name

_DOES = {"start": "starts", "stop": "stops"}


def group_words(members: Sequence[Instance], *, may_act: bool) -> Content:
    """How its members are, and which of them `s` starts or stops, in the order it takes."""
    group = members[0].group
    counts = Counter(i.state for i in members)
    states = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
    words = Content.from_markup(
        "[bold]$n[/]  $s", n=visible_name(PurePath(group).name or group), s=states
    )
    verb = start_or_stop_all(members)
    if verb is None or not may_act:
        return words
    meant = ", ".join(member_name(i) for i in members_for(verb, members))
    does = Content.from_markup(
        "  [bold $primary]s[/] [$quiet]$d $m[/]", d=_DOES[verb.value], m=meant
    )
    return words + does
