"""How the command line prints: aligned text for people, the JSON of docs/cli.md for scripts."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

from tui.model import Boot, Check, Instance
from tui.snapshot import Sample
from tui.text import clean, harmless
from tui.units import timestamp

_GAP = "  "


def put(text: str = "", *, nl: bool = True) -> None:
    """On stdout. Every command prints through here: nothing in it that a terminal obeys.

    A carriage return goes through as part of a line end only, as CSV has it.
    """
    click.echo("\r\n".join(harmless(part) for part in text.split("\r\n")), nl=nl)


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Left-aligned columns, two blanks apart, no blanks at the end of a line."""
    lines = [[clean(cell) for cell in row] for row in (heading, *rows)]
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
    put(_escaped(json.dumps(value, indent=2, ensure_ascii=True, default=str)))


def print_json_line(value: object) -> None:
    """On one line, flushed at once, for a stream."""
    put(_escaped(json.dumps(value, ensure_ascii=True, separators=(",", ":"))))


def _escaped(text: str) -> str:
    # The one character of ASCII a terminal may obey that JSON does not escape.
    return text.replace("\x7f", "\\u007f")


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
        "connection": instance.connection,
        "owner": instance.owner,
        "told_at": timestamp(instance.told_at),
        "note": instance.note or None,
        "is_vagrantfile": instance.is_vagrantfile,
        "health": instance.health,
        "restart_count": instance.restart_count,
        "restart_policy": instance.restart_policy or None,
        "is_out_of_memory": instance.is_out_of_memory,
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
        "engine": boot.engine,
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
