"""The table and every measurement as JSON."""

from __future__ import annotations

import json

from tui.lab.as_json import table_json
from tui.results import Study, Table
from tui.run_store import plain


def make(table: Table, study: Study) -> str:
    """As `compare --json`, with `measurements`: all readings, in the order taken."""
    whole = {**table_json(table), "measurements": plain(study.measurements)}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
