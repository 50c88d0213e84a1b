"""The words of the field and their explanations."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tui.architecture.concepts import concept_of, concepts, find_concept
from tui.cli import cli
from tui.core.architecture import LayerName
from tui.errors import UsageError

_WORDS = (
    "kernel",
    "hypervisor",
    "process isolation",
    "resource allocation",
    "namespace",
    "cgroup",
    "layered file system",
    "virtual NIC",
    "virtual disk",
    "image against box",
)


@pytest.mark.parametrize("layer", LayerName)
def test_every_layer_is_explained(layer: LayerName) -> None:
    assert concept_of(layer).seen is layer


@pytest.mark.parametrize("word", [*_WORDS, "cgroups", "VT-x", "dockerd", "NAMESPACES"])
def test_a_word_is_found_by_what_people_call_it(word: str) -> None:
    assert find_concept(word).text


def test_each_explanation_is_two_sentences() -> None:
    for concept in concepts().values():
        assert concept.text.count(". ") == 1, concept.name
        assert concept.text.endswith(".")


def test_an_unknown_word_names_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        find_concept("hypervizor")
    assert raised.value.line == "no explanation of 'hypervizor' → did you mean hypervisor?"


def test_on_the_command_line() -> None:
    done = CliRunner().invoke(cli, ["explain", "control", "group"])
    assert done.exit_code == 0
    assert done.stdout.startswith("Control group and resource allocation\n")
    listed = json.loads(CliRunner().invoke(cli, ["explain", "--json"]).stdout)
    assert [entry["name"] for entry in listed] == list(concepts())
