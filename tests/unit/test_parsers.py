"""Whatever an engine, a tool, a kernel or a user's file says, no parser fails in another way than
it promises, and nothing a terminal obeys comes out of one.

The long run is `python -m tests.fuzz`.
"""

from __future__ import annotations

import os
import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.parsers import PARSERS, Parser, mutated

FAST = 120
"""Executions of each parser in the fast lane."""
WHOLE = 4_000
"""And in `make test`: 26 parsers, 104,000 executions."""

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


def inputs(parser: Parser) -> st.SearchStrategy[Any]:
    """Damaged examples, and things of the same type that were never one."""
    damaged = st.builds(
        lambda example, seed: mutated(example, random.Random(seed)),
        st.sampled_from(parser.examples),
        st.integers(0, 2**63),
    )
    match parser.examples[0]:
        case str():
            return damaged | st.text(max_size=60)
        case bytes():
            return damaged | st.binary(max_size=60)
        case _:
            return damaged | anything


def check(parser: Parser, count: int) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(parser))
    def holds(value: Any) -> None:
        with suppress(*parser.errors):
            parser.run(value)

    holds()


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_no_input_makes_a_parser_fail_in_another_way_than_it_promises(parser: Parser) -> None:
    check(parser, FAST)


@pytest.mark.slow
@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_nor_do_thousands_of_inputs(parser: Parser) -> None:
    check(parser, int(os.environ.get("TWINDECK_EXAMPLES", WHOLE)))


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_every_example_is_one_that_the_parser_takes(parser: Parser) -> None:
    for example in parser.examples:
        parser.run(example)


def test_the_slow_lane_executes_a_hundred_thousand_times() -> None:
    assert WHOLE * len(PARSERS) >= 100_000
