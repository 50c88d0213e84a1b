"""Text as an enemy would write it, and how to see whether any of it got through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from enum import Enum
from typing import Any

CLIPBOARD = "\x1b]52;c;cm0gLXJmIH4=\x07"
TITLE = "\x1b]0;owned\x1b\\"
BIDI = "".join(map(chr, (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))))
HIDDEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\ufe0f\U000e0041"
C1 = "".join(map(chr, range(0x80, 0xA0)))
C0 = "".join(chr(n) for n in (*range(9), *range(11, 32), 127))

EVIL = f"{CLIPBOARD}{TITLE}\x9b31m{C1}{C0}{BIDI}{HIDDEN}"
"""Every kind at once."""
MARKUP = "web [/beta] [red] [@click=app.quit]x[/] [link=file:///]y ] [ \\"
"""What ends a console that takes it for markup."""

FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff\ud800-\udfff]"
)
_PAINTING = re.compile(r"\x1b\[[0-9;]*[mHG]|\x1b\[\?2026[hl]|\x1b\]22;[a-z-]+\x07")
"""What the console itself writes: colours, columns, places, a frame's brackets, the pointer."""


def escaped(painted: str) -> list[str]:
    """What a terminal would obey, turn round or hide, apart from the console's own painting."""
    return FORBIDDEN.findall(_PAINTING.sub("", painted))


def poisoned(thing: Any, but: frozenset[str] = frozenset()) -> Any:
    """The same with an enemy's words in every text of it, keys of mappings included.

    Fields named in `but` stay as they are, for what must still find each other.
    """
    if isinstance(thing, str) and not isinstance(thing, Enum):
        return f"{EVIL}[/beta]{thing}{MARKUP}"
    if isinstance(thing, Mapping):
        return {poisoned(key, but): poisoned(value, but) for key, value in thing.items()}
    if isinstance(thing, tuple | list | frozenset):
        return type(thing)(poisoned(one, but) for one in thing)
    if hasattr(thing, "__dataclass_fields__"):
        names = [field.name for field in fields(thing) if field.name not in but]
        return replace(thing, **{name: poisoned(getattr(thing, name), but) for name in names})
    return thing
