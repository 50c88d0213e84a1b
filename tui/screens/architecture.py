"""What a VM, a container or both run on, drawn from what is there; each layer with its proof."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual import events, getters, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.architecture.concepts import concept_of
from tui.console import ConsoleApp
from tui.core.architecture import SHARED, Cost, Layer, LayerName, Proof, Stack
from tui.core.daemon_pool import DaemonPool
from tui.errors import TwindeckError
from tui.snapshot import Snapshot
from tui.text import clean
from tui.widgets.key_footer import KeyFooter
from tui.widgets.plainly import fitted
from tui.widgets.rows import Rows
from tui.widgets.stack_lines import Place, View, stack_lines

_SETTLE_SECONDS = 0.25
"""Who only passes a layer does not have its command run."""


class ArchitectureScreen(Screen[None]):
    """Stacks on top; below, what the chosen layer is, and what its command prints."""

    app = getters.app(ConsoleApp)
    DEFAULT_CSS = """
    ArchitectureScreen {
        & Rows { height: auto; }
        & .architecture-told { height: 1fr; padding: 0 1; border-top: solid $rule; }
        & KeyFooter { height: 1; dock: bottom; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", tooltip="Back to the decks"),
        Binding("down,j", "move(0, 1)", "down", show=False, tooltip="The layer below"),
        Binding("up,k", "move(0, -1)", "up", show=False, tooltip="The layer above"),
        Binding("left,h", "move(-1, 0)", "left", show=False, tooltip="The stack on the left"),
        Binding("right", "move(1, 0)", "right", show=False, tooltip="The stack on the right"),
        Binding("tab", "move(1, 0)", "other side", show=False),
        Binding("shift+tab", "move(-1, 0)", "other side", show=False),
        Binding("enter", "whole", "whole output", tooltip="All that the layer's command prints"),
        Binding("ctrl+r", "reload", "refresh", tooltip="Read all layers again"),
    ]

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__()
        self.keys = keys
        self._stacks: dict[str, Stack] = {}
        self._faults: dict[str, str] = {}
        self._costs: Mapping[int, Cost] = {}
        self._proofs: dict[tuple[str, LayerName], str] = {}
        """What a command printed, by instance and layer: two of one name may be shown alike."""
        self._is_measuring = False
        self._chosen = Place(0, 0)
        self._pool = DaemonPool(4, "architecture")
        self._rows = Rows()
        self._told = Static(classes="architecture-told")

    def compose(self) -> ComposeResult:
        """Drawing, explanation, keys."""
        yield self._rows
        yield self._told
        yield KeyFooter()

    def on_mount(self) -> None:
        """Read the layers, and follow what they cost."""
        self._draw()
        self._read_all()
        self.watch(self.app, "snapshot", self._follow, init=False)

    def on_unmount(self) -> None:
        """Whoever leaves does not wait for a guest that says nothing."""
        self._pool.close()

    def on_resize(self, event: events.Resize) -> None:
        """It is laid out by hand."""
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the output where there is a command."""
        if action == "whole":
            found = self._view().at(self._chosen)
            return found is not None and found[1].proof is not None
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Leave."""
        self.dismiss()

    def action_move(self, columns: int, rows: int) -> None:
        """Another layer."""
        self._chosen = self._view().moved(columns, rows)
        self._draw()
        self.refresh_bindings()
        self._prove()

    def action_reload(self) -> None:
        """Read everything anew."""
        self._proofs.clear()
        self._read_all()

    def action_whole(self) -> None:
        """Open the output, to scroll and search."""
        found = self._view().at(self._chosen)
        if found and found[1].proof:
            from tui.screens.proof import ProofScreen

            self.app.push_screen(ProofScreen(found[0].key, found[1].proof))

    def _read_all(self) -> None:
        for key in self.keys:
            self._read(key)

    @work
    async def _read(self, key: str) -> None:
        ask = partial(self.app.fleet.architecture, key)
        try:
            self._stacks[key] = await asyncio.wrap_future(self._pool.submit(ask))
            self._faults.pop(key, None)
        except TwindeckError as error:
            self._faults[key] = error.line
        self._draw()
        self.refresh_bindings()
        self._prove()

    @work(exclusive=True, group="prove")
    async def _prove(self) -> None:
        found = self._view().at(self._chosen)
        if found is None or (proof := found[1].proof) is None or _place_of(*found) in self._proofs:
            return
        await asyncio.sleep(_SETTLE_SECONDS)
        self._proofs[_place_of(*found)] = await self._answer(proof)
        self._draw()

    async def _answer(self, proof: Proof) -> str:
        try:
            ask = partial(self.app.fleet.prove, proof)
            return await asyncio.wrap_future(self._pool.submit(ask))
        except TwindeckError as error:
            return error.line

    def _follow(self, _: Snapshot) -> None:
        # What processes cost is counted from look to look, so there is one at a time.
        if self.app.is_seen(self) and self._stacks and not self._is_measuring:
            self._is_measuring = True
            self._measure()

    @work
    async def _measure(self) -> None:
        pids = {p for s in self._stacks.values() for layer in s.layers for p in layer.pids}
        ask = partial(self.app.fleet.costs, pids)
        try:
            self._costs = await asyncio.wrap_future(self._pool.submit(ask))
        finally:
            self._is_measuring = False
        self._draw()

    def _view(self) -> View:
        stacks = tuple(self._stacks[key] for key in self.keys if key in self._stacks)
        return View(stacks, self.app.snapshot, self.app.glyphs, self._costs, self._chosen)

    def _draw(self) -> None:
        glyphs, view = self.app.glyphs, self._view()
        width = self.size.width
        # What explains needs at least a quarter of the screen.
        room = self.size.height - 1 - self.size.height // 4
        lines = [fitted(line, glyphs) for line in stack_lines(view, width, room)]
        if self._rows.styles.height is None or self._rows.size.height != len(lines):
            self._rows.styles.height = len(lines)
        self._rows.lay(lines)
        self._told.update(fitted(self._words(view), glyphs))

    def _state(self) -> Content:
        """Who is still being asked, and who cannot tell."""
        waiting = [k for k in self.keys if k not in self._stacks and k not in self._faults]
        state = Content("")
        if waiting:
            state += Content.styled(f"asking {clean(' and '.join(waiting))}\n", "$quiet")
        for fault in self._faults.values():
            state += Content.styled(f"{clean(fault)}\n", "$error")
        return state

    def _words(self, view: View) -> Content:
        """What it is here, two sentences, the command, and as much of what that prints as fits."""
        found = view.at(view.chosen)
        if found is None:
            return self._state()
        stack, layer = found
        concept = concept_of(layer.name)
        told = clean(layer.text or layer.missing)
        words = Content.assemble(
            self._state(), (concept.title, "bold"), f"  {told}\n", (concept.text, "$quiet")
        )
        return words + self._proof_words(stack, layer)

    def _proof_words(self, stack: Stack, layer: Layer) -> Content:
        if layer.proof is None:
            return Content("")
        printed = self._proofs.get(_place_of(stack, layer))
        # On one line each: where there is little room, what is printed matters most.
        room = max(8, self.size.width - 2)
        told = Content.styled(f"\n$ {clean(layer.proof.shown)}", "$primary")
        told = told.truncate(room, ellipsis=True)
        if printed is None:
            return told + Content.styled("\nasking", "$faint")
        lines = [Content(f"\n{line}").truncate(room) for line in printed.splitlines()]
        return told + Content("").join(lines)


def _place_of(stack: Stack, layer: Layer) -> tuple[str, LayerName]:
    """What all share is proved once."""
    return ("" if stack.is_here and layer.name in SHARED else stack.key, layer.name)
