"""What the engine tests of containers share: the docker command as an oracle, and conditions."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable

from tui.model import Instance, Phase
from tui.sides.containers import Containers

LOOP = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
"""A container that stays up and stops at once when told."""
AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")
"""Before a command that takes root's rights: the tests may be run by an ordinary user."""
Run = Callable[..., str]
"""Makes a container from outside: options of `docker run`, `command=`; gives its name."""


class Notes:
    """A Report that keeps all it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.phases: list[Phase] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def phase(self, phase: Phase) -> None:
        self.phases.append(phase)

    def accelerator(self, name: str) -> None:
        raise AssertionError(f"a container has no accelerator, told {name}")


def docker(*arguments: str) -> str:
    """What the docker command prints; an oracle apart from the SDK."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def until(true: Callable[[], object], within_seconds: float) -> float:
    """Seconds it took to become true; fails after `within_seconds`."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within_seconds, "it did not happen in time"
        time.sleep(0.005)
    return time.monotonic() - began


def pid_of(name: str) -> int:
    return int(docker("inspect", "-f", "{{.State.Pid}}", name))


def find(side: Containers, name: str) -> Instance:
    return next(instance for instance in side.list() if instance.name == name)
