"""Nouns to the JSON of a marker file. What is at its default since it came to the schema is left out.

So a marker without rules of cloth is written as it was before there were any.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from shapely.geometry import Polygon

from cutkit import __version__
from cutkit.check import MOST_STEP_DEG, turn_of
from cutkit.formats.files import text_of_path
from cutkit.model import (
    Defect,
    Fabric,
    Mark,
    Marker,
    Match,
    NestSettings,
    OrderedPiece,
    Placement,
    Planned,
    Point,
    Repeat,
    Tie,
    in_steps,
)
from cutkit.splices import SpliceBand, splice_bands

SCHEMA = "cutkit.marker/1"
SPLICES_MM = 50.0
"""Splice bands that begin nearer to one another than this are not all told."""
DECIMALS = 9
"""Digits after the point of written coordinates, in mm."""


def marker_to_json(marker: Marker) -> dict[str, Any]:
    """The marker as the JSON object that the contract describes."""
    return {
        "schema": SCHEMA,
        "cutkit": __version__,
        "fabric": _fabric_json(marker.fabric),
        "settings": _settings_json(marker.settings),
        "seed": marker.settings.seed,
        "search": {
            "time_s": marker.search.time_s,
            "rounds": marker.search.rounds,
            "workers": marker.search.workers,
        },
        "inputs": [{"path": text_of_path(i.path), "sha256": i.sha256} for i in marker.inputs],
        "pieces": [_piece_json(piece) for piece in marker.pieces],
        "placements": [_placement_json(placement) for placement in marker.placements],
        "unplaced": [{"piece": u.piece, "count": u.count, "reason": u.reason} for u in marker.unplaced],
        "length_mm": _number(marker.length_mm),
        "efficiency": _number(marker.efficiency),
    } | _stated(
        {
            "splices": ([_splice_json(band) for band in splice_bands(marker, apart_mm=SPLICES_MM)], []),
            "stretch": (None if marker.stretch is None else asdict(marker.stretch), None),
            "planned": (_planned_json(marker.planned), {}),
        }
    )


def _planned_json(planned: Planned) -> dict[str, Any]:
    return _stated(
        {
            "plies": (planned.plies, 1),
            "sets": (planned.sets, "full"),
            "sharing": ({str(bundle): count for bundle, count in planned.sharing}, {}),
        }
    )


def _splice_json(band: SpliceBand) -> dict[str, Any]:
    return {"x0_mm": _number(band.x0_mm), "x1_mm": _number(band.x1_mm)}


def _fabric_json(fabric: Fabric) -> dict[str, Any]:
    value = {
        "name": fabric.name,
        "material": fabric.material,
        "width_mm": _number(fabric.width_mm),
        "usable_width_mm": _number(fabric.usable_width_mm),
        "selvedge_mm": _number(fabric.selvedge_mm),
        "nap": fabric.nap,
        "max_length_mm": fabric.max_length_mm,
        "defects": [{"box_mm": list(d.box_mm)} for d in fabric.defects if not d.allows],
    }
    since = {
        "flaws": ([_flaw_json(d) for d in fabric.defects if d.allows], []),
        "high_selvedge_mm": (_maybe(fabric.high_selvedge_mm), None),
        "start_margin_mm": (_number(fabric.start_margin_mm), 0.0),
        "end_margin_mm": (_number(fabric.end_margin_mm), 0.0),
        "spread": (fabric.spread, "face-up"),
        "has_face": (fabric.has_face, True),
        "zones": ([{"name": z.name, "y0_mm": _number(z.y0_mm), "y1_mm": _number(z.y1_mm)} for z in fabric.zones], []),
        "repeat": (None if fabric.repeat is None else _repeat_json(fabric.repeat), None),
        "shrinkage": (list(fabric.shrinkage), [0.0, 0.0]),
        "weight_gsm": (fabric.weight_gsm, None),
        "price_per_m": (fabric.price_per_m, None),
    }
    return value | _stated(since)


def _flaw_json(defect: Defect) -> dict[str, Any]:
    return {"box_mm": list(defect.box_mm), "allows": list(defect.allows)}


def _repeat_json(repeat: Repeat) -> dict[str, Any]:
    return {
        "x_mm": _maybe(repeat.x_mm),
        "y_mm": _maybe(repeat.y_mm),
        "offset_x_mm": _number(repeat.offset_x_mm),
        "offset_y_mm": _number(repeat.offset_y_mm),
        "angle_deg": repeat.angle_deg,
    }


def _settings_json(settings: NestSettings) -> dict[str, Any]:
    since = {
        "bundle_span_mm": (_maybe(settings.bundle_span_mm), None),
        "bundling": (settings.bundling, "mixed"),
    }
    return {"gap_mm": settings.gap_mm} | _stated(since)


def _piece_json(piece: OrderedPiece) -> dict[str, Any]:
    value = {
        "id": piece.id,
        "name": piece.name,
        "size": piece.size,
        "style": piece.style,
        "material": piece.material,
        "ordered": piece.ordered,
        "ordered_mirrored": piece.ordered_mirrored,
        **_angles_json(piece),
        "may_mirror": piece.may_mirror,
        "ignores_nap": piece.ignores_nap,
    }
    since = {
        "category": (piece.category, ""),
        "quality": (piece.quality, ""),
        "zones": (list(piece.zones), []),
        "fold": (piece.fold, None),
        "per_copy": (piece.per_copy, 1),
        "matches": ([_match_json(match) for match in piece.matches], []),
        "ties": ([_tie_json(tie) for tie in piece.ties], []),
        "buffer_mm": (_number(piece.buffer_mm), 0.0),
        "block": (None if piece.block is None else _rings_json(piece.block), None),
        "cut_block": (piece.cut_block, False),
    }
    return value | _stated(since) | _rings_json(piece.outline) | {"marks": [_mark_json(mark) for mark in piece.marks]}


def _angles_json(piece: OrderedPiece) -> dict[str, Any]:
    """The angles of a piece. One that tilts in steps has its turns, its largest step as the tilt, and the steps.

    So whoever knows nothing of steps, and reads only turns and tilt, takes it for a piece that tilts, which it is.
    """
    allowed = piece.allowed_angles_deg
    turns = tuple(dict.fromkeys(turn_of(angle) for angle in allowed))
    above = ((angle - turns[0]) % 360.0 for angle in allowed)
    steps = sorted({round(step, DECIMALS) for step in above if step <= MOST_STEP_DEG})
    if piece.tilt_deg == 0 and turns != allowed and steps and in_steps(turns, steps) == allowed:
        return {"allowed_angles_deg": list(turns), "tilt_deg": steps[-1], "tilt_steps_deg": steps}
    return {"allowed_angles_deg": list(allowed), "tilt_deg": piece.tilt_deg}


def _match_json(match: Match) -> dict[str, Any]:
    value: dict[str, Any] = {"name": match.name, "point": _point_json(match.point)}
    since = {
        "group": (match.group, ""),
        "at_mm": (_point_json(match.at_mm), [0.0, 0.0]),
        "along": (match.along, True),
        "across": (match.across, True),
    }
    return value | _stated(since)


def _tie_json(tie: Tie) -> dict[str, Any]:
    return {"point": _point_json(tie.point), "x_mm": _maybe(tie.x_mm), "y_mm": _maybe(tie.y_mm)}


def _placement_json(placement: Placement) -> dict[str, Any]:
    value = {
        "piece": placement.piece,
        "bundle": placement.bundle,
        "x_mm": _number(placement.x_mm),
        "y_mm": _number(placement.y_mm),
        "angle_deg": placement.angle_deg,
        "mirrored": placement.mirrored,
    }
    return value | _stated({"locked": (placement.locked, False)})


def _mark_json(mark: Mark) -> dict[str, Any]:
    optional = {
        "depth_mm": mark.depth_mm,
        "width_mm": mark.width_mm,
        "angle_deg": mark.angle_deg,
        "shape": mark.shape,
        "text": mark.text,
        "layer": mark.layer,
    }
    known = {key: value for key, value in optional.items() if value is not None}
    return {"kind": mark.kind, "points": [_point_json(point) for point in mark.points], "tool": mark.tool, **known}


def _rings_json(polygon: Polygon) -> dict[str, Any]:
    return {
        "outline": _ring_json(polygon.exterior.coords),
        "holes": [_ring_json(ring.coords) for ring in polygon.interiors],
    }


def _ring_json(coords: Iterable[tuple[float, ...]]) -> list[list[float]]:
    """A ring without its repeated last point."""
    return [[_number(p[0]), _number(p[1])] for p in coords][:-1]


def _point_json(point: Point) -> list[float]:
    return [_number(point[0]), _number(point[1])]


def _stated(values: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Of values, each beside its default, those that are not at it."""
    return {key: value for key, (value, default) in values.items() if value != default}


def _maybe(value: float | None) -> float | None:
    return None if value is None else _number(value)


def _number(value: float) -> float:
    """Rounded for writing; never a negative zero."""
    return round(float(value), DECIMALS) + 0.0
