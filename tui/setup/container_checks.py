"""What the container side needs."""

from __future__ import annotations

import os
import stat

from tui.engines.docker.endpoint import DEFAULT_SOCKET
from tui.engines.docker.trouble import PERMISSION_FIX, SocketClosed, closed, start_fix
from tui.errors import ActionFailed, EngineUnavailable, TwindeckError
from tui.meters.cgroup_paths import read_mounts
from tui.model import Check, Reading, SideName
from tui.project import find_project
from tui.setup.host import Host, group_id
from tui.setup.needs import BASE_IMAGE, CGROUP, DOCKER, DOCKER_SOCKET, IMAGES, fix_for, joined
from tui.sides.docker_link import Link
from tui.workloads import load_all

_NEW_SESSION = "log out and in again (or: newgrp {group})"


def _check(need: str, status: Reading, reason: str, fix: str = "") -> Check:
    return Check(need, status, reason, fix, SideName.CONTAINER)


def check_engine(host: Host, link: Link) -> Check:
    """Whether the Docker Engine that is meant answers."""
    try:
        product = link.product()
        endpoint = link.endpoint
    except TwindeckError as error:
        return _check(DOCKER, *_no_engine(host, link, error))
    where = "" if endpoint.is_default else f" at {endpoint.label}"
    if host.which("docker") is None:
        reason = f"{product} answers{where}, but there is no docker command for shells"
        return _check(DOCKER, Reading.MISSING, reason, fix_for(host, DOCKER))
    return _check(DOCKER, Reading.OK, f"{product} answers{where}")


def _no_engine(host: Host, link: Link, error: TwindeckError) -> tuple[Reading, str, str]:
    """What is wrong with the engine, and what mends it."""
    if not _is_default(link):
        return Reading.BROKEN, str(error), error.fix
    if host.which("dockerd") is None:
        return Reading.MISSING, "not installed", fix_for(host, DOCKER)
    if isinstance(error, SocketClosed) and error.fix.startswith(PERMISSION_FIX):
        return Reading.BROKEN, *refusal(host, "Docker's socket", "docker")
    fix = error.fix if isinstance(error, SocketClosed) else fix_for(host, DOCKER)
    return Reading.BROKEN, str(error), fix


def _is_default(link: Link) -> bool:
    try:
        return link.endpoint.is_default
    except EngineUnavailable:
        return False


def check_socket(host: Host, link: Link) -> Check:
    """Whether this user may open the engine's socket."""
    try:
        endpoint = link.endpoint
    except EngineUnavailable as error:
        return _check(DOCKER_SOCKET, Reading.BROKEN, str(error), error.fix)
    path = endpoint.socket
    if path is None:
        reason = f"the engine is not on this host's socket, but at {endpoint.label}"
        return _check(DOCKER_SOCKET, Reading.OK, reason)
    if endpoint.is_default:
        path = host.path(DEFAULT_SOCKET)
    fix = fix_for(host, DOCKER) if endpoint.is_default else start_fix(endpoint)
    try:
        status = path.stat()
    except FileNotFoundError:
        return _check(DOCKER_SOCKET, Reading.MISSING, f"no {path}", fix)
    except OSError as error:
        look = f"see who may look there: ls -ld {path.parent}"
        return _check(DOCKER_SOCKET, Reading.BROKEN, f"{path}: {error.strerror}", look)
    if not stat.S_ISSOCK(status.st_mode):
        fix = f"{'' if host.uid == 0 else 'sudo '}rm -r {path}, then {fix}"
        return _check(DOCKER_SOCKET, Reading.BROKEN, f"{path} is no socket", fix)
    if os.access(path, os.R_OK | os.W_OK):
        return _check(DOCKER_SOCKET, Reading.OK, f"{path} may be opened")
    if endpoint.is_default and status.st_uid == 0:
        return _check(DOCKER_SOCKET, Reading.BROKEN, *refusal(host, str(path), "docker"))
    reason = f"{path} may not be opened by {host.user}"
    return _check(DOCKER_SOCKET, Reading.BROKEN, reason, closed(endpoint).fix)


def refusal(host: Host, what: str, group: str) -> tuple[str, str]:
    """Why a user may not open something that belongs to a group, and the way in."""
    if group in host.groups_of_user() and group_id(group) not in os.getgroups():
        reason = f"{host.user} is in the group {group}, but this session is older than that"
        return reason, _NEW_SESSION.format(group=group)
    reason = f"{what} may not be opened by {host.user}"
    return reason, f"sudo usermod -aG {group} {host.user}, then log out and in again"


def check_cgroups(host: Host) -> Check:
    """Which version of cgroups counts the containers' CPU and memory."""
    try:
        mounts = read_mounts(host.path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    except OSError as error:
        reason = f"/proc/self/mountinfo: {error.strerror}"
        return _check(CGROUP, Reading.BROKEN, reason, "mount -t proc proc /proc")
    first = {name for mount in mounts for name in mount.controllers}
    if {"memory", "cpuacct"} <= first:
        return _check(CGROUP, Reading.OK, "version 1")
    for mount in mounts:
        if not mount.controllers and {"memory", "cpu"} <= _controllers(host, mount.point):
            return _check(CGROUP, Reading.OK, "version 2")
    reason = "no hierarchy with the CPU and memory controllers is mounted"
    return _check(CGROUP, Reading.MISSING, reason, "sudo mount -t cgroup2 none /sys/fs/cgroup")


def _controllers(host: Host, mount_point: str) -> set[str]:
    try:
        return set(host.path(f"{mount_point}/cgroup.controllers").read_text("ascii").split())
    except OSError:
        return set()


def check_image(host: Host, link: Link) -> Check:
    """Whether every workload has a base image at hand."""
    found: list[str] = []
    try:
        for names in wanted_images():
            present = next((name for name in names if _has_image(link, name)), None)
            if present is None:
                reason = f"none of {joined(names)} is here"
                return _check(BASE_IMAGE, Reading.MISSING, reason, fix_for(host, BASE_IMAGE))
            found.append(present)
    except EngineUnavailable as error:
        reason = "Docker does not answer this user, so its images are not known"
        return _check(BASE_IMAGE, Reading.MISSING, reason, _no_engine(host, link, error)[2])
    return _check(BASE_IMAGE, Reading.OK, ", ".join(dict.fromkeys(found)))


def wanted_images() -> list[tuple[str, ...]]:
    """The base images each workload takes, best first; the usual ones outside a project."""
    try:
        workloads, _ = load_all(find_project(None))
    except TwindeckError:
        return [IMAGES]
    return list({w.container_images for w in workloads if w.container_images}) or [IMAGES]


def _has_image(link: Link, name: str) -> bool:
    try:
        with link.translating(f"look for the image {name}"):
            link.look().inspect_image(name)  # type: ignore[no-untyped-call]
    except ActionFailed:
        return False
    return True
