"""What Vagrant's users do every day beside up and halt: reload, provision, snapshots, boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from tui.cli.act_commands import (
    act_on,
    json_option,
    names_argument,
    plain_command,
    provision_option,
    require_answer,
    verbose_option,
)
from tui.cli.completion import complete_instance
from tui.cli.session import READY_SECONDS, Settings, find, running_fleet, say
from tui.cli.tables import print_json, put
from tui.core.port_ranges import ranged
from tui.core.snapshot_names import check_name
from tui.model import Options, Verb

_HELP: Mapping[Verb, str] = {
    Verb.PROVISION: "Run the provisioners of running VMs.",
    Verb.SUSPEND: "Save VMs to disk with all that is in their memory; resume or start goes on.",
}
_name_argument = click.argument("name", shell_complete=complete_instance)
_snapshot_argument = click.argument("snapshot")


@click.command()
@names_argument
@provision_option
@verbose_option
@json_option
@click.pass_context
def reload(
    ctx: click.Context,
    names: Sequence[str],
    provision: bool | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Stop VMs and start them anew, so that a changed Vagrantfile counts."""
    options = Options(provision=provision)
    act_on(ctx, Verb.RELOAD, names, verbose=verbose, as_json=as_json, options=options)


@click.group()
def snapshot() -> None:
    """Save a VM's state and bring it back."""


@snapshot.command("save")
@_name_argument
@_snapshot_argument
@verbose_option
@json_option
@click.pass_context
def save(ctx: click.Context, name: str, snapshot: str, verbose: bool, as_json: bool) -> None:
    """Save the state of a VM under a name."""
    options = Options(snapshot=check_name(snapshot))
    act_on(ctx, Verb.SNAPSHOT_SAVE, [name], verbose=verbose, as_json=as_json, options=options)


def _asking(verb: Verb, name: str, told: str, lost: str) -> click.Command:
    """`lost`: what goes with it, behind the instance and the snapshot."""

    @click.command(name, help=told)
    @_name_argument
    @_snapshot_argument
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @verbose_option
    @json_option
    @click.pass_context
    def command(
        ctx: click.Context, name: str, snapshot: str, yes: bool, verbose: bool, as_json: bool
    ) -> None:
        options = Options(snapshot=check_name(snapshot))
        if not yes:
            require_answer(str(verb))
        act_on(
            ctx,
            verb,
            [name],
            verbose=verbose,
            as_json=as_json,
            lost=None if yes else lambda keys: f"{keys}, snapshot {snapshot!r}: {lost}",
            options=options,
        )

    return command


snapshot.add_command(
    _asking(
        Verb.SNAPSHOT_RESTORE,
        "restore",
        "Bring a VM back to a saved state, after asking.",
        "what happened in it since is lost.",
    )
)
snapshot.add_command(
    _asking(
        Verb.SNAPSHOT_DELETE,
        "delete",
        "Remove a saved state, after asking; the VM stays as it is.",
        "it is removed for good.",
    )
)


@snapshot.command("list")
@_name_argument
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@click.pass_obj
def list_snapshots(settings: Settings, name: str, as_json: bool) -> None:
    """List the saved states of a VM, oldest first."""
    with running_fleet(settings) as fleet:
        key = find(fleet.wait_ready(READY_SECONDS), name).key
        found = list(fleet.snapshots(key))
    if as_json:
        print_json(found)
        return
    for one in found:
        put(one)
    if not found:
        say(f"{key} has no snapshot")


@click.command()
@_name_argument
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@click.pass_obj
def ports(settings: Settings, name: str, as_json: bool) -> None:
    """List the ports of an instance that are open on this host."""
    with running_fleet(settings) as fleet:
        instance = find(fleet.wait_ready(READY_SECONDS), name)
    if as_json:
        print_json(list(instance.ports))
        return
    for port in ranged(instance.ports):
        put(port)
    if not instance.ports:
        say(f"{instance.key} has no port open on this host")


@click.group()
def box() -> None:
    """Look after the boxes that VMs are made from."""


box.add_command(
    plain_command(
        Verb.BOX_OUTDATED, "outdated", "Ask whether there is a newer version of a VM's box."
    )
)
box.add_command(plain_command(Verb.BOX_UPDATE, "update", "Fetch the newest version of a VM's box."))

COMMANDS: Mapping[str, click.Command] = {
    "reload": reload,
    **{verb.value: plain_command(verb, verb.value, told) for verb, told in _HELP.items()},
    "snapshot": snapshot,
    "ports": ports,
    "box": box,
}
