"""Finds out whether KVM really boots a guest here, by booting one the way the Vagrantfile does.

A device that opens proves nothing: on some nested hosts QEMU aborts on a register it may not set,
or the guest hangs before its first word. The trial is the box's own disk, else a kernel; it counts
as booted when the guest's systemd greets on the serial port, or a kernel given no disk has come
all the way to looking for one. Nothing is written to the disk.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tui import accelerator
from tui.accelerator import KVM, TCG, Answer
from tui.setup.box import BOX_NAME
from tui.setup.host import Host
from tui.sides.vagrant_index import box_folder, vagrant_home

TRY_SECONDS = 120.0
"""A guest under KVM greets in 2 to 8 s; on a busy host that is itself emulated, in a minute."""
KVM_CPU = ("-accel", "kvm", "-cpu", "host")
"""What `driver = "kvm", cpu_mode = "host-passthrough"` in the Vagrantfile comes to."""
_BOOTED = re.compile(rb"Welcome to|VFS: (Unable to mount|Cannot open) root")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Payload:
    """What the trial boots."""

    path: Path
    is_disk: bool
    """A disk image; otherwise a Linux kernel."""

    @property
    def what(self) -> str:
        """In words."""
        return "the box" if self.is_disk else f"the kernel {self.path.name}"

    @property
    def options(self) -> list[str]:
        """QEMU's."""
        # A comma in a file name ends QEMU's option.
        name = str(self.path).replace(",", ",,")
        if self.is_disk:
            return ["-snapshot", "-drive", f"file={name},if=virtio,format=qcow2"]
        return ["-kernel", str(self.path), "-append", "console=ttyS0 panic=-1"]


@dataclass(frozen=True, slots=True)
class Trial:
    """How a trial ended."""

    has_booted: bool
    seconds: float
    reason: str
    """What was seen, on one line."""


def find_payload(host: Host) -> Payload | None:
    """Something to boot: the box's disk, a kernel fetched by setup, or the host's own kernel."""
    box = box_folder(vagrant_home(), BOX_NAME)
    for pattern in ("*/libvirt/box.img", "*/*/libvirt/box.img"):
        for image in sorted(box.glob(pattern)):
            return Payload(image, is_disk=True)
    kernels = [kernel_path(host), *sorted(host.path("/boot").glob("vmlinuz-*"), reverse=True)]
    for kernel in kernels:
        if os.access(kernel, os.R_OK):
            return Payload(kernel, is_disk=False)
    return None


def kernel_path(host: Host) -> Path:
    """Where setup puts a kernel for the trial when there is nothing else to boot."""
    return host.work_folder / "kernel" / "vmlinuz"


def boot(
    host: Host,
    payload: Payload,
    *,
    cpu: tuple[str, ...] = KVM_CPU,
    seconds: float = TRY_SECONDS,
    as_root: bool = False,
) -> Trial:
    """Boot the payload, watch its serial port, end it. Raises nothing."""
    argv = [host.which(accelerator.qemu_command()) or accelerator.qemu_command(), *cpu]
    argv += ["-m", "512", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    argv += ["-serial", "stdio", *payload.options]
    if as_root:
        # Only root can end what root runs.
        argv = host.as_root("timeout", "--kill-after=1", f"{seconds:.0f}", *argv)
    begin = time.monotonic()
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(host.env),
            process_group=None if as_root else 0,
        )
    except OSError as error:
        return Trial(False, 0.0, f"{argv[0]} cannot be run: {error.strerror}")
    try:
        heard, has_ended = _listen(process, begin + seconds)
    finally:
        _end(process, has_group=not as_root)
    took = time.monotonic() - begin
    if _BOOTED.search(heard):
        return Trial(True, took, f"{payload.what} booted in {took:.1f} s")
    if has_ended:
        return Trial(False, took, f"QEMU ended at once: {_complaint(heard)}")
    words = "silent" if not heard.strip() else "not up"
    return Trial(False, took, f"{payload.what} was {words} after {seconds:.0f} s")


def _listen(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, bool]:
    """What it printed until it greeted, ended (then True) or ran out of time."""
    assert process.stdout is not None
    heard = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while (left := until - time.monotonic()) > 0:
            if not selector.select(left):
                break
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                return heard, True
            heard = (heard + chunk)[-_MOST_BYTES:]
            if _BOOTED.search(heard):
                break
    return heard, False


def _end(process: subprocess.Popen[bytes], *, has_group: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if has_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.terminate()
    # A stream that is closed ends a guest that still writes to it.
    if process.stdout is not None:
        process.stdout.close()
    process.wait()


def _complaint(heard: bytes) -> str:
    """The first line that says what is wrong."""
    lines = [line.strip() for line in heard.decode(errors="replace").splitlines() if line.strip()]
    told = next((line for line in lines if "error" in line or "failed" in line.lower()), "")
    told = told or (lines[-1] if lines else "without a word")
    return re.sub(r"^\S*qemu\S*: (error: )?", "", told)


def can_open(device: Path) -> bool:
    """Whether this user may use the KVM device; opening it is the only sure answer."""
    try:
        os.close(os.open(device, os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def find_out(
    host: Host, *, fresh: bool = False, as_root: bool = False, may_try: bool = True
) -> Answer | None:
    """The accelerator that works here, remembered or tried now; None when it cannot be tried yet.

    Raises FileFailed when the answer cannot be written.
    """
    if not fresh and (known := accelerator.recall()):
        return known
    if not may_try:
        return None
    device = host.path("/dev/kvm")
    if not device.exists():
        return accelerator.write(TCG, "there is no /dev/kvm")
    payload = find_payload(host)
    if payload is None or host.which(accelerator.qemu_command()) is None:
        return None
    if not as_root and not can_open(device):
        return None
    trial = boot(host, payload, as_root=as_root)
    if trial.has_booted:
        return accelerator.write(KVM, trial.reason)
    return accelerator.write(TCG, f"/dev/kvm is there, but no guest boots with it: {trial.reason}")
