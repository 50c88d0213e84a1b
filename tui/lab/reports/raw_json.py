"""The table and every measurement as JSON."""

from __future__ import annotations

import json
from typing import Any

from tui.lab.as_json import table_json
from tui.results import Arm, Measurement, Study, Table
from tui.run_store import plain
from tui.units import timestamp


def make(table: Table, study: Study) -> str:
    """As `compare --json`, with `measurements`: all readings, in the order taken."""
    taken = [_reading(m, study.run.accelerator) for m in study.measurements]
    whole = {**table_json(table), "measurements": taken}
    # Escaped, no character can do anything to a terminal, and lone surrogates stay valid JSON.
    return json.dumps(whole, indent=2) + "\n"


def _reading(m: Measurement, accelerator: str | None) -> dict[str, Any]:
    return {
        **plain(m),
        "started_at": timestamp(m.started_at),
        "accelerator": accelerator if m.arm is Arm.VM else None,
    }
