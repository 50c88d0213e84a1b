"""Commands about this machine: doctor, setup, completion."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from tui.cli.act_commands import is_terminal
from tui.cli.completion import script
from tui.cli.session import Settings, say
from tui.cli.tables import check_json, print_json, put, table
from tui.errors import UsageError
from tui.model import Reading


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@click.option("--fresh", is_flag=True, help="Try everything again, remembered answers too.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool, fresh: bool) -> None:
    """Check what the two sides need; fails when something is missing or broken."""
    from tui.setup.checks import run_checks

    settings: Settings = ctx.obj
    if fresh:
        settings.guard.refuse("boot a guest to try the accelerator")
    checks = run_checks(
        fresh=fresh,
        may_try=not settings.read_only,
        docker=settings.docker if _is_named(ctx) else None,
    )
    if as_json:
        print_json([check_json(check) for check in checks])
    else:
        rows = [(c.status, c.check, f"{c.reason} → {c.fix}" if c.fix else c.reason) for c in checks]
        put(table(("STATUS", "CHECK", "REASON"), rows))
    ctx.exit(0 if all(check.status is Reading.OK for check in checks) else 1)


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask; CI=true does the same.")
@click.option(
    "--box", metavar="FILE|URL", default="", help="A Vagrant box of your own for all machines."
)
@click.pass_context
def setup(ctx: click.Context, yes: bool, box: str) -> None:
    """Install and start what doctor found missing, after showing the plan."""
    from tui.setup.host import Host
    from tui.setup.run import setup as set_up

    settings: Settings = ctx.obj
    settings.guard.refuse("set anything up")
    is_agreed = yes or os.environ.get("CI") == "true"

    def confirm(question: str) -> bool:
        if is_agreed:
            return True
        if not is_terminal():
            raise UsageError("setup asks first, and there is no terminal to ask on", "add --yes")
        return click.confirm(question, default=False, err=True)

    host = Host()
    if _is_named(ctx):
        # What it runs is the docker command, which knows no names of ours.
        host = Host(env={**host.env, **settings.docker.endpoint().environment})
    ctx.exit(0 if set_up(say, confirm, host, own_box=box) else 1)


def _is_named(ctx: click.Context) -> bool:
    """Whether `--engine` stands before the command."""
    return bool(ctx.find_root().params.get("engine"))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes twindeck's words in a shell.

    bash: eval "$(twindeck completion bash)"
    """
    put(script(shell, ctx.find_root().command))


COMMANDS: Mapping[str, click.Command] = {
    "doctor": doctor,
    "setup": setup,
    "completion": completion,
}
