"""Trend and boot charts: what they say, what they leave out, and how seldom they draw."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui import charts_data as data
from tests.ui.charts_data import drawn, pair_app
from tests.ui.conftest import line_with, text_of, until
from tui.app import TwindeckApp
from tui.errors import StoreError
from tui.glyphs import ASCII, UNICODE
from tui.model import Boot, Phase, SideName, State
from tui.screens.details import DetailsScreen
from tui.snapshot import Health, History, Snapshot
from tui.widgets import boot_bars, plot_layout, plotting, trend_chart
from tui.widgets.boot_chart import BootChart
from tui.widgets.curves import Metric, curves_of
from tui.widgets.pair import pair_of
from tui.widgets.plainly import fitted
from tui.widgets.plotted import has_complete_rows
from tui.widgets.scale import percent_ticks
from tui.widgets.trend_chart import TrendPlot


async def opened(pilot: Pilot[Any], key: str) -> None:
    """The details of an instance, charts drawn."""
    await pilot.app.push_screen(DetailsScreen(key))
    await drawn(pilot)


async def test_the_legend_names_each_figure_its_kind_and_the_accelerator() -> None:
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await opened(pilot, data.VM.key)
        assert "V vm:web 104% tcg  C container:web 3.1%" in text_of(app)
        assert "V vm:web host RSS 612 MiB tcg  G guest use 212 MiB" in text_of(app)
        assert "C container:web docker stats 9.0 MiB" in text_of(app)


async def test_the_axes_have_real_units_and_end_now() -> None:
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await opened(pilot, data.VM.key)
        for label in ("150%┤", "100%┼", "512 MiB┼", "−5m", "−1m", "now"):
            assert label in text_of(app)


async def test_a_narrow_legend_still_says_which_memory_and_how_accelerated() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, data.VM.key)
        assert "V RSS 612 MiB tcg" in text_of(app)
        assert "G guest 212 MiB  C stats 9.0 MiB" in text_of(app)


async def test_a_missing_figure_is_a_dash_with_its_reason() -> None:
    sample = replace(data.VM_SAMPLE, cpu_percent=None, reasons={"cpu_percent": "first sample"})
    app = pair_app(replace(data.SNAPSHOT, samples={data.VM.key: sample}))
    async with app.run_test(size=(160, 45)) as pilot:
        await opened(pilot, data.VM.key)
        assert "V vm:web — tcg (first sample)" in text_of(app)
        assert "C container:web — (not sampled yet)" in text_of(app)


async def test_without_history_the_chart_says_why_it_is_empty() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, data.STOPPED.key)
        assert "container:batch[/red]: stopped" in text_of(app)


@pytest.mark.parametrize(("glyphs", "signs"), [(UNICODE, "⠉⠒"), (ASCII, "vc")])
async def test_curves_are_told_apart_without_colour(glyphs: Any, signs: str) -> None:
    app = pair_app(glyphs=glyphs)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, data.VM.key)
        curves = "\n".join(text_of(app).split("\n")[14:22])
        assert all(sign in curves for sign in signs)
        assert "V" in curves
        assert "C" in curves
        assert "G" in curves
        assert curves.isascii() is (glyphs is ASCII)


async def test_the_same_figures_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return curves(*args, **kwargs)

    curves = plotting.Plot.curves
    monkeypatch.setattr(plotting.Plot, "curves", counted)
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await opened(pilot, data.VM.key)
        # The first snapshot of all brings the boots, which take some of the plots' room.
        app.snapshot = replace(app.snapshot, boot_seconds={})
        await pilot.pause()
        before = count
        for _ in range(5):
            app.snapshot = replace(app.snapshot, boot_seconds={})
            await pilot.pause()
        for shown in app.screen.query(TrendPlot):
            shown.refresh()
        await pilot.pause()
        assert count == before
        app.snapshot = replace(app.snapshot, t_ns=data.SNAPSHOT.t_ns + 60_000_000_000)
        await until(pilot, lambda: count >= before + 2)


async def test_plots_stand_side_by_side_stacked_or_alone() -> None:
    for size, classes in (((80, 24), set()), ((60, 40), {"-stacked"}), ((50, 20), {"-single"})):
        app = pair_app()
        async with app.run_test(size=size) as pilot:
            await opened(pilot, data.VM.key)
            chart = app.screen.query_one(trend_chart.TrendChart)
            assert chart.classes & {"-stacked", "-single"} == classes
            assert len([each for each in chart.query(TrendPlot) if each.display]) == 1 + (
                "-single" not in classes
            )


def test_the_pair_is_the_same_workload_on_the_other_side() -> None:
    spare = replace(data.CONTAINER, name="spare")
    snapshot = Snapshot(instances=(data.VM, spare, data.STOPPED, data.CONTAINER))
    assert pair_of(snapshot, data.VM.key) == (data.VM, data.CONTAINER)
    assert pair_of(snapshot, data.CONTAINER.key) == (data.CONTAINER, data.VM)
    assert pair_of(snapshot, data.STOPPED.key) == (data.STOPPED,)
    assert pair_of(snapshot, "vm:nobody") == ()


async def test_boots_show_totals_accelerator_and_the_phases_that_happened() -> None:
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await opened(pilot, data.CONTAINER.key)
        text = text_of(app)
        assert "░░ prepare  ▒▒ create  ▓▓ start  ██ boot  ▚▚ provision  ▪▪ answer" in text
        assert line_with(app, "44.7 s  boot 38.0").count("█") > 15
        assert "0.48 s" in text
        assert line_with(app, "2h00m    4.40").split()[-1] == "76.7"


async def test_a_new_boot_appears_and_the_same_history_is_not_read_twice() -> None:
    app = pair_app(boots=())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, data.VM.key)
        await pilot.press("tab")
        assert "No boot recorded yet: press r to restart it" in text_of(app)
        app.fleet._boots.append(data.BOOTS[1])  # type: ignore[attr-defined]
        app.snapshot = replace(app.snapshot, t_ns=app.snapshot.t_ns + 1)
        await drawn(pilot)
        assert "44.7" not in text_of(app).split("Boots")[-1].split("recorded")[-1]
        app.snapshot = replace(app.snapshot, boot_seconds={data.VM.key: 44.71})
        await until(pilot, lambda: "vm:web tcg" in text_of(app).split("Boots")[-1])


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.ABSENT, "press u to bring it up"),
        (State.STOPPED, "press s to start it"),
        (State.RUNNING, "press r to restart it"),
    ],
)
async def test_without_boots_the_note_says_what_to_press(state: State, words: str) -> None:
    vm = replace(data.VM, state=state)
    app = pair_app(replace(data.SNAPSHOT, instances=(vm,)), boots=())
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, vm.key)
        await pilot.press("tab")
        assert words in text_of(app)


async def test_a_broken_history_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> list[Boot]:
        raise StoreError("the history file is locked", "close the other twindeck")

    app = pair_app()
    monkeypatch.setattr(app.fleet, "boots", broken)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, data.VM.key)
        await pilot.press("tab")
        assert "the history file is locked → close the other twindeck" in text_of(app)


@pytest.mark.parametrize("columns", [1, 7, 40, 133])
@pytest.mark.parametrize("boot", data.BOOTS, ids=str)
def test_a_bar_is_as_long_as_its_share(boot: Boot, columns: int) -> None:
    longest = max(b.total_seconds for b in data.BOOTS)
    cells = boot_bars.bar_cells(boot, longest, columns)
    assert sum(cells) == max(1, round(columns * boot.total_seconds / longest))


@pytest.mark.parametrize("width", [52, 70, 120])
def test_total_and_longest_phase_stand_before_the_bar(width: int) -> None:
    rows = [row.plain for row in boot_bars.chart(data.BOOTS, width, 20, False, plotting.Plot())]
    (vm,) = (row for row in rows if "44.7 s" in row)
    assert re.match(r"vm:web tcg +44\.7 s  (boot|█) 38\.0 +│▒", vm)
    (container,) = (row for row in rows if "0.48 s" in row)
    assert re.match(r"container:web +0\.48 s  (start|▓) 0\.31 +│▓", container)
    assert "0 s" in rows[-1]
    assert {len(row) for row in rows[-7:]} <= {width}


def test_where_a_bar_has_no_room_the_words_stay() -> None:
    rows = [row.plain for row in boot_bars.chart(data.BOOTS, 26, 6, True, plotting.Plot())]
    (vm,) = (row for row in rows if "44.7 s" in row)
    assert "# 38.0" in vm
    assert max(len(row) for row in rows) <= 26


def test_bars_are_pure_ascii_where_the_terminal_is() -> None:
    rows = boot_bars.chart(data.BOOTS, 70, 20, True, plotting.Plot())
    assert all(fitted(row, ASCII).plain.isascii() for row in rows)
    assert "##41.8##" in "\n".join(row.plain for row in rows)


async def test_the_same_boots_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        return boot_bars.chart(*args, **kwargs)

    monkeypatch.setattr("tui.widgets.boot_chart.chart", counted)
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await opened(pilot, data.VM.key)
        before = count
        assert before
        chart = app.screen.query_one(BootChart)
        for seconds in (44.8, 44.9):
            app.snapshot = replace(app.snapshot, boot_seconds={data.VM.key: seconds})
            await drawn(pilot)
            chart.lay_out()
            chart.refresh()
        await pilot.pause()
        assert count == before
        await pilot.resize_terminal(150, 45)
        await until(pilot, lambda: count > before)


async def test_over_a_thin_line_figures_stand_without_charts() -> None:
    app = pair_app(is_thin=True)
    async with app.run_test(size=(160, 45)) as pilot:
        await opened(pilot, data.VM.key)
        text = text_of(app)
        assert "V vm:web 104% tcg" in text
        assert "boot 38.0" in text
        assert text.count("no charts over a thin line (--thin)") == 3
        assert "−5m" not in text


async def test_where_plotext_cannot_be_had_the_figures_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plotting, "is_loaded", lambda: False)
    monkeypatch.setattr(plotting, "load", lambda: "no charts: plotext cannot be used → mend it")
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await app.push_screen(DetailsScreen(data.VM.key))
        await until(pilot, lambda: "no charts: plotext cannot be used → mend it" in text_of(app))
        await drawn(pilot)
        assert "V vm:web 104% tcg" in text_of(app)
        assert "boot 38.0" in text_of(app)


RUNNING = {data.VM.key: data.VM_SAMPLE, data.CONTAINER.key: data.CONTAINER_SAMPLE}


@pytest.mark.parametrize(
    ("changes", "is_complete"),
    [
        ({}, True),
        ({"health": {}}, False),
        ({"samples": {data.VM.key: data.VM_SAMPLE}}, False),
        ({"samples": {**RUNNING, data.VM.key: replace(data.VM_SAMPLE, cpu_percent=None)}}, False),
        ({"stale": frozenset({SideName.VM})}, False),
        (
            {
                "stale": frozenset({SideName.CONTAINER}),
                "health": {
                    **data.SNAPSHOT.health,
                    SideName.CONTAINER: Health(SideName.CONTAINER, False, reason="gone"),
                },
            },
            True,
        ),
    ],
    ids=["all", "not asked", "no sample", "no cpu yet", "last known", "one side down"],
)
def test_rows_are_complete_when_all_that_runs_has_a_figure(
    changes: dict[str, Any], is_complete: bool
) -> None:
    assert has_complete_rows(replace(data.SNAPSHOT, **changes)) is is_complete


def test_every_phase_has_signs_of_its_own() -> None:
    for is_ascii in (True, False):
        assert len({boot_bars.glyph(phase, is_ascii) for phase in Phase}) == len(Phase)


@pytest.mark.parametrize("limit", range(7))
def test_rows_are_shared_between_the_sides(limit: int) -> None:
    shown = boot_bars.newest_by_side(data.BOOTS, limit)
    assert len(shown) == min(limit, len(data.BOOTS))
    if limit >= 2:
        assert {boot.side for boot in shown} == set(SideName)


async def test_empty_history_of_an_unknown_instance_draws_nothing() -> None:
    app: TwindeckApp = pair_app(histories={data.VM.key: History()})
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "vm:nobody")
        assert "vm:nobody  is not known: esc goes back" in text_of(app)


@pytest.mark.parametrize(
    ("samples", "window", "ticks"),
    [
        (20, 60, ["−1m", "−45s", "−30s", "−15s", "now"]),
        (90, 120, ["−2m", "−90s", "−1m", "−30s", "now"]),
        (290, 300, ["−5m", "−4m", "−3m", "−2m", "−1m", "now"]),
        (600, 300, ["−5m", "−4m", "−3m", "−2m", "−1m", "now"]),
    ],
)
def test_the_window_is_the_shortest_that_holds_the_samples(
    samples: int, window: int, ticks: list[str]
) -> None:
    past = data.history(50, 100, samples=samples)
    curves = curves_of(Metric.CPU, (data.VM,), data.SNAPSHOT, lambda key: past)
    assert trend_chart.window_for(curves, data.SNAPSHOT.t_ns) == window
    assert [tick.label for tick in trend_chart.time_ticks(window, 60)] == ticks
    assert [tick.label for tick in trend_chart.time_ticks(window, 20)] == [ticks[0], "now"]


def test_a_difference_too_small_for_a_dot_is_no_difference() -> None:
    def dots(value: float) -> tuple[object, ...]:
        past = replace(data.history(50, 100), cpu_percent=(50.0,) * 289 + (value,))
        curves = curves_of(Metric.CPU, (data.VM,), data.SNAPSHOT, lambda key: past)
        lines = trend_chart.thin_curves(curves, 300, data.SNAPSHOT.t_ns / 1e9, 5.0, 60)
        frame = plot_layout.Frame(-300, 0.0, (), percent_ticks(100.0, 2))
        return trend_chart.dots_of(lines, frame, 68, 10)

    assert dots(50.1) == dots(50.2)
    assert dots(50.1) != dots(60.0)
