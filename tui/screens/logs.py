"""The log of an instance, and the output of the newest action on it."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from threading import Event
from typing import ClassVar

from textual.content import Content

from tui.core.log_mark import LogMark
from tui.core.state_words import short_state
from tui.model import Instance, SideName, State
from tui.screens.log_feed import LogFeed
from tui.screens.text_screen import GrowingScreen, TextScreen, named
from tui.snapshot import Job, JobState, Snapshot
from tui.text import clean
from tui.units import age
from tui.widgets.line_store import MOST_LINES
from tui.widgets.log_view import LogView, painter

TAIL_LINES = 1_000
_LOG_REFRESH_SECONDS = 0.15
_OUTPUT_REFRESH_SECONDS = 0.25
_RETRY_NS = 2_000_000_000
_HEADING = r"^((?:──|--) .* UTC (?:──|--))$"


class LogScreen(TextScreen):
    """Follows a log, run after run: a container's own, a VM's serial console or its journal."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.feed = LogFeed(self._read, TAIL_LINES, MOST_LINES)
        self._is_flood = False
        self._source = self._titled = ""
        """Which log it is, once the engine was asked; and what the title says of it."""
        self._skipped = 0
        self._end: str | None = None
        """Why nothing is read now, "" when the log just ended; None while it is read."""
        self._ended_at_ns = 0
        self._run: Run | None = None
        self._was_ailing = False
        self._is_ahead = False
        """Whether the log was asked for again though no other run was told of."""

    def make_view(self) -> LogView:
        """Text with the lines between two runs set off."""
        return LogView(paint=painter(_HEADING, "log-view--key"))

    def on_mount(self) -> None:
        """Start reading."""
        super().on_mount()
        self.view.is_following = True
        self._run = run_of(self.instance)
        self.feed.start()
        self.watch(self.app, "snapshot", self._take, init=False)
        self.set_interval(_LOG_REFRESH_SECONDS, self.take_batch)

    def on_unmount(self) -> None:
        """Stop reading."""
        self.feed.stop()

    @property
    def instance(self) -> Instance | None:
        """Whose log it is, while it exists."""
        return self.app.snapshot.find(self.key)

    def _read(self, stop: Event, tail: int, mark: LogMark) -> Generator[str]:
        self._source = self.app.fleet.log_source(self.key)
        yield from self.app.fleet.logs(self.key, tail=tail, follow=True, stop=stop, mark=mark)

    def _take(self, snapshot: Snapshot) -> None:
        """Go on with the next run, and after the engine was away."""
        run = run_of(snapshot.find(self.key))
        health = snapshot.health.get(SideName(self.key.partition(":")[0]))
        is_back, self._was_ailing = self._was_ailing, health is not None and not health.ok
        if run is not None and run != self._run:
            heading = heading_between(self._run, run, self.app.glyphs.is_ascii)
            self._run = run
            self._go_on(run, heading)
        elif is_back and not self._was_ailing and self._end:
            self.feed.resume()
        if self._end is not None:
            self.show_title()

    def _go_on(self, run: Run, heading: str) -> None:
        is_ahead, self._is_ahead = self._is_ahead, False
        if self._end is None and (run.side is SideName.VM or is_ahead):
            # The console's file outlives the run, and its reader reads on. A container's log that
            # was asked for again may be in its next run before the engine's list tells of that.
            self.feed.note(heading)
        else:
            self.feed.resume(heading)

    def take_batch(self) -> None:
        """Show what arrived, all at once."""
        batch = self.feed.take()
        self._skipped += batch.skipped
        self._is_flood |= batch.is_anew
        is_following = self.view.is_following
        self.feed.is_held = not is_following
        if batch.is_anew:
            self.view.replace(batch.lines)
            self.view.is_following = is_following
        elif batch.lines:
            self.view.append(batch.lines)
        end = None if batch.is_open else batch.error
        is_turned, self._end = end != self._end, end
        now_ns = self.app.clock.t_ns()
        if is_turned:
            self._ended_at_ns = now_ns
            self.show_reason(end or "")
            self.refresh_bindings()
        elif self._is_cut_off(now_ns):
            self._is_ahead = True
            self.feed.resume()
        is_news, self._titled = self._titled != self._source, self._source
        if is_turned or batch.skipped or batch.is_anew or is_news:
            self.show_title()

    def _is_cut_off(self, now_ns: int) -> bool:
        """Whether the log ended though its run goes on: the engine closed the connection."""
        is_same_run = self._run is not None and run_of(self.instance) == self._run
        has_rested = now_ns - self._ended_at_ns > _RETRY_NS
        return self._end == "" and is_same_run and has_rested

    def title_text(self) -> Content:
        """Address, source, and what a reader must know of the text."""
        title = named(self.key, f"log · {self._source}" if self._source else "log")
        if self._is_flood:
            title += Content.styled(
                "  too fast to follow: the newest lines now and then", "$warning"
            )
        elif self._skipped:
            title += Content.styled(f"  {self._skipped:,} lines came too fast", "$warning")
        if self._end == "":
            title += Content.styled(f"  {self._rest()}", "$warning")
        return title

    def _rest(self) -> str:
        """Why the log stands still, and what will move it."""
        instance = self.instance
        if instance is None:
            return "it is gone: another of that name will be followed"
        if instance.is_live and instance.state is not State.RESTARTING:
            return "its log ended, though it runs: asking again"
        return f"{short_state(instance, 16)}: its next run will be followed"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing can be held where nothing could be read."""
        if action == "follow" and self._end:
            return False
        return super().check_action(action, parameters)

    def stream_word(self) -> str:
        """What the end of the text does: `following`, `held`, `waiting` for more, or `ended`."""
        if self._end is None:
            return super().stream_word()
        return "ended" if self._end or self.instance is None else "waiting"


@dataclass(frozen=True, slots=True)
class Run:
    """What tells one run of an instance from another."""

    side: SideName
    id: str | None
    started_at: float
    """Unix seconds."""


def run_of(instance: Instance | None) -> Run | None:
    """The run that goes on now."""
    if instance is None or instance.started_at is None or not instance.is_live:
        return None
    return Run(instance.side, instance.id, instance.started_at)


def heading_between(before: Run | None, run: Run, is_ascii: bool) -> str:
    """`── restarted 12:34:56 UTC ──`, and whether it is another instance of the same name."""
    at = time.strftime("%H:%M:%S UTC", time.gmtime(run.started_at))
    is_other = before is not None and before.id != run.id
    kind = "machine" if run.side is SideName.VM else "container"
    what = f"another {kind} of this name, started" if is_other else "restarted"
    rule = "--" if is_ascii else "──"
    return f"{rule} {what if before else 'started'} {at} {rule}"


class OutputScreen(GrowingScreen):
    """The whole output of the newest action on an instance, live while it runs."""

    kind: ClassVar[str] = "output"

    def on_mount(self) -> None:
        """Show what there is and look for more; the output is in memory, so asking is cheap."""
        super().on_mount()
        self.take_output()
        self.set_interval(_OUTPUT_REFRESH_SECONDS, self.take_output)

    def take_output(self) -> None:
        """Show the newest action's."""
        self.show_lines(self.app.fleet.output(self.key))

    def title_text(self) -> Content:
        """Address, verb, phase, elapsed, result."""
        job = self.app.snapshot.jobs.get(self.key)
        if job is None:
            return named(self.key, "no action yet: its output will be here")
        took = _took_seconds(job, self.app.clock.t_ns())
        title = Content.assemble((clean(self.key), "bold"), "  ", (str(job.verb), "bold"))
        return title + "  " + _result(job, age(took))


def _took_seconds(job: Job, t_ns: int) -> float:
    """From the request to the end, or until now."""
    end = t_ns if job.finished_t_ns is None else job.finished_t_ns
    return max(0.0, (end - job.requested_t_ns) / 1e9)


def _result(job: Job, took: str) -> Content:
    match job.state:
        case JobState.QUEUED:
            return Content.styled(f"queued {took}", "$warning")
        case JobState.RUNNING:
            phase = f"{job.phase} · " if job.phase else ""
            return Content.styled(f"{phase}running {took}", "$primary")
        case JobState.FAILED:
            return Content.styled(f"failed after {took}: {clean(job.error)}", "$error")
    return Content.styled(f"done in {took}", "$success")
