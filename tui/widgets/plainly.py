"""Text for terminals without UTF-8: every sign of ours has a stand-in as wide as itself."""

from __future__ import annotations

from textual.content import Content

from tui.glyphs import Glyphs

_STAND_INS = str.maketrans(
    {"—": "-", "–": "-", "−": "-", "·": "-", "…": "~", "→": ">", "×": "x", "÷": "/", "µ": "u"}
    | {"✓": "+", "✗": "x", "◆": ">", "◇": "o", "━": "=", "─": "-"}
    | dict(zip("│┤├┼┬┴└─┈", "||++++`-.", strict=True))
)


def fitted(content: Content, glyphs: Glyphs) -> Content:
    """`content` as the terminal can show it, its styles untouched."""
    if not glyphs.is_ascii:
        return content
    return Content(content.plain.translate(_STAND_INS), list(content.spans))
