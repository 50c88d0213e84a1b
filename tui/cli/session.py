"""What every command shares: settings, the fleet while the command lasts, names of instances."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NoReturn

import click

from tui.core.guard import Guard
from tui.engines.docker.resolver import Resolver
from tui.errors import EngineUnavailable, UnknownInstance, UsageError
from tui.model import Instance, Sampler, SideName
from tui.snapshot import Health, Snapshot
from tui.text import clean

if TYPE_CHECKING:
    from types import FrameType

    from tui.fleet.fleet import Fleet

DEFAULT_INTERVAL_SECONDS = 1.0
THIN_INTERVAL_SECONDS = 3.0
READY_SECONDS = 20.0
TOLD_SECONDS = 125.0
"""Somewhat longer than a vagrant that is asked what it defines may take."""
_SIGTERM_EXIT_CODE = 128 + signal.SIGTERM
_NO_ANSWER = f"no answer within {READY_SECONDS:.0f} s"


@dataclass(frozen=True, slots=True)
class Settings:
    """The options before the command."""

    project: Path | None = None
    interval_seconds: float = DEFAULT_INTERVAL_SECONDS
    read_only: bool = False
    is_thin: bool = False
    """For a slow line: the console leaves out what changes most."""
    sampler: Sampler = Sampler.AUTO
    docker: Resolver = field(default_factory=Resolver)
    """The Docker Engine this command speaks to, whatever of it does."""
    vagrant: tuple[Path, ...] = ()
    """Folders whose Vagrantfile counts too."""

    @property
    def guard(self) -> Guard:
        """Asked before anything is changed."""
        return Guard(self.read_only)


def say(line: str) -> None:
    """One plain line on stderr, safe to show."""
    from tui.core.secrets import mask_text

    # A name with a carriage return must not hide what stands before it.
    click.echo(mask_text(clean(line.replace("\r", " "))), err=True)


def open_fleet(settings: Settings) -> Fleet:
    """The fleet of this host, not started. Raises UsageError, StoreError."""
    # The engines' libraries come with it, and no command that needs none should pay for them.
    from tui.fleet.build import open_fleet as build

    return build(
        settings.project,
        settings.interval_seconds,
        settings.guard,
        settings.sampler,
        settings.docker,
        settings.vagrant,
    )


@contextmanager
def running_fleet(settings: Settings) -> Iterator[Fleet]:
    """The fleet, watching; stopped at the end, also when the command is told to terminate."""
    fleet = open_fleet(settings)
    before = signal.signal(signal.SIGTERM, _exit_on_signal)
    try:
        # Boot times, and what was known of a side that does not answer now.
        fleet.recall()
        fleet.start()
        yield fleet
    finally:
        signal.signal(signal.SIGTERM, before)
        fleet.stop()
        for fault in fleet.faults:
            say(f"twindeck: {fault}")


def _exit_on_signal(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(_SIGTERM_EXIT_CODE)


def health_of(snapshot: Snapshot, side: SideName) -> Health:
    """How the engine of that side is; one that did not answer in time is not well."""
    known = snapshot.health.get(side)
    return known or Health(side, ok=False, reason=_NO_ANSWER, fix="twindeck doctor")


def tell_ailing(snapshot: Snapshot, sides: Sequence[SideName]) -> dict[SideName, str]:
    """Say which of those sides do not answer; returns the lines said."""
    ailing = [health for side in sides if not (health := health_of(snapshot, side)).ok]
    lines = {
        health.side: EngineUnavailable(f"{health.side} side: {health.reason}", health.fix).line
        for health in ailing
    }
    for line in lines.values():
        say(f"twindeck: {line}")
    return lines


def find_all(snapshot: Snapshot, names: Sequence[str]) -> list[Instance]:
    """The instances of those names, each once; `GROUP/` is all of its members.

    Raises as `find` does.
    """
    found = [i for name in names for i in find_group(snapshot, name) or [find(snapshot, name)]]
    return list({instance.key: instance for instance in found}.values())


def find_group(snapshot: Snapshot, name: str) -> list[Instance]:
    """The members of the compose project or Vagrant environment that `NAME/` or `PATH/` names.

    [] for a name that ends otherwise. Raises UnknownInstance, UsageError (several have the name).
    """
    side, bare = split(name)
    if not bare.endswith("/"):
        return []
    group = bare.rstrip("/")
    candidates = [i for i in snapshot.instances if i.group and side in (None, i.side)]
    whole = [i for i in candidates if i.group == group]
    short = [i for i in candidates if PurePath(i.group).name == group]
    groups = {(i.side, i.group) for i in whole or short}
    if len(groups) > 1:
        paths = " or ".join(sorted(f"{side}:{path}/" for side, path in groups))
        raise UsageError(f"{name} is not the name of one group only", f"say {paths}")
    if not groups:
        raise UnknownInstance(f"no group {name}", "see twindeck ls")
    return [i for i in whole or short if not i.is_vagrantfile]


def find(snapshot: Snapshot, name: str) -> Instance:
    """The instance called `vm:NAME`, `container:NAME`, or `NAME` where only one side has it.

    Raises UnknownInstance, UsageError (on both sides), EngineUnavailable (it may be there, but
    its engine does not answer).
    """
    side, bare = split(name)
    matches = [i for i in snapshot.instances if i.name == bare and side in (None, i.side)]
    if len(matches) > 1:
        keys = " or ".join(sorted({i.key for i in matches}))
        raise UsageError(f"{name} is on both sides", f"say {keys}")
    if not matches:
        # A Vagrant user knows the name in the Vagrantfile, not whose folder stands before it here.
        inner = [
            i for i in snapshot.instances if i.name.endswith(f"/{bare}") and side in (None, i.side)
        ]
        matches = inner if len(inner) == 1 else []
    asked = [matches[0].side] if matches else [side] if side else list(SideName)
    for health in (health_of(snapshot, one) for one in asked):
        if not health.ok:
            raise EngineUnavailable(f"{name}: {health.side} side: {health.reason}", health.fix)
    if not matches:
        raise UnknownInstance(f"no instance {name}{_nearest(name, snapshot)}", "see twindeck ls")
    return matches[0]


def split(name: str) -> tuple[SideName | None, str]:
    """`vm:web` as (vm, web); any other as (None, name)."""
    head, colon, rest = name.partition(":")
    if colon and head in SideName.__members__.values():
        return SideName(head), rest
    return None, name


def _nearest(name: str, snapshot: Snapshot) -> str:
    from difflib import get_close_matches

    known = {i.name: i.key for i in snapshot.instances} | {i.key: i.key for i in snapshot.instances}
    near = get_close_matches(name, known, n=1)
    return f", did you mean {known[near[0]]}?" if near else ""
