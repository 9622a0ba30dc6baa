"""The pick list of a cut: when each piece comes free and where it lies, for people and robots who take it off."""

from __future__ import annotations

from dataclasses import dataclass

from cutkit.cut.figures import stroke_costs
from cutkit.model import Marker, Point
from cutkit.toolpath import CutterProfile, ToolPath


@dataclass(frozen=True, slots=True)
class Pick:
    """One piece to be taken off the table.

    ``centre_mm`` is the centre of its area on the table, ``angle_deg`` and ``mirrored`` how it lies there against the
    pattern; ``cut_s`` is what its own strokes take, with the ways to them, and ``free_s`` when, from the start of the
    program, its outline is closed. Both are estimates, without what the machine or its operator waits for.
    """

    placement: int
    piece: str
    name: str
    size: str
    bundle: int
    centre_mm: Point
    angle_deg: float
    mirrored: bool
    area_mm2: float
    cut_s: float
    free_s: float


def pick_list(marker: Marker, path: ToolPath, profile: CutterProfile) -> list[Pick]:
    """The pieces of a marker in the order in which they come free."""
    now = 0.0
    own = [0.0] * len(marker.placements)
    free = [0.0] * len(marker.placements)
    for stroke, cost in zip(path.strokes, stroke_costs(path, profile), strict=True):
        now += cost.time_s
        if stroke.placement >= 0:
            own[stroke.placement] += cost.time_s
            free[stroke.placement] = now
    picks: list[Pick] = []
    for index in sorted(range(len(marker.placements)), key=lambda k: (free[k], k)):
        placement, polygon = marker.placements[index], marker.polygons[index]
        piece = marker.by_id[placement.piece]
        picks.append(
            Pick(
                placement=index,
                piece=piece.id,
                name=piece.name,
                size=piece.size,
                bundle=placement.bundle,
                centre_mm=(polygon.centroid.x, polygon.centroid.y),
                angle_deg=placement.angle_deg,
                mirrored=placement.mirrored,
                area_mm2=polygon.area,
                cut_s=own[index],
                free_s=free[index],
            )
        )
    return picks
