"""Removes what runs left that were killed: told first, thing by thing, and only what is theirs.

A run of this data folder is over when its process is gone from this host (by its pid, when it
began, and the kernel's boot) and nobody holds its folder any more. What a run of another data
folder or of another user left has a label too, but nothing here can show that its process is gone:
it is told, and left to the next comparison there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tui.engines.docker.resolver import Resolver
from tui.engines.libvirt.connections import Connections
from tui.errors import TwindeckError, WorkloadError
from tui.lab.estate import Estate, engine_id
from tui.lab.owner import RUN_LABEL, RunFolder, left_over
from tui.lab.rig import LabRig
from tui.model import Workload
from tui.sides.docker_link import Link
from tui.sides.docker_rows import name_of
from tui.workloads import load


def clear(lab: Path, tell: Callable[[str], None], docker: Resolver | None = None) -> list[str]:
    """Take down what a run left that ended without doing so; the lines that were told.

    Raises TwindeckError when something cannot be removed.
    """
    told: list[str] = []

    def say(line: str) -> None:
        told.append(line)
        tell(line)

    docker = docker or Resolver()
    link, libvirt = Link(docker), Connections()
    for own in left_over(lab):
        if not _is_here(own, link):
            say(f"left by an earlier comparison on another host or engine: {own.root}")
            continue
        say(f"removing what an earlier comparison left: {_names(own, link, libvirt)}")
        if problems := _take_down(own, link, libvirt, docker):
            raise TwindeckError(
                f"an earlier comparison could not be cleared away: {problems[0]}",
                f"start this again; if it stays, remove {own.workload} and {own.root} by hand",
            )
    for name in _others(link):
        say(f"left by a comparison of another data folder or user, not touched: container {name}")
    return told


def _is_here(own: RunFolder, link: Link) -> bool:
    """Whether what it made is on this host and on the engine that answers now."""
    if not own.process.is_here:
        return False
    return own.engine is None or engine_id(link) in (own.engine, None)


def _names(own: RunFolder, link: Link, libvirt: Connections) -> str:
    try:
        return ", ".join(Estate(own, link, libvirt).names())
    except TwindeckError as error:
        raise TwindeckError(
            f"an earlier comparison cannot be cleared away: {error.line}",
            f"start the engine it used, or remove {own.root} and {own.workload} by hand",
        ) from error


def _take_down(own: RunFolder, link: Link, libvirt: Connections, docker: Resolver) -> list[str]:
    workload = _workload(own)
    if workload is not None:
        return LabRig(workload, own, docker=docker).take_down()
    # Killed before its project was whole: nothing can have been made of it yet.
    estate = Estate(own, link, libvirt)
    for remove in (estate.remove_containers, estate.remove_domains, estate.remove_images):
        remove()
    return own.remove()


def _workload(own: RunFolder) -> Workload | None:
    try:
        return load(own.root / "workloads" / own.workload)
    except WorkloadError:
        return None


def _others(link: Link) -> list[str]:
    """Containers of runs that are none of ours: the lab's lock is held, so none is under way."""
    with suppress(TwindeckError), link.translating("list the containers"):
        entries = link.look().containers(all=True, filters={"label": RUN_LABEL})
        return [name_of(entry) for entry in entries]
    return []
