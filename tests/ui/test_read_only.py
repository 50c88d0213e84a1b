"""Read-only: every key, palette entry, button, option and link of every screen is tried.

Screens, keys and actions are those Textual knows, so that a new one is tried too.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, OptionList

import tui.screens
from tests.changes import noted
from tests.ui.conftest import STANDARD, fixed_clock, until
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import boots, full_fleet, histories
from tests.ui.lab_fakes import FakeLab, history, under_way
from tests.unit.fleet_fakes import MemoryHost, MemoryMeter, MemorySide, MemoryStore
from tui.app import TwindeckApp
from tui.core.architecture import Proof
from tui.core.guard import Guard
from tui.fleet.fleet import Fleet
from tui.fleet.meters import Meters
from tui.lab.lab import Lab
from tui.model import AS_USUAL, Options, SideName, Verb, key_of
from tui.run_store import Runs
from tui.screens import choices, dialogs, lab_dialogs
from tui.screens.architecture import ArchitectureScreen
from tui.screens.decks import DecksScreen
from tui.screens.details import DetailsScreen
from tui.screens.help import HelpScreen
from tui.screens.inspect import InspectScreen
from tui.screens.lab import LabScreen
from tui.screens.lab_output import LabOutputScreen
from tui.screens.lab_row import RowScreen
from tui.screens.lab_runs import RunsScreen
from tui.screens.lab_trend import LabTrendScreen
from tui.screens.lab_two import TwoRunsScreen
from tui.screens.logs import LogScreen, OutputScreen
from tui.screens.proof import ProofScreen
from tui.sides.base import Command
from tui.snapshot import Job
from tui.store import Store
from tui.widgets.key_footer import KeyFooter


@pytest.fixture(autouse=True)
def looked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Proof]]:
    """Commands that only look are no change; one that logs in to a guest is."""
    made: list[Proof] = []
    monkeypatch.setattr("tui.architecture.ask.ask", lambda proof: made.append(proof) or "")
    yield made
    assert not any(proof.is_inside for proof in made)


RUNS = history()
FIRST, SECOND, CANCELLED = RUNS[0].run, RUNS[1].run, RUNS[-1].run
KEY = "container:nginx"

SCREENS: dict[type[Screen[Any]], Callable[[TwindeckApp], Screen[Any]]] = {
    DecksScreen: lambda app: DecksScreen(),
    DetailsScreen: lambda app: DetailsScreen(KEY),
    InspectScreen: lambda app: InspectScreen(KEY),
    ArchitectureScreen: lambda app: ArchitectureScreen((KEY,)),
    ProofScreen: lambda app: ProofScreen(KEY, Proof(("true",), shown="true")),
    LogScreen: lambda app: LogScreen(KEY),
    OutputScreen: lambda app: OutputScreen(KEY),
    RunsScreen: lambda app: RunsScreen(),
    LabScreen: lambda app: LabScreen(CANCELLED.id),
    RowScreen: lambda app: RowScreen(FIRST.id, "boot"),
    LabTrendScreen: lambda app: LabTrendScreen(FIRST),
    TwoRunsScreen: lambda app: TwoRunsScreen(FIRST.id, SECOND.id),
    LabOutputScreen: lambda app: LabOutputScreen(FIRST.id),
    HelpScreen: lambda app: HelpScreen([("Here", [("x", "something")])]),
    dialogs.ConfirmDialog: lambda app: dialogs.ConfirmDialog(Content("Really?"), "Yes"),
    dialogs.QuitDialog: lambda app: dialogs.QuitDialog([]),
    choices.ChoiceDialog: lambda app: choices.ChoiceDialog("More", [("reload", "")]),
    choices.NameDialog: lambda app: choices.NameDialog("Save as", str),
    dialogs.WorkloadDialog: lambda app: dialogs.WorkloadDialog(app.fleet.workloads, app.snapshot),
    lab_dialogs.StartDialog: lambda app: lab_dialogs.StartDialog(
        "nginx", can_boot=True, is_busy=False
    ),
    lab_dialogs.CancelDialog: lambda app: lab_dialogs.CancelDialog(under_way(FIRST.id)),
    lab_dialogs.DeleteDialog: lambda app: lab_dialogs.DeleteDialog(FIRST),
    lab_dialogs.LeavingDialog: lambda app: lab_dialogs.LeavingDialog(),
}
"""How each screen is made; the tests below tell of one that is missing here."""


class NaiveFleet(FakeFleet):
    """Says it is read-only and does what it is told: only what is not offered is not done."""

    def submit(self, verb: Verb, key: str, *, turn: str = "", options: Options = AS_USUAL) -> Job:
        self.asked.append((str(verb), key))
        return self._job(verb, SideName.VM, key)

    def up(self, workload: str, side: SideName, options: Options = AS_USUAL) -> Job:
        self.asked.append(("up", key_of(side, workload)))
        return self._job(Verb.UP, side, workload)

    def shell(self, key: str) -> Command:
        self.asked.append(("shell", key))
        return self.command


class Trial:
    """A read-only console and what it was brought to do."""

    def __init__(self, app: TwindeckApp, asked: Callable[[], list[Any]]) -> None:
        self.app = app
        self._asked = asked
        self.is_left = False

    @property
    def asked(self) -> list[Any]:
        return [one for one in self._asked() if one[0] != "refresh"]

    async def show(self, kind: type[Screen[Any]], pilot: Pilot[None]) -> Screen[Any]:
        """A fresh screen of that kind on top of the decks, with something selected."""
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()
        await pilot.pause()
        screen = self.app.screen if kind is DecksScreen else SCREENS[kind](self.app)
        if screen is not self.app.screen:
            await self.app.push_screen(screen)
        await pilot.pause()
        return screen


def naive() -> Trial:
    fleet = NaiveFleet(full_fleet(), read_only=True, histories=histories(), boots=boots())
    lab = FakeLab(history())
    app = TwindeckApp(fleet, lambda: lab, clock=fixed_clock())
    return Trial(app, lambda: [*fleet.asked, *lab.asked])


def real(folder: Path) -> Trial:
    """The real fleet over engines in memory, the real lab over a history with runs."""
    guard = Guard(is_read_only=True)
    shown = full_fleet()
    sides = tuple(MemorySide(side, shown.on_side(side)) for side in SideName)
    fleet = Fleet(
        connect=lambda: sides,
        open_meters=lambda: Meters(tuple(MemoryMeter(side) for side in SideName), MemoryHost()),
        store=MemoryStore(shown.instances),  # type: ignore[arg-type]
        workloads=FakeFleet().workloads,
        guard=guard,
    )
    shells: list[Any] = []
    for side in sides:
        side.shell = lambda name: shells.append(("shell", name)) or Command(("true",))  # type: ignore[method-assign]
    fleet.recall()
    file = folder / "data" / "history.db"
    store = Store(file)
    runs = Runs(store)
    for study in RUNS:
        runs.save(study.run)
        runs.add(study.run.id, study.measurements)
    store.close()
    kept = file.read_bytes()
    lab = Lab(project=folder, workloads=fleet.workloads, runs=Runs(Store(file, guard)), guard=guard)
    app = TwindeckApp(fleet, lambda: lab, clock=fixed_clock())

    def asked() -> list[Any]:
        lost = [] if file.read_bytes() == kept else [("history", "")]
        return [*shells, *lost, *(one for side in sides for one in side.asked)]

    return Trial(app, asked)


@contextmanager
def watched(trial: Trial, what: str) -> Iterator[None]:
    """Fails when anything is changed meanwhile, at an engine or on this host."""
    with noted() as changes:
        yield
    assert trial.asked == [], what
    assert changes == [], what


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TWINDECK_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(TwindeckApp, "exit", lambda self, *_, **__: None)
    return tmp_path


def known_screens() -> set[type[Screen[Any]]]:
    """Every screen of ours that can be opened."""
    found: set[type[Screen[Any]]] = set()
    for module in pkgutil.iter_modules(tui.screens.__path__, "tui.screens."):
        for _, thing in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(thing, Screen) and thing.__module__.startswith("tui."):
                found.add(thing)
    inherited = {base for kind in found for base in kind.__mro__[1:]}
    return found - (inherited - SCREENS.keys())


def test_every_screen_is_tried() -> None:
    assert known_screens() == SCREENS.keys()


@cache
def plain_actions(kind: type[object]) -> frozenset[str]:
    """Actions that need no argument, bound to a key or not: a link or a button may run them."""
    return frozenset(
        name.removeprefix("action_")
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if name.startswith("action_")
        and method.__module__.startswith("tui.")
        and not any(
            parameter.default is parameter.empty
            for parameter in list(inspect.signature(method).parameters.values())[1:]
        )
    )


def actions_of(node: Any) -> set[str]:
    """Everything a key, the footer, the palette, a button or a link can have it do."""
    bound = {b.action for found in node._bindings.key_to_bindings.values() for b in found}
    return bound | plain_actions(type(node))


def ours_on(screen: Screen[Any]) -> list[Any]:
    """The screen and what stands on it; the app too, once."""
    nodes = [*([screen.app] if isinstance(screen, DecksScreen) else []), screen, *screen.query("*")]
    return [node for node in nodes if type(node).__module__.startswith("tui.")]


async def settle(trial: Trial, pilot: Pilot[None]) -> None:
    """Until what was begun is done, but for what goes on as long as its screen."""
    await pilot.pause()
    brief = [w for w in trial.app.workers if w.group in ("shell", "copy", "delete", "save")]
    if brief:
        await asyncio.wait_for(trial.app.workers.wait_for_complete(brief), 5)
        await pilot.pause()


@pytest.mark.slow
async def test_no_key_button_or_link_changes_anything() -> None:
    """The fleet and the lab of this test refuse nothing: it is not even offered."""
    trial = naive()
    tried = set()
    async with trial.app.run_test(size=STANDARD) as pilot:
        for kind in SCREENS:
            screen = await trial.show(kind, pilot)
            wanted = {(type(n), action) for n in ours_on(screen) for action in actions_of(n)}
            for owner, action in sorted(wanted, key=str):
                node = next(node for node in ours_on(screen) if type(node) is owner)
                with watched(trial, f"{action} on {kind.__name__}"):
                    await trial.app.run_action(action, node)
                    await settle(trial, pilot)
                tried.add(action)
                if trial.app.screen is not screen:
                    screen = await trial.show(kind, pilot)
    assert {"shell", "destroy", "boot_pair", "save", "screenshot", "delete", "resume"} <= tried


@pytest.mark.slow
async def test_behind_what_is_offered_the_fleet_and_the_lab_refuse(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if everything were offered, and every question answered with yes."""
    monkeypatch.setattr(TwindeckApp, "may_offer", lambda *_: True)
    trial = real(home)
    async with trial.app.run_test(size=STANDARD) as pilot:
        await until(pilot, lambda: trial.app.snapshot.instances)
        for kind in (DecksScreen, DetailsScreen, LogScreen, RunsScreen, LabScreen):
            screen = await trial.show(kind, pilot)
            for action in sorted(plain_actions(kind)):
                with watched(trial, f"{action} on {kind.__name__}"):
                    await trial.app.run_action(action, screen)
                    await settle(trial, pilot)
                    if trial.app.screen is not screen:
                        await _say_yes(trial, pilot)
                if trial.app.screen is not screen:
                    screen = await trial.show(kind, pilot)


async def _say_yes(trial: Trial, pilot: Pilot[None]) -> None:
    top = trial.app.screen
    if top.query("#yes"):
        top.query_one("#yes", Button).press()
    elif lists := top.query(OptionList):
        lists.first().action_select()
    await settle(trial, pilot)


@pytest.mark.slow
async def test_nothing_in_the_palette_changes_anything() -> None:
    trial = naive()
    async with trial.app.run_test(size=STANDARD) as pilot:
        for kind in (DecksScreen, DetailsScreen, LogScreen, RunsScreen, LabScreen):
            screen = await trial.show(kind, pilot)
            for number in range(len(list(trial.app.get_system_commands(screen)))):
                commands = list(trial.app.get_system_commands(screen))
                if number >= len(commands):
                    break
                with watched(trial, f"{commands[number].title} on {kind.__name__}"):
                    found = commands[number].callback()
                    if inspect.isawaitable(found):
                        await found
                    await settle(trial, pilot)
                if trial.app.screen is not screen:
                    screen = await trial.show(kind, pilot)


@pytest.mark.slow
async def test_no_click_changes_anything() -> None:
    """Each kind of widget, each link, each word of the decks' footer is clicked on once."""
    trial = naive()
    async with trial.app.run_test(size=STANDARD) as pilot:
        for kind in SCREENS:
            screen = await trial.show(kind, pilot)
            for place in places_on(screen):
                with watched(trial, f"a click at {place} on {kind.__name__}"):
                    await pilot.click(offset=place)
                    await settle(trial, pilot)
                if trial.app.screen is not screen:
                    screen = await trial.show(kind, pilot)


def places_on(screen: Screen[Any]) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    seen: set[type[Widget]] = set()
    for y, strip in enumerate(screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            begin = x + len(segment.text) - len(segment.text.lstrip())
            x += segment.cell_length
            if not segment.text.strip():
                continue
            widget, _ = screen.get_widget_at(begin, y)
            is_link = segment.style is not None and "@click" in segment.style.meta
            # Every footer asks the same guard on a click.
            is_key = isinstance(widget, KeyFooter) and isinstance(screen, DecksScreen)
            if is_link or is_key or isinstance(widget, Button) or type(widget) not in seen:
                places.append((begin, y))
            seen.add(type(widget))
    return places


async def test_the_trial_finds_a_key_that_is_not_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An action somebody adds that writes a file past every guard."""

    def action_harm(self: InspectScreen) -> None:
        Path.home().joinpath("harm").write_text("done")

    action_harm.__module__ = InspectScreen.__module__

    plain_actions.cache_clear()
    monkeypatch.setattr(InspectScreen, "action_harm", action_harm, raising=False)
    monkeypatch.setattr("tests.ui.test_read_only.SCREENS", {InspectScreen: SCREENS[InspectScreen]})
    with pytest.raises(AssertionError, match="harm on InspectScreen"):
        await test_no_key_button_or_link_changes_anything()
    plain_actions.cache_clear()
