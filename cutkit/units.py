"""Lengths and times as people write them, to and from the millimetres and seconds used everywhere inside.

>>> parse_length("1.5m")
1500.0
>>> parse_duration("10m")
600.0
"""

from __future__ import annotations

import math
import re

MM_PER = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4, '"': 25.4, "inch": 25.4, "ft": 304.8, "yd": 914.4}
SECONDS_PER = {"ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

_NUMBER_AND_UNIT = re.compile(r"\s*([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+))\s*([a-zA-Z\"]*)\s*")


def _parse(text: str, factors: dict[str, float], what: str, examples: str) -> float:
    match = _NUMBER_AND_UNIT.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a {what}; write it like {examples}")
    number, unit = match.groups()
    if not unit:
        raise ValueError(f"{text!r} has no unit; write it like {examples}")
    factor = factors.get(unit.lower())
    if factor is None:
        raise ValueError(f"{text!r}: unknown unit {unit!r}; known are {', '.join(u for u in factors if u.isalpha())}")
    value = float(number.replace(",", ".")) * factor
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not finite")
    return value


def parse_length(text: str) -> float:
    """Millimetres of ``150cm``, ``1500mm``, ``60in``, ``1.64yd``, ``1.5m``; ValueError where the unit is missing."""
    return _parse(text, MM_PER, "length", "150cm, 1500mm, 60in or 1.64yd")


def parse_duration(text: str) -> float:
    """Seconds of ``90s``, ``10m``, ``2h``; ValueError where the unit is missing."""
    return _parse(text, SECONDS_PER, "time", "90s, 10m or 2h")


def parse_angle(text: str) -> float:
    """Degrees of ``3deg`` or ``3°``; ValueError where the unit is missing."""
    return _parse(text.replace("°", "deg"), {"deg": 1.0}, "angle", "3deg")


def parse_percent(text: str) -> float:
    """The fraction of ``2%``: 0.02; ValueError where the sign is missing."""
    if not text.rstrip().endswith("%"):
        raise ValueError(f"{text!r} has no unit; write it like 2%")
    return _parse(text.rstrip()[:-1] + "pct", {"pct": 0.01}, "share", "2%")


def format_length(mm: float) -> str:
    """A length for people: metres from one metre up, else centimetres or millimetres."""
    if abs(mm) >= 1000:
        return f"{mm / 1000:.3f} m"
    if abs(mm) >= 100:
        return f"{mm / 10:.1f} cm"
    return f"{mm:.1f} mm"


def format_duration(seconds: float) -> str:
    """A time for people: ``8.2 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
