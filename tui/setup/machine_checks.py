"""What the VM side needs."""

from __future__ import annotations

import stat

from tui import accelerator
from tui.accelerator import KVM, VIRTUALBOX, qemu_command
from tui.errors import FileFailed, TwindeckError
from tui.model import Check, Reading, SideName
from tui.project import find_project
from tui.setup import probe
from tui.setup.box import box_present
from tui.setup.container_checks import refusal
from tui.setup.get_box import can_build
from tui.setup.host import Host, group_id
from tui.setup.needs import (
    ACCELERATOR,
    BOX,
    BOXES,
    HYPERVISOR,
    KVM_DEVICE,
    LIBVIRT,
    PROVIDER,
    VAGRANT,
    fix_for,
    has_libvirt_plugin,
    has_virtualbox,
    joined,
    uses_virtualbox,
)
from tui.sides.libvirt import Libvirt
from tui.workloads import load_all

_NOT_NEEDED = "not needed: VirtualBox runs the machines"


def _check(need: str, status: Reading, reason: str, fix: str = "") -> Check:
    return Check(need, status, reason, fix, SideName.VM)


def check_vagrant(host: Host) -> Check:
    """Whether vagrant is installed and starts."""
    if host.which("vagrant") is None:
        return _check(VAGRANT, Reading.MISSING, "not installed", fix_for(host, VAGRANT))
    # Vagrant's own --version is answered without loading its plug-ins.
    told = host.run("vagrant", "--version")
    if told.code == 0:
        return _check(VAGRANT, Reading.OK, told.last_line)
    reason = f"vagrant --version fails: {told.last_line}"
    return _check(VAGRANT, Reading.BROKEN, reason, "reinstall Vagrant")


def check_provider(host: Host) -> Check:
    """Whether Vagrant has a provider it can run machines with."""
    if has_libvirt_plugin(host):
        return _check(PROVIDER, Reading.OK, "vagrant-libvirt")
    if has_virtualbox(host):
        return _check(PROVIDER, Reading.OK, "VirtualBox")
    reason = "neither vagrant-libvirt nor VirtualBox is installed"
    return _check(PROVIDER, Reading.MISSING, reason, fix_for(host, PROVIDER))


def check_hypervisor(host: Host) -> Check:
    """Whether there is an emulator for this host's processor."""
    if uses_virtualbox(host):
        return _check(HYPERVISOR, Reading.OK, "VirtualBox")
    if host.which(qemu_command()) is None:
        reason = f"{qemu_command()} is not installed"
        return _check(HYPERVISOR, Reading.MISSING, reason, fix_for(host, HYPERVISOR))
    return _check(HYPERVISOR, Reading.OK, qemu_command())


def check_libvirt(host: Host, libvirt: Libvirt) -> Check:
    """Whether libvirt answers."""
    if uses_virtualbox(host):
        return _check(LIBVIRT, Reading.OK, _NOT_NEEDED)
    if host.which("virsh") is None:
        return _check(LIBVIRT, Reading.MISSING, "not installed", fix_for(host, LIBVIRT))
    try:
        version = libvirt.version()
    except TwindeckError as error:
        # Some distributions have one daemon for all, some one for each hypervisor.
        if len(host.missing(("libvirtd", "virtqemud"))) == 2:
            return _check(LIBVIRT, Reading.MISSING, "no daemon installed", fix_for(host, LIBVIRT))
        reason = str(error)
        if "ermission denied" in reason or "authentication" in reason:
            return _check(LIBVIRT, Reading.BROKEN, *refusal(host, "libvirt's socket", "libvirt"))
        return _check(LIBVIRT, Reading.BROKEN, reason, fix_for(host, LIBVIRT))
    return _check(LIBVIRT, Reading.OK, f"libvirt {version} answers at {libvirt.uri}")


def check_device(host: Host) -> Check:
    """Whether the user QEMU runs as may open /dev/kvm.

    Where only root may, libvirt takes KVM to come and go and examines QEMU anew at every call.
    """
    device = host.path(KVM_DEVICE)
    try:
        status = device.stat()
    except OSError:
        return _check(KVM_DEVICE, Reading.OK, "none on this host; machines are emulated")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o006 == 0o006:
        return _check(KVM_DEVICE, Reading.OK, f"open to everybody (mode {mode:04o})")
    kvm = group_id("kvm")
    if kvm is not None and status.st_gid == kvm and mode & 0o060 == 0o060:
        return _check(KVM_DEVICE, Reading.OK, f"open to the group kvm (mode {mode:04o})")
    reason = f"closed to the group kvm (group {status.st_gid}, mode {mode:04o}): libvirt is slow"
    sudo = "" if host.uid == 0 else "sudo "
    fix = f"{sudo}chgrp kvm {KVM_DEVICE} && {sudo}chmod 0660 {KVM_DEVICE}"
    return _check(KVM_DEVICE, Reading.BROKEN, reason, fix)


def check_accelerator(host: Host, *, fresh: bool, may_try: bool = True) -> Check:
    """What really boots a guest here; tried once, then remembered, unless it may not be."""
    try:
        if uses_virtualbox(host):
            if may_try and accelerator.read() != VIRTUALBOX:
                accelerator.write(VIRTUALBOX, "VirtualBox brings its own")
            return _check(ACCELERATOR, Reading.OK, VIRTUALBOX)
        answer = probe.find_out(host, fresh=fresh, may_try=may_try)
    except FileFailed as error:
        reason = f"the answer cannot be kept: {error}"
        return _check(ACCELERATOR, Reading.BROKEN, reason, error.fix)
    if answer is None:
        reason = f"not tried yet: {_why_not_tried(host, may_try)}"
        return _check(ACCELERATOR, Reading.MISSING, reason, fix_for(host, ACCELERATOR))
    if answer.accelerator == KVM:
        return _check(ACCELERATOR, Reading.OK, f"kvm: {answer.reason}")
    # It works, only slowly, and no command of ours changes that: said, not failed.
    reason = f"{answer.accelerator}, software emulation, many times slower: {answer.reason}"
    return _check(ACCELERATOR, Reading.OK, reason)


def _why_not_tried(host: Host, may_try: bool) -> str:
    if not may_try:
        return "a trial boots a guest, and this is read-only"
    if host.which(qemu_command()) is None:
        return "no hypervisor"
    if probe.find_payload(host) is None:
        return "no box and no kernel to boot"
    return f"{KVM_DEVICE} may not be opened by {host.user}"


def check_box(host: Host) -> Check:
    """Whether every workload has a box at hand."""
    found: list[str] = []
    for names in wanted_boxes():
        present = next((name for name in names if box_present([name])), None)
        if present is None:
            reason = f"none of {joined(names)} is installed{_why_built(host)}"
            return _check(BOX, Reading.MISSING, reason, fix_for(host, BOX))
        found.append(present)
    return _check(BOX, Reading.OK, ", ".join(dict.fromkeys(found)))


def _why_built(host: Host) -> str:
    return "; one is built here: the public catalogue closes on 2026-12-31" * can_build(host)


def wanted_boxes() -> list[tuple[str, ...]]:
    """The boxes each workload takes, best first; the usual ones outside a project."""
    try:
        workloads, _ = load_all(find_project(None))
    except TwindeckError:
        return [BOXES]
    return list({w.boxes for w in workloads if w.boxes}) or [BOXES]
