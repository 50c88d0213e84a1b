"""The log of an instance, and the output of the newest action on it."""

from __future__ import annotations

from collections.abc import Generator
from threading import Event
from typing import ClassVar

from textual.content import Content

from tui.screens.log_feed import LogFeed
from tui.screens.text_screen import GrowingScreen, TextScreen, named
from tui.snapshot import Job, JobState
from tui.text import clean
from tui.units import age
from tui.widgets.line_store import MOST_LINES

TAIL_LINES = 1_000
_LOG_REFRESH_SECONDS = 0.15
_OUTPUT_REFRESH_SECONDS = 0.25


class LogScreen(TextScreen):
    """Follows a log: a container's own, a VM's serial console or its journal."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.feed = LogFeed(self._read, TAIL_LINES, MOST_LINES)
        self._is_flood = False
        self._note = ""
        self._source = self._titled = ""
        """Which log it is, once the engine was asked; and what the title says of it."""
        self._skipped = 0

    def on_mount(self) -> None:
        """Start reading."""
        super().on_mount()
        self.view.is_following = True
        self.feed.start()
        self._timer = self.set_interval(_LOG_REFRESH_SECONDS, self.take_batch)

    def on_unmount(self) -> None:
        """Stop reading."""
        self.feed.stop()

    def _read(self, stop: Event, tail: int) -> Generator[str]:
        self._source = self.app.fleet.log_source(self.key)
        yield from self.app.fleet.logs(self.key, tail=tail, follow=True, stop=stop)

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
        if batch.is_over:
            self._timer.stop()
            self.can_follow = False
            self.refresh_bindings()
            if batch.error:
                self.show_reason(batch.error)
            else:
                self._note = "ended"
        is_news = self._titled != self._source
        self._titled = self._source
        if batch.is_over or batch.skipped or batch.is_anew or is_news:
            self.show_title()

    def title_text(self) -> Content:
        """Address, source, and what a reader must know of the text."""
        title = named(self.key, f"log · {self._source}" if self._source else "log")
        if self._is_flood:
            title += Content.styled(
                "  too fast to follow: the newest lines now and then", "$warning"
            )
        elif self._skipped:
            title += Content.styled(f"  {self._skipped:,} lines came too fast", "$warning")
        if self._note:
            title += Content.styled(f"  {self._note}", "$quiet")
        return title


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
