"""Files in which the kernel tells of itself: /proc and /sys."""

from __future__ import annotations

from pathlib import Path


def read(path: str) -> str:
    """The file's text without blanks at its ends; "" where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def fields(text: str) -> dict[str, str]:
    """`key: value` lines; the first of a key counts."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip(), value.strip())
    return found
