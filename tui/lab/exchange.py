"""Runs as a file, so that results travel between hosts: everything, raw, versioned."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from tui.errors import UsageError
from tui.results import Study
from tui.run_store import measurement_from, plain, run_from

KIND = "twindeck-runs"
VERSION = 1


def _finite(text: str) -> float:
    """No run measured infinity, and no report could show it. Raises ValueError."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no figure")
    return number


def dump(studies: Sequence[Study]) -> str:
    """JSON of whole runs."""
    runs = [{"run": plain(s.run), "measurements": plain(s.measurements)} for s in studies]
    whole = {"kind": KIND, "version": VERSION, "runs": runs}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def parse(text: str, source: str) -> list[Study]:
    """The runs in it. Raises UsageError, naming `source`, when it is anything else."""
    try:
        whole = json.loads(text, parse_constant=_finite, parse_float=_finite)
        if whole["kind"] != KIND:
            raise UsageError(f"{source}: this is no file of runs")
        if whole["version"] > VERSION:
            raise UsageError(
                f"{source}: written by a newer Twindeck (version {whole['version']}, this one "
                f"knows {VERSION})",
                "update twindeck",
            )
        return [
            Study(
                run_from(one["run"]),
                tuple(measurement_from(m) for m in one["measurements"]),
            )
            for one in whole["runs"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{source}: not a file of runs: {type(error).__name__}: {error}",
            "make one with `twindeck runs export`",
        ) from error
