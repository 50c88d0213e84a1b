"""One job carried out on an engine in memory, apart from any fleet."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Timer

import pytest

from tests.unit.fleet_fakes import MemorySide
from tui.errors import ActionFailed
from tui.fleet.actions import Actions
from tui.fleet.jobs import JobRun
from tui.model import Boot, Probe, SideName, Verb, Workload
from tui.snapshot import Job, JobState


def test_waiting_for_an_answer_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    workload = Workload(
        name="mute",
        title="never answers",
        folder=tmp_path,
        guest_port=80,
        container_port=1,
        vm_port=2,
        probe=Probe(kind="tcp", timeout_seconds=60),
    )
    cancel = Event()
    boots: list[Boot] = []
    side = MemorySide(SideName.VM)
    actions = Actions(lambda name: side, {"mute": workload}, lambda key: None, boots.append, cancel)
    run = JobRun(
        Job(0, Verb.UP, SideName.VM, "mute", JobState.RUNNING, time.monotonic_ns()), lambda: None
    )
    timer = Timer(0.2, cancel.set)
    timer.start()
    began = time.monotonic()
    with pytest.raises(ActionFailed, match="vm:mute: cancelled before mute answered"):
        actions.perform(run)
    assert time.monotonic() - began < 5
    assert boots == []
    assert side.asked == [(Verb.UP, "mute")], "what the engine has begun is not undone here"
