"""The VM side on a real Vagrant, libvirt and QEMU: one machine through its whole life."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import psutil
import pytest

from tests.engine.project_kit import PAGE, PAGE_TEXT, make_project
from tui.errors import ActionBusy, ActionFailed, UnknownInstance
from tui.model import Instance, Phase, State, Verb, Workload
from tui.sides.libvirt import Libvirt
from tui.sides.machines import Machines

pytestmark = pytest.mark.engine

NAME = "page"
BOOT_SECONDS = 400


@dataclass
class Notes:
    """A report that remembers."""

    lines: list[str] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    accelerators: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        self.lines.append(text)

    def phase(self, phase: Phase) -> None:
        self.phases.append(phase)

    def accelerator(self, name: str) -> None:
        self.accelerators.append(name)


@dataclass(frozen=True)
class Deck:
    """A project of its own, so that the test meets no machine of another."""

    project: Path
    workload: Workload

    def side(self) -> Machines:
        """A side as another twindeck would open it."""
        return Machines(self.project, [self.workload], accelerator=lambda: None)

    @property
    def port(self) -> int:
        return self.workload.vm_port

    def row(self) -> Instance:
        return next(i for i in self.side().list() if i.name == NAME)


def wait_until(true: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def page(deck: Deck) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{deck.port}/", timeout=20) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deck]:
    project = tmp_path_factory.mktemp(f"twindeck{os.getpid()}", numbered=False)
    made = Deck(project, make_project(project, PAGE, NAME))
    yield made
    if made.row().state is not State.ABSENT:
        made.side().act(Verb.DESTROY, NAME, Notes())


@pytest.fixture(scope="module")
def booted(deck: Deck) -> Notes:
    """The machine, brought up; what another twindeck saw meanwhile is checked on the way."""
    notes, failures = Notes(), []
    ours = deck.side()

    def bring_up() -> None:
        try:
            ours.up(deck.workload, notes)
        except Exception as error:
            failures.append(error)

    thread = Thread(target=bring_up)
    thread.start()
    wait_until(lambda: deck.row().busy or failures, 60)
    assert not failures, failures
    assert re.fullmatch(r"vagrant up, pid \d+", deck.row().busy or "")
    assert next(i for i in ours.list() if i.name == NAME).busy is None
    with pytest.raises(ActionBusy, match="vagrant up, pid"):
        deck.side().act(Verb.DESTROY, NAME, Notes())
    thread.join(BOOT_SECONDS)
    assert not thread.is_alive()
    assert not failures, (failures, notes.lines[-20:])
    return notes


def test_absent_before_it_is_made(deck: Deck) -> None:
    row = deck.row()
    assert row.state is State.ABSENT
    assert (row.id, row.pid, row.started_at, row.ports) == (None, None, None, ())
    assert row.workload == NAME
    with pytest.raises(UnknownInstance, match="no VM is called nosuch"):
        deck.side().act(Verb.START, "nosuch", Notes())


def test_port_taken_is_told_before_anything_is_made(deck: Deck) -> None:
    taken = rf"port {deck.port} .* taken by .*pid {os.getpid()}"
    with (
        socket.create_server(("127.0.0.1", deck.port)),
        pytest.raises(ActionFailed, match=taken),
    ):
        deck.side().up(deck.workload, Notes())
    assert deck.row().state is State.ABSENT


def test_up_runs_and_answers(deck: Deck, booted: Notes) -> None:
    row = deck.row()
    assert row.state is State.RUNNING
    assert row.busy is None
    assert row.pid is not None
    argv = psutil.Process(row.pid).cmdline()
    assert row.id in argv
    assert row.accelerator == ("kvm" if "kvm" in argv else "tcg")
    assert row.started_at is not None
    assert abs(row.started_at - psutil.Process(row.pid).create_time()) < 1
    assert row.ports == (f"127.0.0.1:{deck.port}->8090/tcp",)
    assert PAGE_TEXT in page(deck)


def test_up_told_its_phases_and_accelerator(deck: Deck, booted: Notes) -> None:
    in_order = list(dict.fromkeys(booted.phases))
    assert in_order == [Phase.PREPARE, Phase.CREATE, Phase.START, Phase.BOOT, Phase.PROVISION]
    assert set(booted.accelerators) == {deck.row().accelerator}
    assert any("Running provisioner: workload" in line for line in booted.lines)
    assert not any("Progress:" in line for line in booted.lines)


def test_guest_reports_its_memory(deck: Deck, booted: Notes) -> None:
    def stats() -> str:
        return subprocess.run(
            ["virsh", "-c", "qemu:///system", "dommemstat", str(deck.row().id)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    wait_until(lambda: "unused" in stats(), 30)


def test_watch_sees_what_others_do(deck: Deck, booted: Notes) -> None:
    stop, changes = Event(), []
    before = set(psutil.Process().children(recursive=True))
    side = deck.side()
    thread = Thread(target=side.watch, args=(lambda: changes.append(1), stop))
    thread.start()
    try:
        wait_until(lambda: changes, 5)
        for verb, state in (("suspend", State.PAUSED), ("resume", State.RUNNING)):
            changes.clear()
            subprocess.run(
                ["virsh", "-c", "qemu:///system", verb, str(deck.row().id)],
                check=True,
                capture_output=True,
            )
            wait_until(lambda: changes, 1)
            assert deck.row().state is state
        changes.clear()
        (deck.project / ".vagrant" / "machines" / NAME / "libvirt" / "id").touch()
        wait_until(lambda: changes, 1)
    finally:
        asked = time.monotonic()
        stop.set()
        thread.join(5)
    assert time.monotonic() - asked < 0.5
    assert set(psutil.Process().children(recursive=True)) <= before


def test_pause_is_instant_and_resume_undoes_it(deck: Deck, booted: Notes) -> None:
    began = time.monotonic()
    deck.side().act(Verb.PAUSE, NAME, Notes())
    assert time.monotonic() - began < 1
    assert deck.row().state is State.PAUSED
    assert deck.row().pid is not None
    deck.side().act(Verb.RESUME, NAME, Notes())
    assert deck.row().state is State.RUNNING
    assert PAGE_TEXT in page(deck)


def test_logs_are_the_guests_console(deck: Deck, booted: Notes) -> None:
    lines = list(deck.side().logs(NAME, tail=200, follow=False, stop=Event()))
    assert any("login:" in line for line in lines)
    stop = Event()
    followed = deck.side().logs(NAME, tail=1, follow=True, stop=stop)
    assert next(followed)
    stop.set()
    assert list(followed) == []


def test_shell_and_inspect(deck: Deck, booted: Notes) -> None:
    command = deck.side().shell(NAME)
    done = subprocess.run(
        [*command.argv, "-c", "id -un"],
        cwd=command.cwd,
        env={**os.environ, **command.env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "vagrant", done.stderr
    about = deck.side().inspect(NAME)
    assert about["machine_index"]["name"] == NAME
    assert about["domain"]["domain"]["uuid"] == deck.row().id


def test_stop_and_start(deck: Deck, booted: Notes) -> None:
    deck.side().act(Verb.STOP, NAME, Notes())
    row = deck.row()
    assert row.state is State.STOPPED
    assert (row.pid, row.started_at, row.ports) == (None, None, ())
    assert row.id is not None
    with pytest.raises(ActionFailed, match="no shell in page: it is stopped"):
        deck.side().shell(NAME)
    notes = Notes()
    deck.side().act(Verb.START, NAME, notes)
    assert deck.row().state is State.RUNNING
    assert list(dict.fromkeys(notes.phases)) == [Phase.START, Phase.BOOT]
    wait_until(lambda: PAGE_TEXT in page(deck), 30)


def test_kill_then_destroy_leaves_nothing(deck: Deck, booted: Notes) -> None:
    row = deck.row()
    began = time.monotonic()
    deck.side().act(Verb.KILL, NAME, Notes())
    assert time.monotonic() - began < 3
    assert deck.row().state is State.STOPPED
    deck.side().act(Verb.DESTROY, NAME, Notes())
    assert deck.row().state is State.ABSENT
    assert row.id not in {domain.uuid for domain in Libvirt().domains()}
    images = Path("/var/lib/libvirt/images")
    assert not list(images.glob(f"{deck.project.name}_{NAME}*"))
    with pytest.raises(OSError, match="refused"):
        page(deck)
