"""What `x` does: the verbs that have no key of their own, those of Vagrant above all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from textual.content import Content

from tui.console import ConsoleApp
from tui.core.groups import members_for, turn_of
from tui.core.snapshot_names import check_name
from tui.errors import TwindeckError
from tui.model import AS_USUAL, Instance, Options, Verb
from tui.screens.choices import ChoiceDialog, NameDialog
from tui.screens.dialogs import ConfirmDialog
from tui.widgets.cells import visible_name


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the menu."""

    verb: Verb
    title: str
    remark: str
    options: Options = AS_USUAL
    is_for_one: bool = False
    """Whether it makes sense for a single machine only."""


MENU = (
    Choice(Verb.RELOAD, "reload", "so that a changed Vagrantfile counts"),
    Choice(
        Verb.RELOAD,
        "reload and provision",
        "the same, and the provisioners run",
        Options(provision=True),
    ),
    Choice(Verb.PROVISION, "provision", "run the provisioners now"),
    Choice(Verb.SUSPEND, "suspend", "save to disk with all that is in memory"),
    Choice(Verb.START, "start and provision", "the provisioners run", Options(provision=True)),
    Choice(Verb.START, "start, no provision", "no provisioner runs", Options(provision=False)),
    Choice(Verb.SNAPSHOT_SAVE, "save a snapshot…", "keep the present state under a name"),
    Choice(Verb.SNAPSHOT_RESTORE, "restore a snapshot…", "go back to a state", is_for_one=True),
    Choice(Verb.SNAPSHOT_DELETE, "delete a snapshot…", "forget a state", is_for_one=True),
    Choice(Verb.BOX_OUTDATED, "box outdated", "ask whether its box has a newer version"),
    Choice(Verb.BOX_UPDATE, "box update", "fetch the newest version of its box"),
)


def offered(targets: Sequence[Instance]) -> list[Choice]:
    """What makes sense for at least one of them, Vagrant's machines as they are."""
    vagrants = [i for i in targets if i.directory is not None]
    return [
        choice
        for choice in MENU
        if members_for(choice.verb, vagrants) and not (choice.is_for_one and len(targets) > 1)
    ]


def ask_and_do(app: ConsoleApp, targets: Sequence[Instance]) -> None:
    """Let the user choose, ask what else is to be known, and do it."""
    choices = offered(targets)
    if not choices:
        return
    what = visible_name(targets[0].name) if len(targets) == 1 else f"{len(targets)} machines"
    title = f"More for {what}"

    def chosen(number: int | None) -> None:
        if number is not None:
            _carry_out(app, choices[number], targets)

    app.push_screen(ChoiceDialog(title, [(c.title, c.remark) for c in choices]), chosen)


def _carry_out(app: ConsoleApp, choice: Choice, targets: Sequence[Instance]) -> None:
    fit = members_for(choice.verb, targets)
    if choice.verb is Verb.SNAPSHOT_SAVE:
        ask = NameDialog("Save a snapshot as", check_name)
        app.push_screen(ask, partial(_with_name, app, choice.verb, fit))
    elif choice.is_for_one:
        app.run_worker(_with_one_of(app, choice, fit[0]), group="snapshots", exclusive=True)
    else:
        _submit(app, choice.verb, fit, choice.options)


def _with_name(app: ConsoleApp, verb: Verb, fit: Sequence[Instance], name: str | None) -> None:
    if name is not None:
        _submit(app, verb, fit, Options(snapshot=name))


async def _with_one_of(app: ConsoleApp, choice: Choice, instance: Instance) -> None:
    """Its snapshots are asked for behind the screen: only Vagrant or libvirt knows them."""
    try:
        names = await asyncio.to_thread(app.fleet.snapshots, instance.key)
    except TwindeckError as error:
        app.say(error.line, is_error=True)
        return
    if not names:
        app.say(f"{visible_name(instance.name)} has no snapshot")
        return
    title = f"{choice.title.removesuffix('…').capitalize()} of {visible_name(instance.name)}"
    number = await app.push_screen_wait(ChoiceDialog(title, [(name, "") for name in names]))
    if number is None:
        return
    question = _question(choice.verb, instance, names[number])
    word = "Restore" if choice.verb is Verb.SNAPSHOT_RESTORE else "Delete"
    if await app.push_screen_wait(ConfirmDialog(question, word)):
        _submit(app, choice.verb, [instance], Options(snapshot=names[number]))


def _question(verb: Verb, instance: Instance, snapshot: str) -> Content:
    if verb is Verb.SNAPSHOT_RESTORE:
        title, told = "Bring $n back to $s?", "What happened in it since is lost."
    else:
        title, told = "Delete the snapshot $s of $n?", "The machine stays as it is."
    return Content.from_markup(
        f"[bold]{title}[/]\n\n{told}\n[bold $error]This cannot be undone.[/]",
        n=visible_name(instance.name),
        s=visible_name(snapshot),
    )


def _submit(app: ConsoleApp, verb: Verb, fit: Sequence[Instance], options: Options) -> None:
    turn = turn_of(verb, fit) if len(fit) > 1 else ""
    app.submit(verb, [i.key for i in fit], turn=turn, options=options)
