"""The rules of cloth that hold in a marker, for others to read: as texts for tables, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cutkit.check import MatchResidual, RuleFigure, rule_figures
from cutkit.model import Marker

MOST_NAMED = 2
"""Pieces that are named where a figure is of some; of more, only how many."""


@dataclass(frozen=True, slots=True)
class RuleTexts:
    """A rule in words: its name, what it says, what figure comes nearest to breaking it, that one with its unit, its
    limit, and the pieces that it was measured on, each with its garment. ``-`` where there is none."""

    rule: str
    holds: str
    figure: str
    worst: str
    limit: str
    pieces: str


def rule_texts(marker: Marker) -> list[RuleTexts]:
    """The rules that hold in a marker (see ``cutkit.check.rule_figures``), in words."""
    return [
        RuleTexts(
            f.rule,
            f.holds,
            f.figure or "-",
            "-" if f.worst is None else f"{round(f.worst, 3) + 0.0:.3f} {f.unit}",
            "-" if f.limit is None else f"{f.limit:g}",
            _pieces(marker, f.placements),
        )
        for f in rule_figures(marker)
    ]


def _pieces(marker: Marker, placements: Sequence[int]) -> str:
    if not placements:
        return "-"
    if len(placements) > MOST_NAMED:
        return f"{len(placements)} pieces"
    laid = [marker.placements[i] for i in placements]
    return ", ".join(f"{p.piece} ({p.bundle})" for p in laid)


def rule_json(figure: RuleFigure) -> dict[str, Any]:
    """A rule as ``check --json`` and ``report --json`` have it."""
    return {
        "rule": figure.rule,
        "holds": figure.holds,
        "figure": figure.figure or None,
        "worst": figure.worst,
        "limit": figure.limit,
        "unit": figure.unit or None,
        "placements": list(figure.placements),
    }


def match_json(residual: MatchResidual) -> dict[str, Any]:
    """A match as ``check --json`` and ``report --json`` have it."""
    return {
        "placement": residual.placement,
        "piece": residual.piece,
        "bundle": residual.bundle,
        "match": residual.name,
        "group": residual.group or None,
        "at_mm": [residual.x_mm, residual.y_mm],
        "along_mm": residual.along_mm,
        "across_mm": residual.across_mm,
        "distance_mm": residual.distance_mm,
        "partner": residual.partner,
    }
