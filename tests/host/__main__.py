"""`make test-host`: boots the guest, takes the steps, brings back what came of them, destroys it.

Environment:
  KEEP=1  leave the guest as it is, for the next run to go on with; by hand, it is reached with
          `ssh -F .test-host/ssh_config host`
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from tests.host.cache import ROOT, Cache
from tests.host.guest import Failed, Guest
from tests.host.record import Record
from tests.host.steps import Steps
from tui import accelerator

FOLDER = ROOT / ".test-host"


def main(folder: Path = FOLDER) -> int:
    """The exit code: 0 when every step was done. All that comes of it goes into the folder."""
    signal.signal(signal.SIGTERM, _interrupt)
    record = Record(folder)
    known = accelerator.read()
    record.say(f"this host's accelerator: {known or 'not known, so tcg'}")
    guest, cache = Guest(record, known or accelerator.TCG), Cache(record)
    code = 1
    try:
        with record.step("guest booted"):
            guest.boot()
        try:
            Steps(guest, record, cache).take()
            code = 0
        finally:
            cache.take(guest)
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        record.say(f"failed: {error}")
    except KeyboardInterrupt:
        record.say("interrupted")
        code = 130
    finally:
        if not os.environ.get("KEEP"):
            code = max(code, _destroy(guest, record))
        record.close()
        print(f"all that came of it is in {folder}")
    return code


def _destroy(guest: Guest, record: Record) -> int:
    # A second ctrl+c would leave it behind.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        with record.step("guest destroyed"):
            guest.destroy()
    except Failed as error:
        record.say(f"failed: {error}")
        return 1
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
