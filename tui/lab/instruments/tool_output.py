"""What every measuring tool's answer is held against."""

from __future__ import annotations

from tui.errors import ActionFailed
from tui.lab.instrument import Output

# A figure with more digits is none: `int` refuses to read it, `float` makes it infinite.
COUNT = r"(?<!\d)(\d{1,15})"
NUMBER = r"(?<!\d)(\d{1,15}(?:\.\d{1,15})?)"
"""Parts of regular expressions, with one group each."""
_CLOCK_SHARE = 1.02
_LINE_LENGTH = 160


def check_clock(tool: str, own_seconds: float, output: Output) -> None:
    """A guest's clock that runs fast makes its figures wrong. Raises ActionFailed."""
    if own_seconds > output.seconds * _CLOCK_SHARE:
        raise ActionFailed(
            f"{tool} says it ran {own_seconds:.2f} s, the host's clock says {output.seconds:.2f} s "
            "for all of it: the clock there is not to be trusted"
        )


def last_line(text: str) -> str:
    """The last line that is not empty, cut to what an error can hold."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:_LINE_LENGTH] if lines else "(none)"
