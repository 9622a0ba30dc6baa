"""The referee. Judges markers with shapely alone and shares no code with the search or with ``cut``.

``formats/marker`` calls it before a marker file is written and ``cut`` on every marker it reads: nobody can skip it.
Every rule has its own function and its own codes; `docs/marker.md` tells what each code means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cutkit.check.faults import (
    ANGLE_TOLERANCE_DEG,
    GAP_TOLERANCE_MM,
    MATCH_TOLERANCE_MM,
    OUTSIDE_TOLERANCE_MM,
    OVERLAP_TOLERANCE_MM,
    PLACE_TOLERANCE_MM,
    STATED_EFFICIENCY_TOLERANCE,
    STATED_LENGTH_TOLERANCE_MM,
    UNMEASURABLE,
    Fault,
)
from cutkit.check.figures import RuleFigure, rule_figures
from cutkit.check.garments import (
    MOST_STEP_DEG,
    angle_faults,
    bundle_faults,
    count_faults,
    most_off_grain,
    nap_faults,
    turn_of,
)
from cutkit.check.matching import MatchResidual, match_faults, match_residuals
from cutkit.check.overlap import Overlap, overlap_of
from cutkit.check.places import (
    cloth_faults,
    defect_faults,
    fold_faults,
    neighbour_faults,
    tie_faults,
    zone_faults,
)
from cutkit.check.shapes import rule_faults, shape_faults
from cutkit.model import Marker

__all__ = [
    "ANGLE_TOLERANCE_DEG",
    "GAP_TOLERANCE_MM",
    "MATCH_TOLERANCE_MM",
    "MOST_STEP_DEG",
    "OUTSIDE_TOLERANCE_MM",
    "OVERLAP_TOLERANCE_MM",
    "PLACE_TOLERANCE_MM",
    "UNMEASURABLE",
    "Fault",
    "MatchResidual",
    "Overlap",
    "RuleFigure",
    "check_marker",
    "match_residuals",
    "most_off_grain",
    "overlap_of",
    "rule_figures",
    "turn_of",
]


def check_marker(marker: Marker) -> list[Fault]:
    """Every fault of a marker, worst kind first: shapes, rules, places, overlaps, flaws, angles, counts, garments."""
    faults = list(shape_faults(marker))
    if any(f.code in UNMEASURABLE for f in faults):
        return faults
    for rule in _RULES:
        faults += rule(marker)
    return faults


def _stated_faults(marker: Marker) -> Iterator[Fault]:
    stated = marker.stated
    if stated is None:
        return
    if not abs(stated.length_mm - marker.length_mm) <= STATED_LENGTH_TOLERANCE_MM:
        message = f"length stated {stated.length_mm:.3f} mm, the pieces reach {marker.length_mm:.3f} mm"
        yield Fault("stated-length", message)
    if not abs(stated.efficiency - marker.efficiency) <= STATED_EFFICIENCY_TOLERANCE:
        message = f"efficiency stated {stated.efficiency:.5f}, the pieces give {marker.efficiency:.5f}"
        yield Fault("stated-efficiency", message)


_RULES: tuple[Callable[[Marker], Iterator[Fault]], ...] = (
    rule_faults,
    cloth_faults,
    neighbour_faults,
    defect_faults,
    zone_faults,
    fold_faults,
    tie_faults,
    match_faults,
    angle_faults,
    count_faults,
    nap_faults,
    bundle_faults,
    _stated_faults,
)
