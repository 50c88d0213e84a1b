"""What every error of the product promises: no library's words, and a next step that exists."""

from __future__ import annotations

import ast
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tui.cli import cli
from tui.core.reasons import place_in, reason_of
from tui.errors import EngineUnavailable

TUI = Path(__file__).parents[2] / "tui"
FILES = sorted(TUI.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def errors_of_ours() -> frozenset[str]:
    """Names of all exception classes that are defined here: their texts are ours."""
    bases = {
        node.name: {_last_name(base) for base in node.bases}
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    own = {"TwindeckError"}
    while True:
        roots = own | {"Exception", "OSError", "ValueError"}
        more = {name for name, of in bases.items() if of & roots} - own
        if not more:
            return frozenset(own)
        own |= more


def _last_name(node: ast.AST | None) -> str:
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Starred():
            return _last_name(node.value)
    return ""


OURS = errors_of_ours()


def is_ours(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return all(_last_name(each) in OURS for each in kinds)


def shown(name: str, body: list[ast.stmt]) -> Iterator[int]:
    """Lines in which the text of the exception called `name` is taken."""
    for node in (inner for statement in body for inner in ast.walk(statement)):
        value = None
        if isinstance(node, ast.FormattedValue):
            value = node.value
        elif isinstance(node, ast.Call) and _last_name(node.func) in ("str", "repr"):
            value = node.args[0] if node.args else None
        if isinstance(value, ast.Name) and value.id == name:
            yield node.lineno


def test_no_text_of_a_librarys_exception_is_taken() -> None:
    found = [
        f"{path.relative_to(TUI.parent)}:{line}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.name and not is_ours(node.type)
        for line in shown(node.name, node.body)
    ]
    assert found == [], "use tui.core.reasons.reason_of"


FILLED_IN = "X"
"""Stands for what a text is filled with."""


def next_steps() -> Iterator[tuple[str, str]]:
    """Every `twindeck …` in a text of the source that is no docstring, and where it stands."""
    for path, tree in TREES.items():
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else FILLED_IN for p in node.values]
                text = "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value if id(node) not in docs else ""
            else:
                continue
            for command in re.findall(
                r"(?<![\w./-])twindeck((?: [A-Za-z{][\w:.{}=-]*)(?: [\w:.{}=-]+)*)", text
            ):
                yield f"{path.relative_to(TUI.parent)}:{node.lineno}", command.strip()


def problem_with(words: str) -> str:
    """Why `twindeck WORDS` is no command; "" if it is one."""
    command: click.Command = cli
    options = {o for p in cli.params for o in p.opts}
    for word in words.split():
        if word.startswith("-"):
            name = word.partition("=")[0]
            if name not in options and name not in {"--help", "--version"}:
                return f"no option {name}"
        elif isinstance(command, click.Group):
            if word == FILLED_IN:
                return ""
            inner = command.get_command(click.Context(command), word)
            if inner is None:
                return f"no command {word}" if command is cli else ""
            command = inner
            options |= {o for p in command.params for o in p.opts}
    return "" if command is not cli or "-" in words else "no command"


def test_every_twindeck_command_that_is_advised_exists_with_its_options() -> None:
    steps = list(next_steps())
    assert len(steps) > 20
    wrong = [f"{where}: twindeck {step}: {problem_with(step)}" for where, step in steps]
    assert [line for line in wrong if not line.endswith(": ")] == []


def test_no_next_step_sends_to_an_output_that_may_not_be_there() -> None:
    texts = {
        node.value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not [t for t in texts if "read the job's output" in t or t == "read its logs"]


def test_reasons_in_words_of_ours(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing") as missing:
        (tmp_path / "missing").read_text()
    assert reason_of(missing.value) == "No such file or directory"
    assert reason_of(EngineUnavailable("Docker is not running")) == "Docker is not running"
    assert reason_of(subprocess.TimeoutExpired("x", 3)) == "it did not end in time"
    assert reason_of(subprocess.CalledProcessError(3, "x")) == "it ended with code 3"
    assert reason_of(ValueError("secret")) == "an unexpected fault, ValueError"
    (tmp_path / "db").write_bytes(b"no database" * 200)
    with sqlite3.connect(tmp_path / "db") as database, pytest.raises(sqlite3.Error) as damaged:
        database.execute("SELECT * FROM x")
    assert reason_of(damaged.value) == "it is damaged, or no history at all"
    assert place_in(ValueError("Expected '=' (at line 3, column 5)")) == " at line 3, column 5"
    assert place_in(ValueError("no place")) == ""
