"""What the list does not tell of containers, and an engine that is slow to tell it of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tui.errors import EngineUnavailable
from tui.sides.docker_runs import Runs

ENTRIES = [{"Id": name, "State": "running"} for name in ("one", "held", "three")]


class SlowLink:
    """An engine that keeps back its answer about one container."""

    def __init__(self, held: str) -> None:
        self.held = held
        self.asked: list[str] = []

    @contextmanager
    def translating(self, what: str, name: str = "") -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            raise EngineUnavailable("Docker does not answer in time") from None

    def look(self) -> SlowLink:
        return self

    def inspect_container(self, container_id: str) -> dict[str, Any]:
        self.asked.append(container_id)
        if container_id == self.held:
            raise TimeoutError
        return {"State": {"Pid": 7, "StartedAt": "2026-01-01T00:00:00Z"}}


def test_an_inspection_that_does_not_come_in_time_hides_no_row_and_is_waited_for_once() -> None:
    link = SlowLink("held")
    runs = Runs(link)  # type: ignore[arg-type]
    assert list(runs.of(ENTRIES)) == ["one"]
    assert link.asked == ["one", "held"]
    link.held = ""
    assert list(runs.of(ENTRIES)) == ["one", "held", "three"]
