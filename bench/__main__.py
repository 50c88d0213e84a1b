"""Twindeck and its peers on the same containers, one after the other, in the same terminal.

    python -m bench [--containers 100] [--restless] [--only NAME,...] [--json]

`twindeck --thin` is measured beside `twindeck`.

CPU is the operating system's accounting of the tool's process tree and of the engines' daemons over
15 s after 8 s of settling; bytes and delays are measured through a pseudo-terminal of 160x45.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from bench.containers import fleet
from bench.measure import Result, idle_daemons, measure
from bench.peers import installed, twindeck


def main() -> None:
    """Measure, print, clean up."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--containers", type=int, default=100)
    parser.add_argument("--restless", action="store_true", help="every row changes every second")
    parser.add_argument("--only", default="", metavar="NAME,...", help="these tools only")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    only = {name.strip() for name in options.only.split(",") if name.strip()}
    with twindeck() as own, fleet(options.containers, restless=options.restless) as names:
        thin = replace(
            own, name="twindeck --thin", argv=(*own.argv, "--thin"), covers="all, each 3 s"
        )
        tools = [tool for tool in (own, thin, *installed()) if not only or tool.name in only]
        idle = idle_daemons()
        results = [measure(tool, names[0], idle) for tool in tools]
    kind = "restless" if options.restless else "idle"
    setting = {"containers": options.containers, "kind": kind, "daemons_idle_cpu_percent": idle}
    if options.json:
        told = {**about(), **setting, "results": [asdict(result) for result in results]}
        print(json.dumps(told, indent=2))
    else:
        print(heading(about()), f"{options.containers} {kind} containers\n")
        print(table(results))


def about() -> Mapping[str, str]:
    """When and where it was measured."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "host": f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release()}",
    }


def heading(told: Mapping[str, str]) -> str:
    """The same in a line."""
    return ", ".join(told.values()) + "\n"


def table(results: Sequence[Result]) -> str:
    """Markdown; the ratio is of all CPU to that of the first."""
    lines = [
        "| tool | own CPU % | + daemons % | ratio | bytes/s | PSS MiB | first byte s | row s "
        "| key p50 / p99 ms | live figures for |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    first = _cpu_percent(results[0])
    for r in results:
        keys = f"{_ms(r.key_p50_seconds)} / {_ms(r.key_p99_seconds)}" if r.key_p50_seconds else "—"
        lines.append(
            f"| {r.tool} | {r.own_cpu_percent:.1f} | {r.daemons_cpu_percent:.1f} "
            f"| {_cpu_percent(r) / first:.1f} "
            f"| {r.bytes_per_second:,.0f} | {r.memory_bytes / 2**20:.0f} "
            f"| {_seconds(r.first_byte_seconds)} | {_seconds(r.first_row_seconds)} | {keys} "
            f"| {r.covers} |"
        )
    return "\n".join(lines)


def _cpu_percent(result: Result) -> float:
    """All of it; less daemons than when idle is noise."""
    return result.own_cpu_percent + max(0.0, result.daemons_cpu_percent)


def _seconds(value: float | None) -> str:
    return "—" if value is None else f"{value:.2f}"


def _ms(value: float | None) -> str:
    return "—" if value is None else f"{value * 1000:.0f}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
