"""What an order asks for: how often and how turned pieces lie, which way the nap runs, how garments keep together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import isfinite

import numpy as np
import shapely

from cutkit.check.faults import ANGLE_TOLERANCE_DEG, PLACE_TOLERANCE_MM, Fault, named
from cutkit.model import Marker, OrderedPiece, Placement

MOST_STEP_DEG = 5.0
"""An allowed angle so near to a quarter turn is that turn and a step off the grain; a farther one is a turn itself."""


def off_deg(angle: float, target: float) -> float:
    """How far two angles are apart, 0 to 180."""
    apart = abs(angle - target) % 360
    return min(apart, 360 - apart)


def _off_allowed(piece: OrderedPiece, placement: Placement) -> float:
    """How far a placement is off the nearest of its piece's allowed angles, in degrees; 180 where none is allowed."""
    return min((off_deg(placement.angle_deg, allowed) for allowed in piece.allowed_angles_deg), default=180.0)


def angle_faults(marker: Marker) -> Iterator[Fault]:
    """Pieces that lie at an angle that they must not."""
    for index, p in enumerate(marker.placements):
        piece = marker.by_id[p.piece]
        off = _off_allowed(piece, p)
        if not off <= piece.tilt_deg + ANGLE_TOLERANCE_DEG:
            allowed_text = ", ".join(f"{a:g}" for a in piece.allowed_angles_deg)
            message = f"{named(marker, index)} lies at {p.angle_deg:g} degrees; allowed: {allowed_text}"
            yield Fault("angle", message + (f", up to {piece.tilt_deg:g} off" if piece.tilt_deg else ""), (index,))


def turn_of(angle_deg: float) -> float:
    """The quarter turn that an allowed angle is a step off; the angle itself where it is no step."""
    if not isfinite(angle_deg):
        return angle_deg
    turn = round(angle_deg / 90.0) * 90.0 % 360.0
    return turn if off_deg(angle_deg, turn) <= MOST_STEP_DEG else angle_deg


def off_grain(piece: OrderedPiece, placement: Placement) -> float:
    """How far a placement is off the nearest turn that its piece may have, steps and tilt and all."""
    return min((off_deg(placement.angle_deg, turn_of(a)) for a in piece.allowed_angles_deg), default=180.0)


def most_off_grain(piece: OrderedPiece) -> float:
    """How far a piece may be off its grain and still point the same way: its tilt, free and in steps."""
    return piece.tilt_deg + max((off_deg(a, turn_of(a)) for a in piece.allowed_angles_deg), default=0.0)


# --- counts ------------------------------------------------------------------------------------------------------


def count_faults(marker: Marker) -> Iterator[Fault]:
    """Pieces that are there more or less often than ordered, as drawn or mirrored."""
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
    elif not piece.may_mirror and not left and piece.ordered == piece.ordered_mirrored:
        yield from _pair_faults(piece, here)


def _pair_faults(piece: OrderedPiece, here: list[Placement]) -> Iterator[Fault]:
    """Where garments have a piece in twos, ordered as left and right: every garment has as many of either."""
    count, surplus = Counter(p.bundle for p in here), Counter[int]()
    for p in here:
        surplus[p.bundle] += 1 if p.mirrored else -1
    if any(n % 2 for n in count.values()):
        return
    for bundle, more in sorted(surplus.items()):
        if more:
            kind = "mirrored" if more > 0 else "as drawn"
            yield Fault("pair", f"piece {piece.id}, bundle {bundle}: {abs(more)} more {kind} than the other way")


# --- nap ---------------------------------------------------------------------------------------------------------


def nap_faults(marker: Marker) -> Iterator[Fault]:
    """Pieces that point another way than those before them, in the marker or in the garment.

    There must be one direction that none of them is off by more than it may be off its grain: the stretch of directions
    that is left to them, counted from the first one's angle, is kept from piece to piece.
    """
    nap = marker.fabric.nap
    if nap == "two-way":
        return
    left: dict[int, tuple[float, float, float]] = {}
    for index, p in enumerate(marker.placements):
        piece = marker.by_id[p.piece]
        if piece.ignores_nap:
            continue
        key = 0 if nap == "one-way" else p.bundle
        first, low, high = left.get(key, (p.angle_deg, -180.0, 180.0))
        off = (p.angle_deg - first + 180.0) % 360.0 - 180.0
        own = most_off_grain(piece)
        shared = max(low, off - own), min(high, off + own)
        if shared[0] > shared[1] + ANGLE_TOLERANCE_DEG:
            message = f"{named(marker, index)} points against the nap ({nap}), {abs(off):g} degrees off the first piece"
            yield Fault("nap", message, (index,))
        else:
            left[key] = (first, *shared)


# --- garments together -------------------------------------------------------------------------------------------


def stretches(marker: Marker) -> dict[int, tuple[float, float]]:
    """From where to where along the cloth each garment's outlines lie, by its number."""
    bounds = shapely.bounds(np.array(marker.polygons, dtype=object))
    found: dict[int, tuple[float, float]] = {}
    for p, (x0, _, x1, _) in zip(marker.placements, bounds.tolist(), strict=True):
        start, end = found.get(p.bundle, (x0, x1))
        found[p.bundle] = (min(start, x0), max(end, x1))
    return found


def bundle_faults(marker: Marker) -> Iterator[Fault]:
    """Garments whose pieces lie too far apart, and sections that reach into one another."""
    if not marker.placements:
        return
    found = stretches(marker)
    span = marker.settings.bundle_span_mm
    for bundle, (start, end) in sorted(found.items()):
        if span is not None and end - start > span + PLACE_TOLERANCE_MM:
            message = f"bundle {bundle} spans {end - start:.3f} mm, {end - start - span:.3f} mm more than {span:g} mm"
            yield Fault("span", message, _of_bundle(marker, bundle))
    if marker.settings.bundling == "sections":
        yield from _section_faults(found)


def _section_faults(found: dict[int, tuple[float, float]]) -> Iterator[Fault]:
    ordered = sorted(found.items(), key=lambda entry: (entry[1], entry[0]))
    farthest, reach = ordered[0][0], ordered[0][1][1]
    for bundle, (start, end) in ordered[1:]:
        if start < reach - PLACE_TOLERANCE_MM:
            message = f"the sections of bundles {farthest} and {bundle} share {min(reach, end) - start:.3f} mm"
            yield Fault("section", f"{message}, from x {start:.3f} mm")
        if end > reach:
            farthest, reach = bundle, end


def _of_bundle(marker: Marker, bundle: int) -> tuple[int, ...]:
    return tuple(index for index, p in enumerate(marker.placements) if p.bundle == bundle)
