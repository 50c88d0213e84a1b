"""Commands that act: up, start, stop, restart, pause, resume, kill, destroy, shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from tui.cli.completion import complete_instance, complete_workload
from tui.cli.look_commands import ON, on_option
from tui.cli.progress import follow
from tui.cli.session import (
    READY_SECONDS,
    TOLD_SECONDS,
    Settings,
    find,
    find_group,
    running_fleet,
    say,
    tell_ailing,
)
from tui.cli.tables import print_json
from tui.core.groups import members_for, turn_of
from tui.errors import ActionFailed, TwindeckError, UnknownInstance, UsageError
from tui.fleet.actions import ANEW, WANTED
from tui.model import AS_USUAL, Instance, Options, SideName, State, Verb, key_of
from tui.sides.base import Command
from tui.snapshot import Job, JobState, Snapshot

if TYPE_CHECKING:
    from tui.fleet.fleet import Fleet

_HELP: Mapping[Verb, str] = {
    Verb.STOP: "Stop instances, asking their processes to end.",
    Verb.RESTART: "Stop and start instances.",
    Verb.PAUSE: "Freeze instances where they are.",
    Verb.RESUME: "Let paused instances go on.",
    Verb.KILL: "End instances at once, without asking their processes.",
}

_TO_SHELL: Mapping[State, str] = {
    State.PAUSED: "twindeck resume {}",
    State.SUSPENDED: "twindeck resume {}",
    State.STOPPED: "twindeck start {}",
    State.CREATED: "twindeck start {}",
    State.ABSENT: "twindeck start {}",
    State.RESTARTING: "twindeck logs {}",
}
"""What makes a shell possible, or tells why there is nothing to open one in."""

json_option = click.option("--json", "as_json", is_flag=True, help="A JSON list of what was done.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show the engine's output.")
provider_option = click.option(
    "--provider", default="", metavar="NAME", help="What makes a new VM."
)
provision_option = click.option(
    "--provision/--no-provision", default=None, help="Whether a VM's provisioners run, too."
)
names_argument = click.argument(
    "names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_instance
)


@click.command()
@click.argument("workload", shell_complete=complete_workload)
@on_option
@provider_option
@provision_option
@verbose_option
@json_option
@click.pass_context
def up(
    ctx: click.Context,
    workload: str,
    on: str,
    provider: str,
    provision: bool | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Bring a workload up, as a VM, as a container or as both, until it answers."""
    settings: Settings = ctx.obj
    from tui.project import find_project, settled
    from tui.workloads import find

    settings.guard.refuse(f"bring {workload} up")
    project, _told = settled(find_project(settings.project))
    find(project, workload)
    options = Options(provider=provider, provision=provision)
    with running_fleet(settings) as fleet:
        snapshot = fleet.wait_ready(READY_SECONDS)
        ailing = tell_ailing(snapshot, ON[on])
        jobs = [
            _over(Verb.UP, side, workload, ailing[side])
            if side in ailing
            else _up_on(fleet, side, workload, options)
            for side in ON[on]
        ]
        is_done = _finish(fleet, jobs, verbose=verbose, as_json=as_json)
    ctx.exit(0 if is_done else 1)


def plain_command(verb: Verb, name: str, told: str) -> click.Command:
    """The command of a verb that takes names and nothing else."""

    @click.command(name, help=told)
    @names_argument
    @verbose_option
    @json_option
    @click.pass_context
    def command(ctx: click.Context, names: Sequence[str], verbose: bool, as_json: bool) -> None:
        act_on(ctx, verb, names, verbose=verbose, as_json=as_json)

    return command


@click.command()
@names_argument
@provider_option
@provision_option
@verbose_option
@json_option
@click.pass_context
def start(
    ctx: click.Context,
    names: Sequence[str],
    provider: str,
    provision: bool | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Start instances, making those VMs that are not made yet; let paused ones go on."""
    options = Options(provider=provider, provision=provision)
    act_on(ctx, Verb.START, names, verbose=verbose, as_json=as_json, options=options)


@click.command()
@names_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@verbose_option
@json_option
@click.pass_context
def destroy(
    ctx: click.Context, names: Sequence[str], yes: bool, verbose: bool, as_json: bool
) -> None:
    """Remove instances and everything in them, after asking."""
    if not yes:
        require_answer("destroy")
    lost = None if yes else "This removes {} and everything in it for good.".format
    act_on(ctx, Verb.DESTROY, names, verbose=verbose, as_json=as_json, lost=lost)


@click.command()
@click.argument("name", shell_complete=complete_instance)
@click.pass_obj
def shell(settings: Settings, name: str) -> None:
    """Open a shell in an instance; its exit code is the shell's."""
    settings.guard.refuse(f"open a shell in {name}")
    if not is_terminal():
        raise UsageError("a shell needs a terminal")
    with running_fleet(settings) as fleet:
        instance = find(fleet.wait_ready(READY_SECONDS), name)
        if instance.state is not State.RUNNING:
            raise ActionFailed(
                f"no shell in {instance.key}: it is {instance.state}",
                _TO_SHELL.get(instance.state, "twindeck ls").format(instance.key),
            )
        command = fleet.shell(instance.key)
    replace_process(command)


COMMANDS: Mapping[str, click.Command] = {
    "up": up,
    "start": start,
    **{verb.value: plain_command(verb, verb.value, told) for verb, told in _HELP.items()},
    "destroy": destroy,
    "shell": shell,
}


def require_answer(command: str) -> None:
    """Raises UsageError where nobody is there to ask."""
    if not is_terminal():
        raise UsageError(f"{command} asks first, and there is no terminal to ask on", "add --yes")


def is_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def replace_process(command: Command) -> None:
    """Become that command: the terminal and its signals are then the shell's alone."""
    try:
        if command.cwd is not None:
            os.chdir(command.cwd)
        sys.stdout.flush()
        os.execvpe(command.argv[0], command.argv, {**os.environ, **command.env})
    except OSError as error:
        raise ActionFailed(f"{command.argv[0]}: {error.strerror}", "twindeck doctor") from error


def act_on(
    ctx: click.Context,
    verb: Verb,
    names: Sequence[str],
    *,
    verbose: bool,
    as_json: bool,
    lost: Callable[[str], str] | None = None,
    options: Options = AS_USUAL,
) -> None:
    """Do it to all that is named, wait for the end, and exit with 1 if anything failed.

    `lost`: says what is to be agreed to before, of the instances' keys; None asks nothing.
    """
    settings: Settings = ctx.obj
    settings.guard.refuse(f"{verb} {', '.join(names)}")
    with running_fleet(settings) as fleet:
        snapshot = fleet.wait_ready(READY_SECONDS)
        if any(_is_open(snapshot, name) for name in names):
            snapshot = fleet.wait_told(TOLD_SECONDS)
        found = _targets(snapshot, verb, names)
        if lost is not None and not _is_agreed([instance for instance, _turn in found], lost):
            say("nothing was done")
            ctx.exit(1)
        jobs = [_ask(fleet, verb, instance, turn, options) for instance, turn in found]
        is_done = _finish(fleet, jobs, verbose=verbose, as_json=as_json)
    ctx.exit(0 if is_done else 1)


def _is_open(snapshot: Snapshot, name: str) -> bool:
    """Whether a Vagrantfile that vagrant is being asked about may define what is meant."""
    try:
        members = find_group(snapshot, name) or [find(snapshot, name)]
    except UnknownInstance:
        return any(i.is_asked for i in snapshot.instances)
    return any(i.is_asked for i in members)


def _targets(snapshot: Snapshot, verb: Verb, names: Sequence[str]) -> list[tuple[Instance, str]]:
    """What the names mean, each once, and the turn it takes among others of its group."""
    found: dict[str, tuple[Instance, str]] = {}
    for name in names:
        group = find_group(snapshot, name)
        members = members_for(verb, group) if group else [find(snapshot, name)]
        if not members:
            say(f"{name}: nothing to {verb}")
        for instance in members:
            found.setdefault(instance.key, (instance, turn_of(verb, group)))
    return list(found.values())


def _ask(fleet: Fleet, verb: Verb, instance: Instance, turn: str, options: Options) -> Job:
    """The job asked for; one that is over already where there is nothing to do or it is refused."""
    try:
        if _is_settled(fleet, verb, instance):
            return _over(verb, instance.side, instance.name)
        return fleet.submit(verb, instance.key, turn=turn, options=options)
    except TwindeckError as error:
        # One refusal must not leave the jobs of the others behind.
        say(f"twindeck: {error.line}")
        return _over(verb, instance.side, instance.name, error.line)


def _up_on(fleet: Fleet, side: SideName, workload: str, options: Options) -> Job:
    instance = fleet.snapshot.find(key_of(side, workload))
    is_its_own = instance is not None and instance.workload == workload
    try:
        if instance is not None and is_its_own and _is_settled(fleet, Verb.UP, instance):
            return _over(Verb.UP, side, workload)
        return fleet.up(workload, side, options)
    except TwindeckError as error:
        say(f"twindeck: {error.line}")
        return _over(Verb.UP, side, workload, error.line)


def _over(verb: Verb, side: SideName, name: str, error: str = "") -> Job:
    """A job that never had to run."""
    state = JobState.FAILED if error else JobState.DONE
    return Job(0, verb, side, name, state, requested_t_ns=0, finished_t_ns=0, error=error)


def _is_settled(fleet: Fleet, verb: Verb, instance: Instance) -> bool:
    """Whether the engine itself says that there is nothing left to do; asking twice is no error.

    Raises EngineUnavailable.
    """
    if verb in ANEW or instance.state not in WANTED.get(verb, ()):
        return False
    now = fleet.look(instance.key)
    state = State.ABSENT if now is None else now.state
    if state not in WANTED[verb]:
        return False
    say(f"{instance.key}: is {state} already")
    return True


def _is_agreed(instances: Sequence[Instance], lost: Callable[[str], str]) -> bool:
    keys = ", ".join(i.key for i in instances if i.state is not State.ABSENT)
    if not keys:
        return True
    say(lost(keys))
    return click.confirm("Go on?", default=False, err=True)


def _finish(fleet: Fleet, jobs: Sequence[Job], *, verbose: bool, as_json: bool) -> bool:
    ended = {
        job.id: job for job in follow(fleet, [j for j in jobs if j.is_active], verbose=verbose)
    }
    jobs = [ended.get(job.id, job) for job in jobs]
    if as_json:
        print_json([_job_json(job) for job in jobs])
    return all(job.state is JobState.DONE for job in jobs)


def _job_json(job: Job) -> dict[str, object]:
    finished_t_ns = job.finished_t_ns or job.requested_t_ns
    return {
        "side": job.side,
        "name": job.name,
        "verb": job.verb,
        "state": job.state,
        "seconds": (finished_t_ns - job.requested_t_ns) / 1e9,
        "error": job.error or None,
    }
