"""From the search's layouts back to a marker: copies get their bundles, and the referee has the last word."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cutkit.check import check_marker, most_off_grain
from cutkit.errors import CutkitError
from cutkit.model import Marker, Placement, Unplaced
from cutkit.nest.problem import Found
from cutkit.nest.reasons import no_room
from cutkit.nest.shapes import Choice, Pose

DECIMALS = 9
"""Placements are rounded as the marker file will write them, so that the referee sees what is written."""

ROUNDING_MM = 1e-4
"""A piece exactly as long as the limit may exceed it by this: rounding, not cloth; the referee allows ten times it."""


@dataclass(frozen=True)
class Laid:
    """A layout, and the choice that the numbers of its shapes are from."""

    found: Found
    choice: Choice

    def pose(self, i: int) -> Pose:
        """How copy ``i`` lies."""
        return self.choice.pose(i, int(self.found.shape[i]))


def settle(empty: Marker, layouts: list[Laid]) -> Marker:
    """The shortest of ``layouts`` that makes a marker without fault; what lies beyond the length limit is left out.

    ``layouts`` are sorted, shortest first. The search keeps outlines apart that contain the pieces, so the first one
    passes but for a rounding of the last digits; the others stand by.
    """
    if not layouts:
        return empty
    faults = []
    keep_bundles = empty.settings.bundle_span_mm is not None or any(m.group for p in empty.pieces for m in p.matches)
    for laid in layouts:
        marker = cut_to_limit(steadiest_first(replace(empty, placements=_placements(laid, keep_bundles))))
        faults = check_marker(marker)
        if not faults or not marker.placements:
            return marker
    raise CutkitError(f"no layout passes the referee: {faults[0].message}")


def steadiest_first(marker: Marker) -> Marker:
    """The marker with the pieces that may tilt least before the others, where the nap asks all to point alike.

    Whoever judges the nap holds each piece against the first one, and allows it twice its own tilt: that is right where
    the first piece has the least.
    """
    if marker.fabric.nap == "two-way":
        return marker
    leeway = {piece.id: most_off_grain(piece) for piece in marker.pieces}
    return replace(marker, placements=tuple(sorted(marker.placements, key=lambda p: leeway[p.piece])))


def _placements(laid: Laid, keep_bundles: bool) -> tuple[Placement, ...]:
    """A placement for every copy. Copies that are alike swap bundles, unless they keep them: a garment's pieces shall
    lie near each other."""
    place, copies = laid.found.place, laid.choice.copies
    lying: dict[tuple[str, bool | None, tuple[float, ...]], list[int]] = {}
    placements: list[tuple[int, Placement]] = []
    for i, copy in enumerate(copies):
        if copy.locked is not None:
            placements.append((i, replace(copy.locked, locked=True)))
        elif keep_bundles:
            placements.append((i, _placement(laid, copy.bundle, i)))
        else:
            lying.setdefault((copy.piece, copy.mirrored, copy.angles_deg), []).append(i)
    for alike in lying.values():
        along = sorted(alike, key=lambda i: (place[i, 0], place[i, 1]))
        bundles = sorted(copies[i].bundle for i in alike)
        for i, bundle in zip(along, bundles, strict=True):
            placements.append((i, _placement(laid, bundle, i)))
    return tuple(p for _, p in sorted(placements, key=lambda entry: entry[0]))


def _placement(laid: Laid, bundle: int, i: int) -> Placement:
    pose = laid.pose(i)
    x, y = laid.found.place[i] - pose.centre_mm
    piece = laid.choice.copies[i].piece
    return Placement(piece, bundle, round(float(x), DECIMALS), round(float(y), DECIMALS), pose.angle_deg, pose.mirrored)


def cut_to_limit(marker: Marker) -> Marker:
    """The marker without the pieces that lie beyond the length limit, block and all; they are named as unplaced."""
    limit = marker.fabric.longest_mm
    reach = [p.polygon(marker.by_id[p.piece].reserved).bounds[2] for p in marker.placements]
    if limit is None or max(reach, default=0.0) <= limit + ROUNDING_MM:
        return marker
    kept: list[Placement] = []
    left: dict[str, int] = {}
    for placement, end in zip(marker.placements, reach, strict=True):
        if end <= limit + ROUNDING_MM:
            kept.append(placement)
        else:
            left[placement.piece] = left.get(placement.piece, 0) + 1
    reasons = {id_: no_room(marker.by_id[id_], marker.fabric, marker.settings) for id_ in left}
    unplaced = tuple(Unplaced(id_, count, reasons[id_]) for id_, count in left.items())
    return replace(marker, placements=tuple(kept), unplaced=marker.unplaced + unplaced)
