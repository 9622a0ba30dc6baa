"""The pick list of a cut: when each piece comes free and where it lies, for people and robots who take it off."""

from __future__ import annotations

from dataclasses import dataclass

from cutkit.cut.figures import stroke_costs
from cutkit.model import Marker, Point
from cutkit.recut import as_cut
from cutkit.toolpath import CutterProfile, ToolPath


@dataclass(frozen=True, slots=True)
class Pick:
    """One piece to be taken off the table.

    ``centre_mm`` is the centre of its area on the table in the ``window`` (from 1) in which it comes free,
    ``angle_deg`` and ``mirrored`` how it lies there against the pattern; ``cut_s`` is what its own strokes take, with
    the ways to them, and ``free_s`` when, from the start of the program that cuts it, the last of them is made (bridges
    may hold it still). Both are estimates, without what the machine or its operator waits for.
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
    window: int = 1
    pieces: int = 1
    """How many pieces of the garment every ply gives here."""


def pick_list(marker: Marker, path: ToolPath, profile: CutterProfile) -> list[Pick]:
    """The pieces of a marker in the order in which they come free; those that are cut again, as their blocks."""
    marker = as_cut(marker, profile.strokes.blocks)
    own = [0.0] * len(marker.placements)
    free = [(1, 0.0)] * len(marker.placements)
    costs = stroke_costs(path, profile)
    now = 0.0
    for number, window in enumerate(path.all_windows, 1):
        now = now if profile.feeds_cloth else 0.0
        for index in range(window.first, window.end):
            now += costs[index].feed_s + costs[index].time_s
            placement = path.strokes[index].placement
            if placement >= 0:
                own[placement] += costs[index].time_s
                free[placement] = (number, now)
    picks: list[Pick] = []
    for index in sorted(range(len(marker.placements)), key=lambda k: (free[k], k)):
        at = path.all_windows[free[index][0] - 1].start_mm
        laid, polygon = marker.placements[index], marker.polygons[index]
        angle_deg = laid.angle_deg
        if path.registration is not None:
            polygon = path.registration.outline(polygon)
            angle_deg = (angle_deg + path.registration.turn_deg) % 360
        piece = marker.by_id[laid.piece]
        picks.append(
            Pick(
                placement=index,
                piece=piece.id,
                name=piece.name,
                size=piece.size,
                bundle=laid.bundle,
                centre_mm=(polygon.centroid.x - at, polygon.centroid.y),
                angle_deg=angle_deg,
                mirrored=laid.mirrored,
                area_mm2=polygon.area,
                cut_s=own[index],
                free_s=free[index][1],
                window=free[index][0],
                pieces=piece.per_copy,
            )
        )
    return picks
