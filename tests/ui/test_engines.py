"""Another container engine is chosen in the palette, and named in the deck's title."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from textual.command import CommandList
from textual.pilot import Pilot

from tests.ui.conftest import STANDARD, WIDE, asked_of, build_app, line_with, text_of, toasts, until
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import CONTAINER, HEALTH, VM, docker_down, full_fleet
from tests.ui.lab_fakes import FakeLab
from tui.app import TwindeckApp
from tui.engines.docker.discovery import Offer
from tui.engines.docker.endpoint import Endpoint
from tui.snapshot import Health, Snapshot

HOSTILE = "evil[red]\x1b[31m[/]"
PODMAN = "/run/user/1000/podman/podman.sock"
OFFERS = [
    Offer("prod", "the Docker context prod", Endpoint("tcp://10.0.0.5:2376", "prod")),
    Offer("podman", f"Podman at {PODMAN}", Endpoint(f"unix://{PODMAN}")),
    Offer("rootless", "rootless Docker", Endpoint("unix:///run/user/1000/docker.sock")),
    Offer("bad", "the Docker context bad", None, "it names no Docker host", "correct it"),
    Offer(HOSTILE, f"the Docker context {HOSTILE}", Endpoint("tcp://[::1]:2375", HOSTILE)),
    Offer("default", "Docker at /var/run/docker.sock", Endpoint(), is_current=True),
]


def app_with(snapshot: Snapshot | None = None, **more: Any) -> TwindeckApp:
    app = build_app(snapshot, **more)
    assert isinstance(app.fleet, FakeFleet)
    app.fleet.offers = OFFERS
    return app


async def choose(pilot: Pilot[Any], words: str) -> None:
    """What the palette finds first for these words."""
    await pilot.press("ctrl+p")
    for letter in words:
        await pilot.press("space" if letter == " " else letter)
    await until(pilot, lambda: pilot.app.screen.query_one(CommandList).option_count)
    # The palette gathers what it finds for a moment before it shows it.
    await asyncio.sleep(0.3)
    await pilot.press("enter")
    await pilot.pause(0.1)


@pytest.mark.parametrize("name", ["prod", "podman", "rootless"])
async def test_the_palette_uses_another_engine_and_no_row_of_the_one_before_stays(
    name: str,
) -> None:
    app = app_with()
    async with app.run_test(size=WIDE) as pilot:
        assert "shop-web-1" in text_of(app)
        await choose(pilot, f"use {name}")
        assert ("engine", name) in asked_of(app)
        await until(pilot, lambda: "shop-web-1" not in text_of(app))
        assert name in line_with(app, "Containers")
        assert "build-agent" in text_of(app)


async def test_all_that_is_found_is_offered_as_it_is_written_but_the_one_in_use() -> None:
    app = app_with()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("ctrl+p", *"Use the Docker".replace(" ", ""))
        await until(pilot, lambda: "Use the Docker context prod" in text_of(app))
        shown = text_of(app)
        assert "tcp://10.0.0.5:2376" in shown
        assert "it names no Docker host → correct it" in shown
        assert "Use the Docker context evil[red]" in shown
        assert "Use Docker at /var/run/docker.sock" not in shown


async def test_one_that_cannot_be_used_says_why_and_nothing_changes() -> None:
    app = app_with()
    async with app.run_test(size=WIDE) as pilot:
        await choose(pilot, "use context bad")
        told = "cannot use the Docker context bad: it names no Docker host → correct it"
        assert toasts(app) == [told]
        assert asked_of(app) == []


async def test_while_an_action_runs_it_is_one_line() -> None:
    app = app_with()
    assert isinstance(app.fleet, FakeFleet)
    app.fleet.refusal = "cannot use podman: an action on a container is under way"
    async with app.run_test(size=WIDE) as pilot:
        await choose(pilot, "use podman")
        assert toasts(app) == [f"{app.fleet.refusal} → wait for it"]
        assert "shop-web-1" in text_of(app)


async def test_while_a_comparison_runs_it_is_one_line() -> None:
    lab = FakeLab()
    app = app_with(lab=lab)
    async with app.run_test(size=WIDE) as pilot:
        lab.start("nginx", is_quick=True)
        await until(pilot, lambda: app.comparison is not None)
        await choose(pilot, "use podman")
        assert any("a comparison is under way" in told for told in toasts(app))
        assert ("engine", "podman") not in asked_of(app)


async def test_a_dialog_and_the_details_of_a_container_close_with_its_engine() -> None:
    app = app_with()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("2", "enter", "d")
        await until(pilot, lambda: len(app.screen_stack) == 3)
        app.use_engine(OFFERS[1])
        await pilot.pause()
        assert len(app.screen_stack) == 1
        assert not any(asked[0] == "destroy" for asked in asked_of(app))


async def test_a_snapshot_on_its_way_since_before_brings_no_row_back() -> None:
    app = app_with()
    before = app.fleet.snapshot
    async with app.run_test(size=WIDE) as pilot:
        app.use_engine(OFFERS[1])
        assert isinstance(app.fleet, FakeFleet)
        for receive in app.fleet._receivers:
            receive(before)
        await pilot.pause(0.1)
        assert "shop-web-1" not in text_of(app)


async def test_read_only_may_look_at_another_engine() -> None:
    app = app_with(read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await choose(pilot, "use podman")
        assert ("engine", "podman") in asked_of(app)


def named(engine: str, version: str = "") -> Snapshot:
    health = Health(CONTAINER, True, version or HEALTH[CONTAINER].version)
    return replace(full_fleet(), engine=engine, health={VM: HEALTH[VM], CONTAINER: health})


@pytest.mark.parametrize("engine", ["context prod", "Podman", "rootless Docker", "10.0.0.5:2375"])
async def test_the_title_names_the_engine_on_eighty_columns(engine: str) -> None:
    app = build_app(named(engine))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("2")
        assert line_with(app, "Containers").startswith(f" Containers  {engine}  ")


async def test_a_context_of_any_name_leaves_the_title_whole() -> None:
    app = build_app(named(f"context {HOSTILE * 20}"))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("2")
        title = line_with(app, "Containers")
        assert title.startswith(" Containers  context evil[red]")
        assert len(title) <= 80


async def test_the_default_engine_is_not_named_in_the_title() -> None:
    app = build_app(full_fleet())
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("2")
        assert line_with(app, "Containers").startswith(" Containers  8 of 13 running")


async def test_the_top_line_names_the_product_that_answers() -> None:
    app = build_app(named("Podman", "Podman 4.3.1 at unix:///run/podman/podman.sock"))
    async with app.run_test(size=STANDARD):
        assert "Podman ok" in text_of(app)
        assert "Docker ok" not in text_of(app)


async def test_an_engine_that_is_down_is_named_in_the_notice() -> None:
    app = build_app(replace(docker_down(), engine="context prod"))
    async with app.run_test(size=WIDE):
        assert "Docker (context prod) cannot be used." in text_of(app)
