"""Asks `vagrant status` how a machine is, where no cheaper source can tell it.

A second or more of Ruby: asked behind the list, one machine at a time, when Vagrant's files say
that something changed or before an action; never on a timer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread

from tui.engines.vagrant.look import LookFailed, Looking
from tui.model import State
from tui.sides.vagrant_output import reason, unescaped
from tui.text import clean

ANSWER_SECONDS = 60.0
_STATES: Mapping[str, State] = {
    "running": State.RUNNING,
    "paused": State.PAUSED,
    "suspended": State.SUSPENDED,
    "saved": State.SUSPENDED,
    "poweroff": State.STOPPED,
    "powered_off": State.STOPPED,
    "off": State.STOPPED,
    "shutoff": State.STOPPED,
    "shutdown": State.STOPPED,
    "stopped": State.STOPPED,
    "halted": State.STOPPED,
    "aborted": State.STOPPED,
    "not_running": State.STOPPED,
    "exited": State.STOPPED,
    "created": State.CREATED,
    "not_created": State.ABSENT,
}
_NOT_TOLD = "vagrant status"


@dataclass(frozen=True, slots=True)
class Question:
    """Which machine is asked about, and where its Vagrant is."""

    name: str
    """Its name in its Vagrantfile."""
    directory: Path
    env: Mapping[str, str] = field(repr=False)
    """The whole environment."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What Vagrant's files said when it was asked; another mark means another question."""

    about: str
    word: str
    """The state in Vagrant's index, which `vagrant status` itself writes anew."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What vagrant said of one machine."""

    state: State
    """UNKNOWN when it said nothing, or a word that is not known here."""
    at: float
    """Unix seconds."""
    word: str = ""
    """The provider's own short word for the state."""
    note: str = ""
    """Why the state is UNKNOWN, one plain line."""


def parse_status(text: str, name: str, at: float) -> Answer:
    """The answer in what `vagrant status NAME --machine-readable` printed."""
    told: dict[str, str] = {}
    error = ""
    for line in text.splitlines():
        fields = line.split(",")
        if len(fields) < 4:
            continue
        _time, target, kind, *data = (unescaped(value) for value in fields)
        if target == name:
            told[kind] = data[0]
        elif kind == "error-exit" and len(data) > 1:
            error = reason([clean(line).strip() for line in data[1].splitlines()])
    state_id = told.get("state")
    if state_id is None:
        return Answer(State.UNKNOWN, at, note=f"{_NOT_TOLD}: {error or 'told no state'}")
    word = clean(told.get("state-human-short", state_id))
    state = _STATES.get(state_id, State.UNKNOWN)
    note = "" if state is not State.UNKNOWN else f"{_NOT_TOLD} says {clean(state_id)}"
    return Answer(state, at, word, note)


class Asker:
    """Asks about machines one after the other and remembers what was said. Thread-safe."""

    def __init__(self, seconds: float = ANSWER_SECONDS) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._turn = Lock()
        self._known: dict[str, tuple[Mark, Answer]] = {}
        self._wanted: dict[str, tuple[Question, Mark]] = {}
        self._worker: Thread | None = None
        self._looking: Looking | None = None
        self.told: Callable[[], None] = lambda: None
        """Called from the asking thread after each answer."""

    def known(self, key: str, mark: Mark) -> Answer | None:
        """What was said last, if nothing changed since."""
        with self._lock:
            return self._answer(key, mark)

    def want(self, key: str, question: Question, mark: Mark) -> Answer | None:
        """As `known`; when there is nothing, it is asked in the background."""
        with self._lock:
            answer = self._answer(key, mark)
            if answer is None:
                self._wanted[key] = (question, mark)
                if self._worker is None:
                    self._worker = Thread(target=self._work, name="vagrant status", daemon=True)
                    self._worker.start()
            return answer

    def ask(self, key: str, question: Question, mark: Mark) -> Answer:
        """Ask now and wait for the answer."""
        with self._turn:
            answer = self._run(question)
        with self._lock:
            self._known[key] = (mark, answer)
            self._wanted.pop(key, None)
        return answer

    def forget(self) -> None:
        """Everything is asked anew when it is wanted next."""
        with self._lock:
            self._known.clear()

    def close(self) -> None:
        """Ask nothing more that is waiting, and end the command that runs."""
        with self._lock:
            self._wanted.clear()
            looking = self._looking
        if looking is not None:
            looking.end()

    def _answer(self, key: str, mark: Mark) -> Answer | None:
        if key not in self._known:
            return None
        asked, answer = self._known[key]
        is_same = asked.about == mark.about and mark.word in (asked.word, answer.word)
        return answer if is_same else None

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._worker = None
                    return
                key, (question, mark) = next(iter(self._wanted.items()))
            self.ask(key, question, mark)
            self.told()

    def _run(self, question: Question) -> Answer:
        looking = Looking()
        with self._lock:
            self._looking = looking
        try:
            text, _errors = looking.run(
                ["vagrant", "status", question.name, "--machine-readable"],
                question.directory,
                question.env,
                self._seconds,
            )
        except LookFailed as error:
            return Answer(State.UNKNOWN, time.time(), note=f"{_NOT_TOLD} {error}")
        finally:
            with self._lock:
                self._looking = None
        return parse_status(text, question.name, time.time())
