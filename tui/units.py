"""How figures are shown: IEC sizes, seconds, per cent. A missing figure is a dash."""

from __future__ import annotations

from datetime import UTC, datetime

DASH = "—"
_IEC = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def iec(size_bytes: float | None) -> str:
    """`3.0 MiB`; three significant digits at most; `—` for None."""
    if size_bytes is None:
        return DASH
    value = float(size_bytes)
    for unit in _IEC:
        if abs(value) < 1000 or unit == _IEC[-1]:
            break
        value /= 1024
    digits = 0 if unit == "B" or abs(value) >= 100 else 1
    return f"{value:.{digits}f} {unit}"


def percent(value: float | None) -> str:
    """`12.3` below 100, `250` above; `—` for None."""
    if value is None:
        return DASH
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def seconds(value: float | None) -> str:
    """`0.42 s`, `49.3 s`, `2 m 05 s`; `—` for None."""
    if value is None:
        return DASH
    if value < 10:
        return f"{value:.2f} s"
    if value < 100:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole // 60} m {whole % 60:02d} s"


def age(value_seconds: float | None) -> str:
    """Uptime in its two largest units: `42s`, `5m03s`, `3h12m`, `4d07h`; `—` for None."""
    if value_seconds is None:
        return DASH
    whole = max(0, int(value_seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def figure(value: float | None, unit: str) -> str:
    """A figure of any unit of the lab: `49.3 s`, `4.20 ms`, `139 MiB`, `1,234 IOPS`, `12`."""
    if value is None:
        return DASH
    match unit:
        case "s":
            return _time(value)
        case "B":
            return iec(value)
        case "B/s":
            return f"{iec(value)}/s"
    return f"{plain_number(value)} {unit}" if unit not in ("", "count") else plain_number(value)


def interval(low: float | None, high: float | None, unit: str) -> str:
    """`49.8–53.0 s`, the unit once where both have the same; empty without an interval."""
    if low is None or high is None:
        return ""
    first, last = figure(low, unit), figure(high, unit)
    number, _, word = first.partition(" ")
    return f"{number}–{last}" if word == last.partition(" ")[2] else f"{first} – {last}"


def plain_number(value: float) -> str:
    """Three significant digits below 1000, whole above: `0.0123`, `4.20`, `12`, `1,234`."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if 1 <= abs(value) < 10 else f"{value:#.3g}"


def about(value_seconds: float) -> str:
    """A length that nobody knows exactly: `under 1 min`, `12 min`, `1 h 10 min`."""
    minutes = round(value_seconds / 60)
    if value_seconds < 60:
        return "under 1 min"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _time(value: float) -> str:
    if value >= 0.1 or value == 0:
        return seconds(value)
    number, unit = (value * 1e3, "ms") if value >= 1e-3 else (value * 1e6, "µs")
    return f"{number:#.3g}".rstrip(".") + f" {unit}"


def timestamp(unix_seconds: float | None) -> str | None:
    """RFC 3339 in UTC with milliseconds: `2026-01-31T09:30:00.250Z`."""
    if unix_seconds is None:
        return None
    moment = datetime.fromtimestamp(unix_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
