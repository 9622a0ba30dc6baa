"""Drawings without a garment convention: closed lines become pieces, what lies inside them cut-outs or marks.

The rule, said in a notice: an outermost closed line is a piece. A closed line inside it that follows it all round is
its sew line; another one on the outline's layer and in its colour is a cut-out, or a drill hole where it is a small
circle; on another layer or in another colour it is drawn. Open lines inside a piece are drawn, but one that is called
grain, or whose layer is, is its grain line. Texts inside a piece name it, else what the file calls its outline. Layers
with the numbers of the garment convention keep that meaning.

The user turns it by layers (``layers.LayerRoles``): closed lines on layers to be cut are pieces and cut-outs, whatever
they look like, and where such layers are given all others are drawn; lines on layers to be marked are drawn.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as ShapelyPoint

from cutkit.formats.dxf.draft import Draft, DrawnLine, Drill, Label, drafts_of, longest_line
from cutkit.formats.dxf.layers import Role
from cutkit.formats.dxf.meaning import is_system_text, labels_of, quantity_in_words, says_on_fold
from cutkit.formats.dxf.outline import WIDEST_ALLOWANCE_MM, Loop, follows, loops_of, valid_ring
from cutkit.formats.dxf.remarks import Remarks
from cutkit.formats.dxf.shapes import Shape
from cutkit.geometry import Line, distance, mend, without_repeats
from cutkit.model import Point

FRAMED_PIECE_MM2 = 5000.0
FRAMED_SHARE = 0.15
"""A rectangle is a frame where two closed lines or more of such a size lie in it and take such a share of it."""
LEAST_PIECE_MM2 = 25.0
"""A closed line that encloses less is no piece, and inside a piece, if it is round, a drill hole and no cut-out."""
OPEN_SHARE = 0.1
"""An open line whose ends are no further apart than this share of its length goes round something."""
MOST_LAYERS_TOLD = 8
_DRAWN_LAYER = re.compile(
    r"mark|draw|pen|plot|internal|sew|stitch|seam|fold|grain|text|label|annot|engrav", re.IGNORECASE
)
_GRAIN = re.compile(r"grain", re.IGNORECASE)
_NO_PIECE_LAYER = re.compile(
    r"defpoints|dimension|construct|guide|frame|border|coordinate|keypoint|background|paper", re.IGNORECASE
)


@dataclass(slots=True)
class _Found:
    """A piece of a plain drawing in the making."""

    loop: Loop
    polygon: Polygon
    holes: list[Loop] = field(default_factory=list)
    drills: list[Drill] = field(default_factory=list)
    sew: list[Loop] = field(default_factory=list)
    drawn: list[tuple[str, tuple[Point, ...]]] = field(default_factory=list)
    texts: list[Shape] = field(default_factory=list)
    grain: Line | None = None


def plain_drafts(
    groups: Sequence[Sequence[Shape]],
    where: str,
    remarks: Remarks,
    *,
    others_drawn: bool = False,
    counted: str = "line",
) -> list[Draft]:
    """The pieces that loose lines draw; empty where no line closes. Every group is a drawing of its own.

    ``others_drawn``: lines without a role are only drawn, for the user has named the layers to be cut. ``counted`` is
    what the shapes' lines are the numbers of.
    """
    layers = {shape.layer for shapes in groups for shape in shapes if shape.is_path}
    if "1" in layers and layers & {"4", "7", "8", "14", "84"}:
        return _by_garment_layers([shape for shapes in groups for shape in shapes], where, remarks)
    pieces = [piece for shapes in groups for piece in _pieces_of(shapes, others_drawn, remarks, alone=len(groups) > 1)]
    drafts = [
        _draft(found, number, f"{where}, {counted} {found.loop.line}", remarks)
        for number, found in enumerate(pieces, 1)
    ]
    if drafts:
        _tell_rule(pieces, remarks)
    return drafts


def outlines_overlap(groups: Sequence[Sequence[Shape]]) -> bool:
    """Whether outermost closed lines of different groups lie on one another: each is then a drawing of its own."""
    found: list[Polygon] = []
    for shapes in groups:
        pieces = _nest_of(_loops([s for s in shapes if not _is_grain(s)], False, Remarks())[0], Remarks())[0]
        found += [shapely.union_all([piece.polygon for piece in pieces])] if pieces else []
    if len(found) < 2:
        return False
    pairs = shapely.STRtree(found).query(found, predicate="intersects").T.tolist()
    return any(a < b and found[a].intersection(found[b]).area > LEAST_PIECE_MM2 for a, b in pairs)


def _pieces_of(shapes: Sequence[Shape], others_drawn: bool, remarks: Remarks, *, alone: bool) -> list[_Found]:
    """The pieces of one drawing with what lies in each. ``alone``: all texts are those of a single piece."""
    grain = [shape for shape in shapes if _is_grain(shape)]
    loops, open_lines = _loops([shape for shape in shapes if not _is_grain(shape)], others_drawn, remarks)
    pieces, small, drawn = _nest_of(loops, remarks)
    if small and pieces:
        what = f"closed lines of less than {LEAST_PIECE_MM2 / 100:g} cm² outside every piece"
        remarks.add("small-lines", f"{what} ({small}) are not used")
    if drawn and pieces:
        remarks.add(
            "outside-pieces", f"{drawn} closed lines on layers that are drawn lie outside every piece: not used"
        )
    texts = [shape for shape in shapes if shape.kind == "TEXT" and shape.text]
    _give(pieces, open_lines, [] if alone and len(pieces) == 1 else texts, remarks)
    if alone and len(pieces) == 1:
        pieces[0].texts = texts
    _give_grain(pieces, grain)
    return pieces


def _loops(
    shapes: Sequence[Shape], others_drawn: bool, remarks: Remarks
) -> tuple[list[Loop], list[tuple[str, tuple[Point, ...]]]]:
    """The closed lines of every layer, and the lines that stay open."""
    by_layer: dict[tuple[str, Role | None], list[Shape]] = defaultdict(list)
    for shape in shapes:
        role: Role | None = shape.role or ("mark" if others_drawn else None)
        if shape.is_path and (role is not None or not _NO_PIECE_LAYER.search(shape.layer)):
            by_layer[shape.layer, role].append(shape)
    closed: list[Loop] = []
    open_lines: list[tuple[str, tuple[Point, ...]]] = []
    for (layer, role), paths in by_layer.items():
        found = loops_of(paths)
        for code, message in found.said:
            remarks.add(code, f"layer {layer}: {message}")
        for loop in found.closed:
            loop.role = role
        closed += found.closed
        open_lines += [(layer, chain.points) for chain, _ in found.open]
    return closed, open_lines


def _nest_of(loops: Sequence[Loop], remarks: Remarks) -> tuple[list[_Found], int, int]:
    """The outermost closed lines as pieces, each with the closed lines inside it, in the file's order.

    And how many closed lines lie in no piece: those too small to be one, and those that are drawn. A frame round
    pieces is none.
    """
    shells = [(loop, mended.polygon) for loop in loops if (mended := mend(loop.ring))]
    if not shells:
        return [], 0, 0
    shells.sort(key=lambda item: -item[1].area)
    polygons = [polygon for _, polygon in shells]
    inner, outer = shapely.STRtree(polygons).query([p.representative_point() for p in polygons], predicate="within")
    around_all: dict[int, list[int]] = defaultdict(list)
    inside_all: dict[int, list[int]] = defaultdict(list)
    for k, other in zip(inner.tolist(), outer.tolist(), strict=True):
        if other < k:
            around_all[k].append(other)
            inside_all[other].append(k)
    by_shell: dict[int, _Found] = {}
    small = drawn = 0
    for k, (loop, polygon) in enumerate(shells):
        around = next((by_shell[other] for other in sorted(around_all[k]) if other in by_shell), None)
        if around is not None:
            _put_inside(around, loop, polygon)
        elif loop.role is None and _is_frame(polygon, [polygons[other] for other in inside_all[k]]):
            x0, y0, x1, y1 = polygon.bounds
            size = f"{(x1 - x0) / 10:.1f} x {(y1 - y0) / 10:.1f} cm"
            message = (
                f"a rectangle of {size} on layer {loop.layer} round {len(inside_all[k])} closed lines is taken for"
            )
            remarks.add("frame-ignored", f"{message} a frame, not for a piece (turn with --cut-layer)")
        elif loop.role == "mark" or (loop.role is None and _DRAWN_LAYER.search(loop.layer)):
            drawn += 1
        elif polygon.area < LEAST_PIECE_MM2:
            small += 1
        else:
            by_shell[k] = _Found(loop, polygon)
    return sorted(by_shell.values(), key=lambda piece: piece.loop.line), small, drawn


def _is_frame(polygon: Polygon, inside: Sequence[Polygon]) -> bool:
    """Whether a closed line is a rectangle along the axes that holds other pieces, as the edge of a sheet does."""
    x0, y0, x1, y1 = polygon.bounds
    if len(polygon.exterior.coords) > 9 or polygon.area < 0.999 * (x1 - x0) * (y1 - y0):
        return False
    large = [other for other in inside if other.area >= FRAMED_PIECE_MM2]
    if len(large) < 2 or any(follows(other, polygon, WIDEST_ALLOWANCE_MM) for other in large):
        return False
    return bool(shapely.union_all(large).area >= FRAMED_SHARE * polygon.area)


def _put_inside(around: _Found, loop: Loop, polygon: Polygon) -> None:
    """Give a piece a closed line inside it: as sew line, drill hole, cut-out or drawn line."""
    in_a_hole = any(Polygon(hole.ring).contains(polygon.representative_point()) for hole in around.holes)
    if loop.role == "mark" or in_a_hole:
        around.drawn.append((loop.layer, (*loop.ring, loop.ring[0])))
    elif loop.role is None and not around.sew and follows(polygon, around.polygon, WIDEST_ALLOWANCE_MM):
        around.sew.append(loop)
    elif loop.role is None and (loop.layer, loop.colour) != (around.loop.layer, around.loop.colour):
        around.drawn.append((loop.layer, (*loop.ring, loop.ring[0])))
    elif polygon.area < LEAST_PIECE_MM2 and _is_round(polygon):
        width = 2 * math.sqrt(polygon.area / math.pi)
        around.drills.append(Drill((polygon.centroid.x, polygon.centroid.y), loop.layer, round(width, 2)))
    else:
        around.holes.append(loop)


def _is_round(polygon: Polygon) -> bool:
    return bool(4 * math.pi * polygon.area / polygon.length**2 > 0.9)


def _give(
    pieces: Sequence[_Found],
    open_lines: Sequence[tuple[str, tuple[Point, ...]]],
    texts: Sequence[Shape],
    remarks: Remarks,
) -> None:
    """Give open lines and texts to the pieces they lie in; say how many lie in none."""
    loose = 0
    middles = [LineString(points).interpolate(0.5, normalized=True) for _, points in open_lines]
    for (layer, points), home in zip(open_lines, _homes(pieces, middles), strict=True):
        if home is None:
            loose += 1
            _tell_if_nearly_closed(layer, points, remarks)
        else:
            home.drawn.append((layer, points))
    for text, home in zip(texts, _homes(pieces, [ShapelyPoint(*text.points[0]) for text in texts]), strict=True):
        if home is not None:
            home.texts.append(text)
    if loose and pieces:
        remarks.add("outside-pieces", f"{loose} open lines outside every piece are not used")


def _homes(pieces: Sequence[_Found], places: Sequence[ShapelyPoint]) -> list[_Found | None]:
    """For every place the first piece that it lies in, if it lies in one."""
    homes: list[_Found | None] = [None] * len(places)
    if pieces and places:
        found = shapely.STRtree([piece.polygon for piece in pieces]).query(list(places), predicate="intersects")
        for k, piece in sorted(found.T.tolist(), reverse=True):
            homes[k] = pieces[piece]
    return homes


def _tell_if_nearly_closed(layer: str, points: tuple[Point, ...], remarks: Remarks) -> None:
    """Name an open line that goes round so much that it must be meant as an outline."""
    gap = distance(points[0], points[-1])
    if len(points) < 4 or gap > OPEN_SHARE * LineString(points).length:
        return
    if Polygon(points).buffer(0).area >= LEAST_PIECE_MM2:
        (x0, y0), (x1, y1) = points[0], points[-1]
        message = (
            f"a line on layer {layer} is nearly closed but for {gap:.1f} mm from ({x0:.1f}, {y0:.1f}) to"
            f" ({x1:.1f}, {y1:.1f}): it is no piece; close it in the CAD if it is meant as one"
        )
        remarks.add("outline-open", message)


def _is_grain(shape: Shape) -> bool:
    return shape.is_path and shape.role is None and bool(_GRAIN.search(shape.layer) or _GRAIN.search(shape.text))


def _give_grain(pieces: Sequence[_Found], paths: Sequence[Shape]) -> None:
    """Give every piece the longest straight part of the grain lines in it: an arrow is drawn with its head."""
    for path in paths:
        line = longest_line([path])
        if line is None:
            continue
        middle = ShapelyPoint((line[0][0] + line[1][0]) / 2, (line[0][1] + line[1][1]) / 2)
        home = next((p for p in pieces if p.polygon.contains(middle)), None)
        if home is not None and (home.grain is None or distance(*line) > distance(*home.grain)):
            home.grain = line


def _draft(found: _Found, number: int, where: str, remarks: Remarks) -> Draft:
    labels = labels_of(found.texts)
    names = (text for text in labels.free if not quantity_in_words(text) and not says_on_fold([text]))
    name = labels.name or next(names, found.loop.name or f"piece {number}")
    labels.free = tuple(text for text in labels.free if text != name)
    labels.name = name
    ring, mended = valid_ring(found.loop.ring, where)
    if mended:
        remarks.add("outline-mended", mended, name)
    draft = Draft(name, found.loop.line, labels, ring, found.loop.parts)
    draft.holes = [loop.ring for loop in found.holes]
    draft.drills = found.drills
    draft.grain = found.grain
    draft.lines = [DrawnLine("sew", (*loop.ring, loop.ring[0]), loop.layer) for loop in found.sew]
    for layer, points in found.drawn:
        clean = without_repeats(points)
        if len(clean) > 1:
            draft.lines.append(DrawnLine("internal", tuple(clean), layer))
    draft.texts = [
        Label(t.points[0], t.text, t.angle_deg or 0.0, t.layer) for t in found.texts if not is_system_text(t.text)
    ]
    return draft


def _tell_rule(pieces: Sequence[_Found], remarks: Remarks) -> None:
    holes = sum(len(p.holes) for p in pieces)
    drills = sum(len(p.drills) for p in pieces)
    sew = sum(len(p.sew) for p in pieces)
    parts = [f"{len(pieces)} outermost closed lines are pieces"]
    if sew:
        parts.append(f"{sew} closed lines that follow an outline are sew lines")
    if holes:
        parts.append(f"{holes} closed lines inside on the outline's layer and in its colour are cut out")
    if drills:
        parts.append(f"{drills} small circles inside are drill holes")
    if drawn := sum(len(p.drawn) for p in pieces):
        parts.append(f"{drawn} other lines inside are drawn")
    turn = "; turn with --cut-layer, --mark-layer, --ignore-layer. Lines in pieces by layer: "
    remarks.add("plain-drawing", "no garment convention: " + ", ".join(parts) + turn + _told_by_layer(pieces))


def _told_by_layer(pieces: Sequence[_Found]) -> str:
    """What was made of the lines on each layer, in words."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for piece in pieces:
        told[piece.loop.layer]["outlines"] += 1
        for what, loops in (("cut out", piece.holes), ("sewn", piece.sew)):
            for loop in loops:
                told[loop.layer][what] += 1
        for drill in piece.drills:
            told[drill.layer]["drilled"] += 1
        for layer, _ in piece.drawn:
            told[layer]["drawn"] += 1
    shown = [f"{layer} ({', '.join(f'{n} {what}' for what, n in c.items())})" for layer, c in sorted(told.items())]
    return ", ".join(shown[:MOST_LAYERS_TOLD]) + (" and more" if len(shown) > MOST_LAYERS_TOLD else "")


def _by_garment_layers(shapes: Sequence[Shape], where: str, remarks: Remarks) -> list[Draft]:
    """The pieces of a file with the garment layers but no blocks: one for every outermost outline on layer 1."""
    loops = loops_of([s for s in shapes if s.is_path and s.layer == "1"]).closed
    homes, _, _ = _nest_of(loops, remarks)
    groups: list[list[Shape]] = [[] for _ in homes]
    outside = 0
    for shape in shapes:
        line = LineString(shape.points) if len(shape.points) > 1 else ShapelyPoint(*shape.points[0])
        gaps = [home.polygon.distance(line) for home in homes]
        best = min(range(len(homes)), key=gaps.__getitem__, default=None)
        if best is None or gaps[best] > WIDEST_ALLOWANCE_MM:
            outside += 1
        else:
            groups[best].append(shape)
    if outside:
        remarks.add("outside-pieces", f"{outside} entities outside every piece are not used")
    remarks.add("no-blocks", f"no blocks: every closed line on layer 1 is a piece, {len(homes)} in all")
    drafts: list[Draft] = []
    for number, (home, group) in enumerate(zip(homes, groups, strict=True), 1):
        name = next((t for t in labels_of(group).free), f"piece {number}")
        drafts += drafts_of(group, name, home.loop.line, f"{where}, {name}", remarks)
    return drafts
