"""What cannot be meant: lengths below nothing, a gap wider than the cloth, tilts against the nap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

from cutkit.errors import UsageError
from cutkit.prepare.wanted import Wanted, Words

FARTHEST_MM = 1e7


@dataclass(frozen=True, slots=True)
class Senseless:
    """A key whose value cannot be meant, and the error that says why."""

    key: str
    error: UsageError


def senseless(wanted: Wanted) -> Iterator[Senseless]:
    """Everything in ``wanted`` that cannot be meant, as far as it shows without the patterns."""
    yield from _lengths(wanted)
    yield from _tilts(wanted)
    yield from _widths(wanted)


def _lengths(wanted: Wanted) -> Iterator[Senseless]:
    name = wanted.words.name
    for key, value in (("gap", wanted.gap_mm), ("selvedge", wanted.selvedge_mm)):
        if (value or 0) < 0:
            yield Senseless(key, UsageError(f"{name(key)} must not be negative"))
    for key, value in (("width", wanted.width_mm), ("max_length", wanted.max_length_mm)):
        if value is not None and value <= 0:
            yield Senseless(key, UsageError(f"{name(key)} must be above 0"))
    for key in ("width", "gap", "selvedge", "max_length"):
        if (getattr(wanted, f"{key}_mm") or 0) > FARTHEST_MM:
            yield Senseless(key, UsageError(f"{name(key)} must be at most {FARTHEST_MM / 1e6:g} km"))


def _tilts(wanted: Wanted) -> Iterator[Senseless]:
    words, tilt, nap = wanted.words, wanted.tilt_deg or 0.0, wanted.nap or "two-way"
    if isnan(tilt):
        yield Senseless("tilt", UsageError(f"{words.name('tilt')} is not a number"))
    elif nap != "two-way" and tilt > 90:
        message = f"{words.name('tilt')} {tilt:g} turns pieces against a {nap} nap"
        hint = f"Give at most 90 degrees, or {words.example('nap', 'two-way')}."
        yield Senseless("tilt", UsageError(message, hint=hint))


def _widths(wanted: Wanted) -> Iterator[Senseless]:
    if wanted.width_mm is None:
        return
    selvedge = wanted.selvedge_mm or 0.0
    usable = wanted.width_mm - 2 * selvedge
    if usable <= 0:
        message = f"no usable width is left of {wanted.width_mm:g} mm between selvedges of {selvedge:g} mm"
        yield Senseless("selvedge", UsageError(message))
    elif (error := wide_gap(wanted.gap_mm or 0.0, usable, wanted.words)) is not None:
        yield Senseless("gap", error)


def wide_gap(gap_mm: float, usable_mm: float, words: Words) -> UsageError | None:
    """The error that says that a gap is wider than the cloth; None where it is not."""
    if gap_mm <= usable_mm:
        return None
    return UsageError(
        f"the gap of {gap_mm:g} mm is wider than the usable width of {usable_mm:g} mm",
        hint=f"Give the least distance between two pieces, for example {words.example('gap', '2mm')}.",
    )
