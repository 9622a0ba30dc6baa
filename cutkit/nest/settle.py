"""From the search's layouts back to a marker: copies get their bundles, and the referee has the last word."""

from __future__ import annotations

from dataclasses import replace

from cutkit.check import check_marker
from cutkit.errors import CutkitError
from cutkit.model import Copy, Marker, Placement, Unplaced
from cutkit.nest.chain import Found
from cutkit.nest.shapes import ShapeSet

DECIMALS = 9
"""Placements are rounded as the marker file will write them, so that the referee sees what is written."""

ROUNDING_MM = 1e-4
"""A piece exactly as long as the limit may exceed it by this: rounding, not cloth; the referee allows ten times it."""


def settle(empty: Marker, shapes: ShapeSet, copies: list[Copy], layouts: list[Found]) -> Marker:
    """The shortest of ``layouts`` that makes a marker without fault; what lies beyond the length limit is left out.

    ``layouts`` are sorted, shortest first. The search keeps outlines apart that contain the pieces, so the first one
    passes but for a rounding of the last digits; the others stand by.
    """
    if not layouts:
        return empty
    faults = []
    for found in layouts:
        marker = _cut_to_limit(replace(empty, placements=_placements(shapes, copies, found)))
        faults = check_marker(marker)
        if not faults:
            return marker
    raise CutkitError(f"no layout passes the referee: {faults[0].message}")


def _placements(shapes: ShapeSet, copies: list[Copy], found: Found) -> tuple[Placement, ...]:
    """A placement for every copy. Copies that are alike swap bundles: a garment's pieces shall lie near each other."""
    lying: dict[tuple[str, bool | None, tuple[float, ...]], list[int]] = {}
    for i, copy in enumerate(copies):
        lying.setdefault((copy.piece, copy.mirrored, copy.angles_deg), []).append(i)
    placements: list[tuple[int, Placement]] = []
    for alike in lying.values():
        along = sorted(alike, key=lambda i: (found.place[i, 0], found.place[i, 1]))
        bundles = sorted(copies[i].bundle for i in alike)
        for i, bundle in zip(along, bundles, strict=True):
            placements.append((i, _placement(shapes, copies[i], bundle, found, i)))
    return tuple(p for _, p in sorted(placements, key=lambda entry: entry[0]))


def _placement(shapes: ShapeSet, copy: Copy, bundle: int, found: Found, i: int) -> Placement:
    pose = shapes.pose(copy, int(found.shape[i]))
    x, y = found.place[i] - pose.centre_mm
    return Placement(
        copy.piece, bundle, round(float(x), DECIMALS), round(float(y), DECIMALS), pose.angle_deg, pose.mirrored
    )


def _cut_to_limit(marker: Marker) -> Marker:
    """The marker without the pieces that lie beyond the fabric's length limit; they are named as unplaced."""
    limit = marker.fabric.max_length_mm
    if limit is None or marker.length_mm <= limit + ROUNDING_MM:
        return marker
    kept: list[Placement] = []
    left: dict[str, int] = {}
    for placement, polygon in zip(marker.placements, marker.polygons, strict=True):
        if polygon.bounds[2] <= limit + ROUNDING_MM:
            kept.append(placement)
        else:
            left[placement.piece] = left.get(placement.piece, 0) + 1
    reason = f"no room within the length limit of {limit:.1f} mm"
    unplaced = tuple(Unplaced(piece, count, reason) for piece, count in left.items())
    return replace(marker, placements=tuple(kept), unplaced=marker.unplaced + unplaced)
