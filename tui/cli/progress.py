"""Follows running jobs on stderr: one live line each on a terminal, a line per event elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

import click

from tui.cli.session import say
from tui.model import Verb
from tui.snapshot import Job, JobState
from tui.text import clean
from tui.units import seconds

if TYPE_CHECKING:
    from tui.fleet.fleet import Fleet

_REDRAW_SECONDS = 0.2
_ENGINE_COMMANDS = ("docker ", "vagrant ", "virsh ")
_BOOTS = (Verb.UP, Verb.START)
DONE = {
    Verb.UP: "up",
    Verb.START: "started",
    Verb.STOP: "stopped",
    Verb.RESTART: "restarted",
    Verb.PAUSE: "paused",
    Verb.RESUME: "resumed",
    Verb.KILL: "killed",
    Verb.DESTROY: "destroyed",
    Verb.RELOAD: "reloaded",
    Verb.PROVISION: "provisioned",
    Verb.SUSPEND: "suspended",
    Verb.SNAPSHOT_SAVE: "snapshot saved",
    Verb.SNAPSHOT_RESTORE: "snapshot restored",
    Verb.SNAPSHOT_DELETE: "snapshot deleted",
    Verb.BOX_OUTDATED: "box looked up",
    Verb.BOX_UPDATE: "box updated",
}


class Progress:
    """Tells how far jobs are. Used from the main thread only."""

    def __init__(self, fleet: Fleet, *, verbose: bool) -> None:
        self._fleet = fleet
        self._verbose = verbose
        self._live = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._jobs: dict[int, Job] = {}
        self._told: dict[int, int] = {}
        self._drawn = 0

    def take(self, job: Job) -> None:
        """A job moved: tell what is new of it."""
        before = self._jobs.get(job.id)
        self._jobs[job.id] = job
        self._tell_output(job)
        if job.is_active:
            if not self._live and job.phase and (before is None or before.phase != job.phase):
                self._line(f"{job.key}: {job.phase} ({seconds(_elapsed(job))})")
        elif before is None or before.is_active:
            self._line(self._ending(job))
        self.redraw()

    def redraw(self) -> None:
        """Draw the live lines again, on a terminal."""
        if not self._live:
            return
        self._erase()
        width = shutil.get_terminal_size().columns - 1
        lines = [_live_line(job)[:width] for job in self._jobs.values() if job.is_active]
        if lines:
            click.echo("\n".join(lines), err=True)
        self._drawn = len(lines)

    def _erase(self) -> None:
        if self._drawn:
            click.echo(f"\x1b[{self._drawn}A\x1b[J", nl=False, err=True)
            self._drawn = 0

    def _line(self, text: str) -> None:
        self._erase()
        say(text)

    def _tell_output(self, job: Job) -> None:
        lines = self._fleet.output(job.key)
        for line in lines[self._told.get(job.id, 0) :]:
            if line.startswith(_ENGINE_COMMANDS):
                self._line(f"{job.key}: $ {line}")
            elif self._verbose and line.strip():
                self._line(f"{job.key}: {line}")
        self._told[job.id] = len(lines)

    def _ending(self, job: Job) -> str:
        if job.state is JobState.FAILED:
            return f"twindeck: {job.key}: {job.error}"
        snapshot = self._fleet.snapshot
        instance = snapshot.find(job.key)
        elapsed_seconds = _elapsed(job)
        if job.verb in _BOOTS:
            # What `boots` will show: the workload may answer before the engine's command is done.
            elapsed_seconds = snapshot.boot_seconds.get(job.key, elapsed_seconds)
        # A time under software emulation must never pass for one under hardware.
        accelerator = f" ({instance.accelerator})" if instance and instance.accelerator else ""
        return f"{job.key}: {DONE[job.verb]} after {seconds(elapsed_seconds)}{accelerator}"


def follow(fleet: Fleet, jobs: Sequence[Job], *, verbose: bool = False) -> list[Job]:
    """Tell the progress of the jobs until all are over; returns them as they ended.

    The first interrupt only tells what still runs; the second raises KeyboardInterrupt.
    """
    progress = Progress(fleet, verbose=verbose)
    news: SimpleQueue[Job] = SimpleQueue()
    for job in jobs:
        # Daemons: a second interrupt must not wait for an engine.
        Thread(target=_report, args=(fleet, job, news), name=f"wait {job.key}", daemon=True).start()
    ended: dict[int, Job] = {}
    warned = False
    while len(ended) < len(jobs):
        try:
            job = news.get(timeout=_REDRAW_SECONDS)
            progress.take(job)
            if not job.is_active:
                ended[job.id] = job
        except Empty:
            progress.redraw()
        except KeyboardInterrupt:
            if warned:
                raise
            warned = True
            running = ", ".join(f"{j.verb} {j.key}" for j in jobs if j.id not in ended)
            say(f"twindeck: still at work: {running} → ctrl+c again leaves it unfinished")
    return [ended[job.id] for job in jobs]


def _report(fleet: Fleet, job: Job, news: SimpleQueue[Job]) -> None:
    last = fleet.wait_job(job, None, news.put)
    news.put(last)


def _elapsed(job: Job) -> float:
    end_t_ns = job.finished_t_ns or time.monotonic_ns()
    return (end_t_ns - job.requested_t_ns) / 1e9


def _live_line(job: Job) -> str:
    where = job.phase or job.state
    return clean(f"{job.key}: {job.verb} · {where} · {seconds(_elapsed(job))} · {job.last_line}")
