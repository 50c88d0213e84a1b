"""How the command line prints: aligned text for people, the JSON of docs/cli.md for scripts."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

from tui.model import Boot, Check, Instance
from tui.snapshot import Sample
from tui.text import clean
from tui.units import timestamp

_GAP = "  "


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, two blanks apart, no blanks at the end of a line."""
    lines = [list(heading), *([clean(cell) for cell in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        _GAP.join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def print_json(value: object) -> None:
    """Indented, for a whole answer."""
    # Names may hold anything, lone surrogates too: escaped, they stay valid JSON in any encoding.
    click.echo(json.dumps(value, indent=2, ensure_ascii=True, default=str))


def print_json_line(value: object) -> None:
    """On one line, flushed at once, for a stream."""
    click.echo(json.dumps(value, ensure_ascii=True, separators=(",", ":")))


def instance_json(instance: Instance) -> dict[str, Any]:
    """One element of `ls --json`."""
    return {
        "side": instance.side,
        "name": instance.name,
        "id": instance.id,
        "state": instance.state,
        "image": instance.image,
        "ports": list(instance.ports),
        "started_at": timestamp(instance.started_at),
        "created_at": timestamp(instance.created_at),
        "group": instance.group,
        "workload": instance.workload,
        "provider": instance.provider,
        "accelerator": instance.accelerator,
        "exit_code": instance.exit_code,
        "busy": instance.busy,
    }


def sample_json(sample: Sample) -> dict[str, Any]:
    """One line of `stats --json`."""
    return {
        "time": timestamp(sample.time),
        "side": sample.side,
        "name": sample.name,
        "cpu_percent": sample.cpu_percent,
        "memory_bytes": sample.memory_bytes,
        "memory_kind": sample.memory_kind,
        "accelerator": sample.accelerator,
        "memory_limit_bytes": sample.memory_limit_bytes,
        "guest_memory_bytes": sample.guest_memory_bytes,
        "net_rx_bytes": sample.net_rx_bytes,
        "net_tx_bytes": sample.net_tx_bytes,
        "block_read_bytes": sample.block_read_bytes,
        "block_write_bytes": sample.block_write_bytes,
        "pids": sample.pids,
        "reasons": dict(sample.reasons),
    }


def boot_json(boot: Boot) -> dict[str, Any]:
    """One element of `boots --json`."""
    return {
        "side": boot.side,
        "name": boot.name,
        "started_at": timestamp(boot.started_at),
        "total_seconds": boot.total_seconds,
        "phases": [{"name": phase.name, "seconds": phase.seconds} for phase in boot.phases],
        "accelerator": boot.accelerator,
        "workload": boot.workload,
        "answered": boot.answered,
    }


def check_json(check: Check) -> dict[str, Any]:
    """One element of `doctor --json`."""
    return {
        "check": check.check,
        "status": check.status,
        "reason": check.reason,
        "fix": check.fix,
        "side": check.side,
    }


def _width(text: str) -> int:
    """Terminal cells: wide East Asian characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
