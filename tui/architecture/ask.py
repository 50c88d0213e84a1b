"""Runs the commands that layers are read and proved with: short, bounded, without a terminal."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

from tui.core.architecture import Proof
from tui.errors import ActionFailed

SECONDS = 30.0
"""`vagrant ssh` takes a guest under emulation five."""
_MOST_CHARACTERS = 200_000

Ask = Callable[[Proof], str]


def ask(proof: Proof) -> str:
    """What the command prints on standard output. Raises ActionFailed when it fails."""
    name = proof.argv[0]
    try:
        done = subprocess.run(
            proof.argv,
            cwd=proof.cwd or None,
            env={**os.environ, **proof.env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ActionFailed(f"{name} did not answer within {SECONDS:.0f} s") from error
    except OSError as error:
        raise ActionFailed(f"{name} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ActionFailed(
            f"{proof.shown or name} failed: {lines[-1] if lines else 'no reason given'}"
        )
    return done.stdout.decode(errors="replace")[:_MOST_CHARACTERS]
