"""Which columns a deck shows in the space it has, and how wide each is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len, set_cell_size

from tui.model import SideName


class Column(StrEnum):
    """What a deck can tell of an instance."""

    STATE = "state"
    NAME = "name"
    CPU = "cpu"
    MEMORY = "memory"
    ACCELERATOR = "accelerator"
    TREND = "trend"
    UPTIME = "uptime"
    BOOT = "boot"
    OWNER = "owner"
    PORTS = "ports"


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column's heading, the widths it can have in characters, and when it gives way."""

    column: Column
    heading: str
    least: int
    most: int
    keep: int
    """Dropped in descending order; 0 always stays."""
    is_right: bool = False
    is_sortable: bool = True


@dataclass(frozen=True, slots=True)
class Fitted:
    """A column as it is shown: where it begins in the row and how wide it is."""

    spec: ColumnSpec
    x: int
    width: int


GUTTER = 2
"""Cursor and mark, before the first column."""
GAP = 1

_STATE = ColumnSpec(Column.STATE, "STATE", 12, 16, 0)
_NAME = ColumnSpec(Column.NAME, "NAME", 12, 36, 0)
_CPU = ColumnSpec(Column.CPU, "CPU%", 5, 6, 0, is_right=True)
_MEMORY = ColumnSpec(Column.MEMORY, "MEM", 8, 9, 0, is_right=True)
_ACCELERATOR = ColumnSpec(Column.ACCELERATOR, "BY", 4, 5, 1, is_sortable=False)
_TREND = ColumnSpec(Column.TREND, "TREND", 8, 24, 3, is_sortable=False)
_UPTIME = ColumnSpec(Column.UPTIME, "UP", 6, 7, 4, is_right=True)
_BOOT = ColumnSpec(Column.BOOT, "BOOT", 6, 7, 2, is_right=True)
_OWNER = ColumnSpec(Column.OWNER, "OWNER", 8, 16, 6, is_sortable=False)
_PORTS = ColumnSpec(Column.PORTS, "PORTS", 8, 22, 5)

_CONTAINER = (_STATE, _NAME, _CPU, _MEMORY, _TREND, _UPTIME, _BOOT, _PORTS)
_VM = (_STATE, _NAME, _CPU, _MEMORY, _ACCELERATOR, _TREND, _UPTIME, _BOOT, _OWNER, _PORTS)
_GROWS = (Column.NAME, Column.STATE, Column.TREND, Column.OWNER, Column.PORTS)
_NAME_FIRST = 20
"""Names get this much before anything else grows."""


def columns_of(
    side: SideName, *, has_trend: bool = True, has_owner: bool = False
) -> tuple[ColumnSpec, ...]:
    """The columns of a deck; a VM's figures never stand without what accelerates it.

    `has_owner`: whether some are not this user's own, so that a column has to say whose.
    """
    specs = _VM if side is SideName.VM else _CONTAINER
    left_out = (() if has_trend else (_TREND,)) + (() if has_owner else (_OWNER,))
    return tuple(spec for spec in specs if spec not in left_out)


def fit(specs: tuple[ColumnSpec, ...], width: int) -> tuple[Fitted, ...]:
    """The columns that go into `width` characters, gutter included, left to right."""
    shown = list(specs)
    while _needed(shown) > width and any(spec.keep for spec in shown):
        shown.remove(max(shown, key=lambda spec: spec.keep))
    widths = {spec.column: spec.least for spec in shown}
    spare = width - _needed(shown)
    if spare < 0:
        widths[Column.NAME] = max(1, widths[Column.NAME] + spare)
    spare = _grow(widths, Column.NAME, _NAME_FIRST, spare)
    most = {spec.column: spec.most for spec in shown}
    while spare > 0:
        growing = [c for c in _GROWS if c in widths and widths[c] < most[c]]
        if not growing:
            break
        for column in growing:
            spare = _grow(widths, column, widths[column] + 1, spare)
    return _placed(shown, widths)


def _needed(specs: list[ColumnSpec]) -> int:
    return GUTTER + sum(spec.least for spec in specs) + GAP * (len(specs) - 1)


def _grow(widths: dict[Column, int], column: Column, goal: int, spare: int) -> int:
    more = max(0, min(spare, goal - widths[column]))
    widths[column] += more
    return spare - more


def _placed(specs: list[ColumnSpec], widths: dict[Column, int]) -> tuple[Fitted, ...]:
    fitted = []
    x = GUTTER
    for spec in specs:
        fitted.append(Fitted(spec, x, widths[spec.column]))
        x += widths[spec.column] + GAP
    return tuple(fitted)


def aligned(text: str, fitted: Fitted) -> str:
    """Cell text in exactly the column's width, measured in terminal cells."""
    if fitted.spec.is_right and cell_len(text) < fitted.width:
        text = " " * (fitted.width - cell_len(text)) + text
    return set_cell_size(text, fitted.width)
