"""Questions before something is lost or started; the safe answer is always the default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from tui.lab.view import Progress
from tui.model import Instance, SideName, State, Workload, key_of
from tui.snapshot import Job, Snapshot
from tui.widgets.cells import visible_name

BOTH = (SideName.VM, SideName.CONTAINER)
_SIDES = {BOTH: "both", (SideName.VM,): "VM", (SideName.CONTAINER,): "container"}
_WORDS = {SideName.VM: "VM", SideName.CONTAINER: "container"}


class ConfirmDialog(ModalScreen[bool]):
    """A question with two answers. Enter, escape and a wrong key all keep things as they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "cancel", show=False),
        Binding("left,h", "app.focus_previous", "previous", show=False),
        Binding("right", "app.focus_next", "next", show=False),
    ]

    def __init__(self, question: Content, yes: str, no: str = "Cancel") -> None:
        super().__init__()
        self._question = question
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """The question, then the safe answer, then the other."""
        with Vertical(classes="dialog"):
            with VerticalScroll(classes="dialog-text", can_focus=False):
                yield Static(self._question)
            with Horizontal(classes="dialog-buttons"):
                yield Button(self._no, id="no", compact=True)
                yield Button(self._yes, id="yes", compact=True, variant="error")
            hint = f"tab other answer   enter choose   esc {self._no.lower()}"
            yield Static(hint, classes="dialog-hint")

    def on_mount(self) -> None:
        """The safe answer is the default."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def answer(self, event: Button.Pressed) -> None:
        """Hand the answer back."""
        self.dismiss(event.button.id == "yes")


def destroy_question(instances: Sequence[Instance]) -> Content:
    """Names each instance and says what goes with it."""
    first = instances[0]
    if len(instances) == 1:
        title = Content.from_markup(
            "[bold]Destroy $w $n?[/]", w=_WORDS[first.side], n=visible_name(first.name)
        )
    else:
        title = Content.from_markup("[bold]Destroy $n instances?[/]", n=str(len(instances)))
    lines = [title, Content("")]
    for instance in instances:
        lines.append(
            Content.from_markup(
                "  [$quiet]$w[/]  [bold]$n[/]  [$quiet]$s[/]",
                w=_WORDS[instance.side].ljust(9),
                n=visible_name(instance.name),
                s=str(instance.state),
            )
        )
    lines.append(Content(""))
    sides = {instance.side for instance in instances}
    if SideName.VM in sides:
        lines.append(Content("A VM's disk and everything on it is lost."))
    if SideName.CONTAINER in sides:
        lines.append(
            Content("A container's writable layer is lost; named volumes and images stay.")
        )
    lines.append(Content.from_markup("[bold $error]This cannot be undone.[/]"))
    return Content("\n").join(lines)


def quit_question(jobs: Sequence[Job], comparison: Progress | None = None) -> Content:
    """Says what is still being done and what becomes of it."""
    lines = [Content.from_markup("[bold]Still working:[/]"), Content("")]
    for job in jobs:
        phase = f", {job.phase}" if job.phase else ""
        lines.append(_working(f"{job.verb} {visible_name(job.name)}", f"{_WORDS[job.side]}{phase}"))
    if comparison is not None:
        taken = f"{comparison.step} of {comparison.steps} readings taken"
        lines.append(_working(f"comparison of {visible_name(comparison.workload)}", taken))
    lines.append(Content(""))
    if any(job.side is SideName.VM for job in jobs):
        lines.append(Content("vagrant goes on to its end without the console."))
    if any(job.side is SideName.CONTAINER for job in jobs):
        lines.append(Content("Docker finishes the step it is at; later steps are not taken."))
    if comparison is not None:
        lines.append(
            Content(
                "The comparison is cancelled and its VM and container are taken down first; what "
                "it measured is kept, and it can be resumed."
            )
        )
    return Content("\n").join(lines)


def _working(what: str, where: str) -> Content:
    return Content.from_markup("  [bold]$w[/]  [$quiet]$h[/]", w=what, h=where)


class QuitDialog(ConfirmDialog):
    """Asked when an action still runs. Stay is the default; ctrl+c once more leaves."""

    def __init__(self, jobs: Sequence[Job], comparison: Progress | None = None) -> None:
        yes = "Quit and let it go on" if comparison is None else "Cancel it and quit"
        if jobs and comparison is not None:
            yes = "Quit"
        super().__init__(quit_question(jobs, comparison), yes, "Stay")


class WorkloadDialog(ModalScreen[tuple[str, tuple[SideName, ...]] | None]):
    """Which workload to bring up, and on which sides; both is the default."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "cancel", show=False),
        Binding("j", "list_down", "down", show=False),
        Binding("k", "list_up", "up", show=False),
    ]

    def __init__(
        self, workloads: Sequence[Workload], snapshot: Snapshot, wanted: str | None = None
    ) -> None:
        super().__init__()
        self._workloads = tuple(workloads)
        self._snapshot = snapshot
        self._wanted = wanted
        self._choices: list[tuple[str, tuple[SideName, ...]]] = []

    def compose(self) -> ComposeResult:
        """Each workload with its three ways."""
        options: list[Option] = []
        for workload in self._workloads:
            heading = Content.from_markup(
                "[bold $foreground]$n[/]  [$quiet]$t[/]", n=workload.name, t=workload.title
            )
            options.append(Option(heading, disabled=True))
            for sides in _SIDES:
                options.append(Option(self._prompt(workload, sides), id=str(len(self._choices))))
                self._choices.append((workload.name, sides))
        with Vertical(classes="dialog"):
            yield Static(Content.from_markup("[bold]Bring up[/]\n"))
            yield OptionList(*options, compact=True)
            yield Static("enter bring up   esc cancel", classes="dialog-hint")

    def on_mount(self) -> None:
        """Start at the wanted workload, on both sides."""
        names = [name for name, _ in self._choices]
        at = names.index(self._wanted) if self._wanted in names else 0
        options = self.query_one(OptionList)
        if self._choices:
            options.highlighted = options.get_option_index(str(at))
        options.focus()

    def _prompt(self, workload: Workload, sides: tuple[SideName, ...]) -> Content:
        told = ", ".join(self._told(workload, side) for side in sides)
        return Content.from_markup("  [bold]$s[/] [$quiet]$t[/]", s=_SIDES[sides].ljust(10), t=told)

    def _told(self, workload: Workload, side: SideName) -> str:
        instance = self._snapshot.find(key_of(side, workload.name))
        prefix = f"{_WORDS[side]} " if side else ""
        if instance and instance.state is not State.ABSENT:
            return f"{prefix}is {instance.state}"
        return f"{prefix}at 127.0.0.1:{workload.port_on(side)}"

    def action_list_down(self) -> None:
        """Next choice."""
        self.query_one(OptionList).action_cursor_down()

    def action_list_up(self) -> None:
        """Previous choice."""
        self.query_one(OptionList).action_cursor_up()

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Hand the choice back."""
        if event.option_id is not None:
            self.dismiss(self._choices[int(event.option_id)])
