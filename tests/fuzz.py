"""The long run: every parser on damaged examples, counted. `python -m tests.fuzz [EXECUTIONS]`.

The executions are shared out evenly over the parsers of `tests.parsers`; a seed makes a run
repeatable (`TWINDECK_SEED`, 1 by default). It prints a table, each kind of failure once with the
input that shows it, and fails when there is one.
"""

from __future__ import annotations

import os
import random
import sys
import time
import traceback
from dataclasses import dataclass, field

from tests.parsers import PARSERS, Parser, mutated

_BATCH = 2_000


@dataclass
class Count:
    """Of one parser."""

    executions: int = 0
    refused: int = 0
    failures: int = 0
    seconds: float = 0.0
    sites: dict[str, str] = field(default_factory=dict)
    """Where it failed -> the input."""


def work(parser: Parser, count: Count, executions: int, luck: random.Random) -> None:
    """Run it so often."""
    begun = time.perf_counter()
    for _ in range(executions):
        value = mutated(luck.choice(parser.examples), luck)
        count.executions += 1
        try:
            parser.run(value)
        except parser.errors:
            count.refused += 1
        except Exception as error:
            count.failures += 1
            last = traceback.extract_tb(error.__traceback__)[-1]
            site = f"{last.filename.rpartition('/')[2]}:{last.lineno}: {type(error).__name__}"
            count.sites.setdefault(site, ascii(value)[:300])
    count.seconds += time.perf_counter() - begun


def main() -> int:
    """Run, print, and say whether anything failed."""
    wanted = int(float(sys.argv[1])) if len(sys.argv) > 1 else 100_000
    luck = random.Random(int(os.environ.get("TWINDECK_SEED", "1")))
    counts = {parser.name: Count() for parser in PARSERS}
    each = -(-wanted // len(PARSERS))
    done = 0
    while done < each:
        batch = min(_BATCH, each - done)
        for parser in PARSERS:
            work(parser, counts[parser.name], batch, luck)
        done += batch
        print(f"{done * len(PARSERS):,} of {each * len(PARSERS):,}", file=sys.stderr, flush=True)
    print(f"{'PARSER':26} {'EXECUTIONS':>12} {'REFUSED':>12} {'FAILURES':>9} {'µs EACH':>8}")
    for name, count in counts.items():
        micros = 1e6 * count.seconds / count.executions
        print(
            f"{name:26} {count.executions:12,} {count.refused:12,} {count.failures:9,}"
            f" {micros:8.0f}"
        )
    total = sum(count.executions for count in counts.values())
    failures = sum(count.failures for count in counts.values())
    print(f"{'all ' + str(len(counts)):26} {total:12,} {'':12} {failures:9,}")
    for name, count in counts.items():
        for site, value in count.sites.items():
            print(f"\n{name}: {site}\n  {value}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
