"""The containers that every tool is shown: nginx, as many as asked for, idle or restless."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

PREFIX = "tdbench-"
IMAGE = "twindeck-bench"
_WORKLOAD = Path(__file__).parents[1] / "workloads" / "nginx"
_RESTLESS = ("sh", "-c", "while :; do sleep 0.3; done")
_AT_ONCE = 4


@contextmanager
def fleet(count: int, *, restless: bool = False) -> Iterator[list[str]]:
    """Started containers by name; removed at the end, whatever happens."""
    _build()
    names = [f"{PREFIX}{number:03d}" for number in range(count)]
    command = _RESTLESS if restless else ()
    try:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda name: _run(name, command), names))
        yield names
    finally:
        _docker("rm", "-f", "-v", *names, check=False)


def _build() -> None:
    base = next(b for b in ("twindeck/base:latest", "debian:bookworm-slim") if _has_image(b))
    _docker(
        *("build", "--quiet", "--network", "host", "--tag", IMAGE),
        *("--build-arg", f"BASE={base}", str(_WORKLOAD)),
    )


def _has_image(name: str) -> bool:
    return _docker("image", "inspect", name, check=False) == 0


def _run(name: str, command: tuple[str, ...]) -> None:
    _docker("run", "--detach", "--name", name, IMAGE, *command)


def _docker(*words: str, check: bool = True) -> int:
    done = subprocess.run(
        ("docker", *words),
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if check and done.returncode:
        raise SystemExit(f"docker {words[0]}: {done.stderr.strip()}")
    return done.returncode
