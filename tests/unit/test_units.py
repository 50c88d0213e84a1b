"""Figures as people read them; a missing one is a dash, never 0."""

from __future__ import annotations

import pytest

from tui import units


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (None, "—"),
        (0, "0 B"),
        (999, "999 B"),
        (1024, "1.0 KiB"),
        (3 * 1024**2, "3.0 MiB"),
        (512 * 1024**2, "512 MiB"),
        (1.4 * 1024**3, "1.4 GiB"),
    ],
)
def test_sizes_are_iec(size_bytes: float | None, shown: str) -> None:
    assert units.iec(size_bytes) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "—"), (0.0, "0.0"), (12.34, "12.3"), (99.96, "100"), (250.4, "250")]
)
def test_percent(value: float | None, shown: str) -> None:
    assert units.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "—"), (0.4213, "0.42 s"), (49.26, "49.3 s"), (125.2, "2 m 05 s")]
)
def test_seconds(value: float | None, shown: str) -> None:
    assert units.seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "—"), (-1, "0s"), (42, "42s"), (303, "5m03s"), (11520, "3h12m"), (370800, "4d07h")],
)
def test_age(value: float | None, shown: str) -> None:
    assert units.age(value) == shown
