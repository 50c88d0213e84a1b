"""Runs as a file, so that results travel between hosts: everything, raw, versioned.

A file that is none, or is too large, is refused whole. A run in it that is wrong is left out and
told; the others come in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from tui.core.reading import MIB, read_bounded
from tui.errors import UsageError
from tui.history.run_reader import Unreadable, read_measurement, read_run, said
from tui.results import RunState, Study
from tui.run_store import plain

T = TypeVar("T")

KIND = "twindeck-runs"
VERSION = 1
MOST_BYTES = 64 * MIB
"""A run of three hours is one MiB."""
MOST_RUNS = 1_000
MOST_READINGS = 100_000
"""Of one run."""
_FIX = "make one with `twindeck runs export`"


class _Head(msgspec.Struct):
    kind: str
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class _Body(msgspec.Struct):
    runs: list[msgspec.Raw]


class _Entry(msgspec.Struct):
    run: msgspec.Raw
    measurements: list[msgspec.Raw]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a file held."""

    studies: tuple[Study, ...]
    refused: tuple[str, ...]
    """A line for each run that was left out: which, and why."""


def dump(studies: Sequence[Study]) -> str:
    """JSON of whole runs."""
    runs = [{"run": plain(s.run), "measurements": plain(s.measurements)} for s in studies]
    whole = {"kind": KIND, "version": VERSION, "runs": runs}
    return json.dumps(whole, indent=1) + "\n"


def load(file: Path) -> Parcel:
    """The runs in that file. Raises UsageError, naming it, when it is no such file."""
    try:
        content = read_bounded(file, MOST_BYTES)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    return parse(content, str(file))


def parse(content: bytes, source: str) -> Parcel:
    """The runs in it. Raises UsageError, naming `source`, when it is anything else."""
    runs = _runs_of(content.removeprefix(b"\xef\xbb\xbf"), source)
    studies: dict[str, Study] = {}
    refused: list[str] = []
    for number, one in enumerate(runs, 1):
        place = f"{source}: run {number} of {len(runs)}"
        try:
            study = _study(one, place)
        except UsageError as error:
            refused.append(error.line)
            continue
        if study.run.id in studies:
            refused.append(f"{place} ({study.run.id}): in this file already")
        else:
            studies[study.run.id] = study
    return Parcel(tuple(studies.values()), tuple(refused))


def _runs_of(content: bytes, source: str) -> list[msgspec.Raw]:
    # First only what it says it is: of another kind or version, the rest may be anything.
    head = _decoded(content, _Head, source)
    if head.kind != KIND:
        raise UsageError(f"{source}: this is no file of runs", _FIX)
    if head.version > VERSION:
        raise UsageError(
            f"{source}: written by a newer Twindeck (version {head.version}, this one "
            f"knows {VERSION})",
            "update twindeck",
        )
    runs = _decoded(content, _Body, source).runs
    if len(runs) > MOST_RUNS:
        raise UsageError(f"{source}: more than {MOST_RUNS:,} runs", "export fewer at once")
    return runs


def _decoded(content: bytes | msgspec.Raw, kind: type[T], source: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UsageError(f"{source}: not a file of runs: {said(error)}", _FIX) from error


def _study(raw: msgspec.Raw, place: str) -> Study:
    """One entry. Raises UsageError with the field that is wrong."""
    try:
        entry = msgspec.json.decode(raw, type=_Entry)
        run = read_run(bytes(entry.run))
    except (Unreadable, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UsageError(f"{place}: left out: {said(error)}") from error
    place = f"{place} ({run.id})"
    if len(entry.measurements) > MOST_READINGS:
        raise UsageError(f"{place}: left out: more than {MOST_READINGS:,} readings")
    taken = []
    for number, one in enumerate(entry.measurements):
        try:
            taken.append(read_measurement(bytes(one)))
        except Unreadable as error:
            raise UsageError(f"{place}: left out: measurements[{number}]: {error}") from error
    # A run that was under way there is not under way here.
    if run.state is RunState.RUNNING:
        run = replace(run, state=RunState.CANCELLED)
    return Study(run, tuple(taken))
