"""Random markers made by hand, without any search, that hold rules of cloth; and edits that may break them.

Pieces lie in the cells of a grid, a garment in its own columns, so that all of it is right by construction. Every edit
is far larger, or changes nothing by far, than what referees forgive.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

from naive_rules import moved
from shapely.affinity import scale, translate
from shapely.geometry import Polygon, box

from cutkit.model import (
    Defect,
    Fabric,
    Marker,
    Match,
    NestSettings,
    OrderedPiece,
    Placement,
    Point,
    Repeat,
    Stated,
    Tie,
    Unplaced,
    Zone,
)

CELL_MM = 200.0
REACH_MM = 68.0
"""No outline reaches farther from the middle of its cell."""
ROWS, COLUMNS = 3, 2
EDIT_MM = (0.07, 0.4, 0.9, 3.3, 12.0, 43.0, 131.0)
EDIT_DEG = (0.4, 1.7, 4.3, 7.7, 90.0, 180.0)
CLASSES = ("", "A", "B")
STEPS_DEG = (0.0, 1.5, 358.5, 180.0, 181.5, 178.5)


def rule_marker(seed: int) -> Marker:
    """Marker ``seed``: one to three garments of six pieces or fewer on cloth with some of the rules, without fault."""
    rng = random.Random(seed)
    garments = rng.randint(1, 3)
    fabric = _fabric(rng, garments)
    pieces: list[OrderedPiece] = []
    placements: list[Placement] = []
    one_way = rng.choice([0.0, 180.0])
    for garment in range(garments):
        along = one_way if fabric.nap == "one-way" else rng.choice([0.0, 180.0])
        for piece, spots in _garment(rng, fabric, garment, along):
            pieces.append(piece)
            placements += spots
    pieces, placements = _with_matches(rng, fabric, pieces, placements)
    settings = NestSettings(
        gap_mm=rng.choice([0.0, 2.0, 10.0]),
        bundle_span_mm=rng.choice([None, COLUMNS * CELL_MM]),
        bundling=rng.choice(["mixed", "sections"]),
    )
    unplaced = ()
    if rng.random() < 0.2:
        lost = rng.randrange(len(pieces))
        pieces[lost] = replace(pieces[lost], ordered=pieces[lost].ordered + 1)
        unplaced = (Unplaced(pieces[lost].id, 1, "no room"),)
    fabric = replace(fabric, defects=_flaws(rng, pieces, placements))
    return _measured(Marker(fabric, tuple(pieces), tuple(placements), settings, unplaced))


def _measured(marker: Marker) -> Marker:
    return replace(marker, stated=Stated(marker.length_mm, marker.efficiency))


def _fabric(rng: random.Random, garments: int) -> Fabric:
    spread = rng.choice(["face-up", "face-up", "face-to-face", "folded", "tubular"])
    low = 0.0 if spread in ("folded", "tubular") else rng.choice([0.0, 12.0])
    high = 0.0 if spread == "tubular" else rng.choice([0.0, 20.0])
    start, end = rng.choice([0.0, 15.0]), rng.choice([0.0, 25.0])
    usable = ROWS * CELL_MM
    zones = [Zone(f"row {r}", r * CELL_MM, (r + 1) * CELL_MM) for r in range(ROWS)] + [Zone("all", 0.0, usable)]
    limit = garments * COLUMNS * CELL_MM + start + end
    repeat = Repeat(
        rng.choice([None, 60.0, 44.5]),
        rng.choice([None, 80.0, 31.25]),
        round(rng.uniform(-50, 50), 3),
        round(rng.uniform(-50, 50), 3),
        rng.choice([0.0, 0.0, 30.0, 90.0]),
    )
    return Fabric(
        usable + low + high,
        low,
        rng.choice(["two-way", "one-way", "per-bundle"]),
        max_length_mm=rng.choice([None, limit]),
        high_selvedge_mm=high,
        start_margin_mm=start,
        end_margin_mm=end,
        spread=spread,
        has_face=rng.random() < 0.7,
        zones=tuple(zones) if rng.random() < 0.7 else (),
        repeat=repeat if rng.random() < 0.7 else None,
    )


def _garment(
    rng: random.Random, fabric: Fabric, garment: int, along: float
) -> list[tuple[OrderedPiece, list[Placement]]]:
    """The pieces of one garment and where they lie, each in a cell of its own."""
    cells = [(column, row) for column in range(COLUMNS) for row in range(ROWS)]
    made = []
    while cells:
        column, row = cells.pop(0)
        name = f"P{len(made)}-{garment + 1}"
        at = ((garment * COLUMNS + column + 0.5) * CELL_MM, (row + 0.5) * CELL_MM)
        if fabric.folds_mm and (row == 0 or (row == ROWS - 1 and fabric.spread == "tubular")) and rng.random() < 0.6:
            made.append(_on_fold(rng, fabric, name, garment + 1, at[0], row != 0, along))
            continue
        piece = _piece(rng, fabric, name, row)
        spots = [_spot(rng, fabric, piece, garment + 1, at, False, along)]
        if cells and not piece.zones and rng.random() < 0.3:
            column, row = cells.pop(0)
            at = ((garment * COLUMNS + column + 0.5) * CELL_MM, (row + 0.5) * CELL_MM)
            piece = replace(piece, ordered_mirrored=1)
            spots.append(_spot(rng, fabric, piece, garment + 1, at, True, along))
        made.append((_tied(rng, piece, spots), spots))
    return made


def _outline(rng: random.Random) -> Polygon:
    """A shape about the origin that is no farther than its reach, sometimes with a cut-out."""
    kind = rng.choice(["star", "star", "L", "frame"])
    if kind == "L":
        return Polygon([(-48, -40), (45, -40), (45, -10), (0, -5), (-5, 45), (-48, 45)])
    if kind == "frame":
        return Polygon(box(-48, -45, 48, 45).exterior, [box(-20, -25, 25, 20).exterior])
    count = rng.randint(5, 11)
    radii = [rng.uniform(0.5, 1.0) * REACH_MM for _ in range(count)]
    turns = [2 * math.pi * k / count for k in range(count)]
    return Polygon([(r * math.cos(t), r * math.sin(t)) for r, t in zip(radii, turns, strict=True)])


def _piece(rng: random.Random, fabric: Fabric, name: str, row: int) -> OrderedPiece:
    outline = translate(_outline(rng), rng.uniform(-300, 300), rng.uniform(-300, 300))
    angles = rng.choice([(0.0, 180.0), (0.0, 180.0), STEPS_DEG, (0.0, 90.0, 180.0, 270.0)])
    buffer_mm = rng.choice([0.0, 0.0, 5.0])
    whole = outline.buffer(buffer_mm, join_style="mitre", mitre_limit=1.5)
    block = Polygon(whole.exterior) if buffer_mm else rng.choice([None, None, outline.envelope])
    zones = [()] if not fabric.zones else [(), (f"row {row}",), ("all", f"row {row}")]
    return OrderedPiece(
        name,
        name.partition("-")[0],
        "M",
        outline,
        1,
        allowed_angles_deg=angles,
        tilt_deg=rng.choice([0.0, 0.0, 2.0, 5.0]),
        ignores_nap=len(angles) == 4,
        block=block,
        buffer_mm=buffer_mm,
        quality=rng.choice(CLASSES),
        zones=rng.choice(zones),
        per_copy=fabric.layers,
        category=rng.choice(["", "trim"]),
    )


def _spot(
    rng: random.Random, fabric: Fabric, piece: OrderedPiece, bundle: int, at: Point, mirrored: bool, along: float
) -> Placement:
    """The piece's middle near ``at``, at an angle that it may have and the nap allows."""
    free = piece.ignores_nap or fabric.nap == "two-way"
    base = rng.choice([a for a in piece.allowed_angles_deg if free or math.cos(math.radians(a - along)) > 0])
    tilt = rng.choice([0.0, 0.9, -0.9]) * piece.tilt_deg
    turned = Placement(piece.id, bundle, 0.0, 0.0, base + tilt, mirrored, rng.random() < 0.2)
    x0, y0, x1, y1 = piece.outline.bounds
    x, y = moved(turned, ((x0 + x1) / 2, (y0 + y1) / 2))
    return replace(turned, x_mm=at[0] - x + rng.uniform(-4, 4), y_mm=at[1] - y + rng.uniform(-4, 4))


def _on_fold(
    rng: random.Random, fabric: Fabric, name: str, bundle: int, x: float, at_top: bool, along: float
) -> tuple[OrderedPiece, list[Placement]]:
    """A half piece with its straight side on a fold: turned and mirrored so that this side is where the fold is."""
    side = rng.choice(["low", "high"])
    half = Polygon([(-60, 0), (55, 0), (60, 40), (10, 70), (-50, 45)])
    outline = translate(half if side == "low" else scale(half, 1, -1, origin=(0, 0)), rng.uniform(-99, 99), 7.5)
    piece = OrderedPiece(name, name.partition("-")[0], "M", outline, 1, fold=side, may_mirror=True)
    turned = along if fabric.nap != "two-way" else rng.choice([0.0, 180.0])
    low_side_up = (turned == 180.0) == (side == "low")
    spot = Placement(name, bundle, 0.0, 0.0, turned, low_side_up != at_top)
    x0, y0, x1, y1 = spot.polygon(outline).bounds
    y = fabric.usable_width_mm - y1 if at_top else -y0
    return piece, [replace(spot, x_mm=x - (x0 + x1) / 2, y_mm=y)]


def _tied(rng: random.Random, piece: OrderedPiece, spots: list[Placement]) -> OrderedPiece:
    """The piece, tied to where it lies; only one that lies once can be."""
    if len(spots) > 1 or rng.random() < 0.6:
        return piece
    point = (rng.uniform(-50, 50), rng.uniform(-50, 50))
    x, y = moved(spots[0], point)
    return replace(piece, ties=(Tie(point, *rng.choice([(x, None), (None, y), (x, y)])),))


def _flaws(rng: random.Random, pieces: list[OrderedPiece], placements: list[Placement]) -> tuple[Defect, ...]:
    """Flaws at the corners of cells, where nobody lies, and flaws within pieces, for pieces like them."""
    flaws = []
    for _ in range(rng.randint(0, 3)):
        x, y = CELL_MM * rng.randint(1, 4), CELL_MM * rng.randint(1, ROWS - 1)
        flaws.append(Defect((x - 9, y - 6, x + 9, y + 6), rng.choice([(), ("A",)])))
    quality = {piece.id: piece.quality for piece in pieces}
    for p in placements:
        if quality[p.piece] and rng.random() < 0.3:
            x, y = (CELL_MM * (math.floor(v / CELL_MM) + 0.5) for v in _middle(pieces, p))
            flaws.append(Defect((x - 5, y - 40, x + 12, y), rng.choice([(quality[p.piece],), ("A", "B")])))
    return tuple(flaws)


def _middle(pieces: list[OrderedPiece], placement: Placement) -> Point:
    x0, y0, x1, y1 = next(placement.polygon(p.outline).bounds for p in pieces if p.id == placement.piece)
    return (x0 + x1) / 2, (y0 + y1) / 2


# --- matches -----------------------------------------------------------------------------------------------------


def _with_matches(
    rng: random.Random, fabric: Fabric, pieces: list[OrderedPiece], placements: list[Placement]
) -> tuple[list[OrderedPiece], list[Placement]]:
    """Matches of pieces that lie once: to the cloth, and to one another in the same garment."""
    if fabric.repeat is None:
        return pieces, placements
    alone = {p.piece: p for p in placements if sum(q.piece == p.piece for q in placements) == 1}
    first: dict[int, Point] = {}
    changed = []
    for piece in pieces:
        spot = alone.get(piece.id)
        matches = []
        if spot is not None and rng.random() < 0.4:
            matches.append(_to_cloth(rng, fabric.repeat, spot))
        if spot is not None and rng.random() < 0.6:
            at = first.setdefault(spot.bundle, moved(spot, (rng.uniform(-60, 60), rng.uniform(-60, 60))))
            matches.append(_to_group(rng, fabric.repeat, spot, at))
        changed.append(replace(piece, matches=tuple(matches)))
    return changed, placements


def _to_cloth(rng: random.Random, repeat: Repeat, spot: Placement) -> Match:
    point = (rng.uniform(-60, 60), rng.uniform(-60, 60))
    along, across = repeat.phase(*moved(spot, point))
    ways = rng.choice([(True, True), (True, False), (False, True)])
    at = tuple(phase + rng.uniform(-0.3, 0.3) if way else 7.0 for phase, way in zip((along, across), ways, strict=True))
    return Match("cloth", point, "", at, *ways)


def _to_group(rng: random.Random, repeat: Repeat, spot: Placement, at: Point) -> Match:
    """A point some whole repeats from ``at``, and anywhere where the cloth is plain or the match does not ask."""
    ways = rng.choice([(True, True), (True, True), (True, False)])
    steps = []
    for size, asked in zip((repeat.x_mm, repeat.y_mm), ways, strict=True):
        free = size is None or not asked
        steps.append(rng.uniform(-40, 40) if free else size * rng.randint(-2, 2) + rng.uniform(-0.15, 0.15))
    turn = math.radians(repeat.angle_deg)
    x = at[0] + steps[0] * math.cos(turn) - steps[1] * math.sin(turn)
    y = at[1] + steps[0] * math.sin(turn) + steps[1] * math.cos(turn)
    return Match("front", _back(spot, (x, y)), "cf", (0.0, 0.0), *ways)


def _back(spot: Placement, point: Point) -> Point:
    """The point of the piece that lies at ``point`` of the cloth."""
    turn = -math.radians(spot.angle_deg)
    dx, dy = point[0] - spot.x_mm, point[1] - spot.y_mm
    x, y = dx * math.cos(turn) - dy * math.sin(turn), dx * math.sin(turn) + dy * math.cos(turn)
    return x, -y if spot.mirrored else y


# --- edits -------------------------------------------------------------------------------------------------------


def edited(marker: Marker, seed: int) -> Marker:
    """The marker after one to three random edits; some of them break a rule, some do not."""
    rng = random.Random(seed)
    for _ in range(rng.choice([1, 1, 2, 3])):
        marker = rng.choice(EDITS)(rng, marker)
    return marker if rng.random() < 0.1 else _measured(marker)


def _edit_placement(rng: random.Random, marker: Marker, **change) -> Marker:
    k = rng.randrange(len(marker.placements))
    places = list(marker.placements)
    places[k] = replace(places[k], **{key: value(places[k]) for key, value in change.items()})
    return replace(marker, placements=tuple(places))


def _edit_piece(rng: random.Random, marker: Marker, **change) -> Marker:
    k = rng.randrange(len(marker.pieces))
    pieces = list(marker.pieces)
    pieces[k] = replace(pieces[k], **{key: value(pieces[k]) for key, value in change.items()})
    return replace(marker, pieces=tuple(pieces))


def _shift(rng: random.Random, marker: Marker) -> Marker:
    dx, dy = rng.choice([(1, 0), (-1, 0), (0, 1), (0, -1)])
    by = rng.choice(EDIT_MM)
    return _edit_placement(rng, marker, x_mm=lambda p: p.x_mm + dx * by, y_mm=lambda p: p.y_mm + dy * by)


def _turn(rng: random.Random, marker: Marker) -> Marker:
    by = rng.choice(EDIT_DEG) * rng.choice([1, -1])
    return _edit_placement(rng, marker, angle_deg=lambda p: p.angle_deg + by)


def _turn_in_place(rng: random.Random, marker: Marker) -> Marker:
    """As ``_turn``, about the middle of the piece, so that little else changes."""
    k, by = rng.randrange(len(marker.placements)), rng.choice(EDIT_DEG) * rng.choice([1, -1])
    p = marker.placements[k]
    x0, y0, x1, y1 = marker.by_id[p.piece].outline.bounds
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    turned = replace(p, angle_deg=p.angle_deg + by)
    (x, y), (u, v) = moved(p, middle), moved(turned, middle)
    turned = replace(turned, x_mm=p.x_mm + x - u, y_mm=p.y_mm + y - v)
    return replace(marker, placements=(*marker.placements[:k], turned, *marker.placements[k + 1 :]))


def _swap_sides(rng: random.Random, marker: Marker) -> Marker:
    return _edit_placement(rng, marker, mirrored=lambda p: not p.mirrored)


def _other_garment(rng: random.Random, marker: Marker) -> Marker:
    return _edit_placement(rng, marker, bundle=lambda p: p.bundle % 3 + 1)


def _lose(rng: random.Random, marker: Marker) -> Marker:
    if len(marker.placements) < 2:
        return marker
    k = rng.randrange(len(marker.placements))
    return replace(marker, placements=marker.placements[:k] + marker.placements[k + 1 :])


def _mirrored_pair(rng: random.Random, marker: Marker) -> Marker:
    """Both copies of a pair become lefts of two garments, or rights: the sums stay right where there are two pairs."""
    paired = [p for p in marker.placements if marker.by_id[p.piece].ordered_mirrored]
    if not paired:
        return marker
    piece = marker.by_id[rng.choice(paired).piece]
    twice = replace(piece, ordered=2 * piece.ordered, ordered_mirrored=2 * piece.ordered_mirrored)
    far = [
        replace(p, bundle=9, x_mm=p.x_mm + 4000.0, mirrored=True if rng.random() < 0.5 else p.mirrored)
        for p in marker.placements
        if p.piece == piece.id
    ]
    places = [replace(p, mirrored=False) if p.piece == piece.id else p for p in marker.placements]
    return replace(marker, pieces=tuple(twice if p is piece else p for p in marker.pieces), placements=(*places, *far))


def _rule_of_piece(rng: random.Random, marker: Marker) -> Marker:
    change: dict[str, Callable[[OrderedPiece], object]] = {
        "quality": lambda p: rng.choice(CLASSES),
        "zones": lambda p: rng.choice([("row 0",), ("row 1",), ("row 2", "row 0"), ("none such",)]),
        "tilt_deg": lambda p: rng.choice([0.0, 1.0, 5.0]),
        "allowed_angles_deg": lambda p: rng.choice([(0.0,), (180.0,), (0.0, 90.0), (0.0, 180.0)]),
        "ignores_nap": lambda p: not p.ignores_nap,
        "may_mirror": lambda p: not p.may_mirror,
        "ordered": lambda p: p.ordered + rng.choice([-1, 1]),
        "per_copy": lambda p: rng.choice([0, 1, 2]),
        "fold": lambda p: rng.choice([None, "low", "high"]),
        "matches": lambda p: tuple(replace(m, at_mm=(m.at_mm[0] + 0.8, m.at_mm[1])) for m in p.matches),
        "ties": lambda p: (*p.ties, Tie((0.0, 0.0), rng.uniform(0, 500), None)),
    }
    key = rng.choice(list(change))
    return _edit_piece(rng, marker, **{key: change[key]})


def _block(rng: random.Random, marker: Marker) -> Marker:
    by = rng.choice([0.6, 0.9, 1.2, 1.9])
    return _edit_piece(rng, marker, block=lambda p: scale(Polygon(p.outline.exterior).convex_hull, by, by))


def _cloth(rng: random.Random, marker: Marker) -> Marker:
    fabric, by = marker.fabric, rng.choice(EDIT_MM)
    change: dict[str, object] = {
        "width_mm": fabric.width_mm - by,
        "end_margin_mm": fabric.end_margin_mm + by,
        "max_length_mm": marker.length_mm + rng.choice([-1, 1]) * by,
        "nap": rng.choice(["one-way", "per-bundle"]),
        "zones": tuple(replace(z, y0_mm=z.y0_mm + by) for z in fabric.zones),
        "spread": rng.choice(["face-up", "folded", "tubular"]),
        "repeat": fabric.repeat and replace(fabric.repeat, offset_x_mm=fabric.repeat.offset_x_mm + by),
        "defects": (*fabric.defects, _anywhere(rng)),
    }
    key = rng.choice(list(change))
    return replace(marker, fabric=replace(fabric, **{key: change[key]}))


def _anywhere(rng: random.Random) -> Defect:
    x, y = rng.uniform(0, 500), rng.uniform(0, ROWS * CELL_MM)
    return Defect((x, y, x + rng.choice((3.0, 40.0, 150.0)), y + 40.0), rng.choice([(), ("A",), ("B", "A")]))


def _settings(rng: random.Random, marker: Marker) -> Marker:
    change: dict[str, object] = {
        "gap_mm": rng.choice([40.0, 75.0, 90.0]),
        "bundle_span_mm": rng.choice([110.0, 299.0, 333.0]),
        "bundling": "sections",
    }
    key = rng.choice(list(change))
    return replace(marker, settings=replace(marker.settings, **{key: change[key]}))


EDITS: tuple[Callable[[random.Random, Marker], Marker], ...] = (
    _shift,
    _shift,
    _turn,
    _turn_in_place,
    _swap_sides,
    _other_garment,
    _lose,
    _mirrored_pair,
    _rule_of_piece,
    _rule_of_piece,
    _block,
    _cloth,
    _cloth,
    _settings,
)
