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
from dataclasses import dataclass, field, replace
from typing import Literal

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry.base import BaseGeometry

from cutkit.formats.dxf.draft import KNOWN_LAYERS, Draft, DrawnLine, Drill, Label, drafts_of, longest_line
from cutkit.formats.dxf.layers import Role
from cutkit.formats.dxf.meaning import is_system_text, labels_of, quantity_in_words, says_on_fold
from cutkit.formats.dxf.outline import (
    USUAL_ALLOWANCE_MM,
    WIDEST_ALLOWANCE_MM,
    Loop,
    follows,
    loops_of,
    valid_ring,
)
from cutkit.formats.dxf.remarks import Remarks
from cutkit.formats.dxf.shapes import Shape
from cutkit.geometry import Line, distance, mend, signed_area, without_repeats
from cutkit.model import Point

FRAMED_PIECE_MM2 = 5000.0
"""A rectangle that holds closed lines of such a size may be a frame."""
NESTED_SHARE = 0.5
"""Closed lines on other layers within a piece, of such a share of its area, may be its smaller sizes."""
LEAST_PIECE_MM2 = 25.0
"""A closed line that encloses less is no piece, and inside a piece, if it is round, a drill hole and no cut-out."""
OPEN_SHARE = 0.1
"""An open line whose ends are no further apart than this share of its length goes round something."""
MOST_LAYERS_TOLD = 8
_DRAWN_LAYER = re.compile(
    r"(?<![a-z])(?:marks?|marking\w*|draw|pen|plot|internal\w*|sew\w*|stitch\w*|seams?(?!\W*allow)|fold\w*|grain\w*"
    r"|texts?|labels?|annot\w*|engrav\w*)(?![a-z])",
    re.IGNORECASE,
)
_GRAIN = re.compile(r"grain", re.IGNORECASE)
_NO_PIECE_LAYER = re.compile(
    r"(?:.*(?<![a-z]))?(?:defpoints|dim(?:ension)?s?|construct\w*|guides?|frames?|borders?|coordinates?|keypoints?"
    r"|background|sheet|paper)(?:[\W_]*lines?)?[\W_\d]*",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Found:
    """A piece of a plain drawing in the making."""

    loop: Loop
    polygon: Polygon
    holes: list[Loop] = field(default_factory=list)
    hole_polygons: list[Polygon] = field(default_factory=list)
    drills: list[Drill] = field(default_factory=list)
    sew: list[Loop] = field(default_factory=list)
    drawn: list[tuple[str, tuple[Point, ...]]] = field(default_factory=list)
    texts: list[Shape] = field(default_factory=list)
    large_within: int = 0
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
    if _has_garment_layers([shape for shapes in groups for shape in shapes]):
        return [
            draft
            for shapes in groups
            for draft in _by_garment_layers(_with_outlines_on_1(shapes, remarks), where, remarks, alone=len(groups) > 1)
        ]
    pieces = [piece for shapes in groups for piece in _pieces_of(shapes, others_drawn, remarks, alone=len(groups) > 1)]
    drafts = [
        _draft(found, number, f"{where}, {counted} {found.loop.line}", remarks)
        for number, found in enumerate(pieces, 1)
    ]
    if drafts:
        _tell_rule(pieces, remarks)
    return drafts


def _has_garment_layers(shapes: Sequence[Shape]) -> bool:
    """Whether numbered layers of the garment convention are meant: layer 1 with another one, or mirror or grain lines
    with another one beside outlines on a layer with a name of its own."""
    layers = {shape.layer for shape in shapes}
    lines = {shape.layer for shape in shapes if shape.is_path}
    if "1" in lines:
        return bool(layers & {"4", "7", "8", "14", "84"})
    return bool(lines & {"6", "7"}) and len(layers & {"4", "6", "7", "8", "13", "14"}) > 1


def _with_outlines_on_1(shapes: Sequence[Shape], remarks: Remarks) -> list[Shape]:
    """The shapes with those of the layer that has the largest closed line on layer 1, where nothing is there."""
    if any(shape.layer == "1" and shape.is_path for shape in shapes):
        return list(shapes)
    named: dict[str, list[Shape]] = defaultdict(list)
    for shape in shapes:
        if shape.is_path and shape.layer not in KNOWN_LAYERS:
            named[shape.layer].append(shape)
    largest = {
        layer: max((abs(signed_area(loop.ring)) for loop in loops_of(paths).closed), default=0.0)
        for layer, paths in named.items()
    }
    layer = max(largest, key=largest.__getitem__, default=None)
    if layer is None or not largest[layer]:
        return list(shapes)
    remarks.add("outline-layer-assumed", f"the lines on layer {layer} are taken for the outlines (layer 1)")
    return [replace(shape, layer="1") if shape.layer == layer else shape for shape in shapes]


def outer_areas(shapes: Sequence[Shape]) -> BaseGeometry | None:
    """What the outermost closed lines of a drawing enclose; None where there are none of a piece's size."""
    drawn = [shape for shape in shapes if not _is_grain(shape)]
    pieces = _nest_of(_loops(drawn, False, Remarks())[0], [], Remarks())[0]
    return shapely.union_all([piece.polygon for piece in pieces]) if pieces else None


def lie_on_one_another(areas: Sequence[BaseGeometry]) -> bool:
    """Whether pieces lie across one another, so that each must be a drawing of its own.

    One that lies within another one and is less than half of it may be its cut-out.
    """
    pairs = shapely.STRtree(list(areas)).query(list(areas), predicate="intersects").T.tolist()
    for a, b in pairs:
        if a < b:
            common, smaller, larger = areas[a].intersection(areas[b]).area, *sorted((areas[a].area, areas[b].area))
            if common > LEAST_PIECE_MM2 and (common < 0.99 * smaller or smaller > 0.5 * larger):
                return True
    return False


def _pieces_of(shapes: Sequence[Shape], others_drawn: bool, remarks: Remarks, *, alone: bool) -> list[_Found]:
    """The pieces of one drawing with what lies in each. ``alone``: all texts are those of a single piece."""
    grain = [shape for shape in shapes if _is_grain(shape)]
    loops, open_lines = _loops([shape for shape in shapes if not _is_grain(shape)], others_drawn, remarks)
    texts = [shape for shape in shapes if shape.kind == "TEXT" and shape.text]
    words = [shape.points[0] for shape in texts]
    pieces, small, drawn = _nest_of(loops, words, remarks)
    if not pieces and loops:
        pieces, small, drawn = _nest_of(loops, words, remarks, by_name=False)
        if pieces:
            layers = ", ".join(dict.fromkeys(piece.loop.layer for piece in pieces))
            remarks.add("layers-taken", f"only layers with names of drawn ones have closed lines: {layers} is cut")
    if small and pieces:
        what = f"closed lines of less than {LEAST_PIECE_MM2 / 100:g} cm² outside every piece"
        remarks.add("small-lines", f"{what} ({small}) are not used")
    if drawn and pieces:
        remarks.add(
            "outside-pieces", f"{drawn} closed lines on layers that are drawn lie outside every piece: not used"
        )
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
        if shape.is_path:
            by_layer[shape.layer, role].append(shape)
    skipped = [key for key in by_layer if key[1] is None and _NO_PIECE_LAYER.fullmatch(key[0])]
    if len(skipped) < len(by_layer):  # else nothing would be left
        for layer, role in skipped:
            paths = by_layer.pop((layer, role))
            if any(abs(signed_area(loop.ring)) >= FRAMED_PIECE_MM2 for loop in loops_of(paths).closed):
                message = f"closed lines on layer {layer}, which by its name frames or guides, are not used"
                remarks.add("layer-skipped", f"{message} (turn with --cut-layer)")
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


def _nest_of(
    loops: Sequence[Loop], words: Sequence[Point], remarks: Remarks, *, by_name: bool = True
) -> tuple[list[_Found], int, int]:
    """The outermost closed lines as pieces, each with the closed lines inside it, in the file's order.

    And how many closed lines lie in no piece: those too small to be one, and those that are drawn. A frame round
    pieces is none. ``words`` are the places of texts; ``by_name``: lines on layers whose names say so are only drawn.
    """
    shells = [(loop, mended.polygon) for loop in loops if (mended := mend(loop.ring))]
    if len(shells) < len(loops):
        remarks.add("outline-tangled", f"{len(loops) - len(shells)} closed lines cross themselves everywhere: not used")
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
    how: Literal["no", "maybe", "sure"] = "no"
    for k, (loop, polygon) in enumerate(shells):
        around = next((by_shell[other] for other in sorted(around_all[k]) if other in by_shell), None)
        is_drawn = loop.role == "mark" or (by_name and loop.role is None and bool(_DRAWN_LAYER.search(loop.layer)))
        if around is not None and (is_drawn or not _lies_in_a_hole(around, loop, polygon)):
            _put_inside(around, loop, polygon)
        elif is_drawn:
            drawn += 1
        elif loop.role is None and (how := _frame(loop, polygon, [shells[n] for n in inside_all[k]], words)) == "sure":
            message = f"{_rectangle(loop, polygon, len(inside_all[k]))} is taken for a frame, not for a piece"
            remarks.add("frame-ignored", f"{message} (turn with --cut-layer)")
        elif polygon.area < LEAST_PIECE_MM2:
            small += 1
        else:
            by_shell[k] = _Found(loop, polygon)
            if loop.role is None and how == "maybe":
                message = f"{_rectangle(loop, polygon, len(inside_all[k]))} is read as a piece with what lies in it"
                remarks.add("frame-suspected", f"{message}: if it is a frame, leave it out (--ignore-layer)")
    return sorted(by_shell.values(), key=lambda piece: (piece.loop.line, piece.loop.order)), small, drawn


def _rectangle(loop: Loop, polygon: Polygon, count: int) -> str:
    x0, y0, x1, y1 = polygon.bounds
    lines = "a closed line" if count == 1 else f"{count} closed lines"
    return f"a rectangle of {(x1 - x0) / 10:.1f} x {(y1 - y0) / 10:.1f} cm on layer {loop.layer} round {lines}"


def _frame(
    loop: Loop, polygon: Polygon, inside: Sequence[tuple[Loop, Polygon]], words: Sequence[Point]
) -> Literal["no", "maybe", "sure"]:
    """Whether a closed line is the edge of a sheet: a rectangle along the axes that holds other pieces.

    It is for sure where two large lines in it or more have texts in them, as names of pieces, and it has none beside
    these; a panel with windows or pockets has its own. What is only drawn in it says nothing.
    """
    if not is_box(polygon):
        return "no"
    like_it = [(other, shape) for other, shape in inside if (other.layer, other.colour) == (loop.layer, loop.colour)]
    large = [(other, shape) for other, shape in like_it if shape.area >= FRAMED_PIECE_MM2]
    if not large or any(follows(shape, polygon, WIDEST_ALLOWANCE_MM) for _, shape in large):
        return "no"
    outer = [
        (other, shape)
        for other, shape in large
        if not any(s is not shape and s.contains(shape.representative_point()) for _, s in large)
    ]
    texts = [place for place in map(ShapelyPoint, words) if polygon.contains(place)]
    lettered = [shape for _, shape in outer if any(shape.contains(place) for place in texts)]
    own = [place for place in texts if not any(shape.contains(place) for _, shape in outer)]
    return "sure" if len(lettered) > 1 and not own else "maybe"


def is_box(polygon: Polygon) -> bool:
    """Whether an outline is a rectangle along the axes."""
    x0, y0, x1, y1 = polygon.bounds
    return len(polygon.exterior.coords) <= 9 and bool(polygon.area >= 0.999 * (x1 - x0) * (y1 - y0))


def _lies_in_a_hole(around: _Found, loop: Loop, polygon: Polygon) -> bool:
    """Whether a closed line that looks like an outline lies in a piece's cut-out: it is a piece again."""
    middle = polygon.representative_point()
    alike = (loop.layer, loop.colour) == (around.loop.layer, around.loop.colour) or loop.role == "cut"
    return alike and any(hole.contains(middle) for hole in around.hole_polygons)


def _put_inside(around: _Found, loop: Loop, polygon: Polygon) -> None:
    """Give a piece a closed line inside it: as sew line, drill hole, cut-out or drawn line."""
    alike = (loop.layer, loop.colour) == (around.loop.layer, around.loop.colour)
    widest = USUAL_ALLOWANCE_MM if alike else WIDEST_ALLOWANCE_MM
    if loop.role == "mark":
        around.drawn.append((loop.layer, (*loop.ring, loop.ring[0])))
    elif loop.role is None and not around.sew and follows(polygon, around.polygon, widest):
        around.sew.append(loop)
    elif loop.role is None and not alike:
        around.drawn.append((loop.layer, (*loop.ring, loop.ring[0])))
        around.large_within += polygon.area >= NESTED_SHARE * around.polygon.area
    elif polygon.area < LEAST_PIECE_MM2 and _is_round(polygon):
        width = 2 * math.sqrt(polygon.area / math.pi)
        around.drills.append(Drill((polygon.centroid.x, polygon.centroid.y), loop.layer, round(width, 2)))
    else:
        around.holes.append(loop)
        around.hole_polygons.append(polygon)


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
    draft = Draft(name, found.loop.line, labels, ring, found.loop.parts, named=name != f"piece {number}")
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
    if nested := sum(piece.large_within for piece in pieces):
        message = (
            f"{nested} closed lines on other layers are nearly as large as the piece that they lie in, and are drawn"
        )
        remarks.add("sizes-nested", f"{message}: if they are other sizes, read one at a time (--ignore-layer)")
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


def _by_garment_layers(shapes: Sequence[Shape], where: str, remarks: Remarks, *, alone: bool) -> list[Draft]:
    """The pieces of a file with the garment layers but no blocks: one for every outermost outline on layer 1.

    ``alone``: of a single piece everything is, wherever it lies.
    """
    loops = loops_of([s for s in shapes if s.is_path and s.layer == "1"]).closed
    homes, _, _ = _nest_of(loops, [], Remarks())
    groups: list[list[Shape]] = [[] for _ in homes]
    outside = 0
    for shape in shapes:
        line = LineString(shape.points) if len(shape.points) > 1 else ShapelyPoint(*shape.points[0])
        gaps = [home.polygon.distance(line) for home in homes]
        best = min(range(len(homes)), key=gaps.__getitem__, default=None)
        if best is None or (gaps[best] > WIDEST_ALLOWANCE_MM and not (alone and len(homes) == 1)):
            outside += 1
        else:
            groups[best].append(shape)
    if outside:
        remarks.add("outside-pieces", f"{outside} entities outside every piece are not used")
    if not alone:
        remarks.add("no-blocks", f"no blocks: every closed line on layer 1 is a piece, {len(homes)} in all")
    drafts: list[Draft] = []
    for number, (home, group) in enumerate(zip(homes, groups, strict=True), 1):
        given = home.loop.name or next((t for t in labels_of(group).free), "")
        name = given or f"piece {number}"
        made = drafts_of(group, name, home.loop.line, f"{where}, {name}", remarks)
        for draft in made:
            draft.named = bool(given or draft.labels.name)
        drafts += made
    return drafts
