"""From a draft to a piece: unfolded where it is a half, turned so that the grain lies along +x, moved to the origin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from shapely.geometry import Polygon

from cutkit.errors import InputError
from cutkit.formats.dxf.container import EXPORT_AGAIN
from cutkit.formats.dxf.draft import Draft
from cutkit.formats.dxf.meaning import Quantity
from cutkit.formats.dxf.notch import Notch, Teller
from cutkit.formats.dxf.outline import valid_ring
from cutkit.geometry import (
    Affine,
    Line,
    angle_of,
    fold_line_of,
    inward_angle,
    mend,
    mirror_matrix,
    mirror_points,
    move_points,
    nearest_place,
    point_at,
    side_distances,
    signed_area,
    turn_matrix,
    unfold,
    unfold_area,
    union_with_holes,
    without_repeats,
)
from cutkit.model import Mark, MarkKind, Piece, Point, Tool

DECIMALS = 6
"""Digits after the point of a piece's coordinates, in mm."""
ON_AXIS_MM = 0.1
"""A mark this near to the mirror line is its own mirror image."""
SNAP_DEG = 0.005
"""A grain this near to a quarter turn is laid by an exact quarter turn: 0.09 mm in a metre."""


@dataclass(slots=True)
class _Whole:
    """A draft unfolded: rings, marks without their final place, in the axes of the file."""

    ring: list[Point]
    holes: list[list[Point]]
    marks: list[Mark] = field(default_factory=list)
    unfolded: bool = False


def finish(draft: Draft, quantity: Quantity, other_grain_deg: float | None, where: str, tell: Teller) -> Piece:
    """The piece that a draft and its quantity make.

    A piece without a grain line is turned as ``other_grain_deg`` says (the grain all other pieces share), if it does.
    """
    place = f"{where}, size {draft.size}" if draft.size else where
    whole = _whole(_mended(draft, place, tell), tell)
    shell = mend(whole.ring)
    if shell is None or shell.faults:
        raise InputError("the unfolded outline crosses itself", where=place, hint=EXPORT_AGAIN)
    polygon, left = union_with_holes(shell.polygon, whole.holes)
    if left:
        tell("cutout-crosses", f"{len(left)} cut-outs reach over the outline or one another: cut along their lines")
        whole.marks += [_line_mark("internal", [*whole.holes[i], whole.holes[i][0]], "11", "knife") for i in left]
    grain_deg = angle_of(*draft.grain) % 180.0 if draft.grain else None
    turned = turn_for(grain_deg if grain_deg is not None else other_grain_deg or 0.0)
    outline, matrix = _laid(polygon, turned)
    return Piece(
        name=draft.name,
        size=draft.size,
        outline=outline,
        as_drawn=quantity.as_drawn,
        mirrored=quantity.mirrored,
        material=draft.labels.material or "",
        marks=tuple(_moved(mark, matrix, turned) for mark in whole.marks),
        grain_deg=grain_deg,
        turned_deg=turned,
        unfolded=whole.unfolded,
        category=draft.labels.category or "",
        annotation=draft.labels.annotation or " ".join(draft.labels.free),
    )


def _mended(draft: Draft, where: str, tell: Teller) -> Draft:
    """The draft with a simple outline: grading can make one cross itself that did not as it was drawn."""
    try:
        ring, mended = valid_ring(draft.ring, where)
    except InputError as error:
        hint = "Is the unit of the grade rule table right, and is it this pattern's?" if draft.rules else error.hint
        raise InputError(error.message, where=where, hint=hint) from error
    if mended is None:
        return draft
    tell("outline-mended", mended)
    notches: list[Notch] = []
    for notch in draft.notches:
        place = nearest_place(ring, point_at(draft.ring, notch.edge, notch.share))
        notches.append(replace(notch, edge=place.edge, share=place.share))
    return replace(draft, ring=ring, notches=notches)


def turn_for(grain_deg: float) -> float:
    """What to turn a piece by, counter-clockwise, to lay its grain along +x: never by more than 135 degrees."""
    turn = -grain_deg if grain_deg <= 135.0 else 180.0 - grain_deg
    quarter = round(turn / 90.0) * 90.0
    return quarter if abs(turn - quarter) <= SNAP_DEG else turn


def _laid(polygon: Polygon, turned: float) -> tuple[Polygon, Affine]:
    """The polygon turned and moved to the origin, counter-clockwise, and the map that did it."""
    matrix = turn_matrix(turned)
    ring = move_points(polygon.exterior.coords[:-1], matrix)
    x0, y0 = min(x for x, _ in ring), min(y for _, y in ring)
    a, b, d, e, _, _ = matrix
    matrix = (a, b, d, e, -x0, -y0)
    shell = _rounded(move_points(polygon.exterior.coords[:-1], matrix))
    holes = [_rounded(move_points(hole.coords[:-1], matrix)) for hole in polygon.interiors]
    if signed_area(shell) < 0:
        shell.reverse()
    return Polygon(shell, holes), matrix


def _rounded(points: Iterable[Point]) -> list[Point]:
    return [(round(x, DECIMALS) + 0.0, round(y, DECIMALS) + 0.0) for x, y in points]


def _moved(mark: Mark, matrix: Affine, turned: float) -> Mark:
    points = tuple(_rounded(move_points(mark.points, matrix)))
    angle = None if mark.angle_deg is None else round((mark.angle_deg + turned) % 360.0, DECIMALS)
    return replace(mark, points=points, angle_deg=angle)


# --- unfolding ---------------------------------------------------------------------------------------------------


def _whole(draft: Draft, tell: Teller) -> _Whole:
    line = _fold_line(draft, tell)
    if line is None:
        whole = _Whole(draft.ring, draft.holes)
        whole.marks = [*_notch_marks(draft, draft.ring, None, tell), *_drawn_marks(draft, None)]
        return whole
    ring = _unfolded_ring(draft.ring, line)
    if ring is None:
        tell("fold-ignored", "its outline does not run along the mirror line in one stretch: it is read as drawn")
        return _Whole(
            draft.ring, draft.holes, [*_notch_marks(draft, draft.ring, None, tell), *_drawn_marks(draft, None)]
        )
    holes = [h for hole in draft.holes for h in _unfolded_hole(hole, line)]
    marks = [*_notch_marks(draft, ring, line, tell), *_drawn_marks(draft, line)]
    marks.append(_line_mark("fold", _fold_ends(ring, line), "6"))
    return _Whole(ring, holes, marks, unfolded=True)


def _fold_line(draft: Draft, tell: Teller) -> Line | None:
    """The line to unfold about, or None where the piece is already whole."""
    if draft.fold is None:
        return None
    line = fold_line_of(draft.ring, draft.fold)
    if line is None:
        sides = side_distances(draft.ring, draft.fold)
        if min(sides.max(), -sides.min()) < 0.1 * (sides.max() - sides.min()):
            tell("fold-ignored", "its mirror line (layer 6) runs beside the outline: the piece is read as drawn")
        return None
    if line != draft.fold:
        tell("fold-off-edge", "its mirror line runs beside the outline: it is unfolded about the edge next to it")
    return line


def _unfolded_ring(half: Sequence[Point], line: Line) -> list[Point] | None:
    try:
        ring = without_repeats(unfold(half, line), closed=True)
    except ValueError:
        ring = []
    mended = mend(ring)
    if mended is not None and not mended.faults:
        return ring
    union = unfold_area(Polygon(half), line)
    return without_repeats(union.exterior.coords, closed=True) if union is not None else None


def _unfolded_hole(hole: list[Point], line: Line) -> list[list[Point]]:
    """A cut-out and its mirror image; one that lies on the mirror line is a half itself, or whole already."""
    sides = side_distances(hole, line)
    if min(abs(sides)) > ON_AXIS_MM and (sides.min() > 0 or sides.max() < 0):
        return [hole, mirror_points(hole, line)]
    if sides.min() < -ON_AXIS_MM and sides.max() > ON_AXIS_MM:
        return [hole]
    try:
        return [unfold(hole, line, on_line_mm=ON_AXIS_MM)]
    except ValueError:
        return [hole, mirror_points(hole, line)]


def _fold_ends(ring: Sequence[Point], line: Line) -> list[Point]:
    near = [p for p, side in zip(ring, side_distances(ring, line), strict=True) if abs(side) <= ON_AXIS_MM]
    return [near[0], near[-1]] if len(near) > 1 else list(line)


# --- marks -------------------------------------------------------------------------------------------------------


def _notch_marks(draft: Draft, ring: Sequence[Point], line: Line | None, tell: Teller) -> list[Mark]:
    marks: list[Mark] = []
    inside = 0
    for notch in draft.notches:
        point = point_at(draft.ring, notch.edge, notch.share)
        if nearest_place(ring, point).distance_mm > ON_AXIS_MM + 0.5:
            inside += 1  # on the fold itself: nothing is cut there
            continue
        mark = _notch_mark(notch, ring, point)
        marks.append(mark)
        if line is not None and abs(side_distances([point], line)[0]) > ON_AXIS_MM + 0.5:
            marks.append(_mirrored(mark, line))
    if inside:
        tell("notch-on-fold", f"{inside} notches on the fold vanish inside the unfolded piece")
    return marks


def _notch_mark(notch: Notch, ring: Sequence[Point], point: Point) -> Mark:
    place = nearest_place(ring, point)
    inward = inward_angle(ring, place)
    angle = inward
    if notch.angle_deg is not None:
        angle = min((notch.angle_deg % 360.0, (notch.angle_deg + 180.0) % 360.0), key=lambda a: _between(a, inward))
        if _between(angle, inward) > 80.0:  # along the outline: no direction of a cut
            angle = inward
    return Mark(
        "notch",
        (place.point,),
        tool="knife",
        depth_mm=round(notch.depth_mm, DECIMALS),
        width_mm=round(notch.width_mm, DECIMALS),
        angle_deg=angle,
        shape=notch.shape,
        layer=notch.layer,
    )


def _between(a: float, b: float) -> float:
    return abs((a - b + 180.0) % 360.0 - 180.0)


def _drawn_marks(draft: Draft, line: Line | None) -> list[Mark]:
    """Drill holes, lines, labels and the grain; of a half piece with their mirror images."""
    both: list[Mark] = [
        Mark("drill", (d.point,), tool="punch", width_mm=d.width_mm, layer=d.layer) for d in draft.drills
    ]
    both += [_line_mark(d.kind, d.points, d.layer, d.tool) for d in draft.lines]
    marks: list[Mark] = []
    for mark in both:
        marks.append(mark)
        if line is not None and abs(side_distances(mark.points, line)).max() > ON_AXIS_MM:
            marks.append(_mirrored(mark, line))
    marks += [Mark("label", (t.point,), angle_deg=t.angle_deg, text=t.text, layer=t.layer) for t in draft.texts]
    if draft.grain is not None:
        marks.append(_line_mark("grain", draft.grain, "7"))
    return marks


def _line_mark(kind: MarkKind, points: Sequence[Point], layer: str, tool: Tool = "pen") -> Mark:
    return Mark(kind, tuple(points), tool=tool, layer=layer)


def _mirrored(mark: Mark, line: Line) -> Mark:
    points = tuple(move_points(mark.points, mirror_matrix(line)))
    angle = None if mark.angle_deg is None else (2 * angle_of(*line) - mark.angle_deg) % 360.0
    return replace(mark, points=points, angle_deg=angle)
