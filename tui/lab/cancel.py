"""A run that is cancelled ends its current step with this."""

from __future__ import annotations


class Cancelled(Exception):
    """The user wants the run to end; what was measured is kept."""
