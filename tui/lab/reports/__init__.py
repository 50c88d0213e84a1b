"""Reports of a comparison: Markdown, HTML, JSON and CSV, all from the same table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from tui.errors import UsageError
from tui.results import Study, Table

FORMATS = ("md", "html", "json", "csv")
_MODULES: Mapping[str, str] = {
    "md": "markdown",
    "html": "html",
    "json": "raw_json",
    "csv": "raw_csv",
}


def render(table: Table, study: Study, kind: str) -> str:
    """The report as text; the same for the same study. Raises UsageError for another format."""
    if kind not in _MODULES:
        raise UsageError(f"no report format {kind}", f"known: {', '.join(FORMATS)}")
    module = import_module(f"tui.lab.reports.{_MODULES[kind]}")
    make: Callable[[Table, Study], str] = module.make
    return make(table, study)
