"""Every reading of a metric as a dot, with the median and its interval: inline SVG.

Widths are shares of the page's and text is never scaled, so a chart reads the same on a phone.
Dots stand from top to bottom in the order taken: a drift shows as a slope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from tui.lab.reports.axis import Axis, make_axis
from tui.lab.reports.words import ARMS
from tui.results import Arm, Estimate, Line, Measurement, Study
from tui.text import clean
from tui.units import figure, plain_number

_LEAST_LANE, _MOST_LANE, _DOT_STEP, _EDGE = 26, 96, 6, 8


@dataclass(frozen=True, slots=True)
class _Lane:
    name: str
    arm: Arm
    readings: tuple[Measurement, ...]
    estimate: Estimate | None = None
    outliers: frozenset[int] = frozenset()
    """Indices into `readings`."""

    @property
    def height(self) -> int:
        """In pixels: room for its dots, one below the other."""
        wanted = _DOT_STEP * (len(self.readings) - 1) + 2 * _EDGE
        return max(_LEAST_LANE, min(_MOST_LANE, wanted))


def strip(line: Line, study: Study, names: Mapping[Arm, str]) -> str:
    """All readings of a line on one axis, a lane an arm; empty where there is one figure only."""
    lanes = _lanes(line, study, names)
    values = [m.value for lane in lanes for m in lane.readings if m.value is not None]
    if len(values) < 2:
        return ""
    unit = line.metric.unit
    axis = make_axis(values, unit)
    label = escape(f"{clean(line.metric.title)}: all readings, by arm")
    body = "".join(_lane(lane, axis, unit) for lane in lanes)
    return (
        f'<figure class="chart"><div role="img" aria-label="{label}">{body}'
        f"{scale(axis, unit)}</div><figcaption>{escape(_key(lanes, axis, unit))}</figcaption>"
        "</figure>"
    )


def scale(axis: Axis, unit: str) -> str:
    """The round values under a chart."""
    parts = []
    for tick in axis.ticks:
        share = axis.place(tick)
        anchor = "start" if share < 0.06 else "end" if share > 0.94 else "middle"
        told = escape(_tick(tick, unit))
        parts.append(f'<text x="{at(share)}" y="12" text-anchor="{anchor}">{told}</text>')
    return row("", "scale", 16, parts)


def grid(axis: Axis, height: int) -> str:
    """Upright lines at the round values."""
    places = [at(axis.place(tick)) for tick in axis.ticks]
    return "".join(f'<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{height}"/>' for x in places)


def row(name: str, kind: str, height: int, parts: Sequence[str]) -> str:
    """A name and what is drawn beside it."""
    return (
        f'<div class="lane"><span>{escape(name)}</span>'
        f'<svg class="{kind}" height="{height}">{"".join(parts)}</svg></div>'
    )


def at(share: float) -> str:
    """A share of the width, as SVG writes it."""
    return f"{100 * share:.2f}%"


def _lanes(line: Line, study: Study, names: Mapping[Arm, str]) -> list[_Lane]:
    taken = [m for m in study.measurements if m.metric == line.metric.id]
    taken = [m for m in taken if m.value is not None and not m.error]
    lanes = []
    for arm in ARMS:
        own = tuple(m for m in taken if m.arm is arm and not m.stream)
        estimate = line.estimates.get(arm)
        if own:
            counted = [n for n, m in enumerate(own) if not m.is_warmup]
            marked = estimate.outliers if estimate else ()
            far = frozenset(counted[n] for n in marked if n < len(counted))
            lanes.append(_Lane(names[arm], arm, own, estimate, far))
        itself = tuple(m for m in taken if m.arm is arm and m.stream)
        if itself:
            lanes.append(_Lane(f"{names[arm]} A/A", arm, itself))
    return lanes


def _lane(lane: _Lane, axis: Axis, unit: str) -> str:
    parts = [grid(axis, lane.height), *_middle(lane, axis)]
    for n, reading in enumerate(lane.readings):
        parts.extend(_dot(lane, n, reading, axis, unit))
    return row(lane.name, str(lane.arm), lane.height, parts)


def _middle(lane: _Lane, axis: Axis) -> Iterator[str]:
    found = lane.estimate
    if found is None:
        return
    if found.low is not None and found.high is not None:
        low, high = axis.place(found.low), axis.place(found.high)
        yield (
            f'<rect class="range" x="{at(low)}" width="{at(high - low)}" y="0" '
            f'height="{lane.height}"/>'
        )
    x = at(axis.place(found.median))
    yield f'<line class="median" x1="{x}" x2="{x}" y1="1" y2="{lane.height - 1}"/>'


def _dot(lane: _Lane, n: int, m: Measurement, axis: Axis, unit: str) -> Iterator[str]:
    room = lane.height - 2 * _EDGE
    y = lane.height / 2 if len(lane.readings) == 1 else _EDGE + room * n / (len(lane.readings) - 1)
    value = m.value or 0.0
    x = at(axis.place(value))
    told = [figure(value, unit), f"block {m.block}"]
    shape = "dot"
    if m.is_warmup:
        shape, told = "dot hollow", [*told, "warm-up, not counted"]
    elif m.stream:
        told.append(f"A/A, stream {m.stream}")
    if n in lane.outliers:
        yield f'<circle class="ring" cx="{x}" cy="{y:.1f}" r="7.5"/>'
        told.append("outlier, kept")
    title = "; ".join(clean(text) for text in (*told, *m.noise))
    if m.stream == "b":
        where = f'x="{x}" y="{y - 3.5:.1f}" width="7" height="7" transform="translate(-3.5)"'
        yield f'<rect class="{shape}" {where}><title>{escape(title)}</title></rect>'
    else:
        where = f'cx="{x}" cy="{y:.1f}" r="4"'
        yield f'<circle class="{shape}" {where}><title>{escape(title)}</title></circle>'
    if m.noise:
        yield f'<text class="cross" x="{x}" y="{y + 4:.1f}" text-anchor="middle">×</text>'


def _key(lanes: Sequence[_Lane], axis: Axis, unit: str) -> str:
    """What the marks of this very chart mean."""
    readings = [m for lane in lanes for m in lane.readings]
    kind = "logarithmic" if axis.is_log else "not from zero" if axis.is_cut else ""
    told = [unit if unit not in ("", "s", "B", "B/s", "count") else "", kind]
    if any(lane.estimate and lane.estimate.low is not None for lane in lanes):
        told.append("band: 95 % interval")
    if any(m.is_warmup for m in readings):
        told.append("hollow: warm-up, not counted")
    if any(m.stream for m in readings):
        told.append("A/A: against itself, ● stream a, ■ stream b")
    if any(lane.outliers for lane in lanes):
        told.append("ringed: outlier, kept")
    if any(m.noise for m in readings):
        told.append("×: the host was disturbed")
    return " · ".join(clean(text) for text in told if text)


def _tick(value: float, unit: str) -> str:
    if value == 0:
        return "0"
    return figure(value, unit) if unit in ("s", "B", "B/s") else plain_number(value)
