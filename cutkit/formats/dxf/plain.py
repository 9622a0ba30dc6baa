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
from cutkit.formats.dxf.meaning import is_system_text, labels_of
from cutkit.formats.dxf.outline import Loop, loops_of, valid_ring
from cutkit.formats.dxf.remarks import Remarks
from cutkit.formats.dxf.shapes import Shape
from cutkit.geometry import Line, distance, mend, without_repeats
from cutkit.model import Point

WIDEST_ALLOWANCE_MM = 40.0
"""A closed line inside a piece, nowhere further than this from its outline all round, may be its sew line."""
LEAST_PIECE_MM2 = 25.0
"""A closed line that encloses less is no piece, and inside a piece, if it is round, a drill hole and no cut-out."""
OPEN_SHARE = 0.1
"""An open line whose ends are no further apart than this share of its length goes round something."""
MOST_LAYERS_TOLD = 8
_DRAWN_LAYER = re.compile(
    r"mark|draw|pen|plot|internal|sew|stitch|seam|fold|grain|text|label|annot|engrav", re.IGNORECASE
)
_GRAIN = re.compile(r"grain", re.IGNORECASE)
_NO_PIECE_LAYER = re.compile(r"defpoints|dimension|construct|guide|frame|border|coordinate|keypoint", re.IGNORECASE)


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
    shapes: Sequence[Shape], where: str, remarks: Remarks, *, others_drawn: bool = False, counted: str = "line"
) -> list[Draft]:
    """The pieces that loose lines draw; empty where no line closes.

    ``others_drawn``: lines without a role are only drawn, for the user has named the layers to be cut. ``counted`` is
    what the shapes' lines are the numbers of.
    """
    layers = {shape.layer for shape in shapes if shape.is_path}
    if "1" in layers and layers & {"4", "7", "8", "14", "84"}:
        return _by_garment_layers(shapes, where, remarks)
    grain = [shape for shape in shapes if _is_grain(shape)]
    loops, open_lines = _loops([shape for shape in shapes if not _is_grain(shape)], others_drawn, remarks)
    pieces, small, drawn = _nest_of(loops)
    if small and pieces:
        what = f"closed lines of less than {LEAST_PIECE_MM2 / 100:g} cm² outside every piece"
        remarks.add("small-lines", f"{what} ({small}) are not used")
    if drawn and pieces:
        remarks.add(
            "outside-pieces", f"{drawn} closed lines on layers that are drawn lie outside every piece: not used"
        )
    _give(pieces, open_lines, [s for s in shapes if s.kind == "TEXT" and s.text], remarks)
    _give_grain(pieces, grain)
    drafts = [
        _draft(found, number, f"{where}, {counted} {found.loop.line}", remarks)
        for number, found in enumerate(pieces, 1)
    ]
    if drafts:
        _tell_rule(pieces, remarks)
    return drafts


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


def _nest_of(loops: Sequence[Loop]) -> tuple[list[_Found], int, int]:
    """The outermost closed lines as pieces, each with the closed lines inside it, in the file's order.

    And how many closed lines lie in no piece: those too small to be one, and those that are drawn.
    """
    shells = [(loop, mended.polygon) for loop in loops if (mended := mend(loop.ring))]
    shells.sort(key=lambda item: -item[1].area)
    pieces: list[_Found] = []
    small = drawn = 0
    for loop, polygon in shells:
        around = next((p for p in pieces if p.polygon.contains(polygon.representative_point())), None)
        if around is not None:
            _put_inside(around, loop, polygon)
        elif loop.role == "mark" or (loop.role is None and _DRAWN_LAYER.search(loop.layer)):
            drawn += 1
        elif polygon.area < LEAST_PIECE_MM2:
            small += 1
        else:
            pieces.append(_Found(loop, polygon))
    return sorted(pieces, key=lambda piece: piece.loop.line), small, drawn


def _put_inside(around: _Found, loop: Loop, polygon: Polygon) -> None:
    """Give a piece a closed line inside it: as sew line, drill hole, cut-out or drawn line."""
    in_a_hole = any(Polygon(hole.ring).contains(polygon.representative_point()) for hole in around.holes)
    if loop.role == "mark" or in_a_hole:
        around.drawn.append((loop.layer, (*loop.ring, loop.ring[0])))
    elif loop.role is None and not around.sew and _follows(polygon, around.polygon):
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


def _follows(inner: Polygon, outer: Polygon) -> bool:
    """Whether an inner line runs along the outer one, as a sew line does: near it most of the way (not in darts)."""
    reaches = [abs(a - b) for a, b in zip(inner.bounds, outer.bounds, strict=True)]
    if max(reaches) > WIDEST_ALLOWANCE_MM or inner.area < 0.3 * outer.area:
        return False
    along = shapely.segmentize(inner.exterior, 5.0)
    apart = shapely.distance(shapely.points(along.coords), outer.exterior)
    return bool((apart <= WIDEST_ALLOWANCE_MM).mean() >= 0.6)


def _give(
    pieces: Sequence[_Found],
    open_lines: Sequence[tuple[str, tuple[Point, ...]]],
    texts: Sequence[Shape],
    remarks: Remarks,
) -> None:
    """Give open lines and texts to the pieces they lie in; say how many lie in none."""
    loose = 0
    for layer, points in open_lines:
        line = LineString(points)
        home = next((p for p in pieces if p.polygon.intersects(line.interpolate(0.5, normalized=True))), None)
        if home is None:
            loose += 1
            _tell_if_nearly_closed(layer, points, remarks)
        else:
            home.drawn.append((layer, points))
    for text in texts:
        place = ShapelyPoint(*text.points[0])
        home = next((p for p in pieces if p.polygon.contains(place)), None)
        if home is not None:
            home.texts.append(text)
    if loose and pieces:
        remarks.add("outside-pieces", f"{loose} open lines outside every piece are not used")


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
    name = labels.name or next(iter(labels.free), found.loop.name or f"piece {number}")
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
    homes, _, _ = _nest_of(loops)
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
