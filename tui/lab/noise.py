"""What disturbs a host while it is measured: told, never hidden, never a reason to refuse."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_STEAL_SHARE = 0.01
_LOAD_A_CORE = 0.25
_PSI_PERCENT = 1.0
_CLOCK_STEP_SECONDS = 0.05
_MOST_DIGITS = 20
_ENOUGH_TICKS = 50
"""Half a second of all cores: below that a single tick would be a per cent of steal."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the host's counters stood at one moment."""

    ticks: tuple[int, ...]
    """The `cpu` line of /proc/stat: user nice system idle iowait irq softirq steal."""
    swapped_pages: int
    throttled: int
    """Thermal throttling, counted over all cores."""
    clock_offset_seconds: float
    """CLOCK_REALTIME less CLOCK_MONOTONIC."""


class Noise:
    """Reads the host's counters; `root` is where /proc and /sys are."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def look(self) -> Look:
        """The counters now."""
        return Look(
            ticks=parse_ticks(self._read("proc/stat")),
            swapped_pages=parse_swapped(self._read("proc/vmstat")),
            throttled=self._throttled(),
            clock_offset_seconds=time.time() - time.monotonic(),
        )

    def since(self, before: Look) -> tuple[str, ...]:
        """What disturbed the host since `before`, a line each."""
        return differences(before, self.look())

    def standing(self) -> tuple[str, ...]:
        """What is not as it should be before a run begins, a line each."""
        found = []
        load = self._read("proc/loadavg").split()
        cores = max(1, self._read("proc/cpuinfo").count("processor\t"))
        if load and float(load[0]) > _LOAD_A_CORE * cores:
            found.append(f"load {load[0]} on {cores} cores before it began")
        for kind in ("cpu", "io", "memory"):
            pressure = parse_pressure(self._read(f"proc/pressure/{kind}"))
            if pressure is not None and pressure > _PSI_PERCENT:
                found.append(f"{kind} pressure {pressure:.1f} % over 10 s")
        governor = self._read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip()
        if governor not in ("", "performance"):
            found.append(f"CPU governor is {governor}, not performance")
        if self._read("sys/kernel/mm/ksm/run").strip() == "1":
            found.append("KSM merges pages, which costs CPU and changes memory figures")
        if any(
            self._read(f"sys/class/power_supply/{name}/status").strip() == "Discharging"
            for name in ("BAT0", "BAT1")
        ):
            found.append("the host runs on battery")
        return tuple(found)

    def _throttled(self) -> int:
        files = (self._root / "sys/devices/system/cpu").glob(
            "cpu[0-9]*/thermal_throttle/core_throttle_count"
        )
        return sum(int(text) for file in files if (text := _text(file).strip()).isdigit())

    def _read(self, path: str) -> str:
        return _text(self._root / path)


def parse_ticks(stat: str) -> tuple[int, ...]:
    """The first eight counters of /proc/stat's `cpu` line; empty when there is none."""
    words = stat.partition("\n")[0].split()
    counters = words[1:9] if words[:1] == ["cpu"] else []
    return tuple(map(int, counters)) if all(map(_is_whole, counters)) else ()


def parse_swapped(vmstat: str) -> int:
    """Pages swapped in and out since boot."""
    lines = (line.partition(" ") for line in vmstat.splitlines())
    values = {name: value for name, _, value in lines if _is_whole(value)}
    return sum(int(values.get(name, "0")) for name in ("pswpin", "pswpout"))


def _is_whole(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS


def parse_pressure(text: str) -> float | None:
    """`some avg10` in per cent; None where the kernel keeps none."""
    for line in text.splitlines():
        if line.startswith("some avg10="):
            with suppress(ValueError):
                return float(line.split()[1].partition("=")[2])
    return None


def differences(before: Look, after: Look) -> tuple[str, ...]:
    """What happened between two looks, a line each."""
    found = []
    ticks = [b - a for a, b in zip(before.ticks, after.ticks, strict=False)]
    if len(ticks) == 8 and sum(ticks) >= _ENOUGH_TICKS and ticks[7] > _STEAL_SHARE * sum(ticks):
        found.append(f"steal {100 * ticks[7] / sum(ticks):.1f} %: this host is itself a guest")
    if after.swapped_pages > before.swapped_pages:
        found.append(f"{after.swapped_pages - before.swapped_pages} pages swapped")
    if after.throttled > before.throttled:
        found.append(f"CPU throttled by heat {after.throttled - before.throttled} times")
    step = after.clock_offset_seconds - before.clock_offset_seconds
    if abs(step) > _CLOCK_STEP_SECONDS:
        found.append(f"the clock was set by {step:+.3f} s")
    return tuple(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
