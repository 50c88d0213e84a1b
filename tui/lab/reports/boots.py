"""Boots as bars of their phases, one bar a reading, each side on a scale of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import median

from tui.lab.reports.axis import Axis, zero_axis
from tui.lab.reports.charts import at, grid, row, scale
from tui.lab.reports.words import ARMS
from tui.model import Phase
from tui.results import Arm, Measurement, Study
from tui.units import figure

_BAR = 18
_LABEL_SHARE = 0.3
"""A phase at least so wide has its name in the bar, also on a phone."""
_NAMES = tuple(phase.value for phase in Phase)
_TAIL = "vagrant after the answer"


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    shade: str
    """A class of the style sheet."""
    seconds: float


def boot_bars(metric: str, study: Study, names: Mapping[Arm, str]) -> str:
    """A panel an arm; empty when no boot of that metric has phases."""
    panels = []
    for arm in ARMS:
        boots = [
            m
            for m in study.measurements
            if m.metric == metric and m.arm is arm and not m.stream and not m.error
        ]
        shown = [m for m in boots if any(m.parts.get(name, 0.0) > 0 for name in _NAMES)]
        if shown:
            panels.append(_panel(shown, arm, names[arm]))
    return f'<div class="phases">{"".join(panels)}</div>' if panels else ""


def phases_of(boot: Measurement) -> tuple[_Part, ...]:
    """The phases in order; what the vagrant tool adds once the workload has answered, apart.

    `bridge` is when the workload answered at the VM's own address, past the tool's tunnel.
    """
    end = boot.parts.get("bridge", float("inf"))
    parts, since, tail = [], 0.0, 0.0
    for number, name in enumerate(_NAMES):
        seconds = max(0.0, boot.parts.get(name, 0.0))
        own = min(seconds, max(0.0, end - since))
        since += seconds
        tail += seconds - own
        if own > 0:
            by_tool = name == Phase.PREPARE.value and "tool" in boot.parts
            label = "vagrant before the start" if by_tool else name
            parts.append(_Part(label, "tool" if by_tool else f"phase-{number}", own))
    if tail > 0:
        parts.append(_Part(_TAIL, "tool", tail))
    return tuple(parts)


def _panel(boots: Sequence[Measurement], arm: Arm, name: str) -> str:
    found = [phases_of(m) for m in boots]
    axis = zero_axis(max(sum(p.seconds for p in parts) for parts in found), "s")
    bars = "".join(_bar(m, parts, axis) for m, parts in zip(boots, found, strict=True))
    counted = [parts for m, parts in zip(boots, found, strict=True) if not m.is_warmup] or found
    label = escape(f"{name}: each boot by phase")
    return (
        f'<figure class="chart {arm}"><h4>{escape(name)}: each boot by phase</h4>'
        f'<div role="img" aria-label="{label}">{bars}{scale(axis, "s")}</div>'
        f"<figcaption>{_legend(counted)}</figcaption></figure>"
    )


def _bar(boot: Measurement, parts: Sequence[_Part], axis: Axis) -> str:
    drawn, since = [grid(axis, _BAR)], 0.0
    for part in parts:
        left, right = axis.place(since), axis.place(since + part.seconds)
        since += part.seconds
        told = escape(f"{part.name} {figure(part.seconds, 's')}")
        drawn.append(
            f'<rect class="{part.shade}" x="{at(left)}" width="{at(max(right - left, 0.002))}" '
            f'y="2" height="{_BAR - 4}"><title>{told}</title></rect>'
        )
        if right - left >= _LABEL_SHARE:
            drawn.append(
                f'<text class="inside" x="{at((left + right) / 2)}" y="13" '
                f'text-anchor="middle">{escape(part.name)}</text>'
            )
    name = "warm-up" if boot.is_warmup else f"boot {boot.block + 1}"
    return row(name, "bar", _BAR, drawn)


def _legend(boots: Sequence[Sequence[_Part]]) -> str:
    """Phases in their order, each with the median of what it took."""
    seconds: dict[tuple[str, str], list[float]] = {}
    for parts in boots:
        for part in parts:
            seconds.setdefault((part.name, part.shade), []).append(part.seconds)
    entries = sorted(seconds.items(), key=lambda kv: _rank(kv[0][0]))
    return " ".join(
        f'<span class="entry"><svg width="14" height="10"><rect class="{shade}" width="14" '
        f'height="10"/></svg> {escape(name)} {escape(figure(median(found), "s"))}</span>'
        for (name, shade), found in entries
    )


def _rank(name: str) -> int:
    """Where a phase stands in time."""
    if name in _NAMES:
        return _NAMES.index(name)
    return len(_NAMES) if name == _TAIL else 0
