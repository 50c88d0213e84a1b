"""Times `twindeck` from launch to its first frame and to complete rows, on real containers.

Each run starts the installed command in a pseudo-terminal of its own and reads the screen as a
user would see it. *First frame*: both deck titles are on the screen. *Complete rows*: every bench
container's row shows a CPU figure. Times are from before the fork, on CLOCK_MONOTONIC.

    python bench/startup.py [--runs 10] [--containers 20] [--json]
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import platform
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pyte

COLUMNS, LINES = 160, 45
LONGEST_SECONDS = 20.0
PREFIX = "tdbench-"
IMAGE = "twindeck/base:latest"
CPU_FIGURE = re.compile(r"running\s.*?\s\d+(\.\d)?\s")


@dataclass(frozen=True, slots=True)
class Run:
    """One launch; seconds from before the fork."""

    first_frame_seconds: float
    complete_rows_seconds: float


def start_containers(count: int) -> list[str]:
    """Start idle containers; returns their names."""
    names = [f"{PREFIX}{number:02d}" for number in range(count)]
    for name in names:
        subprocess.run(
            ["docker", "run", "-d", "--name", name, IMAGE, "sleep", "infinity"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return names


def remove_containers(names: list[str]) -> None:
    """Remove what `start_containers` started."""
    subprocess.run(["docker", "rm", "-f", *names], check=True, stdout=subprocess.DEVNULL)


def has_complete_rows(screen: pyte.Screen, names: list[str]) -> bool:
    """Whether each name stands on a line with a CPU figure."""
    lines = screen.display
    return all(any(name in line and CPU_FIGURE.search(line) for line in lines) for name in names)


def launch(command: list[str], names: list[str]) -> Run:
    """One launch to complete rows; the console is then asked to quit."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    began = time.monotonic()
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS), LINES=str(LINES))
        os.execvp(command[0], command)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    first_frame: float | None = None
    try:
        while (elapsed := time.monotonic() - began) < LONGEST_SECONDS:
            readable, _, _ = select.select([master], [], [], 0.5)
            if not readable:
                continue
            stream.feed(os.read(master, 1 << 16))
            elapsed = time.monotonic() - began
            text = "\n".join(screen.display)
            if first_frame is None and " VMs " in text and " Containers " in text:
                first_frame = elapsed
            if first_frame is not None and has_complete_rows(screen, names):
                return Run(first_frame, elapsed)
        raise SystemExit("no complete rows in time; the screen was:\n" + "\n".join(screen.display))
    finally:
        os.write(master, b"q")
        end(pid, master)


def end(pid: int, master: int) -> None:
    """Read until the console has quit; kill it if it does not."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        readable, _, _ = select.select([master], [], [], 0.05)
        try:
            if readable:
                os.read(master, 1 << 16)
        except OSError:
            break
        if os.waitpid(pid, os.WNOHANG)[0]:
            os.close(master)
            return
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(master)


def main() -> None:
    """Start the containers, launch, print, clean up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--containers", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    command = [str(Path(sys.executable).with_name("twindeck"))]
    names = start_containers(options.containers)
    try:
        launch(command, names)
        runs = [launch(command, names) for _ in range(options.runs)]
    finally:
        remove_containers(names)
    host = f"{platform.node()} {platform.release()} {os.cpu_count()} cores"
    if options.json:
        print(json.dumps({"host": host, "runs": [asdict(run) for run in runs]}))
        return
    print(f"{options.runs} launches, {options.containers} containers, {COLUMNS}x{LINES}, {host}")
    for field in ("first_frame_seconds", "complete_rows_seconds"):
        values = sorted(getattr(run, field) for run in runs)
        print(
            f"{field:24} median {statistics.median(values):.3f}  "
            f"min {values[0]:.3f}  max {values[-1]:.3f}"
        )


if __name__ == "__main__":
    main()
