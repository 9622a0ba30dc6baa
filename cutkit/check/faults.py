"""What the referee says: a fault, how it names a placement, and what it forgives.

The tolerances are for the rounding of written coordinates, not for the search to use up.
"""

from __future__ import annotations

from dataclasses import dataclass

from cutkit.model import Marker

OUTSIDE_TOLERANCE_MM = 1e-3
OVERLAP_TOLERANCE_MM = 1e-3
GAP_TOLERANCE_MM = 1e-2
ANGLE_TOLERANCE_DEG = 1e-6
PLACE_TOLERANCE_MM = 1e-3
"""How far a fold, a tied point or the end of a garment's stretch may be from where it must be."""
MATCH_TOLERANCE_MM = 0.5
"""How far matched points may be apart within the repeat: what an eye does not see."""
STATED_LENGTH_TOLERANCE_MM = 1e-2
STATED_EFFICIENCY_TOLERANCE = 1e-4
UNMEASURABLE = ("unknown-piece", "not-finite")
"""Codes of faults with which a marker has no length and no efficiency, and is judged no further."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a marker. ``code`` is stable; ``placements`` are indices into the marker's."""

    code: str
    message: str
    placements: tuple[int, ...] = ()


def named(marker: Marker, index: int) -> str:
    """A placement as messages call it: its piece, its number, its garment."""
    placement = marker.placements[index]
    return f"{placement.piece} (placement {index}, bundle {placement.bundle})"
