"""One question at a time, with back and skip: where an interview stands, and what moves it.

Pure, so that a prompt and a screen can both hold one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tui.advice.model import Chart, Criterion
from tui.model import EMPTY


@dataclass(frozen=True, slots=True)
class Interview:
    """An interview under way; every move gives a new one."""

    chart: Chart
    at: int = 0
    """Index of the question that is asked; the number of questions once all were."""
    answers: Mapping[str, str] = field(default_factory=lambda: EMPTY)

    @property
    def question(self) -> Criterion | None:
        """What is asked now; None at the end."""
        return self.chart.criteria[self.at] if self.at < len(self.chart.criteria) else None

    @property
    def given(self) -> str | None:
        """The answer that the question asked now was given before."""
        return self.answers.get(self.question.id) if self.question else None

    def answer(self, answer_id: str) -> Interview:
        """Take this answer and go on. Raises ValueError for one the question has not."""
        if self.question is None or self.question.answer(answer_id) is None:
            raise ValueError(f"no answer {answer_id!r} to this question")
        return replace(self, at=self.at + 1, answers={**self.answers, self.question.id: answer_id})

    def skip(self) -> Interview:
        """Leave the question without an answer and go on."""
        if self.question is None:
            return self
        left = {name: one for name, one in self.answers.items() if name != self.question.id}
        return replace(self, at=self.at + 1, answers=left)

    def back(self) -> Interview:
        """To the question before; the first stays."""
        return replace(self, at=max(0, self.at - 1))

    def finish(self) -> Interview:
        """Ask no more."""
        return replace(self, at=len(self.chart.criteria))
