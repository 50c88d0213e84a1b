"""The `twindeck` command, also as `python -m tui`."""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def main() -> None:
    """Entry point; ctrl+c before there is a command to tell it ends as quietly as after."""
    try:
        # To import the commands takes a tenth of a second, in which ctrl+c is pressed too.
        from tui.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
