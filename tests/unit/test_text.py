"""Text from engines is hostile: nothing that moves a cursor or colours a cell survives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.text import clean


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
    ],
)
def test_cleans(raw: str, shown: str) -> None:
    assert clean(raw) == shown


@given(st.text())
def test_no_control_character_survives(text: str) -> None:
    assert all(c.isprintable() or not (c < " " or "\x7f" <= c <= "\x9f") for c in clean(text))


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_a_line_of_a_megabyte_is_cut() -> None:
    assert len(clean("x" * 1_000_000)) == 4096
