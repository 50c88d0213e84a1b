"""OS support, shown: whose kernel, whose userland, and a program of another processor."""

from __future__ import annotations

import platform
import struct
from collections.abc import Sequence

from tui.lab.instrument import ONCE, Instrument, Need, Reading, Rig
from tui.lab.instruments.probes import look
from tui.model import Workload
from tui.results import Arm, Metric, Row

_ARMS = (Arm.HOST, Arm.CONTAINER, Arm.VM)
_AARCH64, _X86_64 = 183, 62
_EXIT_AARCH64 = bytes.fromhex("000080d2a80b80d2010000d4")
"""mov x0, #0; mov x8, #93 (exit); svc #0"""
_EXIT_X86_64 = bytes.fromhex("31ffb83c0000000f05")
"""xor edi, edi; mov eax, 60 (exit); syscall"""


def _fact(name: str, title: str, method: str, *, is_headline: bool = False) -> Metric:
    return Metric(
        id=f"os.{name}",
        row=Row.OS_SUPPORT,
        title=title,
        unit="",
        method=method,
        is_headline=is_headline,
    )


KERNEL = _fact("kernel", "kernel", "`uname -r` on each", is_headline=True)
USERLAND = _fact("userland", "userland", "PRETTY_NAME of /etc/os-release on each")
FOREIGN = _fact(
    "foreign",
    "a program of another processor",
    "a static ELF program of the other of x86_64 and aarch64 that only exits, run on each",
)


def instruments(workload: Workload, *, is_quick: bool) -> tuple[Instrument, ...]:
    """Facts: taken once."""
    return (
        Instrument(
            name="os",
            metrics=(KERNEL, USERLAND, FOREIGN),
            arms=_ARMS,
            need=Need.TOGETHER,
            seconds=3.0,
            measure=_measure,
            repeats=ONCE,
        ),
    )


def _measure(rig: Rig, arm: Arm) -> Sequence[Reading]:
    seen = look(rig, arm)
    return (
        Reading(KERNEL.id, text=seen.get("kernel", "")),
        Reading(USERLAND.id, text=seen.get("os") or "no os-release"),
        Reading(FOREIGN.id, text=_foreign(rig, arm)),
    )


def _foreign(rig: Rig, arm: Arm) -> str:
    machine = "x86_64" if platform.machine() == "aarch64" else "aarch64"
    octal = "".join(f"\\{byte:03o}" for byte in foreign_program(machine))
    script = (
        f"f=$(mktemp) && printf '{octal}' > $f && chmod 755 $f && $f; code=$?; rm -f $f; "
        # The kernel each runs on has handlers of its own.
        f"ls /proc/sys/fs/binfmt_misc 2>/dev/null | grep -c qemu-{machine}; exit $code"
    )
    output = rig.run(arm, ("sh", "-c", script), check=False)
    if output.code == 0:
        return f"{machine}: runs, by an emulator the kernel knows (binfmt_misc)"
    has_handler = output.stdout.split()[-1:] not in ([], ["0"])
    handler = "a handler is registered all the same" if has_handler else "no binfmt handler"
    return f"{machine}: does not run ({handler})"


def foreign_program(machine: str) -> bytes:
    """The smallest ELF program of that processor that exits with 0 (System V ABI, ELF-64)."""
    number, code = (_AARCH64, _EXIT_AARCH64) if machine == "aarch64" else (_X86_64, _EXIT_X86_64)
    start, head = 0x400000, 64 + 56
    size = head + len(code)
    identity = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack(
        "<HHIQQQIHHHHHH", 2, number, 1, start + head, 64, 0, 0, 64, 56, 1, 64, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, start, start, size, size, 0x10000)
    return identity + header + segment + code
