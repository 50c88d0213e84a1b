"""Text from engines is hostile: nothing that moves a cursor or colours a cell survives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import EVIL, FORBIDDEN
from tui.text import clean, harmless


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("10%\r20%\r30%", "30%"),
        ("done\r\n", "done"),
        ("a\tb", "a       b"),
        ("bell\x07null\x00", "bellnull"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("\x9b31mC1", "C1"),
        ("\u200fright\u061c to left\u200e", "right to left"),
        ("in\u200bvis\ufeffible\u2060", "invisible"),
        ("lone \ud800", "lone \ufffd"),
        ("漢字 e\u0301 🐳 Straße", "漢字 e\u0301 🐳 Straße"),
        ("two\u2028lines", "twolines"),
    ],
)
def test_cleans(raw: str, shown: str) -> None:
    assert clean(raw) == shown


anything = st.text(st.characters()) | st.text(EVIL + "[m;52 x")


@given(anything)
def test_nothing_a_terminal_obeys_turns_round_or_hides_survives(text: str) -> None:
    assert not FORBIDDEN.search(clean(text))
    assert not FORBIDDEN.search(harmless(text).replace("\t", ""))


@given(anything)
def test_line_ends_and_everything_printed_stay(text: str) -> None:
    kept = harmless(text)
    assert kept.count("\n") == text.count("\n")
    assert harmless(kept) == kept


@given(anything)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_a_line_of_a_megabyte_is_cut() -> None:
    assert len(clean("x" * 1_000_000)) == 4096
