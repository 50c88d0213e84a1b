"""The two layers under everything: the hardware and the kernel of this host."""

from __future__ import annotations

import os
import platform

import psutil

from tui.core.architecture import Gauge, Layer, LayerName, Proof
from tui.core.proc_files import fields, read
from tui.units import iec

_VIRTUALIZATION = {"vmx": "VT-x", "svm": "AMD-V"}


def host_layers() -> tuple[Layer, ...]:
    """The kernel, then the hardware."""
    return _kernel(), _hardware()


def unknown_host(why: str, proof: Proof | None = None) -> tuple[Layer, ...]:
    """The same two of a host that is not this one and does not tell of itself."""
    return (
        Layer(LayerName.HOST_KERNEL, "kernel of its host", missing=why, proof=proof),
        Layer(LayerName.HARDWARE, "hardware of its host", missing=why, proof=proof),
    )


def _kernel() -> Layer:
    release, boot_id = platform.release(), read("/proc/sys/kernel/random/boot_id")
    return Layer(
        LayerName.HOST_KERNEL,
        "host kernel",
        f"{platform.system()} {release}, boot {boot_id[:8]}",
        gauge=Gauge.HOST,
        proof=script("uname -sr; cat /proc/sys/kernel/random/boot_id"),
        facts={"system": platform.system(), "release": release, "boot_id": boot_id},
    )


def _hardware() -> Layer:
    info = fields(read("/proc/cpuinfo"))
    model, flags = info.get("model name", ""), info.get("flags", "").split()
    virtualization = next((v for f, v in _VIRTUALIZATION.items() if f in flags), None)
    cores, memory = os.cpu_count() or 1, psutil.virtual_memory().total
    told = [
        model or platform.machine(),
        f"{cores} cores" if cores != 1 else "1 core",
        iec(memory),
        virtualization or "no virtualization extensions",
    ]
    if is_guest := "hypervisor" in flags:
        told.append("itself a guest")
    return Layer(
        LayerName.HARDWARE,
        "hardware",
        ", ".join(told),
        gauge=Gauge.HOST,
        proof=script("lscpu"),
        facts={
            "model": model,
            "machine": platform.machine(),
            "cores": cores,
            "memory_bytes": memory,
            "virtualization": virtualization,
            "is_guest": is_guest,
        },
    )


def script(text: str) -> Proof:
    """A proof that is a line of shell."""
    return Proof(("sh", "-c", text), shown=text)
