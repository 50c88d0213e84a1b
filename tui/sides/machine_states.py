"""How a machine is, by the source that can tell: libvirt, a process, Docker, or vagrant itself.

A state that no source tells is UNKNOWN; what Vagrant once wrote down is none of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.engines.libvirt.connections import Listing
from tui.engines.vagrant.status import Asker, Mark, Question
from tui.model import State
from tui.sides.hypervisor import Hypervisor
from tui.sides.libvirt import Domain
from tui.sides.vagrant_command import environment
from tui.sides.vagrant_index import Entry
from tui.sides.vagrant_lock import Locks

_VOLATILE = ("state", "updated_at")
"""What `vagrant status` itself writes into the index."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What an `Asker` takes."""

    key: str
    question: Question
    mark: Mark


@dataclass(frozen=True, slots=True)
class Told:
    """A state and who told it."""

    state: State
    at: float | None = None
    """Unix seconds when vagrant said so; None when it was read just now."""
    note: str = ""
    """Why it is UNKNOWN."""
    is_asked: bool = False
    """Whether vagrant is being asked."""
    inquiry: Inquiry | None = None
    """How vagrant is asked anew; None where it need not be."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at the host brought."""

    libvirt: Listing
    hypervisors: Mapping[str, Hypervisor]
    """Machine id -> its process."""
    containers: Mapping[str, State]
    """Container id -> state, of the docker provider's machines that this host's Docker knows."""
    locks: Locks
    asker: Asker
    may_ask: bool = True
    """Whether vagrant may be asked in the background."""
    asked: frozenset[Path] = frozenset()
    """Folders of which vagrant is being asked what they define."""


def told_of(
    seen: Seen, entry: Entry, domain: Domain | None, known: tuple[str, float] | None
) -> Told:
    """How the machine is; vagrant is asked in the background where only it can tell."""
    if domain is not None:
        return Told(domain.state)
    if known is None:
        # Vagrant's own rule: what has no id was not created.
        return Told(State.ABSENT, is_asked=entry.directory in seen.asked)
    if entry.provider == "virtualbox":
        return Told(_virtualbox_state(entry, seen.hypervisors.get(known[0])))
    if known[0] in seen.containers:
        return Told(seen.containers[known[0]])
    if not entry.has_vagrantfile:
        return _without_vagrantfile(seen, entry)
    return _asked(seen, entry, known)


def _virtualbox_state(entry: Entry, hypervisor: Hypervisor | None) -> State:
    if hypervisor is not None:
        return State.PAUSED if entry.state == "paused" else State.RUNNING
    if entry.state == "saved":
        return State.SUSPENDED
    # No process: whatever Vagrant wrote down last, it does not run.
    return State.STOPPED if entry.state != "not_created" else State.ABSENT


def _without_vagrantfile(seen: Seen, entry: Entry) -> Told:
    if entry.provider == "libvirt" and not seen.libvirt.failures:
        # Every libvirt there is was asked, and it is the one that would know.
        return Told(State.ABSENT)
    failed = next(iter(seen.libvirt.failures.values()), None)
    if entry.provider == "libvirt" and failed is not None:
        return Told(State.UNKNOWN, note=str(failed))
    return Told(
        State.UNKNOWN,
        note=f"only vagrant could tell, and there is no Vagrantfile in {entry.directory}",
    )


def _asked(seen: Seen, entry: Entry, known: tuple[str, float]) -> Told:
    about = {key: value for key, value in entry.raw.items() if key not in _VOLATILE}
    mark = Mark(json.dumps([known, about], sort_keys=True, default=str), entry.state)
    question = Question(entry.name, entry.directory, environment(entry))
    inquiry = Inquiry(str(entry.folder), question, mark)
    holder = seen.locks.holder(entry)
    # In the midst of a change it would be asked in vain; when that is over, a file event tells.
    is_asked = seen.may_ask and holder is None
    if is_asked:
        answer = seen.asker.want(inquiry.key, question, mark)
    else:
        answer = seen.asker.known(inquiry.key, mark)
    note = f"{holder[1]} is at work on it" if holder else "vagrant is being asked"
    if answer is None:
        return Told(State.UNKNOWN, note=note, is_asked=is_asked, inquiry=inquiry)
    return Told(answer.state, answer.at, answer.note, inquiry=inquiry)
