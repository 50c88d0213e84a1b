"""The architecture screen: both stacks, what they share, and each layer's proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.conftest import STANDARD, WIDE, build_app, lines_of, text_of, until
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import container, fleet_of, vm
from tests.ui.stacks import CONTAINER_STACK, PRINTED, TOP, VM_STACK
from tui.app import TwindeckApp
from tui.core.architecture import Layer, LayerName, Proof
from tui.glyphs import ASCII
from tui.model import Instance, State
from tui.screens.architecture import ArchitectureScreen
from tui.screens.proof import ProofScreen

PAIR = fleet_of(vm("nginx", workload="nginx"), container("nginx", workload="nginx"))


def fake_of(app: TwindeckApp) -> FakeFleet:
    assert isinstance(app.fleet, FakeFleet)
    return app.fleet


@pytest.fixture
def app() -> TwindeckApp:
    """A console over one pair whose stacks are known."""
    made = build_app(PAIR)
    fake_of(made).stacks = {VM_STACK.key: VM_STACK, CONTAINER_STACK.key: CONTAINER_STACK}
    fake_of(made).proofs = {TOP: PRINTED}
    return made


async def opened(pilot: Pilot[Any]) -> None:
    await pilot.press("a")
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_both_of_a_pair_stand_side_by_side_on_what_they_share(app: TwindeckApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        text = text_of(app)
        assert text.count("  hypervisor") == text.count("  namespaces") == 1
        assert text.count("host kernel, shared") == text.count("hardware, shared") == 1


async def test_what_is_not_known_says_why(app: TwindeckApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        assert "not known: no process of it is seen on this host" in text_of(app)


async def test_the_chosen_layer_is_explained_and_proved(app: TwindeckApp) -> None:
    async with app.run_test(size=STANDARD) as pilot:
        await opened(pilot)
        await pilot.press("right")
        await until(pilot, lambda: "4020  nginx" in text_of(app))
        assert f"$ {TOP}" in text_of(app)
        assert "Processes and their isolation" in text_of(app)


async def test_a_command_runs_once_however_often_its_layer_is_passed(app: TwindeckApp) -> None:
    async with app.run_test(size=STANDARD) as pilot:
        await opened(pilot)
        await pilot.press("right")
        await until(pilot, lambda: "4020  nginx" in text_of(app))
        await pilot.press("left", "right")
        await pilot.app.workers.wait_for_complete()
        assert fake_of(app).proved.count(TOP) == 1


async def test_two_of_one_name_are_each_proved_by_their_own_command(app: TwindeckApp) -> None:
    # `vagrant ssh web` of two folders reads alike.
    alike = Layer(LayerName.PROCESSES, "processes", "sh", proof=Proof(("true",), shown="ssh web"))
    for stack in (VM_STACK, CONTAINER_STACK):
        fake_of(app).stacks[stack.key] = replace(stack, layers=(alike, *stack.layers[1:]))
    async with app.run_test(size=STANDARD) as pilot:
        await opened(pilot)
        await until(pilot, lambda: fake_of(app).proved == ["ssh web"])
        await pilot.press("right")
        await until(pilot, lambda: fake_of(app).proved == ["ssh web", "ssh web"])


async def test_down_goes_from_a_column_to_what_all_share(app: TwindeckApp) -> None:
    async with app.run_test(size=STANDARD) as pilot:
        await opened(pilot)
        await pilot.press(*["down"] * 9)
        assert "Hardware  AMD EPYC 7B13" in text_of(app)
        await pilot.press("right")
        assert "Hardware  AMD EPYC 7B13" in text_of(app)


async def test_enter_opens_all_that_the_command_prints(app: TwindeckApp) -> None:
    async with app.run_test(size=STANDARD) as pilot:
        await opened(pilot)
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(app.screen, ProofScreen))
        await until(pilot, lambda: "3100  nginx" in text_of(app))


async def test_live_figures_are_the_layers_own(app: TwindeckApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await opened(pilot)
        fake_of(app).push(replace(PAIR, t_ns=PAIR.t_ns + 1))
        # Three processes of 21, 22 and 23 MiB, half a per cent each.
        await until(pilot, lambda: "1.5%  66.0 MiB" in text_of(app))


async def test_one_that_cannot_be_read_is_told_and_the_other_shown(app: TwindeckApp) -> None:
    del fake_of(app).stacks[VM_STACK.key]
    async with app.run_test(size=STANDARD) as pilot:
        await opened(pilot)
        assert "no vm:nginx" in text_of(app)
        assert "namespaces" in text_of(app)


@pytest.mark.parametrize(
    "row",
    [vm("nginx", State.ABSENT), vm("shop/Vagrantfile", State.UNKNOWN, is_vagrantfile=True)],
    ids=["not made", "a Vagrantfile"],
)
async def test_what_is_no_machine_has_no_architecture(row: Instance) -> None:
    made = build_app(fleet_of(row))
    async with made.run_test(size=STANDARD) as pilot:
        await pilot.press("a")
        assert not isinstance(made.screen, ArchitectureScreen)
        assert "architecture" not in lines_of(made)[-1]


@pytest.mark.parametrize("size", [WIDE, STANDARD], ids=lambda s: f"{s[0]}x{s[1]}")
def test_pictures(snap_compare: Any, app: TwindeckApp, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await pilot.press("right")
        await until(pilot, lambda: "4020  nginx" in text_of(app))

    assert snap_compare(app, terminal_size=size, run_before=run)


async def test_a_terminal_without_utf8_gets_none() -> None:
    made = build_app(PAIR, glyphs=ASCII)
    fake_of(made).stacks = {VM_STACK.key: VM_STACK, CONTAINER_STACK.key: CONTAINER_STACK}
    async with made.run_test(size=WIDE) as pilot:
        assert text_of(made).isascii()
        await opened(pilot)
        assert "hypervisor" in text_of(made)
        assert {sign for sign in text_of(made) if not sign.isascii()} == set()
