"""The plan of `twindeck setup`: what is to be done here, why, and how to see that it is done."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tui import accelerator
from tui.accelerator import VIRTUALBOX
from tui.engines.docker.endpoint import resolve
from tui.errors import ActionFailed, EngineUnavailable
from tui.model import Reading, SideName
from tui.setup import daemons, probe
from tui.setup.base_image import get_image, has_image
from tui.setup.box import box_present
from tui.setup.container_checks import wanted_images
from tui.setup.get_box import get_box, how_to_get, how_to_take, take_box
from tui.setup.host import Host, Say
from tui.setup.kernel import fetch_kernel
from tui.setup.machine_checks import check_device, wanted_boxes
from tui.setup.needs import BUILT_BOX, KVM_DEVICE, uses_virtualbox, wanted_packages, wanted_tools
from tui.setup.new_session import GROUPS
from tui.setup.packages import install_command, install_side, install_tools

_CONTAINER_PACKAGES = "container packages"
_MACHINE_PACKAGES = "vm packages"
_LAB_PACKAGES = "lab packages"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; it may be done already when its turn comes."""

    name: str
    why: str
    shown: str
    """What it runs, as a user would type it."""
    is_done: Callable[[], bool]
    """Cheap, changes nothing, raises nothing."""
    act: Callable[[Say], None]
    """Raises TwindeckError, OSError."""
    after: tuple[str, ...] = ()
    """Names of steps it cannot do without."""


def make_plan(host: Host, own_box: str = "") -> list[Step]:
    """The steps not done yet, in order. `own_box`: a box file or URL to take, "" for none."""
    # One side's packages may not be had; the other side is set up all the same.
    steps = [
        _packages(host, _CONTAINER_PACKAGES, SideName.CONTAINER),
        _packages(host, _MACHINE_PACKAGES, SideName.VM),
        _tools(host),
        _groups(host),
    ]
    # Another engine than the default is the user's own to start; with none known there is
    # nothing to put an image into: `twindeck doctor` says why.
    with suppress(EngineUnavailable):
        if resolve(host.env).is_default:
            steps.append(_docker(host))
        steps.append(_image(host))
    if not uses_virtualbox(host):
        steps += [_device(host), _libvirt(host)]
    steps += [_own_box(host, own_box) if own_box else _box(host), _accelerator(host)]
    return [step for step in steps if not step.is_done()]


def _packages(host: Host, name: str, side: SideName) -> Step:
    return Step(
        name=name,
        why=f"what the {side} side runs on",
        shown=install_command(wanted_packages(host, side)),
        is_done=lambda: not wanted_packages(host, side),
        act=lambda say: install_side(host, side, say),
    )


def _tools(host: Host) -> Step:
    return Step(
        name=_LAB_PACKAGES,
        why="what comparisons are measured with",
        shown=install_command(wanted_tools(host)),
        is_done=lambda: not wanted_tools(host),
        act=lambda say: install_tools(host, say),
    )


def _groups(host: Host) -> Step:
    def missing() -> list[str]:
        own = host.groups_of_user()
        return [name for name in GROUPS if host.has_group(name) and name not in own]

    def act(say: Say) -> None:
        told = host.run(*host.as_root("usermod", "-aG", ",".join(missing()), host.user))
        if told.code != 0:
            raise ActionFailed(f"usermod: {told.last_line}")
        say("groups count from the next login on")

    return Step(
        name="groups",
        why=f"{host.user} may use the engines without sudo",
        shown=f"usermod -aG {','.join(GROUPS)} {host.user}",
        # The groups come with the packages: not known to be done before those are there.
        is_done=lambda: host.uid == 0 or (not missing() and host.has_group("libvirt")),
        act=act,
    )


def is_docker_ready(host: Host) -> bool:
    """Whether the engine answers root."""
    command = ("docker", "version", "--format", "{{.Server.Version}}")
    return host.which("docker") is not None and host.run(*host.as_root(*command)).code == 0


def is_libvirt_ready(host: Host) -> bool:
    """Whether libvirt answers root, and virtlogd is there for the guests' consoles."""
    command = ("virsh", "--quiet", "--connect", "qemu:///system", "version")
    return host.which("virsh") is not None and host.run(*host.as_root(*command)).code == 0


def _docker(host: Host) -> Step:
    return Step(
        name="docker",
        why="the Docker Engine is not running",
        shown=_start_command(host, "docker", "dockerd"),
        is_done=lambda: is_docker_ready(host),
        act=lambda say: daemons.start(host, daemons.DOCKERD, lambda: is_docker_ready(host), say),
        after=(_CONTAINER_PACKAGES,),
    )


def _libvirt(host: Host) -> Step:
    def act(say: Say) -> None:
        log_socket = host.path(daemons.VIRTLOGD.sockets[0])

        def logs() -> bool:
            return log_socket.is_socket() and not daemons.is_dead_socket(log_socket)

        daemons.start(host, daemons.VIRTLOGD, logs, say)
        server = daemons.libvirtd_for(host)
        daemons.start(host, server, lambda: is_libvirt_ready(host), say)

    return Step(
        name="libvirt",
        why="its daemons are not running",
        shown=_start_command(host, "virtlogd.socket libvirtd", "virtlogd, libvirtd"),
        is_done=lambda: is_libvirt_ready(host),
        act=act,
        after=(_MACHINE_PACKAGES,),
    )


def _start_command(host: Host, unit: str, daemon: str) -> str:
    if host.has_systemd:
        return f"systemctl enable --now {unit}"
    return f"{daemon} in the background, log in {host.state_folder}"


def _device(host: Host) -> Step:
    def act(say: Say) -> None:
        device = str(host.path(KVM_DEVICE))
        if not host.has_group("kvm"):
            host.stream(host.as_root("groupadd", "--system", "kvm"), say)
        host.stream(host.as_root("chgrp", "kvm", device), say)
        host.stream(host.as_root("chmod", "0660", device), say)

    return Step(
        name=KVM_DEVICE,
        why="closed to the group kvm, libvirt examines QEMU anew at every call",
        shown=f"chgrp kvm {KVM_DEVICE} && chmod 0660 {KVM_DEVICE}",
        is_done=lambda: check_device(host).status is Reading.OK,
        act=act,
    )


def _image(host: Host) -> Step:
    def missing() -> list[tuple[str, ...]]:
        wanted = wanted_images()
        return [names for names in wanted if not any(has_image(host, name) for name in names)]

    def act(say: Say) -> None:
        for names in missing():
            get_image(host, names, say)

    return Step(
        name="base image",
        why="containers start from it",
        shown=f"docker pull {wanted_images()[0][0]}, else built by mmdebstrap",
        is_done=lambda: not missing(),
        act=act,
        after=(_CONTAINER_PACKAGES, "docker"),
    )


def _box(host: Host) -> Step:
    def missing() -> list[tuple[str, ...]]:
        return [names for names in wanted_boxes() if not box_present(names)]

    def act(say: Say) -> None:
        for names in missing():
            get_box(host, names, say)

    return Step(
        name="box",
        why="machines start from it",
        shown=how_to_get(host, wanted_boxes()[0]),
        is_done=lambda: not missing(),
        act=act,
        after=(_MACHINE_PACKAGES,),
    )


def _own_box(host: Host, source: str) -> Step:
    return Step(
        name="box",
        why="machines start from the one you named",
        shown=how_to_take(source),
        # One that is there was refused before there was a plan.
        is_done=lambda: box_present([BUILT_BOX]),
        act=lambda say: take_box(host, source, say),
        after=(_MACHINE_PACKAGES,),
    )


def _accelerator(host: Host) -> Step:
    def act(say: Say) -> None:
        if uses_virtualbox(host):
            accelerator.write(VIRTUALBOX, "VirtualBox brings its own")
            return
        device = host.path(KVM_DEVICE)
        if device.exists() and probe.find_payload(host) is None:
            fetch_kernel(host, say)
        needs_root = device.exists() and not probe.can_open(device)
        answer = probe.find_out(host, as_root=needs_root)
        if answer is None:
            raise ActionFailed("no guest could be tried", "twindeck doctor --fresh")
        say(f"{answer.accelerator}: {answer.reason}")

    return Step(
        name="accelerator",
        why="only a guest that boots shows whether KVM works",
        shown="one guest booted under KVM, 2 min at most",
        is_done=lambda: accelerator.read() is not None,
        act=act,
        after=(_MACHINE_PACKAGES,),
    )
