"""Charts as inline SVG: every sample a dot, its median and interval; boots by phase."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from tui.model import Phase
from tui.results import Line, Measurement
from tui.units import figure

_WIDTH = 720
_LEFT, _RIGHT = 90, 20
_ROW = 26
_LOG_FROM = 20.0
"""Arms further apart than this share no linear axis."""
_SHADES = ("0.95", "0.8", "0.65", "0.5", "0.35", "0.2")


def strip(line: Line) -> str:
    """All samples of a line on one axis, a row an arm; logarithmic when they are far apart."""
    samples = [x for e in line.estimates.values() for x in e.samples]
    low, high = min(samples), max(samples)
    is_log = low > 0 and high / low > _LOG_FROM
    place = _axis(low, high, is_log=is_log)
    parts = []
    for n, (arm, estimate) in enumerate(line.estimates.items()):
        y = n * _ROW + 16
        parts.append(f'<text x="0" y="{y + 4}">{arm}</text>')
        if estimate.low is not None and estimate.high is not None:
            x1, x2 = place(estimate.low), place(estimate.high)
            parts.append(
                f'<line class="range {arm}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y}" y2="{y}"/>'
            )
        for x in estimate.samples:
            told = escape(figure(x, line.metric.unit))
            parts.append(
                f'<circle class="dot {arm}" cx="{place(x):.1f}" cy="{y}" r="5">'
                f"<title>{told}</title></circle>"
            )
        x = place(estimate.median)
        parts.append(
            f'<line class="middle {arm}" x1="{x:.1f}" x2="{x:.1f}" y1="{y - 9}" y2="{y + 9}"/>'
        )
    height = len(line.estimates) * _ROW + 30
    y = height - 24
    ends = [f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>']
    for value, anchor in ((low, "start"), (high, "end")):
        told = escape(figure(value, line.metric.unit))
        ends.append(
            f'<text x="{place(value):.1f}" y="{y + 16}" text-anchor="{anchor}">{told}</text>'
        )
    if is_log:
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        ends.append(f'<text x="{middle}" y="{y + 16}" text-anchor="middle">logarithmic</text>')
    label = escape(f"{line.metric.title}: all samples by arm")
    return _svg(height, label, [*parts, *ends])


def boot_bars(boots: Sequence[Measurement]) -> str:
    """Boots as bars of their phases, one a reading; sides with no phases are left out."""
    names = [phase.value for phase in Phase]
    shown = [m for m in boots if any(name in m.parts for name in names) and not m.stream]
    if not shown:
        return ""
    longest = max(sum(m.parts.get(name, 0.0) for name in names) for m in shown) or 1.0
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    parts = []
    for n, m in enumerate(shown):
        x, y = float(_LEFT), n * 18 + 4
        parts.append(f'<text x="0" y="{y + 10}">{m.arm}</text>')
        for name, shade in zip(names, _SHADES, strict=True):
            seconds = m.parts.get(name, 0.0)
            if seconds <= 0:
                continue
            width = seconds * scale
            told = escape(f"{name} {figure(seconds, 's')}")
            parts.append(
                f'<rect class="{m.arm}" x="{x:.1f}" y="{y}" width="{max(width, 0.5):.1f}" '
                f'height="12" fill-opacity="{shade}" stroke-opacity="0.6">'
                f"<title>{told}</title></rect>"
            )
            if width > 60:
                parts.append(f'<text x="{x + 4:.1f}" y="{y + 10}">{escape(name)}</text>')
            x += width
    height = len(shown) * 18 + 10
    return _svg(height, "boots by phase", parts)


class _Place:
    def __init__(self, low: float, high: float, is_log: bool) -> None:
        self._low, self._high, self._is_log = low, high, is_log

    def __call__(self, value: float) -> float:
        """Where it stands, in SVG units."""
        low, high = self._low, self._high
        if self._is_log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        share = (value - low) / (high - low) if high > low else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _axis(low: float, high: float, *, is_log: bool) -> _Place:
    # From zero where that does not hide the difference: a cut axis makes much of little.
    return _Place(low if is_log or low > 0.5 * high else 0.0, high, is_log)


def _svg(height: int, label: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">'
        + "".join(parts)
        + "</svg>"
    )
