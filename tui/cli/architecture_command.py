"""What instances run on, layer by layer, and the words for it: `architecture` and `explain`."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from tui.architecture.concepts import Concept, concept_of, concepts, find_concept
from tui.cli.completion import complete_instance
from tui.cli.session import READY_SECONDS, Settings, find, find_group, running_fleet, say
from tui.cli.tables import print_json, put, table
from tui.core.architecture import SHARED, Cost, Gauge, Layer, LayerName, Stack, cost_of
from tui.errors import TwindeckError
from tui.model import Instance
from tui.snapshot import Snapshot
from tui.units import DASH, iec, percent

if TYPE_CHECKING:
    from tui.fleet.fleet import Fleet

_COLUMNS = 78
_MOST_PROOF_LINES = 12
_LOOK_SECONDS = 1.0


@click.command()
@click.argument(
    "names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_instance
)
@click.option("--proof", is_flag=True, help="Each layer's command, and what it prints now.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list.")
@click.pass_obj
def architecture(settings: Settings, names: Sequence[str], proof: bool, as_json: bool) -> None:
    """Show what instances run on, from their processes down to the hardware.

    A name that both sides have shows both.
    """
    with running_fleet(settings) as fleet:
        instances = _instances(fleet.wait_ready(READY_SECONDS), names)
        stacks = [fleet.architecture(instance.key) for instance in instances]
        costs = _costs(fleet, stacks)
        snapshot = fleet.snapshot
        if as_json:
            print_json([_stack_json(stack, snapshot, costs) for stack in stacks])
        else:
            _print(stacks, snapshot, costs)
        if proof and not as_json:
            _prove(fleet, stacks)


def _instances(snapshot: Snapshot, names: Sequence[str]) -> list[Instance]:
    found: dict[str, Instance] = {}
    for name in names:
        pair = [i for i in snapshot.instances if i.name == name]
        for instance in pair or find_group(snapshot, name) or [find(snapshot, name)]:
            found.setdefault(instance.key, instance)
    return list(found.values())


def _costs(fleet: Fleet, stacks: Sequence[Stack]) -> Mapping[int, Cost]:
    """Two looks, an interval apart: CPU is a share of the time between them."""
    pids = {pid for stack in stacks for layer in stack.layers for pid in layer.pids}
    fleet.costs(pids)
    time.sleep(_LOOK_SECONDS)
    return fleet.costs(pids)


def _print(stacks: Sequence[Stack], snapshot: Snapshot, costs: Mapping[int, Cost]) -> None:
    here = [stack for stack in stacks if stack.is_here]
    for stack in stacks:
        put(stack.key)
        own = [layer for layer in stack.layers if not (stack.is_here and layer.name in SHARED)]
        put(_rows(stack, own, snapshot, costs))
        put()
    if here:
        put("this host, under all of them" if len(here) > 1 else "this host")
        shared = [layer for layer in here[0].layers if layer.name in SHARED]
        put(_rows(here[0], shared, snapshot, costs))


def _rows(
    stack: Stack, layers: Sequence[Layer], snapshot: Snapshot, costs: Mapping[int, Cost]
) -> str:
    rows = []
    for layer in layers:
        cost = cost_of(layer, stack, snapshot, costs)
        rows.append(
            (
                f"  {layer.title}",
                DASH if cost.cpu_percent is None else percent(cost.cpu_percent),
                DASH if cost.memory_bytes is None else iec(cost.memory_bytes),
                layer.text or f"not known: {layer.missing}",
            )
        )
    return table(("  LAYER", "CPU %", "MEMORY", "WHAT IT IS HERE"), rows)


def _prove(fleet: Fleet, stacks: Sequence[Stack]) -> None:
    told: set[LayerName] = set()
    for stack in stacks:
        for layer in stack.layers:
            if layer.proof is None or layer.name in told:
                continue
            if stack.is_here and layer.name in SHARED:
                told.add(layer.name)
            put()
            put(f"{layer.title} of {stack.key}" if layer.name not in SHARED else layer.title)
            put(f"$ {layer.proof.shown}")
            try:
                lines = fleet.prove(layer.proof).splitlines()
            except TwindeckError as error:
                say(f"twindeck: {error.line}")
                continue
            for line in lines[:_MOST_PROOF_LINES]:
                put(line)
            if len(lines) > _MOST_PROOF_LINES:
                put(f"… {len(lines) - _MOST_PROOF_LINES} more lines")


def _stack_json(stack: Stack, snapshot: Snapshot, costs: Mapping[int, Cost]) -> dict[str, Any]:
    return {
        "key": stack.key,
        "side": stack.side,
        "is_here": stack.is_here,
        "layers": [_layer_json(layer, stack, snapshot, costs) for layer in stack.layers],
    }


def _layer_json(
    layer: Layer, stack: Stack, snapshot: Snapshot, costs: Mapping[int, Cost]
) -> dict[str, Any]:
    cost = cost_of(layer, stack, snapshot, costs)
    return {
        "layer": layer.name,
        "title": layer.title,
        "text": layer.text or None,
        "missing": layer.missing or None,
        "shared": stack.is_here and layer.name in SHARED,
        "cpu_percent": cost.cpu_percent,
        "memory_bytes": cost.memory_bytes,
        "measured": layer.gauge if layer.gauge is not Gauge.NONE else None,
        "pids": list(layer.pids),
        "facts": dict(layer.facts),
        "proof": layer.proof.shown if layer.proof else None,
        "concept": concept_of(layer.name).text,
    }


@click.command()
@click.argument("word", nargs=-1, metavar="[WORD]")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def explain(word: Sequence[str], as_json: bool) -> None:
    """Explain a word of the field, as the console does where it is seen; without one, list all."""
    found = [find_concept(" ".join(word))] if word else list(concepts().values())
    if as_json:
        print_json([_concept_json(concept) for concept in found])
        return
    if not word:
        put(table(("WORD", "ALSO"), [(c.name, ", ".join(c.words)) for c in found]))
        return
    (concept,) = found
    put(concept.title)
    put(textwrap.fill(concept.text, _COLUMNS))
    put(f"Seen on the layer {concept.seen} of: twindeck architecture NAME")


def _concept_json(concept: Concept) -> dict[str, Any]:
    return {
        "name": concept.name,
        "title": concept.title,
        "text": concept.text,
        "layer": concept.seen,
        "words": list(concept.words),
    }


COMMANDS: Mapping[str, click.Command] = {"architecture": architecture, "explain": explain}
