"""PE, the encoded polyline of HP-GL/2: numbers in base 64 (or 32) digits, least significant first.

A number n stands for v = n / 2, negative where n is odd; a digit is 63 + d, the last one of a number 191 + d (base 32,
after the flag ``7``: 63 + d and 95 + d). Flags: ``<`` the next point with the pen up, ``=`` the next point absolute,
``:`` a pen number follows, ``>`` the number of fraction bits follows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EncodedStep:
    """One point of a polyline, in user units, or (``tool`` given) a change of pen."""

    x: float = 0.0
    y: float = 0.0
    up: bool = False
    absolute: bool = False
    tool: int | None = None


def decode_polyline(text: str) -> tuple[list[EncodedStep], str | None]:
    """The steps of a PE instruction's text, and what is wrong with it (then the steps up to there), or None."""
    steps: list[EncodedStep] = []
    base, fraction_bits, up, absolute = 64, 0, False, False
    first: float | None = None
    position = 0
    while position < len(text):
        flag = text[position]
        if flag in " \r\n\t":
            position += 1
        elif flag in "<=7" and first is None and not (flag == "7" and base == 32):
            position += 1
            up, absolute = up or flag == "<", absolute or flag == "="
            base = 32 if flag == "7" else base
        elif flag in ":>" and first is None:
            value, position = _number(text, position + 1, base)
            if value is None:
                return steps, f"no number after {flag!r}"
            if flag == ":":
                steps.append(EncodedStep(tool=value))
            else:
                fraction_bits = value
        else:
            value, end = _number(text, position, base)
            if value is None:
                return steps, f"{text[position]!r} is no digit, or the text ends inside a number"
            position = end
            if first is None:
                first = value / 2**fraction_bits
            else:
                steps.append(EncodedStep(first, value / 2**fraction_bits, up, absolute))
                first, up, absolute = None, False, False
    return steps, "an x without its y" if first is not None else None


def _number(text: str, start: int, base: int) -> tuple[int | None, int]:
    """One number and where it ends; None where it is broken."""
    total, weight = 0, 1
    low, last = 63, (191 if base == 64 else 95)
    for position in range(start, len(text)):
        code = ord(text[position]) & (0xFF if base == 64 else 0x7F)
        if code in (10, 13, 32):
            continue
        if last <= code < last + base:
            total += (code - last) * weight
            return (-(total // 2) if total % 2 else total // 2), position + 1
        if not low <= code < low + base:
            return None, position
        total += (code - low) * weight
        weight *= base
    return None, len(text)
