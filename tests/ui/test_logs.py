"""Logs and job output: follow, hold, wrap, search, copy, save, and keys that answer in a flood."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui import charts_data as data
from tests.ui.charts_data import LOG, pair_app
from tests.ui.conftest import lines_of, text_of, toasts, until
from tests.ui.fakes import T_NS
from tui.core.log_mark import LogMark
from tui.errors import ActionFailed, EngineUnavailable
from tui.model import Instance, Phase, SideName, State, Verb
from tui.screens.log_feed import Batch, LogFeed
from tui.screens.logs import LogScreen, OutputScreen
from tui.screens.text_screen import file_name
from tui.snapshot import Job, JobState

KEY = data.CONTAINER.key
Stop = threading.Event


async def opened(pilot: Pilot[Any], least: int = 1000) -> LogScreen:
    """The log, once `least` lines are in."""
    screen = LogScreen(KEY)
    await pilot.app.push_screen(screen)
    await until(pilot, lambda: len(screen.view.store) >= least)
    await pilot.pause()
    return screen


def feed_reads(monkeypatch: pytest.MonkeyPatch, app: Any, source: Any) -> None:
    """Let the fleet's log be what `source(stop)` yields."""
    monkeypatch.setattr(app.fleet, "logs", lambda key, *, tail, follow, stop, mark: source(stop))


async def test_the_newest_lines_are_in_sight_as_text_and_the_source_is_named() -> None:
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        await opened(pilot)
        lines = lines_of(app)
        assert lines[-2] == LOG[-1]
        assert any("missing[/b]" in line and "[YELLOW]" in line for line in lines)
        assert lines[0].startswith(" container:web  log · stdout and stderr")
        assert lines[0].rstrip().endswith("1,000 lines · following")


async def test_a_vm_log_is_its_serial_console() -> None:
    app = pair_app(logs={data.VM.key: ["login:"]})
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(LogScreen(data.VM.key))
        await until(pilot, lambda: "login:" in text_of(app))
        assert "serial console" in lines_of(app)[0]


async def test_going_up_holds_and_the_end_follows_again() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("k")
        await until(pilot, lambda: not screen.view.is_following)
        top = lines_of(app)[1]
        screen.view.append(["new line"])
        await pilot.pause()
        assert lines_of(app)[1] == top
        assert "held" in lines_of(app)[0]
        await pilot.press("G")
        await until(pilot, lambda: "new line" in text_of(app))
        assert screen.view.is_following
        await pilot.press("g")
        await until(pilot, lambda: lines_of(app)[1].startswith(LOG[0][:40]))
        assert not screen.view.is_following
        await pilot.press("f")
        await until(pilot, lambda: "new line" in text_of(app))


async def test_held_text_stays_put_while_old_lines_fall_out() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("k")
        top = lines_of(app)[1]
        screen.view.append([f"more {n}" for n in range(4500)])
        await pilot.pause()
        assert len(screen.view.store) == 5000
        assert lines_of(app)[1] == top


async def test_wrapping_shows_whole_lines_and_keeps_the_place() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("g", "j", "j")
        await pilot.press("w")
        await pilot.pause()
        assert LOG[2] in "".join(line.ljust(80)[:79] for line in lines_of(app)[1:3])
        await pilot.press("w")
        await pilot.pause()
        assert lines_of(app)[1].startswith(LOG[2][:70])
        await pilot.press("G", "w")
        await pilot.pause()
        assert "[YELLOW]" in lines_of(app)[-2]
        assert screen.view.is_following


async def test_search_marks_counts_and_goes_round() -> None:
    app = pair_app()
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await opened(pilot)
        await pilot.press("slash", *"missing", "enter")
        await pilot.pause()
        assert "/missing: 143 of 143" in lines_of(app)[0]
        await pilot.press("n")
        await pilot.pause()
        assert "/missing: 1 of 143" in lines_of(app)[0]
        assert lines_of(app)[1] == LOG[0]
        await pilot.press("N")
        await pilot.pause()
        assert "143 of 143" in lines_of(app)[0]
        await pilot.press("escape")
        await pilot.pause()
        assert "missing:" not in lines_of(app)[0]
        assert app.screen is screen


async def test_small_letters_match_all_capitals_match_themselves() -> None:
    app = pair_app(logs={KEY: ["Error", "error", "(.*"]})
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, 3)
        for text, count in (("error", 2), ("Error", 1), ("(.*", 1), ("nowhere", 0)):
            screen.view.search(text)
            assert len(screen.view.matches) == count
        await pilot.press("n", "N")


async def test_matches_follow_new_and_fallen_lines() -> None:
    app = pair_app(logs={KEY: ["hit 1", "miss", "hit 2"]})
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, 3)
        screen.view.search("hit")
        screen.view.append(["hit 3"])
        assert len(screen.view.matches) == 3
        screen.view.append(["miss"] * 4998)
        assert [number for number, _ in screen.view.matches] == [2, 3]
        screen.view.jump(1)
        assert screen.view.hit is not None


async def test_copy_takes_the_visible_lines_whole() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("y")
        await until(pilot, lambda: toasts(app))
        assert app.clipboard == "\n".join(LOG[-22:])
        assert toasts(app) == ["Copied 22 lines"]


async def test_copy_takes_what_the_mouse_selected() -> None:
    app = pair_app(logs={KEY: ["alpha beta", "gamma delta"]})
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, 2)
        await pilot.mouse_down(screen.view, offset=(6, 0))
        await pilot.hover(screen.view, offset=(4, 1))
        await pilot.mouse_up(screen.view, offset=(4, 1))
        await pilot.press("y")
        await until(pilot, lambda: toasts(app))
        assert app.clipboard.startswith("beta\ngamm")


@pytest.mark.parametrize("letter", ["x", "é"], ids=["ascii", "not ascii"])
async def test_a_line_wider_than_the_screen_is_shown_from_where_it_is_scrolled_to(
    letter: str,
) -> None:
    line = letter * 95 + "needle" + letter * 60
    app = pair_app(logs={KEY: ["short", line]})
    async with app.run_test(size=(80, 24)) as pilot:
        view = (await opened(pilot, 2)).view
        view.search("needle")
        view.scroll_to(x=40, animate=False)
        await pilot.pause()
        strip = view.render_line(1)
        assert strip.text == line[40 : 40 + strip.cell_length]
        assert view.render_line(0).text.strip() == ""
        match = view.get_component_rich_style("log-view--match")
        marked = [s.text for s in strip if s.style and s.style.bgcolor == match.bgcolor]
        assert marked == ["needle"]


async def test_what_the_mouse_selects_is_painted_where_the_line_is_scrolled_to() -> None:
    app = pair_app(logs={KEY: ["0123456789" * 20]})
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, 1)
        screen.view.scroll_to(x=100, animate=False)
        await pilot.pause()
        await pilot.mouse_down(screen.view, offset=(2, 0))
        await pilot.hover(screen.view, offset=(5, 0))
        await pilot.mouse_up(screen.view, offset=(5, 0))
        await pilot.pause()
        chosen = screen.get_component_rich_style("screen--selection")
        strip = screen.view.render_line(0)
        painted = [s.text for s in strip if s.style and s.style.bgcolor == chosen.bgcolor]
        await pilot.press("y")
        await until(pilot, lambda: toasts(app))
        assert painted == [app.clipboard]
        assert app.clipboard.startswith("234")


async def test_save_writes_all_lines_privately_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: toasts(app))
        (path,) = tmp_path.glob("twindeck-container-web-log-*.txt")
        assert path.read_text().splitlines() == list(LOG)
        assert path.stat().st_mode & 0o777 == 0o600
        assert toasts(app) == [f"Saved 1,000 lines to {path}"]
        await pilot.press("ctrl+s")
        await until(pilot, lambda: len(toasts(app)) == 2)
        assert toasts(app)[1].startswith(f"{path}: cannot be written: it is there already →")


def test_file_names_are_tame() -> None:
    assert (
        file_name("vm:../../etc/pass wd[/]", "log", "1")
        == "twindeck-vm-..-..-etc-pass-wd-log-1.txt"
    )


async def test_a_log_that_cannot_be_read_says_all_of_why_and_follows_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fix = "create the container again with --log-driver local, then its newest lines are here"

    def source(stop: Stop) -> Iterator[str]:
        yield from ()
        raise ActionFailed("web keeps no log: its log driver is none [/x]", fix)

    app = pair_app()
    feed_reads(monkeypatch, app, source)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, 0)
        await until(pilot, lambda: "its log driver is none [/x]" in text_of(app))
        assert " ".join(text_of(app).split()).count(fix) == 1
        assert "following" not in text_of(app)
        assert "held" not in text_of(app)
        assert "f hold" not in text_of(app)


async def test_an_engine_that_goes_away_is_said_above_the_last_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def source(stop: Stop) -> Iterator[str]:
        yield "last words"
        raise EngineUnavailable("Docker does not answer", "twindeck doctor")

    app = pair_app()
    feed_reads(monkeypatch, app, source)
    async with app.run_test(size=(120, 24)) as pilot:
        await opened(pilot, 1)
        await until(pilot, lambda: "Docker does not answer → twindeck doctor" in text_of(app))
        assert "last words" in text_of(app)


class Runs:
    """A container whose every run has a log of its own, ended when the test says so."""

    def __init__(self) -> None:
        self.runs: list[tuple[list[str], threading.Event]] = []
        self.marks: list[str] = []
        self.begin("first 1", "first 2")

    def begin(self, *lines: str) -> threading.Event:
        """Another run, which prints these; gives what ends it."""
        self.runs.append((list(lines), threading.Event()))
        return self.runs[-1][1]

    def logs(
        self, key: str, *, tail: int, follow: bool, stop: Stop, mark: LogMark
    ) -> Iterator[str]:
        lines, is_over = self.runs[-1]
        self.marks.append(mark.of)
        mark.of = "its id"
        yield from lines
        while not is_over.wait(0.01) and not stop.is_set():
            pass


def as_of(instance: Instance | None) -> Any:
    """The pair's snapshot with the container as it is now; None when it is gone."""
    rest = tuple(i for i in data.SNAPSHOT.instances if i.key != KEY)
    return replace(data.SNAPSHOT, instances=(*rest, instance) if instance else rest)


STOPPED = replace(data.CONTAINER, state=State.STOPPED, started_at=None, pid=None, exit_code=143)
SECOND_RUN = replace(data.CONTAINER, started_at=(data.CONTAINER.started_at or 0) + 100)
ANOTHER = replace(SECOND_RUN, id="another", started_at=(data.CONTAINER.started_at or 0) + 200)


async def test_a_log_is_followed_over_a_restart_and_its_title_tells_the_truth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = Runs()
    app = pair_app(as_of(data.CONTAINER))
    monkeypatch.setattr(app.fleet, "logs", runs.logs)
    async with app.run_test(size=(120, 24)) as pilot:
        screen = await opened(pilot, 2)
        await until(pilot, lambda: lines_of(app)[0].endswith("2 lines · following"))
        runs.runs[0][1].set()
        app.fleet.push(as_of(STOPPED))
        told = "exited 143: its next run will be followed"
        await until(pilot, lambda: told in lines_of(app)[0])
        assert lines_of(app)[0].endswith("waiting")
        assert "following" not in lines_of(app)[0]
        runs.begin("second 1")
        app.fleet.push(as_of(SECOND_RUN))
        await until(pilot, lambda: "second 1" in text_of(app))
        shown = screen.view.store.lines
        assert shown[:2] == ["first 1", "first 2"]
        assert shown[2].startswith("── restarted ")
        assert shown[3:] == ["second 1"]
        assert runs.marks == ["", "its id"]
        await until(pilot, lambda: lines_of(app)[0].endswith("4 lines · following"))


async def test_a_log_is_followed_into_another_container_of_the_same_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = Runs()
    app = pair_app(as_of(data.CONTAINER))
    monkeypatch.setattr(app.fleet, "logs", runs.logs)
    async with app.run_test(size=(120, 24)) as pilot:
        screen = await opened(pilot, 2)
        runs.runs[0][1].set()
        app.fleet.push(as_of(None))
        await until(pilot, lambda: "it is gone: another of that name" in lines_of(app)[0])
        await until(pilot, lambda: lines_of(app)[0].endswith("ended"))
        runs.begin("second 1")
        app.fleet.push(as_of(ANOTHER))
        await until(pilot, lambda: "second 1" in text_of(app))
        assert screen.view.store.lines[2].startswith("── another container of this name, started")
        await until(pilot, lambda: lines_of(app)[0].endswith("following"))


async def test_a_restart_that_is_over_before_it_is_told_is_followed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = Runs()
    app = pair_app(as_of(data.CONTAINER))
    monkeypatch.setattr(app.fleet, "logs", runs.logs)
    async with app.run_test(size=(120, 24)) as pilot:
        screen = await opened(pilot, 2)
        first_is_over = runs.runs[0][1]
        runs.begin("second 1")
        app.fleet.push(as_of(SECOND_RUN))
        first_is_over.set()
        await until(pilot, lambda: "second 1" in text_of(app))
        assert len([line for line in screen.view.store.lines if "restarted" in line]) == 1


async def test_a_restart_that_the_list_tells_late_is_marked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = Runs()
    app = pair_app(as_of(data.CONTAINER))
    monkeypatch.setattr(app.fleet, "logs", runs.logs)
    monkeypatch.setattr("tui.screens.logs._RETRY_NS", -1)
    async with app.run_test(size=(120, 24)) as pilot:
        screen = await opened(pilot, 2)
        first_is_over = runs.runs[0][1]
        runs.begin("second 1")
        first_is_over.set()
        # The log ended and goes on; the list still knows of the first run only.
        await until(pilot, lambda: "second 1" in text_of(app))
        app.fleet.push(as_of(SECOND_RUN))
        await until(pilot, lambda: any("── restarted" in s for s in screen.view.store.lines))
        assert screen.stream_word() == "following"


async def test_a_machines_restart_is_marked_in_its_console_which_reads_on() -> None:
    app = pair_app(logs={data.VM.key: ["login:"]})
    async with app.run_test(size=(80, 24)) as pilot:
        screen = LogScreen(data.VM.key)
        await app.push_screen(screen)
        await until(pilot, lambda: "login:" in text_of(app))
        again = replace(data.VM, started_at=(data.VM.started_at or 0) + 60)
        app.fleet.push(replace(data.SNAPSHOT, instances=(again, data.CONTAINER)))
        await until(pilot, lambda: "── restarted " in text_of(app))
        await until(pilot, lambda: lines_of(app)[0].endswith("2 lines · following"))


async def test_a_log_that_cannot_be_read_says_ended_and_why_until_another_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads: list[int] = []

    def source(stop: Stop) -> Iterator[str]:
        reads.append(1)
        if len(reads) == 1:
            raise ActionFailed("web keeps no log")
        yield "now it does"
        stop.wait(5)

    app = pair_app(as_of(data.CONTAINER))
    feed_reads(monkeypatch, app, source)
    async with app.run_test(size=(120, 24)) as pilot:
        await app.push_screen(LogScreen(KEY))
        await until(pilot, lambda: "web keeps no log" in text_of(app))
        await until(pilot, lambda: lines_of(app)[0].endswith("ended"))
        app.fleet.push(as_of(ANOTHER))
        await until(pilot, lambda: "now it does" in text_of(app))
        assert "keeps no log" not in text_of(app)


async def test_leaving_ends_the_reading_thread() -> None:
    app = pair_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        assert screen.feed.is_running
        await pilot.press("escape")
        await until(pilot, lambda: not screen.feed.is_running)


async def loop_delays(seconds: float) -> list[float]:
    """How late the UI thread got to a turn it had asked for, in seconds, shortest first."""
    delays: list[float] = []
    end = time.perf_counter() + seconds
    while (asked := time.perf_counter()) < end:
        await asyncio.sleep(0.005)
        delays.append(time.perf_counter() - asked - 0.005)
    return sorted(delays)


async def test_keys_answer_during_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    """As fast as a generator can go: every key is answered, and memory stays bounded."""
    produced = itertools.count()

    def source(stop: Stop) -> Iterator[str]:
        while not stop.is_set():
            yield f"flood {next(produced)} " + "x" * 200

    app = pair_app()
    feed_reads(monkeypatch, app, source)
    async with app.run_test(size=(160, 45)) as pilot:
        screen = await opened(pilot)
        screen.view.is_wrapping = True
        screen.view.search("9")
        delays = await loop_delays(seconds=2.0)
        assert delays[len(delays) // 2] < 0.05
        assert delays[int(len(delays) * 0.95)] < 0.3
        await until(pilot, lambda: len(screen.view.store) == 5000)
        assert "too fast to follow" in lines_of(app)[0]
        app.simulate_key("k")
        await until(pilot, lambda: not screen.view.is_following)
        app.simulate_key("escape")
        await until(pilot, lambda: screen.view.pattern is None)
        app.simulate_key("escape")
        await until(pilot, lambda: not screen.feed.is_running)


def test_a_feed_nobody_reads_is_bounded_and_counts_what_it_dropped() -> None:
    feed = LogFeed(lambda stop, tail, mark: (f"line {n}" for n in range(900)), 900, most_lines=100)
    feed.start()
    deadline = time.monotonic() + 5
    while feed._is_open and time.monotonic() < deadline:
        feed._thread.join(0.05)
    batch = feed.take()
    assert batch.lines == [f"line {n}" for n in range(800, 900)]
    assert (batch.skipped, batch.is_open, batch.error) == (800, False, "")
    feed.stop()


def test_a_reader_that_breaks_says_so() -> None:
    def source(stop: Stop, tail: int, mark: LogMark) -> Generator[str]:
        yield "fine"
        raise ValueError("odd")

    feed = LogFeed(source, 10, most_lines=10)
    feed.start()
    told = taken(feed, lambda batch: not batch.is_open).error
    assert told == "the log cannot be read on: a fault of its own (ValueError)"
    feed.stop()


class Flood:
    """A log that never ends; remembers from where it was read, and that it was closed."""

    def __init__(self) -> None:
        self.tails: list[int] = []
        self.open = 0

    def read(self, stop: Stop, tail: int, mark: LogMark) -> Generator[str]:
        self.tails.append(tail)
        self.open += 1
        try:
            for number in itertools.count():
                yield f"{len(self.tails)}:{number}"
        finally:
            self.open -= 1


def taken(feed: LogFeed, is_enough: Callable[[Batch], bool], seconds: float = 8) -> Batch:
    """The first batch that is enough."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_enough(batch := feed.take()):
            return batch
        time.sleep(0.05)
    raise AssertionError("no such batch in time")


def test_in_a_flood_the_newest_lines_come_in_the_place_of_the_others() -> None:
    flood = Flood()
    feed = LogFeed(flood.read, 10, most_lines=50)
    feed.start()
    assert not taken(feed, lambda batch: bool(batch.lines)).is_anew
    anew = taken(feed, lambda batch: batch.is_anew and bool(batch.lines))
    assert anew.lines[-1].startswith("2:")
    feed.stop()
    feed._thread.join(3)
    assert flood.tails[:2] == [10, 50]
    assert flood.open == 0


def test_a_flood_that_is_held_stands_still_until_it_is_followed_again() -> None:
    flood = Flood()
    feed = LogFeed(flood.read, 10, most_lines=50)
    feed.is_held = True
    feed.start()
    time.sleep(2.5)
    feed.take()
    assert flood.tails == [10]
    assert flood.open == 0
    feed.is_held = False
    assert taken(feed, lambda batch: batch.is_anew).is_anew
    feed.stop()


def test_a_flood_whose_source_is_gone_leaves_what_was_shown() -> None:
    opened: list[int] = []

    def source(stop: Stop, tail: int, mark: LogMark) -> Generator[str]:
        opened.append(tail)
        if len(opened) > 1:
            raise EngineUnavailable("it is gone")
        yield from (f"line {n}" for n in range(20_000))

    feed = LogFeed(source, 10, most_lines=50)
    feed.start()
    last = taken(feed, lambda batch: not batch.is_open)
    assert (last.is_anew, last.error) == (False, "it is gone")
    feed.stop()


def test_a_quiet_log_with_a_long_tail_is_no_flood() -> None:
    def source(stop: Stop, tail: int, mark: LogMark) -> Generator[str]:
        yield from (f"line {n}" for n in range(tail))
        stop.wait(5)

    feed = LogFeed(source, 5_000, most_lines=5_000)
    feed.start()
    time.sleep(0.5)
    batch = feed.take()
    feed.stop()
    assert (len(batch.lines), batch.is_anew, batch.skipped) == (5_000, False, 0)


def output_job(state: JobState, **more: Any) -> Job:
    """An `up` asked for 31 seconds ago."""
    base = Job(7, Verb.UP, SideName.VM, "web", state, T_NS - 31_000_000_000)
    return replace(base, **more)


async def test_output_grows_while_the_job_runs_and_ends_with_its_result() -> None:
    running = output_job(JobState.RUNNING, phase=Phase.BOOT)
    app = pair_app(
        replace(data.SNAPSHOT, jobs={data.VM.key: running}),
        outputs={data.VM.key: [f"==> web: step {n}" for n in range(50)]},
    )
    async with app.run_test(size=(120, 24)) as pilot:
        await app.push_screen(OutputScreen(data.VM.key))
        await until(pilot, lambda: "step 49" in text_of(app))
        assert "vm:web  up  boot · running 31s" in lines_of(app)[0]
        outputs = app.fleet._outputs  # type: ignore[attr-defined]
        outputs[data.VM.key] = (*outputs[data.VM.key], "==> web: Machine booted")
        await until(pilot, lambda: "Machine booted" in text_of(app))
        done = output_job(JobState.DONE, finished_t_ns=T_NS + 10_000_000_000)
        app.snapshot = replace(app.snapshot, jobs={data.VM.key: done})
        await until(pilot, lambda: "done in 41s" in lines_of(app)[0])
        outputs[data.VM.key] = ("another action",)
        await until(pilot, lambda: "Machine booted" not in text_of(app))
        failed = output_job(JobState.FAILED, finished_t_ns=T_NS, error="box [x] not found")
        app.snapshot = replace(app.snapshot, jobs={data.VM.key: failed})
        await until(pilot, lambda: "failed after 31s: box [x] not found" in lines_of(app)[0])


async def look(pilot: Any) -> None:
    """The log with a search in it."""
    await opened(pilot)
    await pilot.press("slash", *"missing", "enter", "N")
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
def test_log_look(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(pair_app(), terminal_size=size, run_before=look)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=["80x24", "160x45"])
def test_output_look(snap_compare: Any, size: tuple[int, int]) -> None:
    async def before(pilot: Any) -> None:
        await pilot.app.push_screen(OutputScreen(data.VM.key))
        await until(pilot, lambda: "step 49" in text_of(pilot.app))

    failed = output_job(JobState.FAILED, finished_t_ns=T_NS, error="the guest did not answer SSH")
    app = pair_app(
        replace(data.SNAPSHOT, jobs={data.VM.key: failed}),
        outputs={data.VM.key: [f"==> web: step {n}" for n in range(50)]},
    )
    assert snap_compare(app, terminal_size=size, run_before=before)
