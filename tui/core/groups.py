"""Acting on all members of a compose project or a Vagrant environment at once."""

from __future__ import annotations

from collections.abc import Sequence

from tui.model import Instance, SideName, Verb, verbs_for

_BOOTS = (Verb.UP, Verb.START, Verb.RESTART, Verb.RELOAD)
_ENDS = (Verb.STOP, Verb.KILL, Verb.DESTROY)


def start_or_stop_all(members: Sequence[Instance]) -> Verb | None:
    """Start while there is one to start, as vagrant's own `up` does; else stop."""
    if members_for(Verb.START, members):
        return Verb.START
    return Verb.STOP if members_for(Verb.STOP, members) else None


def members_for(verb: Verb, members: Sequence[Instance]) -> list[Instance]:
    """Those the verb makes sense for, in the order to do it in.

    The Vagrantfile's, as vagrant does: without those it leaves out when all are started, and the
    other way round when they end.
    """
    fit = [i for i in members if verb in verbs_for(i)]
    if verb is Verb.START:
        fit = [i for i in fit if i.is_autostarted]
    return sorted(fit, key=lambda i: i.rank, reverse=verb in _ENDS)


def turn_of(verb: Verb, members: Sequence[Instance]) -> str:
    """What has them act one after the other: machines of one Vagrantfile share networks, which
    two vagrants would make at once. "" for all at once."""
    first = next(iter(members), None)
    if first is None or first.side is not SideName.VM or verb not in _BOOTS:
        return ""
    return first.group
