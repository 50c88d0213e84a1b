"""Runs the commands that layers are read and proved with: short, bounded, without a terminal."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tui.core.architecture import Proof
from tui.engines.vagrant.look import LookFailed, Looking
from tui.errors import ActionFailed

SECONDS = 30.0
"""`vagrant ssh` takes a guest under emulation five."""

Ask = Callable[[Proof], str]


def ask(proof: Proof) -> str:
    """What the command prints on standard output. Raises ActionFailed when it fails."""
    looking = Looking()
    try:
        text, errors = looking.run(
            proof.argv, Path(proof.cwd or os.curdir), {**os.environ, **proof.env}, SECONDS
        )
    except LookFailed as error:
        raise ActionFailed(f"{proof.argv[0]} {error}") from error
    if looking.code != 0:
        lines = errors.strip().splitlines()
        why = lines[-1] if lines else "no reason given"
        raise ActionFailed(f"{proof.shown or proof.argv[0]} failed: {why}")
    return text
