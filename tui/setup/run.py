"""`twindeck setup`: shows the plan, asks once, does it step by step, and looks again."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from tui.core.files import append_private, private_folder
from tui.core.reasons import reason_of
from tui.errors import ActionFailed, TwindeckError
from tui.model import Check, Reading
from tui.setup.checks import run_checks
from tui.setup.get_box import how_to_take, refuse_second_box
from tui.setup.host import Host, Say
from tui.setup.machine_checks import wanted_boxes
from tui.setup.needs import BUILT_BOX, is_debian_like
from tui.setup.new_session import checks_of_new_session, is_older_than_groups
from tui.setup.plan import Step, make_plan
from tui.setup.progress import Progress


def setup(
    say: Say, confirm: Callable[[str], bool], host: Host | None = None, *, own_box: str = ""
) -> bool:
    """Put right what is missing; True when both sides have all they need afterwards.

    `own_box`: a box file or URL that machines are to start from, "" for none.

    Raises ActionFailed when root's rights are needed and cannot be had, or when another setup
    runs; whatever `confirm` raises. A step that fails is told and the others go on.
    """
    host = host or Host()
    if not is_debian_like(host):
        say("This is neither Debian nor Ubuntu: setup only says what to do here.")
        if own_box:
            say(f"To take the box you named: {how_to_take(own_box)}")
        return _tell(run_checks(host=host), say)
    if own_box:
        refuse_second_box(sorted({BUILT_BOX, *chain.from_iterable(wanted_boxes())}))
    plan = make_plan(host, own_box)
    if plan:
        _show(plan, host, say)
        if not confirm(f"Do these {len(plan)} steps?" if len(plan) > 1 else "Do this step?"):
            say("Nothing was changed.")
            return False
        with _alone(host):
            _become_root(host)
            failed = _carry_out(plan, host, say)
    else:
        failed = frozenset()
        say("Nothing to do: engines, base image and box are there.")
    return _look_again(host, failed, say)


def _show(plan: Sequence[Step], host: Host, say: Say) -> None:
    say(f"To do{'' if host.uid == 0 else ', as root through sudo'}:")
    for number, step in enumerate(plan, 1):
        say(f"  {number}. {step.name}: {step.why}")
        say(f"     {step.shown}")


def _become_root(host: Host) -> None:
    """Have sudo ask now, once, and not in the middle. Raises ActionFailed."""
    if host.uid == 0 or host.run("sudo", "-n", "true").code == 0:
        return
    if host.which("sudo") is None:
        raise ActionFailed("setup needs root's rights and there is no sudo", "run it as root")
    # On the user's terminal: the password is between sudo and the user.
    if subprocess.run(["sudo", "-v"], env=dict(host.env), check=False).returncode != 0:
        raise ActionFailed("sudo gave no rights", "run twindeck setup as root")


@contextmanager
def _alone(host: Host) -> Iterator[None]:
    """One setup at a time. Raises ActionFailed."""
    private_folder(host.state_folder)
    with os.fdopen(append_private(host.state_folder / "setup.lock"), "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ActionFailed("another twindeck setup is running", "wait for it") from None
        yield


def _look_again(host: Host, failed: frozenset[str], say: Say) -> bool:
    """Say what is still not right; whether both sides have all they need."""
    if not is_older_than_groups(host):
        return _tell(run_checks(host=host), say)
    # This session may not open the engines' sockets: all it could say of them is that.
    checks = checks_of_new_session(host)
    is_well = not failed if checks is None else _tell(checks, say)
    if is_well:
        say("All is done. Groups count from the next login on: log out and in again, or: make run")
    return is_well


def _carry_out(plan: Sequence[Step], host: Host, say: Say) -> frozenset[str]:
    """Every step whose forerunners did not fail; the names of those that failed."""
    failed: set[str] = set()
    for number, step in enumerate(plan, 1):
        head = f"[{number}/{len(plan)}] {step.name}"
        if blocked := failed & set(step.after):
            say(f"{head}: left out, it needs {', '.join(sorted(blocked))}")
            failed.add(step.name)
        elif step.is_done():
            say(f"{head}: done already")
        elif not _do(step, head, host, say):
            failed.add(step.name)
    return frozenset(failed)


def _do(step: Step, head: str, host: Host, say: Say) -> bool:
    """One step; False when it failed."""
    say(f"{head} …")
    log = host.state_folder / "setup.log"
    with Progress(log, say) as progress:
        progress.line(f"== {step.name}: {step.shown}")
        try:
            if host.uid != 0:
                # A long step must not find its rights gone.
                host.run("sudo", "-n", "-v")
            step.act(progress.line)
        except (TwindeckError, OSError) as error:
            for line in progress.last:
                say(f"      {line}")
            line = error.line if isinstance(error, TwindeckError) else reason_of(error)
            say(f"{head}: failed after {progress.seconds:.0f} s: {line}")
            say(f"      the whole output is in {log}; twindeck setup goes on from here")
            return False
        except KeyboardInterrupt:
            say(f"{head}: interrupted; twindeck setup goes on from here")
            raise
        say(f"{head}: done in {progress.seconds:.0f} s")
    return True


def _tell(checks: Sequence[Check], say: Say) -> bool:
    """Say what is still not right; whether both sides have all they need."""
    for check in checks:
        if check.status is not Reading.OK:
            fix = f" → {check.fix}" if check.fix else ""
            say(f"{check.check}: {check.status}: {check.reason}{fix}")
        elif check.check == "accelerator":
            say(f"{check.check}: {check.reason}")
    # The terminal and the lab's tools belong to neither side: the decks work as they are.
    return all(c.status is Reading.OK for c in checks if c.side is not None)
