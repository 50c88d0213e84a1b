"""How figures are shown: IEC sizes, seconds, per cent. A missing figure is a dash."""

from __future__ import annotations

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
