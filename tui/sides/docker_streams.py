"""The engine's endless answers, events and logs, made to end when asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Protocol

from docker.errors import DockerException

from tui.errors import ActionFailed, TwindeckError
from tui.sides.docker_link import Link
from tui.text import clean

_LOOK_SECONDS = 0.2
_LONGEST_LINE = 64 * 1024
_READABLE = ("json-file", "local", "journald", "k8s-file")


class Stream(Protocol):
    """What the SDK gives for an endless answer."""

    def close(self) -> None:
        """Shut the connection down; a blocked read ends."""


@contextmanager
def closed_on(stop: Event, stream: Stream) -> Iterator[None]:
    """Close `stream` as soon as `stop` is set, whatever the reader waits for."""
    done = Event()

    def guard() -> None:
        # Two events cannot be waited on at once: `stop` is the caller's, `done` is ours.
        while not stop.wait(_LOOK_SECONDS):
            if done.is_set():
                return
        close(stream)

    thread = Thread(target=guard, name="close docker stream", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        if not stop.is_set():
            close(stream)


def close(stream: Stream) -> None:
    """Close it, however far gone it is already."""
    # AttributeError: the SDK looks for a socket that an ended answer has let go.
    with suppress(OSError, DockerException, AttributeError, ValueError):
        stream.close()


def no_log(link: Link, name: str, container_id: str, refusal: ActionFailed) -> ActionFailed:
    """What a refusal to read a log means, by the log driver of that container."""
    again = "create the container again with --log-driver local"
    try:
        with link.translating(f"inspect {name}", name):
            host = link.look().inspect_container(container_id).get("HostConfig") or {}
    except TwindeckError:
        return refusal
    driver = str((host.get("LogConfig") or {}).get("Type") or "")
    if driver == "none":
        return ActionFailed(f"{name} keeps no log: its log driver is none", again)
    if driver and driver not in _READABLE:
        reason = f"the log of {name} cannot be read here: its log driver is {clean(driver)}"
        return ActionFailed(reason, f"look where {clean(driver)} puts it, or {again}")
    return refusal


def lines_of(chunks: Iterator[bytes]) -> Iterator[str]:
    """Lines of a byte stream cut anywhere; bytes that are no UTF-8 are replaced, the rest is raw.

    A line longer than 64 KiB comes in parts.
    """
    rest = bytearray()
    for chunk in chunks:
        if b"\n" not in chunk and len(rest) < _LONGEST_LINE:
            rest += chunk
            continue
        *whole, last = bytes(rest + chunk).split(b"\n")
        for line in whole:
            yield from _parts(line)
        rest = bytearray(last)
        if len(rest) >= _LONGEST_LINE:
            yield from _parts(bytes(rest))
            rest.clear()
    if rest:
        yield from _parts(bytes(rest))


def _parts(line: bytes) -> Iterator[str]:
    line = line.removesuffix(b"\r")
    for start in range(0, max(1, len(line)), _LONGEST_LINE):
        yield line[start : start + _LONGEST_LINE].decode(errors="replace")
