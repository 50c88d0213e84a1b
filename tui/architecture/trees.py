"""Reads what engines tell as nested JSON: whatever it holds, a missing part is an empty one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def part(tree: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of that name."""
    found = tree.get(name)
    return found if isinstance(found, Mapping) else {}


def each(tree: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """The objects of that name, of which one may stand alone."""
    found = tree.get(name)
    entries = found if isinstance(found, list) else [found]
    return [entry for entry in entries if isinstance(entry, Mapping)]


def number(tree: Mapping[str, Any], name: str) -> int:
    """The whole number of that name; 0 when there is none."""
    found = tree.get(name)
    return found if isinstance(found, int) else 0
