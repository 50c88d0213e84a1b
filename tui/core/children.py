"""Children that must not outlive the console, however it ends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

_UNLESS_ORPHAN = '[ "$PPID" = "$0" ] && exec "$@"'
"""Who was killed before its child was bound to it has another one's child by now."""


def bound(argv: Sequence[str]) -> tuple[str, ...]:
    """The command such that the kernel ends its process with the thread that started it.

    A console that is killed cannot end what listens for it, and a listener that hears nothing
    does not notice. By util-linux's `setpriv` (PR_SET_PDEATHSIG, prctl(2)), without which the
    command stays as it is.
    """
    # Of a command that is not there its own name must be told, not setpriv's.
    if shutil.which("setpriv") is None or shutil.which(argv[0]) is None:
        return tuple(argv)
    bind = ("setpriv", "--pdeathsig", "TERM", "--")
    return (*bind, "sh", "-c", _UNLESS_ORPHAN, str(os.getpid()), *argv)
