"""Bounded lines and the rows they wrap to."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.line_store import LineStore

LINES = st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=60), max_size=40)


@given(st.lists(LINES, max_size=5), st.one_of(st.none(), st.integers(2, 30)))
def test_rows_put_together_are_the_newest_lines(
    batches: list[list[str]], columns: int | None
) -> None:
    store = LineStore(most=50)
    store.wrap(columns)
    for batch in batches:
        store.extend(batch)
    everything = [line for batch in batches for line in batch]
    assert store.lines == everything[-50:]
    assert store.first == len(everything) - len(store.lines)
    shown = [""] * len(store)
    for row in range(store.rows):
        index, start, end = store.at(row)
        assert store.row_of(index, start) == row
        shown[index] += store.lines[index][start:end]
    assert shown == store.lines


@pytest.mark.parametrize("text", ["é" * 50, "日本語" * 20, "a🙂b" * 20, "क्षि" * 12, "plain " * 9])
def test_a_wrapped_row_never_exceeds_its_columns(text: str) -> None:
    store = LineStore()
    store.wrap(17)
    store.extend([text])
    for row in range(store.rows):
        index, start, end = store.at(row)
        assert cell_len(store.lines[index][start:end]) <= 17


def test_dropping_says_how_many_rows_went() -> None:
    store = LineStore(most=2)
    store.wrap(10)
    assert store.extend(["x" * 25, "y"]) == 0
    assert store.extend(["z"]) == 3
    assert store.rows == 2


def test_wrapping_five_thousand_longest_lines_takes_no_time() -> None:
    store = LineStore()
    store.extend(["é" * 4096] * 5000)
    began = time.perf_counter()
    store.wrap(80)
    assert store.rows == 5000 * 52
    assert time.perf_counter() - began < 1.0
