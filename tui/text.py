"""Makes text from engines, files and users safe to show: nothing in it that a terminal obeys."""

from __future__ import annotations

import re

# ECMA-48: CSI, then OSC/DCS/SOS/PM/APC strings up to their terminator, then two-byte escapes.
_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_HARMFUL = re.compile(
    "["
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # obeyed: C0 but for tab and line end, DEL, C1
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # turn the order of what stands beside them
    r"\u2028\u2029"  # end a line for some and not for others
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u3164\ufeff\uffa0"
    r"\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # not seen, yet there
    # Make a sign wider on some terminals and not on others; tags write what nobody sees.
    r"\ufe00-\ufe0f\U000e0000-\U000e0fff"
    "]"
)
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_LONGEST = 4096


def harmless(text: str) -> str:
    """The text without what a terminal obeys, turns round or hides; tabs and line ends stay.

    What no encoding can hold (a lone surrogate) becomes the replacement character.
    """
    if text.isascii() and text.isprintable():
        return text
    return _LONE_SURROGATES.sub(_REPLACEMENT, _HARMFUL.sub("", text))


def clean(line: str) -> str:
    """One printable line: sequences and harmful characters gone, tabs as spaces, length bounded.

    What a carriage return overwrote is dropped, as a terminal would show it.
    """
    if len(line) <= _LONGEST and line.isascii() and line.isprintable():
        return line
    line = line.rstrip("\r\n")
    if "\r" in line:
        line = line.rsplit("\r", 1)[1] or line
    line = _SEQUENCES.sub("", line[: 4 * _LONGEST]).expandtabs(8).replace("\n", " ")
    return harmless(line)[:_LONGEST]
