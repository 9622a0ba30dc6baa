"""The referee. Judges markers with shapely alone and shares no code with the search or with ``cut``.

``formats/marker`` calls it before a marker file is written and ``cut`` on every marker it reads: nobody can skip it.
The tolerances are for the rounding of written coordinates, not for the search to use up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, isfinite, pi

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from cutkit.model import Marker, OrderedPiece, Placement

OUTSIDE_TOLERANCE_MM = 1e-3
OVERLAP_TOLERANCE_MM = 1e-3
GAP_TOLERANCE_MM = 1e-2
ANGLE_TOLERANCE_DEG = 1e-6
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


def check_marker(marker: Marker) -> list[Fault]:
    """Every fault of a marker, worst kind first: shapes, places, overlaps and gaps, defects, counts, nap."""
    faults = list(_shape_faults(marker))
    if any(f.code in UNMEASURABLE for f in faults):
        return faults
    faults += _fabric_faults(marker)
    faults += _neighbour_faults(marker)
    faults += _defect_faults(marker)
    faults += _angle_faults(marker)
    faults += _count_faults(marker)
    faults += _nap_faults(marker)
    faults += _stated_faults(marker)
    return faults


@dataclass(frozen=True, slots=True)
class Overlap:
    """Where two outlines overlap deepest, and how deep: the diameter of the largest circle within the overlap."""

    depth_mm: float
    x_mm: float
    y_mm: float


def overlap_of(a: BaseGeometry, b: BaseGeometry) -> Overlap | None:
    """The overlap of two outlines where it is deeper than the rounding of written coordinates, else None.

    Depth is width here, not area over perimeter: beside a long seam that touches, with a rounding error all along, a
    corner that truly overlaps would otherwise be thinned out to nothing.
    """
    common = a.intersection(b)
    if common.area < pi / 4 * OVERLAP_TOLERANCE_MM**2:
        return None
    core = common.buffer(-OVERLAP_TOLERANCE_MM / 2)
    if core.is_empty:
        return None
    low = OVERLAP_TOLERANCE_MM
    x0, y0, x1, y1 = common.bounds
    high = min(x1 - x0, y1 - y0)
    while high - low > max(1e-4, 0.01 * low):
        middle = (low + high) / 2
        inner = common.buffer(-middle / 2)
        if inner.is_empty:
            high = middle
        else:
            low, core = middle, inner
    x, y = core.representative_point().coords[0]
    return Overlap(low, x, y)


def _name(marker: Marker, index: int) -> str:
    placement = marker.placements[index]
    return f"{placement.piece} (placement {index}, bundle {placement.bundle})"


def _shape_faults(marker: Marker) -> Iterator[Fault]:
    if len(marker.by_id) != len(marker.pieces):
        yield Fault("duplicate-piece", "two pieces share an id")
    for piece in marker.pieces:
        if not np.isfinite(shapely.get_coordinates(piece.outline)).all():
            yield Fault("not-finite", f"piece {piece.id}: the outline's coordinates are not finite")
        elif not piece.outline.is_valid or piece.outline.is_empty:
            reason = shapely.is_valid_reason(piece.outline)
            yield Fault("not-simple", f"piece {piece.id}: the outline is not a simple polygon ({reason})")
    for index, p in enumerate(marker.placements):
        if p.piece not in marker.by_id:
            yield Fault("unknown-piece", f"placement {index}: unknown piece {p.piece!r}", (index,))
        elif not all(isfinite(v) for v in (p.x_mm, p.y_mm, p.angle_deg)):
            yield Fault("not-finite", f"placement {index} ({p.piece}): coordinates are not finite", (index,))


def _fabric_faults(marker: Marker) -> Iterator[Fault]:
    fabric = marker.fabric
    width = fabric.usable_width_mm
    if not marker.placements:
        yield Fault("empty", "nothing is placed")
    if not 0 < width <= fabric.width_mm + 1e-6:
        yield Fault("fabric-width", f"usable width {width:.3f} mm of {fabric.width_mm:.3f} mm")
    for index, polygon in enumerate(marker.polygons):
        if not polygon.is_valid and marker.by_id[marker.placements[index].piece].outline.is_valid:
            yield Fault("not-simple", f"{_name(marker, index)}: the outline as laid is not a simple polygon", (index,))
        x0, y0, x1, y1 = polygon.bounds
        if min(x0, y0) < -OUTSIDE_TOLERANCE_MM or y1 > width + OUTSIDE_TOLERANCE_MM:
            yield Fault(
                "outside-fabric",
                f"{_name(marker, index)} lies outside the usable fabric (width {width:.1f} mm): "
                f"x {x0:.3f} to {x1:.3f}, y {y0:.3f} to {y1:.3f}",
                (index,),
            )
    limit = fabric.max_length_mm
    if limit is not None and marker.length_mm > limit + OUTSIDE_TOLERANCE_MM:
        yield Fault("too-long", f"the marker is {marker.length_mm:.3f} mm long, the limit is {limit:.3f} mm")


def _neighbour_faults(marker: Marker) -> Iterator[Fault]:
    gap = marker.settings.gap_mm
    if not 0 <= gap < inf:
        yield Fault("settings", f"the gap is {gap:g} mm")
        gap = 0.0
    polygons = _sound_polygons(marker)
    if len(polygons) < 2:
        return
    tree = shapely.STRtree(polygons)
    reach = shapely.box(*(shapely.bounds(polygons) + np.array([-gap, -gap, gap, gap])).T)
    first, second = tree.query(reach)
    keep = first < second
    first, second = first[keep], second[keep]
    crossing = shapely.intersects(polygons[first], polygons[second])
    for i, j in zip(first[crossing].tolist(), second[crossing].tolist(), strict=True):
        overlap = overlap_of(polygons[i], polygons[j])
        if overlap is not None:
            yield _overlap_fault(marker, i, j, overlap)
        elif gap > GAP_TOLERANCE_MM:
            yield _gap_fault(marker, i, j, 0.0)
    if gap:
        apart = ~crossing
        distance = shapely.distance(polygons[first[apart]], polygons[second[apart]])
        near = distance < gap - GAP_TOLERANCE_MM
        pairs = zip(first[apart][near].tolist(), second[apart][near].tolist(), distance[near].tolist(), strict=True)
        for i, j, d in pairs:
            yield _gap_fault(marker, i, j, d)


def _sound_polygons(marker: Marker) -> NDArray[np.object_]:
    """The placed outlines, those that are not simple (a fault of their own) mended so that they can be judged."""
    return np.array([p if p.is_valid else shapely.make_valid(p) for p in marker.polygons], dtype=object)


def _overlap_fault(marker: Marker, i: int, j: int, overlap: Overlap) -> Fault:
    message = (
        f"{_name(marker, i)} and {_name(marker, j)} overlap, about {overlap.depth_mm:.3f} mm deep, "
        f"near x {overlap.x_mm:.0f} mm, y {overlap.y_mm:.0f} mm"
    )
    return Fault("overlap", message, (i, j))


def _gap_fault(marker: Marker, i: int, j: int, distance: float) -> Fault:
    message = (
        f"{_name(marker, i)} and {_name(marker, j)} are {distance:.3f} mm apart, the gap is {marker.settings.gap_mm} mm"
    )
    return Fault("gap", message, (i, j))


def _defect_faults(marker: Marker) -> Iterator[Fault]:
    for defect in marker.fabric.defects:
        zone = box(*defect.box_mm)
        for index, polygon in enumerate(_sound_polygons(marker)):
            if marker.by_id[marker.placements[index].piece].quality in defect.allows:
                continue
            if overlap_of(polygon, zone) is not None:
                yield Fault("defect", f"{_name(marker, index)} lies on a defect at {list(defect.box_mm)}", (index,))


def _off_deg(angle: float, target: float) -> float:
    """How far two angles are apart, 0 to 180."""
    apart = abs(angle - target) % 360
    return min(apart, 360 - apart)


def _angle_faults(marker: Marker) -> Iterator[Fault]:
    for index, p in enumerate(marker.placements):
        piece = marker.by_id[p.piece]
        tolerance = piece.tilt_deg + ANGLE_TOLERANCE_DEG
        if not any(_off_deg(p.angle_deg, allowed) <= tolerance for allowed in piece.allowed_angles_deg):
            allowed_text = ", ".join(f"{a:g}" for a in piece.allowed_angles_deg)
            message = f"{_name(marker, index)} lies at {p.angle_deg:g} degrees; allowed: {allowed_text}"
            yield Fault("angle", message, (index,))


def _count_faults(marker: Marker) -> Iterator[Fault]:
    for entry in marker.unplaced:
        if entry.piece not in marker.by_id:
            yield Fault("unknown-piece", f"unplaced: unknown piece {entry.piece!r}")
        elif entry.count < 1:
            yield Fault("count", f"piece {entry.piece}: {entry.count} unplaced")
    here: dict[str, list[Placement]] = {}
    for placement in marker.placements:
        here.setdefault(placement.piece, []).append(placement)
    for piece in marker.pieces:
        yield from _count_faults_of(marker, piece, here.get(piece.id, []))


def _count_faults_of(marker: Marker, piece: OrderedPiece, here: list[Placement]) -> Iterator[Fault]:
    left = sum(u.count for u in marker.unplaced if u.piece == piece.id and u.count > 0)
    mirrored = sum(p.mirrored for p in here)
    if min(piece.ordered, piece.ordered_mirrored) < 0:
        yield Fault("count", f"piece {piece.id}: ordered {piece.ordered} and {piece.ordered_mirrored} mirrored")
    elif len(here) + left != piece.total:
        message = f"piece {piece.id}: ordered {piece.total}, placed {len(here)}, unplaced {left}"
        yield Fault("count", message)
    elif not piece.may_mirror and not (
        piece.ordered_mirrored - left <= mirrored <= piece.ordered_mirrored and len(here) - mirrored <= piece.ordered
    ):
        yield Fault(
            "mirrored-count", f"piece {piece.id}: {piece.ordered_mirrored} mirrored ordered, {mirrored} laid mirrored"
        )


def _nap_faults(marker: Marker) -> Iterator[Fault]:
    nap = marker.fabric.nap
    if nap == "two-way":
        return
    first_of: dict[int, Placement] = {}
    for index, p in enumerate(marker.placements):
        piece = marker.by_id[p.piece]
        if piece.ignores_nap:
            continue
        first = first_of.setdefault(0 if nap == "one-way" else p.bundle, p)
        if _off_deg(p.angle_deg, first.angle_deg) > 2 * piece.tilt_deg + ANGLE_TOLERANCE_DEG:
            yield Fault("nap", f"{_name(marker, index)} points against the nap ({nap})", (index,))


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
