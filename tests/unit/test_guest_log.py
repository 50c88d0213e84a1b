"""A VM's log is what its source printed; what the source says of its own failure is none of it."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from tui.sides.guest_log import LogFailed, console_command, lines_of


def sh(text: str) -> tuple[str, ...]:
    return ("sh", "-c", text)


def test_a_child_that_fails_raises_what_it_said() -> None:
    lines = lines_of(sh("echo one; echo 'no such Vagrantfile' >&2; exit 1"), Event())
    assert next(lines) == "one"
    with pytest.raises(LogFailed) as raised:
        next(lines)
    assert raised.value.lines == ["no such Vagrantfile"]


def test_a_child_that_fails_without_a_word_says_its_code() -> None:
    with pytest.raises(LogFailed, match="sh ended with code 3"):
        list(lines_of(sh("exit 3"), Event()))


def test_complaints_of_one_that_ends_well_are_not_lines_of_the_log() -> None:
    assert list(lines_of(sh("echo closed >&2; echo one"), Event())) == ["one"]


def test_to_be_ended_is_no_failure() -> None:
    stop = Event()
    lines = lines_of(sh("echo one; sleep 60"), stop)
    assert next(lines) == "one"
    stop.set()
    assert list(lines) == []


def test_a_console_that_may_not_be_read_is_an_error() -> None:
    with pytest.raises(LogFailed, match="cannot open"):
        list(lines_of(console_command(Path("/nonexistent/x"), tail=5, follow=False), Event()))
