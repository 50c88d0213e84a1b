"""Commands that look and change nothing: ls, boots, logs, inspect."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from threading import Event

import click

from tui.cli.completion import complete_instance
from tui.cli.session import (
    READY_SECONDS,
    TOLD_SECONDS,
    Settings,
    find,
    running_fleet,
    say,
    split,
    tell_ailing,
)
from tui.cli.tables import boot_json, instance_json, print_json, put, table
from tui.core.port_ranges import ranged
from tui.core.state_words import state_text
from tui.model import Boot, Instance, SideName, key_of
from tui.snapshot import Snapshot
from tui.units import DASH, age, seconds

ON = {"vm": (SideName.VM,), "container": (SideName.CONTAINER,), "both": tuple(SideName)}
"""What `--on` takes, and the sides it means."""

on_option = click.option(
    "--on",
    "on",
    type=click.Choice(list(ON)),
    default="both",
    show_default=True,
    help="Which side.",
)


@click.command()
@on_option
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@click.pass_context
def ls(ctx: click.Context, on: str, as_json: bool) -> None:
    """List the instances of both sides.

    Fails when a side that was asked for does not answer; the other is listed all the same.
    """
    settings: Settings = ctx.obj
    with running_fleet(settings) as fleet:
        for problem in fleet.problems:
            say(f"twindeck: {problem}")
        fleet.wait_ready(READY_SECONDS)
        snapshot = fleet.wait_told(TOLD_SECONDS)
    ailing = tell_ailing(snapshot, ON[on])
    shown = [i for i in snapshot.instances if i.side in ON[on] and i.side not in ailing]
    if as_json:
        print_json([instance_json(instance) for instance in shown])
    else:
        _print_instances(shown, snapshot)
    ctx.exit(1 if ailing else 0)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_instance)
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.pass_obj
def boots(settings: Settings, names: Sequence[str], as_json: bool, limit: int) -> None:
    """Show the newest stored boots, with their phases. Asks no engine."""
    from tui.store import Store

    store = Store(guard=settings.guard)
    try:
        found = store.boots([key for name in names for key in _keys(name)], limit)
    finally:
        store.close()
    if as_json:
        print_json([boot_json(boot) for boot in found])
    else:
        _print_boots(found)
    if not found:
        say("no boot is stored" + (f" of {' '.join(names)}" if names else "") + " yet")


@click.command()
@click.argument("name", shell_complete=complete_instance)
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until interrupted.")
@click.option("-n", "--tail", type=click.IntRange(0), default=100, show_default=True, help="Lines.")
@click.pass_obj
def logs(settings: Settings, name: str, follow: bool, tail: int) -> None:
    """Print the log of an instance: a container's output, a VM's console."""
    stop = Event()
    with running_fleet(settings) as fleet:
        key = find(fleet.wait_ready(READY_SECONDS), name).key
        try:
            for line in fleet.logs(key, tail=tail, follow=follow, stop=stop):
                put(line)
        except KeyboardInterrupt:
            # The way to end --follow, so no failure.
            if not follow:
                raise
        finally:
            stop.set()


@click.command()
@click.argument("name", shell_complete=complete_instance)
@click.option("--reveal", is_flag=True, help="Show what looks secret, too.")
@click.pass_obj
def inspect(settings: Settings, name: str, reveal: bool) -> None:
    """Print everything the engine knows of an instance, as JSON; secrets are masked."""
    with running_fleet(settings) as fleet:
        key = find(fleet.wait_ready(READY_SECONDS), name).key
        print_json(fleet.inspect(key, reveal=reveal))


COMMANDS: Mapping[str, click.Command] = {
    "ls": ls,
    "boots": boots,
    "logs": logs,
    "inspect": inspect,
}


def _keys(name: str) -> list[str]:
    side, bare = split(name)
    return [key_of(side, bare)] if side else [key_of(each, bare) for each in SideName]


def _print_instances(instances: Sequence[Instance], snapshot: Snapshot) -> None:
    now = time.time()
    rows = [
        (
            i.side,
            i.name,
            _state_text(i),
            DASH if i.started_at is None else age(now - i.started_at),
            seconds(snapshot.boot_seconds.get(i.key)),
            i.accelerator or DASH,
            i.owner or DASH,
            i.image or DASH,
            ", ".join(ranged(i.ports)) or DASH,
        )
        for i in instances
    ]
    put(table(("SIDE", "NAME", "STATE", "UP", "BOOT", "ACCEL", "OWNER", "IMAGE", "PORTS"), rows))


def _state_text(instance: Instance) -> str:
    """The state, and what a reader must know with it: `running (user alice)`."""
    remarks = [text for text in (instance.busy, instance.note) if text]
    state = state_text(instance)
    return f"{state} ({', '.join(remarks)})" if remarks else state


def _print_boots(found: Sequence[Boot]) -> None:
    is_elsewhere = any(boot.engine for boot in found)
    rows = [
        (
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(boot.started_at)),
            boot.key,
            seconds(boot.total_seconds),
            boot.accelerator or DASH,
            *((boot.engine or DASH,) if is_elsewhere else ()),
            phases_text(boot),
        )
        for boot in found
    ]
    engine = ("ENGINE",) if is_elsewhere else ()
    put(table(("STARTED", "INSTANCE", "TOTAL", "ACCEL", *engine, "PHASES"), rows))


def phases_text(boot: Boot) -> str:
    """`create 1.20 s, start 0.31 s`, and whether the workload ended it."""
    phases = ", ".join(f"{phase.name} {seconds(phase.seconds)}" for phase in boot.phases)
    return phases if boot.answered else f"{phases} (nothing to answer)".strip()
