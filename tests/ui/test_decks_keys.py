"""What each key of the main screen does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Input

from tests.ui.conftest import (
    STANDARD,
    WIDE,
    asked_of,
    build_app,
    line_with,
    lines_of,
    text_of,
    toasts,
    until,
)
from tests.ui.fakes import FakeFleet
from tests.ui.fleets import container, fleet_of, full_fleet, vm
from tui.model import SideName, State
from tui.screens.decks import DecksScreen
from tui.screens.details import DetailsScreen
from tui.screens.dialogs import ConfirmDialog, WorkloadDialog
from tui.screens.lab_dialogs import StartDialog
from tui.screens.logs import LogScreen
from tui.widgets.columns import Column
from tui.widgets.deck import Deck
from tui.widgets.ordering import Order


def screen_of(app: object) -> DecksScreen:
    screen = app.screen  # type: ignore[attr-defined]
    assert isinstance(screen, DecksScreen)
    return screen


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["down"], "vm:postgres"),
        (["j", "j"], "group:/srv/ci"),
        (["j", "j", "j"], "vm:build-agent"),
        (["j", "j", "k"], "vm:postgres"),
        (["up"], "vm:nginx"),
        (["G"], "vm:scratch"),
        (["end"], "vm:scratch"),
        (["G", "g"], "vm:nginx"),
        (["pagedown"], "vm:scratch"),
        (["pagedown", "pageup"], "vm:nginx"),
    ],
)
async def test_moving_takes_headings_too_and_stops_at_the_ends(
    keys: list[str], expected: str
) -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press(*keys)
        assert screen_of(app).deck.cursor == expected


async def test_tab_and_digits_change_the_deck() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        assert screen_of(app).deck.side is SideName.VM
        assert "shop-api-1" not in text_of(app)
        await pilot.press("tab")
        assert screen_of(app).deck.side is SideName.CONTAINER
        assert "shop-api-1" in text_of(app)
        await pilot.press("1")
        assert screen_of(app).deck.side is SideName.VM
        await pilot.press("2")
        assert screen_of(app).deck.side is SideName.CONTAINER
        await pilot.press("shift+tab")
        assert screen_of(app).deck.side is SideName.VM


@pytest.mark.parametrize(
    ("state", "key", "verb"),
    [
        (State.RUNNING, "s", "stop"),
        (State.STOPPED, "s", "start"),
        (State.CREATED, "s", "start"),
        (State.PAUSED, "s", "resume"),
        (State.ABSENT, "s", "start"),
        (State.RUNNING, "p", "pause"),
        (State.PAUSED, "p", "resume"),
        (State.RUNNING, "r", "restart"),
        (State.RUNNING, "K", "kill"),
    ],
)
async def test_verbs_follow_the_state(state: State, key: str, verb: str) -> None:
    app = build_app(fleet_of(vm("one", state)))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press(key)
        assert asked_of(app) == [(verb, "vm:one")]


@pytest.mark.parametrize(
    ("state", "keys"),
    [(State.STOPPED, "pKe"), (State.ABSENT, "prKdlei"), (State.PAUSED, "re")],
)
async def test_keys_without_sense_in_a_state_do_nothing(state: State, keys: str) -> None:
    app = build_app(fleet_of(vm("one", state)))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press(*keys)
        assert asked_of(app) == []
        assert isinstance(app.screen, DecksScreen)


async def test_the_footer_names_what_two_keys_do_only_once() -> None:
    app = build_app(fleet_of(vm("one", State.PAUSED)))
    async with app.run_test(size=STANDARD):
        assert lines_of(app)[-1].count("resume") == 1


async def test_the_footer_says_which_way_the_key_goes() -> None:
    app = build_app(fleet_of(vm("one"), vm("two", State.STOPPED)))
    async with app.run_test(size=STANDARD) as pilot:
        assert "s stop" in lines_of(app)[-1]
        await pilot.press("j")
        await until(pilot, lambda: "s start" in lines_of(app)[-1])
        assert "shell" not in lines_of(app)[-1]
        assert isinstance(app.fleet, FakeFleet)
        app.fleet.push(fleet_of(vm("one"), vm("two", State.RUNNING)))
        await until(pilot, lambda: "s stop" in lines_of(app)[-1])


async def test_marks_carry_actions_to_all_of_them_on_both_decks() -> None:
    app = build_app(fleet_of(vm("a"), vm("b"), container("c")))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("space", "space", "tab", "space")
        assert "2 marked" in text_of(app)
        await pilot.press("s")
        assert asked_of(app) == [("stop", "vm:a"), ("stop", "vm:b"), ("stop", "container:c")]
        await until(pilot, lambda: "marked" not in text_of(app))


async def test_a_mixed_selection_leaves_out_and_says_so() -> None:
    app = build_app(fleet_of(vm("a"), vm("b", State.STOPPED)))
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("space", "space", "s")
        assert asked_of(app) == [("stop", "vm:a")]
        assert "1 of 2 left out" in toasts(app)[0]


async def test_escape_clears_marks_then_filter() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("slash", *"nginx", "enter", "space")
        deck = screen_of(app).deck
        assert deck.marks
        assert deck.needle == "nginx"
        await pilot.press("escape")
        assert not deck.marks
        assert deck.needle == "nginx"
        await pilot.press("escape")
        assert deck.needle == ""


async def test_filter_narrows_both_decks_and_escape_drops_it() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("slash", *"nginx")
        decks = app.screen.query(Deck)
        assert [[i.name for i in deck.shown] for deck in decks] == [["nginx"], ["nginx"]]
        await pilot.press("escape")
        await until(pilot, lambda: len(decks.first().shown) == 6)
        assert app.focused is screen_of(app).deck


async def test_letters_in_the_filter_are_letters() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("slash", *"sqd")
        assert asked_of(app) == []
        assert isinstance(app.screen, DecksScreen)
        assert screen_of(app).deck.needle == "sqd"
        assert "Nothing matches" in text_of(app)


@pytest.mark.parametrize("size", [STANDARD, WIDE])
@pytest.mark.parametrize("before", [["2"], ["tab"], ["2", "1"], []])
async def test_letters_typed_at_once_behind_another_key_are_the_filters(
    size: tuple[int, int], before: list[str]
) -> None:
    app = build_app()
    async with app.run_test(size=size) as pilot:
        for key in (*before, "slash"):
            # As they come when a line was slow: all of them before anything was drawn.
            app.post_message(events.Key(key, "/" if key == "slash" else key))
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press(*"srKp")
        assert screen_of(app).deck.needle == "srKp"
        assert asked_of(app) == []
        assert isinstance(app.screen, DecksScreen)


async def test_filter_is_fuzzy_over_names() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("slash", *"sapi1", "enter", "2")
        assert [i.name for i in screen_of(app).deck.shown] == ["shop-api-1"]


async def test_order_goes_through_the_columns_and_shows_its_arrow() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("2", "o")
        deck = screen_of(app).deck
        assert deck.order == Order(Column.CPU)
        assert deck.shown[0].name == "shop-api-2"
        await until(pilot, lambda: "CPU%▼" in text_of(app))
        await pilot.press("o")
        assert deck.shown[0].name == "monitor-prometheus-1"
        for _ in range(5):
            await pilot.press("o")
        assert deck.order == Order(Column.NAME)


async def test_click_on_a_heading_sorts_and_turns_round() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        deck = app.screen.query_one("#container-deck", Deck)
        cpu = next(f for f in deck.columns if f.spec.column is Column.CPU)
        await pilot.click("#container-pane DeckHeading", offset=(cpu.x + 1, 0))
        assert deck.shown[0].name == "shop-api-2"
        assert screen_of(app).deck is deck
        await pilot.click("#container-pane DeckHeading", offset=(cpu.x + 1, 0))
        assert deck.shown[0].name in ("shop-cache-1", "registry")


async def test_mouse_selects_focuses_and_opens() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.click("#container-deck", offset=(10, 1))
        assert screen_of(app).deck.side is SideName.CONTAINER
        assert screen_of(app).deck.cursor == "container:nginx"
        await pilot.click("#container-deck", offset=(10, 2), times=2)
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))


async def test_click_on_a_group_heading_selects_the_group() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.click("#vm-deck", offset=(10, 2))
        assert screen_of(app).deck.cursor == "group:/srv/ci"
        # There are no details of a group.
        await pilot.press("enter")
        assert screen_of(app).deck.group


async def test_a_key_in_the_footer_can_be_clicked() -> None:
    app = build_app(fleet_of(vm("one")))
    async with app.run_test(size=WIDE) as pilot:
        at = lines_of(app)[-1].index("restart")
        await pilot.click("KeyFooter", offset=(at, 0))
        assert asked_of(app) == [("restart", "vm:one")]


async def test_zoom_shows_one_deck_and_comes_back() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("z")
        await until(pilot, lambda: "shop-api-1" not in text_of(app))
        assert app.screen.query_one("#vm-deck").size.width == WIDE[0]
        await pilot.press("z")
        await until(pilot, lambda: "shop-api-1" in text_of(app))


async def test_enter_opens_details_and_escape_returns() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DecksScreen))


async def test_logs_open() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, LogScreen))


async def test_refresh_asks_the_fleet() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("ctrl+r")
        assert asked_of(app) == [("refresh", "")]


async def test_copy_goes_to_the_clipboard_of_the_terminal() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("y")
        assert app.clipboard == "vm:nginx 127.0.0.1:18080"


async def test_bring_up_asks_for_both_by_default() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, WorkloadDialog))
        await pilot.press("enter")
        await until(pilot, lambda: asked_of(app))
        assert asked_of(app) == [("up", "vm:nginx"), ("up", "container:nginx")]


async def test_boot_pair_restarts_both_sides() -> None:
    app = build_app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("b")
        await until(pilot, lambda: isinstance(app.screen, StartDialog))
        await pilot.press("G", "end", "enter")
        await until(pilot, lambda: asked_of(app))
        assert asked_of(app) == [("restart", "vm:nginx"), ("restart", "container:nginx")]
        await pilot.press("j", "b")
        assert len(asked_of(app)) == 2


async def test_destroy_is_only_done_after_the_dialog() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DecksScreen))
        assert asked_of(app) == []
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("tab", "enter")
        await until(pilot, lambda: asked_of(app))
        assert asked_of(app) == [("destroy", "vm:nginx")]


async def test_read_only_changes_nothing_whatever_is_pressed() -> None:
    app = build_app(read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("s", "r", "p", "K", "d", "u", "b", "space", "s", "d")
        assert asked_of(app) == []
        assert isinstance(app.screen, DecksScreen)
        assert "read-only" in lines_of(app)[0]
        for word in ("stop", "restart", "destroy", "up  "):
            assert word not in lines_of(app)[-1]


async def test_the_cursor_stays_with_its_instance() -> None:
    app = build_app(fleet_of(vm("a"), vm("m"), vm("z")))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("j")
        assert isinstance(app.fleet, FakeFleet)
        app.fleet.push(fleet_of(vm("a"), vm("b"), vm("c"), vm("m"), vm("z")))
        await until(pilot, lambda: len(screen_of(app).deck.shown) == 5)
        assert screen_of(app).deck.cursor == "vm:m"
        app.fleet.push(fleet_of(vm("a"), vm("b"), vm("c"), vm("z")))
        await until(pilot, lambda: len(screen_of(app).deck.shown) == 4)
        assert screen_of(app).deck.cursor == "vm:z"


async def test_the_cursor_is_kept_in_view() -> None:
    many = fleet_of(*(vm(f"m{n:03}") for n in range(200)))
    app = build_app(many)
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("G")
        await until(pilot, lambda: "m199" in text_of(app))
        await pilot.press("g")
        await until(pilot, lambda: "m000" in text_of(app))


async def test_only_cells_that_changed_are_painted() -> None:
    app = build_app(fleet_of(*(vm(f"m{n:02}") for n in range(12))))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.pause()
        deck = screen_of(app).deck
        painted: list[Region] = []
        paint = deck.refresh

        def note_and_paint(*regions: Region, **how: bool) -> Widget:
            painted.extend(regions or [deck.region])
            return paint(*regions, **how)

        deck.refresh = note_and_paint  # type: ignore[method-assign]
        changed = [vm(f"m{n:02}", State.PAUSED if n == 5 else State.RUNNING) for n in range(12)]
        assert isinstance(app.fleet, FakeFleet)
        app.fleet.push(fleet_of(*changed))
        await until(pilot, lambda: "paused" in text_of(app))
        state = deck.columns[0]
        assert Region(state.x, 5, state.width, 1) in painted
        assert all(region.y == 5 and region.height == 1 for region in painted)
        assert sum(region.width for region in painted) < deck.size.width / 2


async def test_snapshots_while_another_screen_is_up_are_caught_up_with() -> None:
    app = build_app(fleet_of(vm("one")))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        assert isinstance(app.fleet, FakeFleet)
        app.fleet.push(fleet_of(vm("one"), vm("two")))
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: "two" in text_of(app))


async def test_ports_compact_and_tell_what_is_open_to_all() -> None:
    app = build_app()
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.press("2")
        assert "8080→80" in line_with(app, "nginx")
        assert "*:5000" in line_with(app, "registry")


async def test_a_burst_of_snapshots_ends_with_the_last() -> None:
    app = build_app(fleet_of(vm("one")))
    async with app.run_test(size=STANDARD) as pilot:
        assert isinstance(app.fleet, FakeFleet)
        for n in range(300):
            app.fleet.push(replace(full_fleet(), t_ns=n))
        await until(pilot, lambda: app.snapshot.t_ns == 299)
        assert "build-agent" in text_of(app)


async def test_keys_go_to_the_only_deck_where_something_runs_from_the_start() -> None:
    app = build_app(fleet_of(container("one"), container("two")))
    async with app.run_test(size=STANDARD) as pilot:
        await pilot.pause()
        assert app.focused is screen_of(app).deck
        await pilot.press("j")
        selected = screen_of(app).deck.selected
        assert selected is not None
        assert selected.key == "container:two"
