"""Draws docs/screenshot.svg from the real console on this host's real engines.

make run, bring nginx up on both sides and leave them running; then
.venv/bin/python docs/screenshot.py [--size 160x45] [--seconds 90] [--out FILE]
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from tui.app import TwindeckApp
from tui.fleet.build import open_fleet


async def draw(columns: int, lines: int, seconds: float, out: Path) -> None:
    """Open the console without a terminal, let the charts fill, save what it shows."""
    fleet = open_fleet()
    fleet.recall()
    app = TwindeckApp(fleet)
    try:
        async with app.run_test(size=(columns, lines)) as pilot:
            await pilot.pause(seconds)
            out.write_text(app.export_screenshot(), encoding="utf-8")
    finally:
        fleet.stop()


def main() -> None:
    """Parse and draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", default="160x45")
    parser.add_argument("--seconds", type=float, default=90.0, help="how long the charts fill")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("screenshot.svg"))
    options = parser.parse_args()
    columns, lines = (int(part) for part in options.size.split("x"))
    asyncio.run(draw(columns, lines, options.seconds, options.out))


if __name__ == "__main__":
    main()
