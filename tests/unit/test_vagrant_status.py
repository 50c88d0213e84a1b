"""What `vagrant status` says, and how it is asked: one at a time, within a time, never by guess."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.engines.vagrant.status import Answer, Asker, Mark, Question, parse_status
from tui.model import State

# As Vagrant 2.3.4 prints it with --machine-readable.
RUNNING = """\
1795822371,app,metadata,provider,docker
1795822371,app,provider-name,docker
1795822371,app,state,running
1795822371,app,state-human-short,running
1795822371,app,state-human-long,The container is created and running. You can stop it using\\n`x`.
1795822371,,ui,info,Current machine states:\\n\\napp                       running (docker)
"""
NOT_FOUND = (
    "1795822450,,error-exit,Vagrant::Errors::MachineNotFound,The machine with the name 'web' was "
    "not found configured for\\nthis Vagrant environment.\n"
)


def test_the_state_of_the_machine_that_was_asked_about() -> None:
    assert parse_status(RUNNING, "app", 5.0) == Answer(State.RUNNING, 5.0, "running")
    assert parse_status(RUNNING, "other", 5.0).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("poweroff", State.STOPPED),
        ("saved", State.SUSPENDED),
        ("not_created", State.ABSENT),
        ("host_state_unknown", State.UNKNOWN),
    ],
)
def test_providers_words(word: str, state: State) -> None:
    answer = parse_status(RUNNING.replace("state,running", f"state,{word}"), "app", 0)
    assert answer.state is state
    assert (word in answer.note) == (state is State.UNKNOWN)


def test_an_error_is_the_reason_and_no_state() -> None:
    answer = parse_status(NOT_FOUND, "web", 0)
    assert answer.state is State.UNKNOWN
    assert "The machine with the name 'web' was not found configured" in answer.note
    assert parse_status("", "web", 0).note == "vagrant status: told no state"


@given(st.text())
def test_any_output_is_survived(text: str) -> None:
    answer = parse_status(text, "web", 0)
    assert (answer.state is State.UNKNOWN) == bool(answer.note)


@pytest.fixture
def vagrant(tmp_path: Path) -> Callable[[str], Question]:
    """A `vagrant` that runs this shell text; gives the question to ask it."""

    def make(body: str) -> Question:
        program = tmp_path / "bin" / "vagrant"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n{body}\n')
        program.chmod(0o755)
        path = f"{program.parent}:{os.environ['PATH']}"
        return Question("web", tmp_path, {**os.environ, "PATH": path})

    return make


@pytest.fixture(autouse=True)
def own_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")


SAYS_RUNNING = "echo 1,web,state,running; echo 1,web,state-human-short,running"


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_is_asked_behind_the_list_once_a_change(
    tmp_path: Path, vagrant: Callable[[str], Question]
) -> None:
    question, asker = vagrant(SAYS_RUNNING), Asker()
    told: list[int] = []
    asker.told = lambda: told.append(1)
    mark = Mark("made yesterday", "poweroff")
    assert asker.want("web", question, mark) is None, "nothing is known before it has answered"
    wait_until(lambda: told)
    answer = asker.want("web", question, mark)
    assert answer is not None
    assert answer.state is State.RUNNING
    # Vagrant itself writes the word it told into its index: that is no change to ask about.
    assert asker.want("web", question, Mark("made yesterday", "running")) is not None
    assert asker.want("web", question, Mark("made yesterday", "saved")) is None
    wait_until(lambda: len(told) == 2)
    assert (tmp_path / "asked").read_text() == "status web --machine-readable\n" * 2


def test_a_vagrant_that_hangs_is_ended_with_all_it_started(
    tmp_path: Path, vagrant: Callable[[str], Question]
) -> None:
    question = vagrant("sleep 300 & echo $! > child; wait")
    answer = Asker(seconds=1).ask("web", question, Mark("", ""))
    assert answer.state is State.UNKNOWN
    assert answer.note == "vagrant status did not answer within 1 s"
    pid = int((tmp_path / "child").read_text())
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")


def test_closing_ends_the_question_that_is_being_asked(
    tmp_path: Path, vagrant: Callable[[str], Question]
) -> None:
    question, asker = vagrant("sleep 300"), Asker()
    asker.want("web", question, Mark("", ""))
    wait_until((tmp_path / "asked").exists)
    asker.close()
    wait_until(lambda: asker.known("web", Mark("", "")) is not None)
    assert [c.name() for c in psutil.Process().children() if c.status() != "zombie"] == []


def test_what_is_forgotten_is_asked_anew(vagrant: Callable[[str], Question]) -> None:
    question, asker = vagrant(SAYS_RUNNING), Asker()
    asker.ask("web", question, Mark("", ""))
    assert asker.known("web", Mark("", "")) is not None
    asker.forget()
    assert asker.known("web", Mark("", "")) is None


def test_a_folder_that_is_gone_is_a_reason(tmp_path: Path) -> None:
    question = Question("web", tmp_path / "nowhere", dict(os.environ))
    answer = Asker().ask("web", question, Mark("", ""))
    assert answer.state is State.UNKNOWN
    assert "nowhere" in answer.note
