"""docs/trust.md promises nothing without a test: every test it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRUST = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_LEAST_FAULTS = 40
NAMED = sorted(set(_NAMED.findall(TRUST)))


def faults() -> list[list[str]]:
    """Cells of the rows of the table of faults."""
    _, _, table = TRUST.partition("| fault | seen |")
    rows = [row.strip().strip("|").split(" | ") for row in table.splitlines() if row[:2] == "| "]
    return [[cell.strip() for cell in row] for row in rows if not row[0].strip().startswith("**")]


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert name in {function.name for function in found}


def test_every_fault_says_what_is_seen_how_long_and_has_a_test() -> None:
    rows = faults()[1:]
    assert len(rows) >= _LEAST_FAULTS
    for row in rows:
        assert len(row) == 4, row
        assert all(row), row
        assert _NAMED.fullmatch(row[3]), row


def test_no_fault_stands_twice() -> None:
    names = [row[0] for row in faults()]
    assert len(names) == len(set(names))


def test_every_promise_has_a_test() -> None:
    _, _, rest = TRUST.partition("## Promises\n")
    promises = re.split(r"^\d+\. ", rest.partition("\n## ")[0], flags=re.M)[1:]
    assert promises
    for promise in promises:
        assert _NAMED.search(promise), promise
