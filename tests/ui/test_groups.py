"""A compose project or a Vagrant environment as a whole: its heading is selected like a row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.conftest import asked_of, build_app, line_with, lines_of
from tests.ui.fleets import fleet_of, job, vm
from tui.app import TwindeckApp
from tui.core.groups import members_for, start_or_stop_all, turn_of
from tui.model import Instance, Phase, State, Verb
from tui.screens.decks import DecksScreen

SHOP = "/srv/shop"


def screen_of(app: TwindeckApp) -> DecksScreen:
    assert isinstance(app.screen, DecksScreen)
    return app.screen


SIZE = (160, 45)


def machine(name: str, rank: int, state: State = State.ABSENT, **more: object) -> Instance:
    return replace(vm(f"shop/{name}", state), group=SHOP, rank=rank, **more)


WEB, DB = machine("web", 0), machine("db", 1)
EXTRA = machine("extra", 2, is_autostarted=False)


async def test_s_on_a_heading_starts_all_in_the_vagrantfiles_order_without_those_left_out() -> None:
    app = build_app(fleet_of(vm("one"), WEB, DB, EXTRA))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j")
        assert screen_of(app).deck.cursor == f"group:{SHOP}"
        assert "start all" in lines_of(app)[-1]
        await pilot.press("s")
        assert asked_of(app) == [("start", "vm:shop/web"), ("start", "vm:shop/db")]


async def test_the_line_below_tells_how_its_members_are_and_what_s_does() -> None:
    app = build_app(fleet_of(vm("one"), replace(WEB, state=State.RUNNING), DB, EXTRA))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j")
        assert lines_of(app)[-2].strip() == "shop  1 running, 2 absent  s starts db"


async def test_the_line_below_follows_the_member_that_is_under_way() -> None:
    going = job(Verb.START, DB.key, phase=Phase.BOOT)
    app = build_app(replace(fleet_of(vm("one"), WEB, DB), jobs={DB.key: going}))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j")
        assert "start shop/db" in lines_of(app)[-2]


async def test_it_offers_no_key_that_is_refused() -> None:
    app = build_app(fleet_of(vm("one"), WEB, DB), read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j")
        assert lines_of(app)[-2].strip() == "shop  2 absent"


async def test_it_stops_them_the_other_way_round_when_all_run() -> None:
    run = (replace(i, state=State.RUNNING) for i in (WEB, DB))
    app = build_app(fleet_of(vm("one"), *run, EXTRA))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "s")
        assert asked_of(app) == [("stop", "vm:shop/db"), ("stop", "vm:shop/web")]


async def test_destroying_a_whole_group_asks_and_names_each() -> None:
    made = [replace(i, state=State.STOPPED, id=i.name) for i in (WEB, DB)]
    app = build_app(fleet_of(vm("one"), *made))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "d")
        question = "\n".join(lines_of(app))
        assert "shop/web" in question
        assert "shop/db" in question
        await pilot.press("enter")
        assert asked_of(app) == []


async def test_space_on_a_heading_marks_and_unmarks_its_members() -> None:
    app = build_app(fleet_of(vm("one"), WEB, DB))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "space")
        assert screen_of(app).deck.marks == {WEB.key, DB.key}
        await pilot.press("space")
        assert screen_of(app).deck.marks == frozenset()


@pytest.mark.parametrize("key", ["l", "e", "i", "y", "enter", "p", "b"])
async def test_what_is_for_one_only_does_nothing_there(key: str) -> None:
    app = build_app(fleet_of(vm("one"), WEB, DB))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", key)
        assert line_with(app, "▾ /srv/shop")
        assert asked_of(app) == []


async def test_the_cursor_never_lands_on_a_heading_by_itself() -> None:
    app = build_app(fleet_of(WEB, DB))
    async with app.run_test(size=SIZE) as pilot:
        assert screen_of(app).deck.cursor == DB.key
        app.fleet.push(fleet_of(WEB))
        await pilot.pause()
        assert screen_of(app).deck.cursor == WEB.key


def test_what_is_left_out_of_a_start_is_not_left_out_of_an_end() -> None:
    running = [replace(i, state=State.RUNNING) for i in (WEB, EXTRA)]
    assert members_for(Verb.STOP, running) == [running[1], running[0]]
    assert start_or_stop_all([running[0], EXTRA]) is Verb.STOP
    assert start_or_stop_all([]) is None


def test_machines_of_one_vagrantfile_boot_one_after_the_other() -> None:
    assert turn_of(Verb.START, [WEB, DB]) == SHOP
    assert turn_of(Verb.STOP, [WEB, DB]) == ""
