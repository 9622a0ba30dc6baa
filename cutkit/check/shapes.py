"""Whether what a marker says can be judged at all: pieces are shapes, numbers are numbers, words are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf, isfinite

import numpy as np
import shapely
from shapely.geometry import Polygon

from cutkit.check.faults import Fault
from cutkit.check.overlap import depth_of
from cutkit.model import Fabric, Marker, OrderedPiece


def shape_faults(marker: Marker) -> Iterator[Fault]:
    """Pieces and placements that are no shapes and no places."""
    if len(marker.by_id) != len(marker.pieces):
        yield Fault("duplicate-piece", "two pieces share an id")
    for piece in marker.pieces:
        yield from _piece_faults(piece)
    for index, p in enumerate(marker.placements):
        if p.piece not in marker.by_id:
            yield Fault("unknown-piece", f"placement {index}: unknown piece {p.piece!r}", (index,))
        elif not all(isfinite(v) for v in (p.x_mm, p.y_mm, p.angle_deg)):
            yield Fault("not-finite", f"placement {index} ({p.piece}): coordinates are not finite", (index,))


def _piece_faults(piece: OrderedPiece) -> Iterator[Fault]:
    shapes = {"outline": piece.outline} if piece.block is None else {"outline": piece.outline, "block": piece.block}
    for what, shape in shapes.items():
        yield from _polygon_faults(piece.id, what, shape)
    points = [value for match in piece.matches for value in (*match.point, *match.at_mm)]
    ties = [value for tie in piece.ties for value in (*tie.point, tie.x_mm, tie.y_mm) if value is not None]
    for what, values in (("match points", points), ("ties", ties)):
        if not all(map(isfinite, values)):
            yield Fault("not-finite", f"piece {piece.id}: the {what} are not finite")
    if piece.block is not None and all(shape.is_valid and not shape.is_empty for shape in shapes.values()):
        spilt = depth_of(piece.outline.difference(piece.block))
        if spilt is not None:
            message = f"piece {piece.id}: the outline reaches out of the block, about {spilt.depth_mm:.3f} mm wide"
            yield Fault("block-outline", message)


def _polygon_faults(piece: str, what: str, shape: Polygon) -> Iterator[Fault]:
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        yield Fault("not-finite", f"piece {piece}: the {what}'s coordinates are not finite")
    elif not shape.is_valid or shape.is_empty:
        reason = shapely.is_valid_reason(shape)
        yield Fault("not-simple", f"piece {piece}: the {what} is not a simple polygon ({reason})")


def rule_faults(marker: Marker) -> Iterator[Fault]:
    """Rules that make no sense: of the cloth, of the settings, and of what pieces ask of a cloth that it has not."""
    yield from _cloth_faults(marker.fabric)
    span = marker.settings.bundle_span_mm
    if not 0 <= marker.settings.gap_mm < inf:
        yield Fault("settings", f"the gap is {marker.settings.gap_mm:g} mm")
    if span is not None and not 0 < span < inf:
        yield Fault("settings", f"the span of a garment is {span:g} mm")
    known = {zone.name for zone in marker.fabric.zones}
    for piece in marker.pieces:
        for name in piece.zones:
            if name not in known:
                has = ", ".join(sorted(known)) or "none"
                yield Fault("unknown-zone", f"piece {piece.id}: no zone {name!r} on this cloth (it has: {has})")
        yield from _spread_faults(marker.fabric, piece)


def _cloth_faults(fabric: Fabric) -> Iterator[Fault]:
    width, high = fabric.usable_width_mm, fabric.high_selvedge_mm or 0.0
    if not 0 < width <= fabric.width_mm + 1e-6 or min(fabric.selvedge_mm, high) < -1e-6:
        yield Fault("fabric-width", f"usable width {width:.3f} mm of {fabric.width_mm:.3f} mm")
    margins = (fabric.start_margin_mm, fabric.end_margin_mm)
    if not all(0 <= margin < inf for margin in margins):
        yield Fault("margin", f"the margins at the ends are {margins[0]:g} mm and {margins[1]:g} mm")
    for zone in fabric.zones:
        if not -inf < zone.y0_mm < zone.y1_mm < inf:
            yield Fault("zone", f"zone {zone.name!r} goes from y {zone.y0_mm:g} mm to {zone.y1_mm:g} mm")
    if fabric.repeat is not None:
        yield from _repeat_faults(fabric)
    if fabric.folds_mm and _selvedge_at_a_fold(fabric):
        yield Fault("spread", f"{fabric.spread} cloth has a selvedge where it is folded")


def _selvedge_at_a_fold(fabric: Fabric) -> bool:
    high = fabric.selvedge_mm if fabric.high_selvedge_mm is None else fabric.high_selvedge_mm
    return fabric.selvedge_mm > 1e-6 or (fabric.spread == "tubular" and high > 1e-6)


def _repeat_faults(fabric: Fabric) -> Iterator[Fault]:
    repeat = fabric.repeat
    assert repeat is not None
    for way, size in (("along", repeat.x_mm), ("across", repeat.y_mm)):
        if size is not None and not 0 < size < inf:
            yield Fault("repeat", f"the cloth's repeat {way} is {size:g} mm")
    rest: Iterable[float] = (repeat.offset_x_mm, repeat.offset_y_mm, repeat.angle_deg)
    if not all(map(isfinite, rest)):
        yield Fault("repeat", "the offset or the angle of the cloth's repeat is not finite")


def _spread_faults(fabric: Fabric, piece: OrderedPiece) -> Iterator[Fault]:
    if piece.fold is not None and piece.per_copy != 1:
        yield Fault("spread", f"piece {piece.id} lies on a fold: a copy is one piece, not {piece.per_copy}")
    if piece.per_copy < 1 or (piece.per_copy > 1 and fabric.spread == "face-up"):
        message = f"piece {piece.id}: a copy stands for {piece.per_copy} pieces of a ply on {fabric.spread} cloth"
        yield Fault("spread", message)
