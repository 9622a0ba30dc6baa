"""Waste against waste: the same markers made twice, marker by marker and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

SAME_PIECES = 1e-4
"""Areas of pieces that differ by more, as a share: these are not the same pieces."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A marker's name, its cloth (usable width times length), and the area of its pieces."""

    name: str
    cloth_mm2: float
    pieces_mm2: float

    @property
    def waste_pct(self) -> float:
        """The share of the cloth that no piece covers, in percent; 0 where there is no cloth."""
        return 100.0 * (1.0 - self.pieces_mm2 / self.cloth_mm2) if self.cloth_mm2 > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A marker as it was and as it is."""

    name: str
    before: Measured
    after: Measured

    @property
    def gain_points(self) -> float:
        """By how many points of the cloth the waste is less; below 0 where it is more."""
        return self.before.waste_pct - self.after.waste_pct

    @property
    def same_pieces(self) -> bool:
        """Whether both hold as much of pieces; else their waste is no fair comparison."""
        most = max(self.before.pieces_mm2, self.after.pieces_mm2)
        return abs(self.before.pieces_mm2 - self.after.pieces_mm2) <= SAME_PIECES * most


@dataclass(frozen=True, slots=True)
class Comparison:
    """All pairs, and the names that only one side has; those count for nothing."""

    pairs: tuple[Pair, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    @property
    def total(self) -> Pair:
        """All pairs together, weighted by their cloth."""
        return Pair("Total", _sum([pair.before for pair in self.pairs]), _sum([pair.after for pair in self.pairs]))


def compare(before: Sequence[Measured], after: Sequence[Measured]) -> Comparison:
    """The markers of both sides in pairs: those of one name, else of one file name; two alone are a pair anyhow."""
    if len(before) == len(after) == 1:
        return Comparison((Pair(after[0].name, before[0], after[0]),), (), ())
    for key in (lambda m: m.name, lambda m: PurePath(m.name).name):
        one, two = ({key(m): m for m in side} for side in (before, after))
        common = [name for name in one if name in two]
        if common and len(one) == len(before) and len(two) == len(after):
            return Comparison(
                tuple(Pair(name, one[name], two[name]) for name in common),
                tuple(name for name in one if name not in two),
                tuple(name for name in two if name not in one),
            )
    return Comparison((), tuple(m.name for m in before), tuple(m.name for m in after))


def compare_json(comparison: Comparison) -> dict[str, Any]:
    """The object of ``compare --json``."""
    return {
        "schema": "cutkit.compare/1",
        "markers": [_pair_json(pair) for pair in comparison.pairs],
        "total": _pair_json(comparison.total),
        "only_before": list(comparison.only_before),
        "only_after": list(comparison.only_after),
    }


def _pair_json(pair: Pair) -> dict[str, Any]:
    return {
        "name": pair.name,
        "before": _measured_json(pair.before),
        "after": _measured_json(pair.after),
        "gain_points": pair.gain_points,
        "same_pieces": pair.same_pieces,
    }


def _measured_json(measured: Measured) -> dict[str, Any]:
    return {
        "cloth_mm2": measured.cloth_mm2,
        "pieces_mm2": measured.pieces_mm2,
        "waste_pct": measured.waste_pct,
    }


def _sum(measured: Sequence[Measured]) -> Measured:
    return Measured("Total", sum(m.cloth_mm2 for m in measured), sum(m.pieces_mm2 for m in measured))
