"""What a host is made of, read from /proc and /sys: asks no engine, and costs next to nothing."""

from __future__ import annotations

import os
from pathlib import Path

from tui.core.proc_files import fields, read


def hardware() -> dict[str, str]:
    """What tells this host from another, `CPU` and `Memory`, read without asking any engine."""
    return {"CPU": cpu()["CPU"], "Memory": memory()["Memory"]}


def cpu() -> dict[str, str]:
    """Label -> what it is: the processor, how it is run, and whether this host is a guest."""
    info = fields(read("/proc/cpuinfo"))
    cores = os.cpu_count() or 0
    flags = info.get("flags", "").split()
    here = "/sys/devices/system/cpu"
    vulnerable = sorted(
        file.name
        for file in Path(f"{here}/vulnerabilities").glob("*")
        if read(str(file)).startswith("Vulnerable")
    )
    return {
        "CPU": f"{info.get('model name', 'unknown')}, {cores} threads",
        "Microcode": info.get("microcode", "unknown"),
        "Governor": read(f"{here}/cpu0/cpufreq/scaling_governor") or "none visible",
        "Turbo": {"0": "on", "1": "off"}.get(
            read(f"{here}/intel_pstate/no_turbo"), "unknown: no intel_pstate here"
        ),
        "Mitigations off": ", ".join(vulnerable) or "none",
        "Nested": "yes, this host is itself a guest" if "hypervisor" in flags else "no",
    }


def memory() -> dict[str, str]:
    """Label -> what it is: memory, swap, huge pages and shared pages."""
    info = fields(read("/proc/meminfo"))
    kib = info.get("MemTotal", "0").split()[0]
    swap = info.get("SwapTotal", "0").split()[0]
    ksm = read("/sys/kernel/mm/ksm/run")
    return {
        # In 64 MiB: what the firmware takes differs from boot to boot.
        "Memory": f"{round(int(kib) / 65536) / 16:.2f} GiB",
        "Swap": f"{int(swap) // 1024} MiB",
        "Huge pages": _chosen(read("/sys/kernel/mm/transparent_hugepage/enabled")),
        "KSM": {"0": "off", "1": "on"}.get(ksm, "unknown"),
    }


def _chosen(text: str) -> str:
    """`madvise` out of `always [madvise] never`."""
    return text.partition("[")[2].partition("]")[0] or "unknown"
