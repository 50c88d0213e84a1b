"""Makes text from engines safe to show: no control characters, no terminal sequences."""

from __future__ import annotations

import re

# ECMA-48: CSI, then OSC/DCS/SOS/PM/APC strings up to their terminator, then two-byte escapes.
_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 4096


def clean(line: str) -> str:
    """One printable line: sequences and control characters gone, tabs as spaces, length bounded.

    What a carriage return overwrote is dropped, as a terminal would show it.
    """
    line = line.rstrip("\r\n")
    if "\r" in line:
        line = line.rsplit("\r", 1)[1] or line
    line = _SEQUENCES.sub("", line[: 4 * _LONGEST]).expandtabs(8).replace("\n", " ")
    return _CONTROLS.sub("", line)[:_LONGEST]
