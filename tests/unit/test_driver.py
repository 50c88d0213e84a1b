"""A terminal that is gone keeps nobody waiting."""

from __future__ import annotations

import errno
import inspect
from typing import Any, cast

from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.drivers.linux_driver import LinuxDriver

from tests.ui.conftest import build_app
from tui.driver import PatientFile, TerminalDriver


class Gone:
    """What a terminal answers that was closed."""

    def write(self, text: str) -> int:
        raise OSError(errno.EIO, "Input/output error")

    def flush(self) -> None:
        raise OSError(errno.EIO, "Input/output error")


def test_more_is_written_than_its_queue_holds_and_it_ends() -> None:
    writer = WriterThread(cast(Any, PatientFile(cast(Any, Gone()))))
    writer.start()
    for _ in range(3 * MAX_QUEUED_WRITES):
        writer.write("text")
    writer.stop()
    assert not writer.is_alive()


async def test_the_console_speaks_to_its_terminal_through_it() -> None:
    app = build_app()
    assert app.driver_class is TerminalDriver
    assert isinstance(TerminalDriver(app)._file, PatientFile)
    # Where Textual takes it from; a version that does otherwise must be noticed.
    source = inspect.getsource(LinuxDriver.start_application_mode)
    assert "WriterThread(self._file)" in source
