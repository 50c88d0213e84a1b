"""The field's words, each with two sentences: what it is, what it costs or protects."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType

from tui.core.architecture import LayerName
from tui.errors import UsageError
from tui.text import clean

_FILE = Path(__file__).with_name("concepts.toml")


@dataclass(frozen=True, slots=True)
class Concept:
    """One word of the field."""

    name: str
    title: str
    text: str
    seen: LayerName
    """The layer on which it is seen."""
    words: tuple[str, ...]
    """What else people call it."""


@cache
def concepts() -> Mapping[str, Concept]:
    """All of them by name, from the hardware up."""
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            name: Concept(
                name,
                entry["title"],
                entry["text"],
                LayerName(entry["seen"]),
                tuple(entry["words"]),
            )
            for name, entry in found.items()
        }
    )


def concept_of(layer: LayerName) -> Concept:
    """The one that explains a layer."""
    return concepts()[layer]


def find_concept(word: str) -> Concept:
    """By its name, or by what else people call it. Raises UsageError with the nearest words."""
    wanted = _plain(word)
    by_word: dict[str, Concept] = {}
    for concept in concepts().values():
        for known in (concept.name, concept.title, *concept.words):
            by_word.setdefault(_plain(known), concept)
    if (found := by_word.get(wanted)) or (found := by_word.get(wanted.removesuffix("s"))):
        return found
    near = get_close_matches(wanted, by_word, n=3)
    fix = f"did you mean {' or '.join(near)}?" if near else "twindeck explain lists all"
    raise UsageError(f"no explanation of {clean(word)!r}", fix)


def _plain(word: str) -> str:
    return " ".join(word.lower().replace("-", " ").split())
