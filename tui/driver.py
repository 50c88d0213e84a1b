"""How the console speaks to its terminal: as Textual does, but to one that is gone it still ends.

Textual writes from a thread of its own through a queue of bounded length. Once a write failed,
because the terminal was closed or its connection lost, that thread has ended, nobody takes from the
queue, and the console would wait for room in it for ever: a process left behind by each terminal.
"""

from __future__ import annotations

from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver


class PatientFile:
    """A terminal's output; what a terminal that is gone refuses is dropped."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """As `IO.write`; raises nothing of the system's."""
        try:
            return self._file.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        """As `IO.flush`; raises nothing of the system's."""
        try:
            self._file.flush()
        except OSError:
            return

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class TerminalDriver(LinuxDriver):
    """Textual's own, on a `PatientFile`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file: Any = PatientFile(self._file)
