"""What people usually quote, and the rule by which a row confirms or refutes it.

A claim of two halves is confirmed when both are, refuted when one is, and not decided when what
it needs was not measured or says nothing of the matter. A VM run by software emulation says
nothing of how quick VMs are, so no speed of such a VM confirms or refutes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tui.results import Arm, Line, Outcome, Row, Verdict
from tui.units import iec

_MB, _GB = 1e6, 1e9
EMULATED = "the VM runs by software emulation (tcg), which says nothing of VMs on hardware"


@dataclass(frozen=True, slots=True)
class Claim:
    """A row's title and the usual cells."""

    title: str
    vm: str
    container: str


CLAIMS: Mapping[Row, Claim] = {
    Row.SIZE: Claim("Size", "GBs (1-10 GB)", "MBs (10-500 MB)"),
    Row.BOOT: Claim("Boot time", "1-5 min", "1-10 s"),
    Row.PERFORMANCE: Claim("Performance", "slower", "near native"),
    Row.ISOLATION: Claim("Isolation", "separate kernel", "shared kernel"),
    Row.OS_SUPPORT: Claim("OS support", "any OS", "must match host kernel"),
    Row.SECURITY: Claim("Security", "stronger boundary", "shared kernel, weaker"),
    Row.PORTABILITY: Claim("Portability", "large, less portable", "small, portable"),
    Row.RESOURCES: Claim("Resource usage", "more", "less"),
    Row.DENSITY: Claim("Density", "10-20 a host", "100+ a host"),
    Row.NETWORKING: Claim("Networking", "slower", "faster"),
    Row.STORAGE: Claim("Storage", "slower", "faster"),
}

_Answer = tuple[Verdict, str]
_Judge = Callable[[Mapping[str, Line], bool], _Answer]


def judge(row: Row, lines: Sequence[Line], accelerator: str | None) -> _Answer:
    """Verdict and the one line that says what decided it."""
    by_id = {line.metric.id: line for line in lines}
    return _JUDGES[row](by_id, accelerator == "tcg")


def _undecided(why: str) -> _Answer:
    return Verdict.UNDECIDED, why


def _median(lines: Mapping[str, Line], metric: str, arm: Arm) -> float | None:
    line = lines.get(metric)
    found = line.estimates.get(arm) if line else None
    return found.median if found else None


def _both(lines: Mapping[str, Line], metric: str) -> tuple[float, float] | None:
    vm, container = (_median(lines, metric, arm) for arm in (Arm.VM, Arm.CONTAINER))
    return None if vm is None or container is None else (vm, container)


def _within(
    low: float, value: float, high: float, show: Callable[[float], str], name: str
) -> tuple[bool, str]:
    inside = low <= value <= high
    return inside, f"{name} {show(value)} is {'inside' if inside else 'outside'} the range"


def _ranges(
    metric: str,
    vm: tuple[float, float],
    container: tuple[float, float],
    show: Callable[[float], str],
) -> _Judge:
    def decide(lines: Mapping[str, Line], emulated: bool) -> _Answer:
        found = _both(lines, metric)
        if found is None:
            return _undecided("not measured on both sides")
        first, one = _within(vm[0], found[0], vm[1], show, "VM")
        second, other = _within(container[0], found[1], container[1], show, "container")
        verdict = Verdict.CONFIRMED if first and second else Verdict.REFUTED
        return verdict, f"{one}; {other}"

    return decide


def _boot(lines: Mapping[str, Line], emulated: bool) -> _Answer:
    found = _both(lines, "boot.warm")
    if found is None:
        return _undecided("not measured on both sides")
    vm, container = found
    in_claim, text = _within(1.0, container, 10.0, _seconds, "container")
    if vm < 60:
        # Emulation makes a boot slower, never quicker: below the range it refutes all the same.
        slow = ", even under software emulation" if emulated else ""
        return Verdict.REFUTED, f"VM {_seconds(vm)} is below 1 min{slow}; {text}"
    if not in_claim:
        return Verdict.REFUTED, f"{text}; VM {_seconds(vm)}"
    if emulated:
        return _undecided(f"{text}; {EMULATED}")
    return (Verdict.CONFIRMED if vm <= 300 else Verdict.REFUTED), f"VM {_seconds(vm)}; {text}"


def _performance(lines: Mapping[str, Line], emulated: bool) -> _Answer:
    line = lines.get("cpu.events")
    host = _median(lines, "cpu.events", Arm.HOST)
    container = _median(lines, "cpu.events", Arm.CONTAINER)
    vm = _median(lines, "cpu.events", Arm.VM)
    if line is None or not host or container is None:
        return _undecided("not measured on host and container")
    near = container / host
    text = f"container at {near:.2f} of the host's CPU rate"
    if near < 0.95:
        return Verdict.REFUTED, f"{text}, so not near native"
    if vm is None:
        return _undecided(f"{text}; the VM was not measured")
    if emulated:
        return _undecided(f"{text}, near native holds; VM at {vm / host:.2f}, but {EMULATED}")
    slower = vm / host < 0.99
    return (Verdict.CONFIRMED if slower else Verdict.REFUTED), f"{text}; VM at {vm / host:.2f}"


def _isolation(lines: Mapping[str, Line], emulated: bool) -> _Answer:
    line = lines.get("isolation.boot_id") or lines.get("isolation.kernel")
    facts = line.facts if line else {}
    if not {Arm.VM, Arm.CONTAINER, Arm.HOST} <= facts.keys():
        return _undecided("not seen from all of VM, container and host")
    separate, shared = facts[Arm.VM] != facts[Arm.HOST], facts[Arm.CONTAINER] == facts[Arm.HOST]
    verdict = Verdict.CONFIRMED if separate and shared else Verdict.REFUTED
    return verdict, (
        f"the VM runs {'a kernel of its own' if separate else 'the kernel of the host'}, "
        f"the container {'the same kernel as the host' if shared else 'another'}: by boot id"
    )


def _os(lines: Mapping[str, Line], emulated: bool) -> _Answer:
    line = lines.get("os.kernel")
    facts = line.facts if line else {}
    if not {Arm.VM, Arm.CONTAINER, Arm.HOST} <= facts.keys():
        return _undecided("not seen from all of VM, container and host")
    if facts[Arm.VM] == facts[Arm.HOST] or facts[Arm.CONTAINER] != facts[Arm.HOST]:
        return _undecided("the kernels do not tell the sides apart here")
    return _undecided(
        "the VM runs its own kernel, the container the host's; other operating systems were not "
        "tried, and a container's userland need not match the host's"
    )


def _security(lines: Mapping[str, Line], emulated: bool) -> _Answer:
    count = _median(lines, "security.capabilities", Arm.CONTAINER)
    told = f"{count:.0f} capabilities on the host's kernel" if count is not None else "counted"
    return _undecided(f"facts, not a score: {told} for the container, a device model for the VM")


def _portability(lines: Mapping[str, Line], emulated: bool) -> _Answer:
    found = _both(lines, "move.size")
    if found is None:
        return _undecided("not measured on both sides")
    vm, container = found
    text = f"to move, compressed alike: VM {iec(int(vm))}, container {iec(int(container))}"
    if vm > container * 1.05:
        return Verdict.CONFIRMED, text
    return Verdict.REFUTED, f"{text}: the VM's is not larger"


def _resources(lines: Mapping[str, Line], emulated: bool) -> _Answer:
    use, cost = _both(lines, "memory.idle.use"), _both(lines, "memory.idle.host")
    if cost is None:
        return _undecided("not measured on both sides")
    text = f"host pays {iec(int(cost[0]))} for the VM, {iec(int(cost[1]))} for the container"
    if use is not None:
        text += f"; in use {iec(int(use[0]))} and {iec(int(use[1]))}"
    if emulated:
        text += " (the VM's cost holds the emulator's code cache)"
    # What the guest itself uses does not depend on how its instructions are run.
    asked = [pair for pair in (use, None if emulated else cost) if pair is not None]
    if not asked:
        return _undecided(text)
    is_more = all(vm > container for vm, container in asked)
    return (Verdict.CONFIRMED if is_more else Verdict.REFUTED), text


def _density(lines: Mapping[str, Line], emulated: bool) -> _Answer:
    found = _both(lines, "density.count")
    if found is None:
        return _undecided("not measured on both sides")
    vm, container = found
    text = (
        f"by the slope of memory: about {vm:.0f} VMs, {container:.0f} containers of this workload"
    )
    if container < 100:
        return Verdict.REFUTED, text
    if emulated:
        return _undecided(f"{text}; {EMULATED}")
    return (Verdict.CONFIRMED if 10 <= vm <= 20 else Verdict.REFUTED), text


def _speed(metric: str) -> _Judge:
    def decide(lines: Mapping[str, Line], emulated: bool) -> _Answer:
        line = lines.get(metric)
        ratio = line.ratio if line else None
        if ratio is None:
            return _undecided("not measured on both sides")
        if emulated:
            return _undecided(f"{ratio.says}; {EMULATED}")
        if ratio.outcome in (Outcome.CACHED, Outcome.UNSURE):
            return _undecided(ratio.says)
        is_slower = ratio.outcome is Outcome.DIFFERENT and ratio.median < 1
        return (Verdict.CONFIRMED if is_slower else Verdict.REFUTED), ratio.says

    return decide


def _seconds(value: float) -> str:
    return f"{value:.3g} s"


_JUDGES: Mapping[Row, _Judge] = {
    Row.SIZE: _ranges(
        "size.disk", (1 * _GB, 10 * _GB), (10 * _MB, 500 * _MB), lambda b: iec(int(b))
    ),
    Row.BOOT: _boot,
    Row.PERFORMANCE: _performance,
    Row.ISOLATION: _isolation,
    Row.OS_SUPPORT: _os,
    Row.SECURITY: _security,
    Row.PORTABILITY: _portability,
    Row.RESOURCES: _resources,
    Row.DENSITY: _density,
    Row.NETWORKING: _speed("http.published"),
    Row.STORAGE: _speed("disk.randread"),
}
