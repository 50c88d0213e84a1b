"""The command line: parses, dispatches, prints. `twindeck` alone opens the console.

Data goes to stdout and nothing else does; progress and errors go to stderr, one plain line each.
Exit codes: 0 done, 1 failed, 2 usage. docs/cli.md is the interface for scripts.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from tui import __version__
from tui.cli.session import (
    DEFAULT_INTERVAL_SECONDS,
    THIN_INTERVAL_SECONDS,
    Settings,
    open_fleet,
    say,
)
from tui.core.reasons import reason_of
from tui.core.system_path import with_system_folders
from tui.engines.docker.resolver import Resolver
from tui.errors import StoreError, TwindeckError, UsageError
from tui.model import Sampler

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from tui.lab.lab import Lab

_MODULES: Mapping[str, tuple[str, ...]] = {
    "look_commands": ("ls", "boots", "logs", "inspect"),
    "engines_command": ("engines",),
    "stats_command": ("stats",),
    "act_commands": (
        "up",
        "start",
        "stop",
        "restart",
        "pause",
        "resume",
        "kill",
        "destroy",
        "shell",
    ),
    "vagrant_commands": ("reload", "provision", "suspend", "snapshot", "ports", "box"),
    "architecture_command": ("architecture", "explain"),
    "compare_command": ("compare",),
    "runs_command": ("runs", "report"),
    "advise_command": ("advise",),
    "setup_commands": ("doctor", "setup", "completion"),
}
"""Where each command lives, in the order `--help` lists them."""


class TwindeckGroup(click.Group):
    """Imports a command when it is called for; turns the project's own errors into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name."""
        return [name for names in _MODULES.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        for module, names in _MODULES.items():
            if cmd_name in names:
                found: click.Command = import_module(f"tui.cli.{module}").COMMANDS[cmd_name]
                return found
        return None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. Exits with 2 for a wrong request, 1 for a failure."""
        try:
            return super().invoke(ctx)
        except TwindeckError as error:
            say(f"twindeck: {error.line}")
            ctx.exit(2 if isinstance(error, UsageError) else 1)


def _complete_engine(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    # Only a shell that completes needs it.
    from tui.cli.engines_command import complete_engine

    return complete_engine(incomplete)


@click.group(
    cls=TwindeckGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--interval",
    "interval_seconds",
    type=click.FloatRange(0.1, 3600),
    default=DEFAULT_INTERVAL_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Time between two measurements.",
)
@click.option(
    "--thin",
    is_flag=True,
    help=f"For a slow line: measure every {THIN_INTERVAL_SECONDS:.0f} s, show no trends and "
    "no charts.",
)
@click.option(
    "--sampler",
    type=click.Choice([way.value for way in Sampler]),
    default=Sampler.AUTO.value,
    show_default=True,
    envvar="TWINDECK_SAMPLER",
    show_envvar=True,
    help="How containers are measured: from their cgroup files, or through the Docker Engine.",
)
@click.option(
    "--engine",
    metavar="NAME|URL",
    default="",
    shell_complete=_complete_engine,
    help="The container engine: a Docker context, podman, rootless or a URL; `twindeck engines` "
    "lists those found.",
)
@click.option("--read-only", is_flag=True, help="Look at everything, change nothing.")
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder that holds the Vagrantfile and workloads/.",
)
@click.option(
    "--vagrant",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    envvar="TWINDECK_VAGRANT",
    show_envvar=True,
    help="Folder whose Vagrantfile is listed too; may be given more than once.",
)
@click.version_option(__version__, prog_name="twindeck")
@click.pass_context
def cli(
    ctx: click.Context,
    interval_seconds: float,
    thin: bool,
    sampler: str,
    engine: str,
    read_only: bool,
    project: Path | None,
    vagrant: tuple[Path, ...],
) -> None:
    """Virtual machines on one deck, containers on the other.

    Without a command, opens the console.
    """
    is_default = ctx.get_parameter_source("interval_seconds") is ParameterSource.DEFAULT
    if thin and is_default:
        interval_seconds = THIN_INTERVAL_SECONDS
    docker = Resolver(name=engine)
    ctx.obj = Settings(
        project, interval_seconds, read_only, thin, Sampler(sampler), docker, vagrant
    )
    if ctx.invoked_subcommand is None:
        _open_console(ctx.obj)


def _open_console(settings: Settings) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the console needs a terminal", "`twindeck ls` works without one")
    # What is made before the first frame stays: looking it through for garbage would only delay it.
    gc.disable()
    # The keys wait for no more than this when an engine's answer is being taken apart.
    sys.setswitchinterval(0.0005)
    fleet = open_fleet(settings)
    lab: Lab | None = None

    def open_lab() -> Lab | None:
        nonlocal lab
        lab = _lab_of(settings)
        return lab

    try:
        # Drawn at once, as stale, until the engines have answered.
        fleet.recall()
        fleet.glance()
        # A key just after a frame waits for two turns of Textual's clock: 17 ms in all, not 33.
        os.environ.setdefault("TEXTUAL_FPS", "120")
        # Takes longer than anything before it, so that the glance gives CPU figures soon after.
        from tui.app import TwindeckApp

        app = TwindeckApp(fleet, open_lab, is_thin=settings.is_thin)
        app.run()
    finally:
        fleet.stop()
        if lab is not None and lab.is_busy:
            say("the comparison is cancelled: its pair is being taken down …")
            lab.cancel()
            lab.wait()
    if app.return_code:
        sys.exit(app.return_code)


def _lab_of(settings: Settings) -> Lab | None:
    """None where there is no history to keep runs in; the fleet tells why."""
    from tui.lab.build import open_lab

    try:
        return open_lab(settings.project, guard=settings.guard, docker=settings.docker)
    except StoreError:
        return None


def main() -> None:
    """Entry point of the `twindeck` command."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal without UTF-8 shows a question mark, not an error.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    if not sys.warnoptions:
        # Python's hints to whoever wrote a line, or a user's regular expression, spoil the screen.
        warnings.simplefilter("ignore")
    # For whatever is looked up or run from here on, by the sides, setup and the lab alike.
    os.environ["PATH"] = with_system_folders(os.environ.get("PATH"))
    try:
        cli.main(prog_name="twindeck")
    except Exception as error:  # the process's edge: a user is never shown a traceback
        if os.environ.get("TWINDECK_DEBUG"):
            raise
        say(f"twindeck: failed: {reason_of(error)} → TWINDECK_DEBUG=1 shows where")
        sys.exit(1)
