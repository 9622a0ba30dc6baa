"""Where pieces lie: on the cloth, apart from one another and from flaws, in their zones, on the fold, where tied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import hypot, inf, isfinite

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box

from cutkit.check.faults import (
    GAP_TOLERANCE_MM,
    OUTSIDE_TOLERANCE_MM,
    PLACE_TOLERANCE_MM,
    Fault,
    named,
)
from cutkit.check.overlap import Overlap, overlap_of
from cutkit.model import Defect, Fabric, Marker, OrderedPiece, Placement, Tie

Pairs = NDArray[np.int64]


def sound(polygons: Sequence[Polygon]) -> NDArray[np.object_]:
    """Placed shapes, those that are not simple (a fault of their own) mended so that they can be judged."""
    return np.array([p if p.is_valid else shapely.make_valid(p) for p in polygons], dtype=object)


def reserved(marker: Marker) -> list[Polygon]:
    """What every placement keeps for itself, as it lies on the cloth: the block, or the outline where there is none."""
    return [
        outline if (block := marker.by_id[p.piece].block) is None else p.polygon(block)
        for p, outline in zip(marker.placements, marker.polygons, strict=True)
    ]


# --- on the cloth ------------------------------------------------------------------------------------------------


def cloth_faults(marker: Marker) -> Iterator[Fault]:
    """Nothing placed, outlines and blocks that lie beside the cloth, and a marker longer than the table."""
    if not marker.placements:
        yield Fault("empty", "nothing is placed")
    blocks = reserved(marker)
    for index, polygon in enumerate(marker.polygons):
        if not polygon.is_valid and marker.by_id[marker.placements[index].piece].outline.is_valid:
            yield Fault("not-simple", f"{named(marker, index)}: the outline as laid is not a simple polygon", (index,))
        if (beside := _beside(marker.fabric, polygon)) is not None:
            yield Fault("outside-fabric", f"{named(marker, index)} lies outside the usable fabric {beside}", (index,))
        elif blocks[index] is not polygon and (beside := _beside(marker.fabric, blocks[index])) is not None:
            message = f"the block of {named(marker, index)} lies outside the usable fabric {beside}"
            yield Fault("block-outside", message, (index,))
    yield from _length_faults(marker, blocks)


def _beside(fabric: Fabric, polygon: Polygon) -> str | None:
    """How a shape lies, where it is not between the cloth's start and its selvedges."""
    x0, y0, x1, y1 = polygon.bounds
    width = fabric.usable_width_mm
    if min(x0, y0) >= -OUTSIDE_TOLERANCE_MM and y1 <= width + OUTSIDE_TOLERANCE_MM:
        return None
    return f"(width {width:.1f} mm): x {x0:.3f} to {x1:.3f}, y {y0:.3f} to {y1:.3f}"


def _length_faults(marker: Marker, blocks: list[Polygon]) -> Iterator[Fault]:
    """The length limit is of the table: it holds with the margins at both ends, and blocks lie on the table, too."""
    fabric = marker.fabric
    limit = fabric.longest_mm
    if limit is None:
        return
    margins = fabric.start_margin_mm + fabric.end_margin_mm
    told = f"the limit is {fabric.max_length_mm:.3f} mm" + (f" with margins of {margins:.3f} mm" if margins else "")
    if marker.length_mm > limit + OUTSIDE_TOLERANCE_MM:
        yield Fault("too-long", f"the marker is {marker.length_mm:.3f} mm long, {told}")
        return
    for index, block in enumerate(blocks):
        reach = block.bounds[2]
        if reach > limit + OUTSIDE_TOLERANCE_MM:
            message = f"the block of {named(marker, index)} reaches to x {reach:.3f} mm, {told}"
            yield Fault("block-outside", message, (index,))


# --- apart from one another --------------------------------------------------------------------------------------


def neighbour_faults(marker: Marker) -> Iterator[Fault]:
    """Outlines that overlap or are nearer than the gap; then the same of blocks, for pairs that are right so far."""
    gap = marker.settings.gap_mm if 0 <= marker.settings.gap_mm < inf else 0.0
    outlines = sound(marker.polygons)
    wrong = set()
    for i, j, overlap, distance in _too_near(outlines, gap):
        wrong.add((i, j))
        yield _overlap_fault(marker, i, j, overlap) if overlap else _gap_fault(marker, i, j, distance)
    if all(piece.block is None for piece in marker.pieces):
        return
    for i, j, overlap, distance in _too_near(sound(reserved(marker)), gap):
        blocked = any(marker.by_id[marker.placements[k].piece].block is not None for k in (i, j))
        if blocked and (i, j) not in wrong:
            yield _block_fault(marker, i, j, overlap, distance)


def _too_near(shapes: NDArray[np.object_], gap: float) -> Iterator[tuple[int, int, Overlap | None, float]]:
    """Pairs of shapes that overlap, or are apart by less than the gap: their indices, the overlap, the distance."""
    first, second = pairs_within(shapes, gap)
    crossing = shapely.intersects(shapes[first], shapes[second])
    for i, j in zip(first[crossing].tolist(), second[crossing].tolist(), strict=True):
        overlap = overlap_of(shapes[i], shapes[j])
        if overlap is not None or gap > GAP_TOLERANCE_MM:
            yield i, j, overlap, 0.0
    if gap:
        first, second = first[~crossing], second[~crossing]
        distance = shapely.distance(shapes[first], shapes[second])
        near = distance < gap - GAP_TOLERANCE_MM
        for i, j, d in zip(first[near].tolist(), second[near].tolist(), distance[near].tolist(), strict=True):
            yield i, j, None, d


def pairs_within(shapes: NDArray[np.object_], reach_mm: float) -> tuple[Pairs, Pairs]:
    """The indices of all pairs of shapes, the lower one first, whose boxes are no farther apart than ``reach_mm``."""
    if len(shapes) < 2:
        none = np.empty(0, dtype=np.int64)
        return none, none
    grown = shapely.box(*(shapely.bounds(shapes) + np.array([-reach_mm, -reach_mm, reach_mm, reach_mm])).T)
    first, second = shapely.STRtree(shapes).query(grown)
    keep = first < second
    return first[keep], second[keep]


def _overlap_fault(marker: Marker, i: int, j: int, overlap: Overlap) -> Fault:
    message = f"{named(marker, i)} and {named(marker, j)} overlap, {_depth(overlap)}"
    return Fault("overlap", message, (i, j))


def _gap_fault(marker: Marker, i: int, j: int, distance: float) -> Fault:
    message = (
        f"{named(marker, i)} and {named(marker, j)} are {distance:.3f} mm apart, the gap is {marker.settings.gap_mm} mm"
    )
    return Fault("gap", message, (i, j))


def _block_fault(marker: Marker, i: int, j: int, overlap: Overlap | None, distance: float) -> Fault:
    both = f"the blocks of {named(marker, i)} and {named(marker, j)}"
    if overlap is not None:
        return Fault("block", f"{both} overlap, {_depth(overlap)}", (i, j))
    return Fault("block", f"{both} are {distance:.3f} mm apart, the gap is {marker.settings.gap_mm} mm", (i, j))


def _depth(overlap: Overlap) -> str:
    return f"about {overlap.depth_mm:.3f} mm deep, near x {overlap.x_mm:.0f} mm, y {overlap.y_mm:.0f} mm"


# --- on flaws, in zones ------------------------------------------------------------------------------------------


def defect_faults(marker: Marker) -> Iterator[Fault]:
    """Outlines on flaws that do not allow the piece's quality."""
    outlines = sound(marker.polygons)
    for defect in marker.fabric.defects:
        flaw = box(*defect.box_mm)
        for index in np.flatnonzero(shapely.intersects(outlines, flaw)).tolist():
            quality = marker.by_id[marker.placements[index].piece].quality
            overlap = None if bears(defect, quality) else overlap_of(outlines[index], flaw)
            if overlap is not None:
                message = f"{named(marker, index)} lies on a defect at {list(defect.box_mm)}, {_depth(overlap)}"
                yield Fault("defect", message + _allowed_there(defect, quality), (index,))


def bears(defect: Defect, quality: str) -> bool:
    """Whether pieces of a quality class may lie on a flaw."""
    return bool(quality) and quality in defect.allows


def _allowed_there(defect: Defect, quality: str) -> str:
    if not defect.allows:
        return ""
    return f"; it allows quality {', '.join(defect.allows)}, the piece has {quality or 'none'}"


def zone_faults(marker: Marker) -> Iterator[Fault]:
    """Outlines that lie whole in none of their piece's zones."""
    for index, (p, polygon) in enumerate(zip(marker.placements, marker.polygons, strict=True)):
        piece = marker.by_id[p.piece]
        spare = zone_spare(marker.fabric, piece, polygon)
        if spare < -OUTSIDE_TOLERANCE_MM:
            y0, y1 = polygon.bounds[1::2]
            names = " or ".join(piece.zones)
            message = f"{named(marker, index)} reaches {-spare:.3f} mm out of zone {names}: y {y0:.3f} to {y1:.3f}"
            yield Fault("zone", message, (index,))


def zone_spare(fabric: Fabric, piece: OrderedPiece, polygon: Polygon) -> float:
    """How far a placed outline is within the best of its piece's zones, in mm; negative: out of it; inf: no zones."""
    y0, y1 = polygon.bounds[1::2]
    return max((min(y0 - z.y0_mm, z.y1_mm - y1) for z in fabric.zones if z.name in piece.zones), default=inf)


# --- on the fold, and where tied ---------------------------------------------------------------------------------


def fold_faults(marker: Marker) -> Iterator[Fault]:
    """Pieces drawn as halves that do not lie with their fold side on a fold."""
    for index, p in enumerate(marker.placements):
        piece = marker.by_id[p.piece]
        off = fold_off(marker.fabric, piece, p)
        if not isfinite(off):
            message = (
                f"{named(marker, index)} must lie on a fold; the cloth is spread {marker.fabric.spread} and has none"
            )
            yield Fault("fold", message, (index,))
        elif off > PLACE_TOLERANCE_MM:
            folds = " or ".join(f"y {y:.3f}" for y in marker.fabric.folds_mm)
            message = f"{named(marker, index)}: its {piece.fold} side lies {off:.3f} mm off the fold at {folds} mm"
            yield Fault("fold", message, (index,))


def fold_off(fabric: Fabric, piece: OrderedPiece, placement: Placement) -> float:
    """How far the fold side of a placed piece is off the nearest fold; 0 for other pieces, inf without any fold."""
    if piece.fold is None:
        return 0.0
    x0, low, x1, high = piece.outline.bounds
    side = low if piece.fold == "low" else high
    ends = placement.points(((x0, side), (x1, side)))
    return min((max(abs(y - fold) for _, y in ends) for fold in fabric.folds_mm), default=inf)


def tie_faults(marker: Marker) -> Iterator[Fault]:
    """Points of pieces that are not where the cloth wants them."""
    for index, p in enumerate(marker.placements):
        for tie in marker.by_id[p.piece].ties:
            dx, dy = tie_off(p, tie)
            if max(abs(dx), abs(dy)) > PLACE_TOLERANCE_MM:
                wanted = [f"{way} {v:.3f}" for way, v in (("x", tie.x_mm), ("y", tie.y_mm)) if v is not None]
                message = (
                    f"{named(marker, index)}: its point ({tie.point[0]:g}, {tie.point[1]:g}) is {hypot(dx, dy):.3f} mm "
                    f"off its place on the cloth, {', '.join(wanted)} mm"
                )
                yield Fault("tie", message, (index,))


def tie_off(placement: Placement, tie: Tie) -> tuple[float, float]:
    """How far a tied point is off its place, in x and in y; 0 in a direction in which it is free."""
    ((x, y),) = placement.points((tie.point,))
    return 0.0 if tie.x_mm is None else x - tie.x_mm, 0.0 if tie.y_mm is None else y - tie.y_mm
