"""Slow, obvious twins of the referee's rules: plain loops over points, without numpy, shapely's operations or cutkit.

Of the marker they read the fields, and of a polygon its corners. Each rule is written from what it says, and shares no
code with the search or with ``cutkit.check``. ``twin_faults`` is for soaks: every finding of a marker, as text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, pairwise

from cutkit.model import Marker, OrderedPiece, Placement

Point = tuple[float, float]
Ring = list[Point]
Shape = list[Ring]
Box = tuple[float, float, float, float]
Finding = tuple[str, tuple[int, ...], str]

FORGIVEN_MM = 2e-3
"""What rounding may do to a place; more than the referee forgives, for sampled points measure otherwise than areas."""
FORGIVEN_GAP_MM = 1.1e-2
FORGIVEN_DEG = 1e-5
SEEN_MM = 0.5 + 1e-5
GRID = 16
"""So many points in a row are tried within what two shapes might have in common."""


def twin_faults(marker: Marker) -> list[str]:
    """What the twins find wrong with a marker, each as ``code (placements): how far off``. Codes are the referee's."""
    return [f"{code} {placements}: {text}" for code, placements, text in twin_findings(marker)]


def twin_findings(marker: Marker) -> list[Finding]:
    """The same, taken apart: code, indices of placements, text."""
    outlines = [laid(p, corners(_piece(marker, p).outline)) for p in marker.placements]
    blocks = [laid(p, corners(_piece(marker, p).block or _piece(marker, p).outline)) for p in marker.placements]
    return [
        *_on_cloth(marker, outlines, blocks),
        *_apart(marker, outlines, blocks),
        *_flaws(marker, outlines),
        *_zones(marker, outlines),
        *_folds(marker),
        *_ties(marker),
        *_matches(marker),
        *_angles(marker),
        *_counts(marker),
        *_nap(marker),
        *_garments(marker, outlines),
        *_stated(marker, outlines),
    ]


def _piece(marker: Marker, placement: Placement) -> OrderedPiece:
    (piece,) = [piece for piece in marker.pieces if piece.id == placement.piece]
    return piece


def _usable(marker: Marker) -> float:
    """The width between the selvedges."""
    fabric = marker.fabric
    high = fabric.selvedge_mm if fabric.high_selvedge_mm is None else fabric.high_selvedge_mm
    return fabric.width_mm - fabric.selvedge_mm - high


# --- plane geometry, from its definitions ------------------------------------------------------------------------


def corners(polygon) -> Shape:
    """The rings of a polygon, the outer one first, each without its repeated last point."""
    return [[(x, y) for x, y in ring.coords[:-1]] for ring in (polygon.exterior, *polygon.interiors)]


def moved(placement: Placement, point: Point) -> Point:
    """A point of a piece on the cloth: mirrored, turned, moved."""
    x, y = point[0], -point[1] if placement.mirrored else point[1]
    turn = placement.angle_deg / 180.0 * math.pi
    return (
        x * math.cos(turn) - y * math.sin(turn) + placement.x_mm,
        x * math.sin(turn) + y * math.cos(turn) + placement.y_mm,
    )


def laid(placement: Placement, shape: Shape) -> Shape:
    """A piece's rings on the cloth."""
    return [[moved(placement, point) for point in ring] for ring in shape]


def sides(shape: Shape) -> list[tuple[Point, Point]]:
    """The edges of all rings."""
    return [(ring[k - 1], ring[k]) for ring in shape for k in range(len(ring))]


def box_of(shape: Shape) -> Box:
    """The smallest and the largest x and y of the outer ring."""
    xs, ys = [x for x, _ in shape[0]], [y for _, y in shape[0]]
    return min(xs), min(ys), max(xs), max(ys)


def area(shape: Shape) -> float:
    """The area within the outer ring and without the holes, by the shoelace formula."""
    sums = [abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in sides([ring]))) / 2 for ring in shape]
    return sums[0] - sum(sums[1:])


def is_inside(shape: Shape, point: Point) -> bool:
    """Whether a ray from the point crosses the shape's edges an odd number of times."""
    x, y = point
    odd = False
    for (x0, y0), (x1, y1) in sides(shape):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            odd = not odd
    return odd


def to_side(point: Point, side: tuple[Point, Point]) -> float:
    """The distance of a point from an edge."""
    (x0, y0), (x1, y1) = side
    length = (x1 - x0) ** 2 + (y1 - y0) ** 2
    t = 0.0 if length == 0 else ((point[0] - x0) * (x1 - x0) + (point[1] - y0) * (y1 - y0)) / length
    t = min(max(t, 0.0), 1.0)
    return math.hypot(point[0] - x0 - t * (x1 - x0), point[1] - y0 - t * (y1 - y0))


def depth_in(shape: Shape, point: Point) -> float:
    """How deep a point lies in a shape; negative: how far outside."""
    away = min(to_side(point, side) for side in sides(shape))
    return away if is_inside(shape, point) else -away


def crossing(a: tuple[Point, Point], b: tuple[Point, Point]) -> float | None:
    """Where along edge a, from 0 to 1, it meets edge b; None where it does not, or they are parallel."""
    (ax, ay), (bx, by) = a
    (cx, cy), (dx, dy) = b
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    cross = ux * vy - uy * vx
    if abs(cross) <= 1e-12 * math.hypot(ux, uy) * math.hypot(vx, vy):
        return None
    t = ((cx - ax) * vy - (cy - ay) * vx) / cross
    s = ((cx - ax) * uy - (cy - ay) * ux) / cross
    return t if 0 <= t <= 1 and 0 <= s <= 1 else None


def _near(sides_: list[tuple[Point, Point]], box: Box, reach: float) -> list[tuple[Point, Point]]:
    """The edges that come as near to a box as ``reach``, by their own boxes."""
    x0, y0, x1, y1 = box
    return [
        (p, q)
        for p, q in sides_
        if max(p[0], q[0]) >= x0 - reach
        and min(p[0], q[0]) <= x1 + reach
        and max(p[1], q[1]) >= y0 - reach
        and min(p[1], q[1]) <= y1 + reach
    ]


def _shared_box(a: Shape, b: Shape) -> Box:
    boxes = box_of(a), box_of(b)
    return (
        max(boxes[0][0], boxes[1][0]),
        max(boxes[0][1], boxes[1][1]),
        min(boxes[0][2], boxes[1][2]),
        min(boxes[0][3], boxes[1][3]),
    )


def common_depth(a: Shape, b: Shape) -> float:
    """How deep a sampled point lies in both shapes at the most; 0 where none is found.

    Samples are the middles between all places where an edge of one meets the other, the corners, and a grid.
    """
    shared = _shared_box(a, b)
    if shared[2] - shared[0] <= FORGIVEN_MM or shared[3] - shared[1] <= FORGIVEN_MM:
        return 0.0
    deepest = 0.0
    for one, other in ((a, b), (b, a)):
        others = _near(sides(other), shared, FORGIVEN_MM)
        for side in _near(sides(one), shared, 0.0):
            for point in _samples(side, others):
                if _within(shared, point):
                    deepest = max(deepest, depth_in(other, point))
    for point in _grid(shared):
        if is_inside(a, point) and is_inside(b, point):
            deepest = max(deepest, min(depth_in(a, point), depth_in(b, point)))
    return deepest


def _samples(side: tuple[Point, Point], others: list[tuple[Point, Point]]) -> Iterator[Point]:
    (x0, y0), (x1, y1) = side
    cuts = sorted({0.0, 1.0, *(t for other in others if (t := crossing(side, other)) is not None)})
    for t in (*cuts, *((a + b) / 2 for a, b in pairwise(cuts))):
        yield x0 + t * (x1 - x0), y0 + t * (y1 - y0)


def _within(box: Box, point: Point) -> bool:
    return box[0] - 1e-9 <= point[0] <= box[2] + 1e-9 and box[1] - 1e-9 <= point[1] <= box[3] + 1e-9


def _grid(box: Box) -> Iterator[Point]:
    for i in range(GRID):
        for j in range(GRID):
            yield (
                box[0] + (i + 0.5) / GRID * (box[2] - box[0]),
                box[1] + (j + 0.5) / GRID * (box[3] - box[1]),
            )


def distance(a: Shape, b: Shape, reach: float) -> float:
    """How far two boundaries are apart, where they are nearer than ``reach``; else infinite. 0 where they cross."""
    near_b = _near(sides(b), box_of(a), reach)
    least = math.inf
    for side in _near(sides(a), box_of(b), reach):
        for other in near_b:
            if crossing(side, other) is not None:
                return 0.0
            least = min(least, to_side(side[0], other), to_side(side[1], other))
            least = min(least, to_side(other[0], side), to_side(other[1], side))
    return least


# --- places ------------------------------------------------------------------------------------------------------


def _on_cloth(marker: Marker, outlines: list[Shape], blocks: list[Shape]) -> Iterator[Finding]:
    fabric, usable = marker.fabric, _usable(marker)
    farthest = 0.0
    for index, (outline, block) in enumerate(zip(outlines, blocks, strict=True)):
        farthest = max(farthest, box_of(outline)[2])
        for code, shape in (("outside-fabric", outline), ("block-outside", block)):
            x0, y0, _, y1 = box_of(shape)
            beyond = max(-x0, -y0, y1 - usable)
            if beyond > FORGIVEN_MM:
                yield code, (index,), f"{beyond:.3f} mm"
                break
    if fabric.max_length_mm is not None:
        beyond = fabric.start_margin_mm + farthest + fabric.end_margin_mm - fabric.max_length_mm
        if beyond > FORGIVEN_MM:
            yield "too-long", (), f"{beyond:.3f} mm"
            return
        for index, block in enumerate(blocks):
            beyond = fabric.start_margin_mm + box_of(block)[2] + fabric.end_margin_mm - fabric.max_length_mm
            if beyond > FORGIVEN_MM:
                yield "block-outside", (index,), f"{beyond:.3f} mm"


def _apart(marker: Marker, outlines: list[Shape], blocks: list[Shape]) -> Iterator[Finding]:
    gap = marker.settings.gap_mm
    for i, j in combinations(range(len(outlines)), 2):
        found = _pair(outlines[i], outlines[j], gap)
        if found is not None:
            yield found[0], (i, j), found[1]
        elif any(_piece(marker, marker.placements[k]).block is not None for k in (i, j)):
            found = _pair(blocks[i], blocks[j], gap)
            if found is not None:
                yield "block", (i, j), found[1]
    for piece in marker.pieces:
        if piece.block is not None and (out := _spilt(corners(piece.outline), corners(piece.block))) > FORGIVEN_MM:
            yield "block-outline", (), f"{piece.id}: {out:.3f} mm"


def _pair(a: Shape, b: Shape, gap: float) -> tuple[str, str] | None:
    shared = _shared_box(a, b)
    if min(shared[2] - shared[0], shared[3] - shared[1]) < -gap:
        return None
    depth = common_depth(a, b)
    if depth > FORGIVEN_MM:
        return "overlap", f"{depth:.3f} mm deep"
    apart = distance(a, b, gap) if gap > FORGIVEN_GAP_MM else math.inf
    if apart < gap - FORGIVEN_GAP_MM:
        return "gap", f"{apart:.3f} of {gap:g} mm"
    return None


def _spilt(outline: Shape, block: Shape) -> float:
    """How far the outline reaches out of its block, or a hole of the block into the outline."""
    others = sides(block)
    out = [-depth_in(block, point) for side in sides(outline) for point in _samples(side, others)]
    holes = [depth_in(outline, point) for hole in block[1:] for point in hole]
    return max(out + holes)


def _flaws(marker: Marker, outlines: list[Shape]) -> Iterator[Finding]:
    for flaw in marker.fabric.defects:
        x0, y0, x1, y1 = flaw.box_mm
        shape = [[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]]
        for index, outline in enumerate(outlines):
            quality = _piece(marker, marker.placements[index]).quality
            if quality != "" and quality in flaw.allows:
                continue
            depth = common_depth(outline, shape)
            if depth > FORGIVEN_MM:
                yield "defect", (index,), f"{depth:.3f} mm deep on {flaw.box_mm}"


def _zones(marker: Marker, outlines: list[Shape]) -> Iterator[Finding]:
    for index, outline in enumerate(outlines):
        names = _piece(marker, marker.placements[index]).zones
        known = [z.name for z in marker.fabric.zones]
        if any(name not in known for name in names):
            yield "unknown-zone", (), f"{names} of {known}"
        strips = [(z.y0_mm, z.y1_mm) for z in marker.fabric.zones if z.name in names]
        ways = [max([0.0, *(max(y0 - y, y - y1) for _, y in outline[0])]) for y0, y1 in strips]
        if strips and min(ways) > FORGIVEN_MM:
            yield "zone", (index,), f"{min(ways):.3f} mm"


def _folds(marker: Marker) -> Iterator[Finding]:
    fabric = marker.fabric
    folds = {"folded": [0.0], "tubular": [0.0, _usable(marker)]}.get(fabric.spread, [])
    for piece in marker.pieces:
        if piece.fold is not None and piece.per_copy != 1:
            yield "spread", (), f"{piece.id}: on a fold"
        if piece.per_copy < 1 or (piece.per_copy > 1 and fabric.spread == "face-up"):
            yield "spread", (), f"{piece.id}: {piece.per_copy} a copy"
    high = fabric.selvedge_mm if fabric.high_selvedge_mm is None else fabric.high_selvedge_mm
    if (folds and fabric.selvedge_mm > 0) or (len(folds) == 2 and high > 0):
        yield "spread", (), "a selvedge at a fold"
    for index, p in enumerate(marker.placements):
        piece = _piece(marker, p)
        if piece.fold is None:
            continue
        if not folds:
            yield "fold", (index,), "no fold"
            continue
        ring = corners(piece.outline)[0]
        side = min(y for _, y in ring) if piece.fold == "low" else max(y for _, y in ring)
        ends = [moved(p, (x, side)) for x in (min(x for x, _ in ring), max(x for x, _ in ring))]
        off = min(max(abs(y - fold) for _, y in ends) for fold in folds)
        if off > FORGIVEN_MM:
            yield "fold", (index,), f"{off:.3f} mm"


def _ties(marker: Marker) -> Iterator[Finding]:
    for index, p in enumerate(marker.placements):
        for tie in _piece(marker, p).ties:
            x, y = moved(p, tie.point)
            off = max(
                abs(x - tie.x_mm) if tie.x_mm is not None else 0.0, abs(y - tie.y_mm) if tie.y_mm is not None else 0.0
            )
            if off > FORGIVEN_MM:
                yield "tie", (index,), f"{off:.3f} mm"


# --- stripes and checks ------------------------------------------------------------------------------------------


def _matches(marker: Marker) -> Iterator[Finding]:
    repeat = marker.fabric.repeat
    if repeat is None:
        return
    turn = math.radians(repeat.angle_deg)
    points = []
    for index, p in enumerate(marker.placements):
        for match in _piece(marker, p).matches:
            x, y = moved(p, match.point)
            x, y = x - repeat.offset_x_mm, y - repeat.offset_y_mm
            # How far along the repeat's own directions: what is left when the point is turned back by its angle.
            along = math.hypot(x, y) * math.cos(math.atan2(y, x) - turn)
            across = math.hypot(x, y) * math.sin(math.atan2(y, x) - turn)
            points.append((index, p.bundle, match, along, across))
    for index, _, match, along, across in points:
        if match.group == "":
            off = math.hypot(
                _off_line(along - match.at_mm[0], repeat.x_mm) if match.along else 0.0,
                _off_line(across - match.at_mm[1], repeat.y_mm) if match.across else 0.0,
            )
            if off > SEEN_MM:
                yield "match", (index,), f"{match.name}: {off:.3f} mm"
    for (i, bundle, a, ax, ay), (j, other, b, bx, by) in combinations(points, 2):
        if a.group == "" or a.group != b.group or bundle != other:
            continue
        off = math.hypot(
            _off_line(ax - bx, repeat.x_mm) if a.along and b.along else 0.0,
            _off_line(ay - by, repeat.y_mm) if a.across and b.across else 0.0,
        )
        if off > SEEN_MM:
            yield "match", (i, j), f"{a.group}: {off:.3f} mm"


def _off_line(step: float, size: float | None) -> float:
    """How far a step is off the nearest line of a repeat: lines are counted until the step is passed."""
    if size is None:
        return 0.0
    step = abs(step)
    line = 0.0
    while line + size <= step:
        line += size
    return min(step - line, line + size - step)


# --- orders ------------------------------------------------------------------------------------------------------


def _turned_by(angle: float, other: float) -> float:
    """The smaller way round from one angle to another."""
    way = math.fmod(angle - other, 360.0)
    return min(abs(way), abs(way - 360.0), abs(way + 360.0))


def _angles(marker: Marker) -> Iterator[Finding]:
    for index, p in enumerate(marker.placements):
        piece = _piece(marker, p)
        off = min([180.0, *(_turned_by(p.angle_deg, angle) for angle in piece.allowed_angles_deg)])
        if off > piece.tilt_deg + FORGIVEN_DEG:
            yield "angle", (index,), f"{off:g} of {piece.tilt_deg:g} degrees"


def _counts(marker: Marker) -> Iterator[Finding]:
    for piece in marker.pieces:
        here = [p for p in marker.placements if p.piece == piece.id]
        missing = sum(entry.count for entry in marker.unplaced if entry.piece == piece.id)
        mirrored = len([p for p in here if p.mirrored])
        if len(here) + missing != piece.ordered + piece.ordered_mirrored:
            yield "count", (), f"{piece.id}: {len(here)} and {missing} unplaced"
        elif piece.may_mirror:
            continue
        elif mirrored > piece.ordered_mirrored or len(here) - mirrored > piece.ordered:
            yield "mirrored-count", (), f"{piece.id}: {mirrored} mirrored"
        elif missing == 0 and piece.ordered == piece.ordered_mirrored:
            kinds = {b: [p.mirrored for p in here if p.bundle == b] for b in {p.bundle for p in here}}
            if all(len(those) % 2 == 0 for those in kinds.values()):
                for bundle, those in kinds.items():
                    if those.count(True) != those.count(False):
                        yield "pair", (), f"{piece.id} of garment {bundle}: {those}"


def _nap(marker: Marker) -> Iterator[Finding]:
    """A direction is looked for that suits all: if there is one, then also one at an end of a piece's tilt."""
    groups: dict[int, list[tuple[float, float]]] = {}
    for p in marker.placements:
        piece = _piece(marker, p)
        if not piece.ignores_nap and marker.fabric.nap != "two-way":
            key = p.bundle if marker.fabric.nap == "per-bundle" else 0
            groups.setdefault(key, []).append((p.angle_deg, piece.tilt_deg + max(_steps(piece))))
    for key, angles in groups.items():
        tries = {angle + way * tilt for angle, tilt in angles for way in (-1, 1)}
        if not any(all(_turned_by(a, d) <= tilt + FORGIVEN_DEG for a, tilt in angles) for d in tries):
            yield "nap", (), f"no direction for all of garment {key}"


def _steps(piece: OrderedPiece) -> Iterator[float]:
    """The steps off the grain of a piece that may tilt in steps of at most five degrees: of its angles, the rest."""
    yield 0.0
    for angle in piece.allowed_angles_deg:
        nearest = min(_turned_by(angle, quarter) for quarter in (0.0, 90.0, 180.0, 270.0))
        if nearest <= 5.0:
            yield nearest


def _garments(marker: Marker, outlines: list[Shape]) -> Iterator[Finding]:
    reach: dict[int, list[float]] = {}
    for p, outline in zip(marker.placements, outlines, strict=True):
        reach.setdefault(p.bundle, []).extend(x for x, _ in outline[0])
    span = marker.settings.bundle_span_mm
    for bundle, xs in reach.items():
        if span is not None and max(xs) - min(xs) > span + FORGIVEN_MM:
            yield "span", (), f"garment {bundle}: {max(xs) - min(xs):.3f} of {span:g} mm"
    if marker.settings.bundling == "sections":
        for (a, xa), (b, xb) in combinations(sorted(reach.items()), 2):
            shared = min(max(xa), max(xb)) - max(min(xa), min(xb))
            if shared > FORGIVEN_MM:
                yield "section", (), f"garments {a} and {b} share {shared:.3f} mm"


def _stated(marker: Marker, outlines: list[Shape]) -> Iterator[Finding]:
    if marker.stated is None or not outlines:
        return
    length = max(box_of(outline)[2] for outline in outlines)
    if abs(length - marker.stated.length_mm) > 1.1e-2:
        yield "stated-length", (), f"{marker.stated.length_mm} for {length}"
    efficiency = sum(map(area, outlines)) / (length * _usable(marker))
    if abs(efficiency - marker.stated.efficiency) > 1.1e-4:
        yield "stated-efficiency", (), f"{marker.stated.efficiency} for {efficiency}"
