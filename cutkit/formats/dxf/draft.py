"""A block of a pattern file understood as a piece as it is drawn: maybe a half, in the axes of the file, in mm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from cutkit.formats.dxf.meaning import RULE_LABEL, Labels, is_system_text, labels_of
from cutkit.formats.dxf.notch import Notch, Teller, notches_of
from cutkit.formats.dxf.outline import Loop, Outlines, find_outlines, loops_of, valid_ring
from cutkit.formats.dxf.remarks import Remarks
from cutkit.formats.dxf.shapes import Shape
from cutkit.geometry import Line, angle_of, distance, side_distances, without_repeats
from cutkit.model import MarkKind, Point, Tool

LINE_KINDS: dict[str, MarkKind] = {"8": "internal", "9": "match", "10": "match", "14": "sew"}
"""Layers whose lines are drawn on the piece, and as what."""
MATCH_LAYERS = ("9", "10")
"""Layers whose points are to lie at a certain place of stripes or checks; their lines too."""
KNOWN_LAYERS = {str(n) for n in (*range(1, 12), 13, 14, 15, 19, *range(80, 88))}
CUT_LAYERS = {"1", "84", "11", "14"}
"""Layers whose lines are cut, or stand in for those that are."""
DRILL_LAYERS = ("13", "15")
"""Layers whose points and circles are drill holes: some CADs keep a second kind of them among the annotations."""
LABEL_LAYERS = {"1", "15", "19"}
FAR_OFF_MM = 1000.0
"""What lies further off the outline is no mark of the piece."""
FOLDS_APART_MM = 5.0
"""Mirror lines further apart than this are not one drawn in parts."""
LARGEST_CROSS_MM = 50.0
ONE_CROSS_MM = 1.0
"""Lines whose middles lie this near are one cross."""


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line on a piece, drawn with the pen or cut with the knife; a closed one repeats its first point.

    A match point is a line of one point.
    """

    kind: MarkKind
    points: tuple[Point, ...]
    layer: str
    tool: Tool = "pen"


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill hole; ``width_mm`` is its diameter where the file gives one."""

    point: Point
    layer: str
    width_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A text to be read on the piece."""

    point: Point
    text: str
    angle_deg: float
    layer: str


@dataclass(slots=True)
class Draft:
    """One piece in one size as a block draws it.

    ``ring`` is the outline (of a half piece: of the half), ``parts`` how many points each of its paths has, which tells
    whether two sizes correspond point by point. ``rules`` are the grade rule labels and their points; the moves of
    rules are along ``grade_axis_deg`` and across it, to the left, or where ``grade_mirrored`` to the right. ``named``
    is false of a piece whose name was made up.
    """

    block: str
    line: int
    labels: Labels
    ring: list[Point]
    parts: tuple[int, ...] = ()
    name: str = ""
    size: str = ""
    holes: list[list[Point]] = field(default_factory=list)
    lines: list[DrawnLine] = field(default_factory=list)
    drills: list[Drill] = field(default_factory=list)
    notches: list[Notch] = field(default_factory=list)
    texts: list[Label] = field(default_factory=list)
    grain: Line | None = None
    fold: Line | None = None
    named: bool = True
    grade_axis_deg: float | None = None
    grade_mirrored: bool = False
    rules: list[tuple[Point, int]] = field(default_factory=list)


def drafts_of(shapes: list[Shape], block: str, line: int, where: str, remarks: Remarks) -> list[Draft]:
    """The pieces that a block draws: one, more where it holds outlines side by side, none where it holds no boundary.

    InputError where its boundary does not close or has no area. A block that names a piece and has no boundary at all
    is told of.
    """
    by_layer = _by_layer(shapes)
    labels = labels_of(shapes)
    name = labels.name or block
    outlines = find_outlines(by_layer, where)
    if outlines is None:
        if any(shape.is_path for shape in shapes) or labels.name:
            remarks.add("piece-without-outline", f"block {block!r} has no outline (layer 1); it is not read", name)
        return []
    tell = Teller(remarks, name, labels.size or "")
    draft = _draft(block, line, labels, outlines, by_layer, where, tell)
    others = [_beside(draft, loop, number, where) for number, loop in enumerate(outlines.others, 2)]
    if others:
        remarks.add("several-outlines", f"{len(others) + 1} outlines in one block: each is read as a piece", name)
    return [draft, *others]


def _by_layer(shapes: list[Shape]) -> dict[str, list[Shape]]:
    groups: dict[str, list[Shape]] = {}
    for shape in shapes:
        groups.setdefault(_meant_layer(shape), []).append(shape)
    paths_only = ("1", "84", "14")
    for layer in paths_only:
        if layer in groups:
            groups[layer] = [s for s in groups[layer] if s.is_path or s.kind == "TEXT"]
    return groups


def _meant_layer(shape: Shape) -> str:
    """The layer of the convention that a shape counts for: its own, but for lines that the user wants cut or drawn."""
    if not shape.is_path or shape.role is None:
        return shape.layer
    if shape.role == "mark":
        return "8"
    return shape.layer if shape.layer in CUT_LAYERS else "11"


def paths_on(by_layer: dict[str, list[Shape]], layer: str) -> list[Shape]:
    """The lines and curves on a layer."""
    return [shape for shape in by_layer.get(layer, ()) if shape.is_path]


def _draft(
    block: str,
    line: int,
    labels: Labels,
    outlines: Outlines,
    by_layer: dict[str, list[Shape]],
    where: str,
    tell: Teller,
) -> Draft:
    ring, mended = valid_ring(outlines.outline.ring, f"{where}, line {outlines.outline.line}")
    if mended:
        tell("outline-mended", mended)
    for code, message in outlines.said:
        tell(code, message)
    draft = Draft(block, line, labels, ring, outlines.outline.parts if not mended else ())
    draft.grain = _grain(by_layer, tell)
    draft.fold = _fold(by_layer, tell)
    draft.holes = _holes(by_layer, outlines.inner, tell)
    draft.lines = _lines(by_layer, outlines, tell)
    draft.drills = [drill for layer in DRILL_LAYERS for drill in _drills(by_layer, layer)]
    if second := sum(1 for drill in draft.drills if drill.layer != "13"):
        tell("drill-on-layer-15", f"{second} points among the annotations (layer 15) are taken for drill holes")
    crosses = _crosses(by_layer, draft.drills)
    if crosses:
        tell("drill-drawn-as-lines", f"{len(crosses)} crosses and lines on layer 13 are taken for drill holes")
        draft.drills += crosses
    draft.notches = notches_of(by_layer, ring, tell)
    draft.texts = [_label(s) for s in _texts(by_layer)]
    axis = longest_line(paths_on(by_layer, "5"))
    draft.grade_axis_deg = angle_of(*axis) if axis else None
    draft.rules = _rules(by_layer)
    _leave_out_far_marks(draft, tell)
    _tell_of_unknown_layers(by_layer, tell)
    return draft


def _beside(draft: Draft, loop: Loop, number: int, where: str) -> Draft:
    """Another closed line of the boundary layer beside the outline, as a piece of its own."""
    ring, _ = valid_ring(loop.ring, f"{where}, line {loop.line}")
    labels = Labels(name=f"{draft.labels.name or draft.block} ({number})", size=draft.labels.size)
    labels.quantity, labels.material = draft.labels.quantity, draft.labels.material
    return Draft(f"{draft.block} ({number})", loop.line, labels, ring, loop.parts, grain=draft.grain)


def longest_line(paths: list[Shape]) -> Line | None:
    """The longest straight part of some paths: an arrow is drawn with its head."""
    best: Line | None = None
    for path in paths:
        for a, b in zip(path.points, path.points[1:], strict=False):
            if distance(a, b) > (distance(*best) if best else 1e-6):
                best = (a, b)
    return best


def _grain(by_layer: dict[str, list[Shape]], tell: Teller) -> Line | None:
    lines = [shape for shape in paths_on(by_layer, "7") if len(shape.points) > 1]
    best = longest_line(lines)
    if best is None:
        return None
    long = [line for shape in lines if (line := longest_line([shape])) and distance(*line) > 0.5 * distance(*best)]
    if any(abs((angle_of(*line) - angle_of(*best) + 90.0) % 180.0 - 90.0) > 0.5 for line in long):
        tell("grain-doubtful", f"{len(long)} grain lines in different directions: the longest is used")
    return best


def _fold(by_layer: dict[str, list[Shape]], tell: Teller) -> Line | None:
    """The mirror line; of several the longest, and it is said."""
    lines = [line for path in paths_on(by_layer, "6") if (line := longest_line([path]))]
    best = max(lines, key=lambda line: distance(*line), default=None)
    if best is not None and any(abs(side_distances(line, best)).max() > FOLDS_APART_MM for line in lines):
        tell("fold-doubtful", f"{len(lines)} mirror lines (layer 6): it is unfolded about the longest alone")
    return best


def _leave_out_far_marks(draft: Draft, tell: Teller) -> None:
    """Take away what lies a metre and more off the piece: a damaged coordinate, or another piece's."""
    xs, ys = zip(*draft.ring, strict=True)
    low, high = (min(xs) - FAR_OFF_MM, min(ys) - FAR_OFF_MM), (max(xs) + FAR_OFF_MM, max(ys) + FAR_OFF_MM)

    def is_near(points: Sequence[Point]) -> bool:
        return all(low[0] <= x <= high[0] and low[1] <= y <= high[1] for x, y in points)

    lines, drills = (
        [line for line in draft.lines if is_near(line.points)],
        [d for d in draft.drills if is_near([d.point])],
    )
    left_out = len(draft.lines) - len(lines) + len(draft.drills) - len(drills)
    if left_out:
        tell("mark-far-off", f"{left_out} lines or drill holes lie more than {FAR_OFF_MM / 1000:g} m off: left out")
    draft.lines, draft.drills = lines, drills


def _holes(by_layer: dict[str, list[Shape]], inner: list[Loop], tell: Teller) -> list[list[Point]]:
    loops = loops_of(paths_on(by_layer, "11"))
    for code, message in loops.said:
        tell(code, f"cut-out (layer 11): {message}")
    if loops.open:
        tell("cutout-open", f"{len(loops.open)} cut-out lines (layer 11) do not close: they are cut as slits")
    if inner:
        tell("cutout-on-outline-layer", f"{len(inner)} closed lines inside the outline, on its layer, are cut out")
    return [loop.ring for loop in (*loops.closed, *inner)]


def _lines(by_layer: dict[str, list[Shape]], outlines: Outlines, tell: Teller) -> list[DrawnLine]:
    lines = [
        DrawnLine(kind, _path_points(path), layer)
        for layer, kind in LINE_KINDS.items()
        if layer != outlines.outline.layer
        for path in paths_on(by_layer, layer)
        if len(path.points) > 1
    ]
    points = [shape for layer in MATCH_LAYERS for shape in by_layer.get(layer, ()) if shape.kind == "POINT"]
    lines += [DrawnLine("match", (point.points[0],), point.layer) for point in points]
    lines += [
        DrawnLine("internal", chain.points, "11", "knife") for chain, _ in loops_of(paths_on(by_layer, "11")).open
    ]
    lines += [DrawnLine("sew", (*loop.ring, loop.ring[0]), loop.layer) for loop in outlines.sew]
    if outlines.leftover:
        tell("outline-leftover", f"{len(outlines.leftover)} open lines on the outline's layer are drawn, not cut")
        lines += [DrawnLine("internal", tuple(points), outlines.outline.layer) for points in outlines.leftover]
    return lines


def _path_points(path: Shape) -> tuple[Point, ...]:
    points = without_repeats(path.points, closed=path.closed)
    return tuple([*points, points[0]] if path.closed else points)


def _drills(by_layer: dict[str, list[Shape]], layer: str) -> list[Drill]:
    """Points, and circles that have no point in their middle."""
    shapes = by_layer.get(layer, ())
    drills = [Drill(s.points[0], layer, s.width_mm or None) for s in shapes if s.kind == "POINT"]
    points = [drill.point for drill in drills]
    for shape in shapes:
        if shape.kind == "CIRCLE":
            xs, ys = zip(*shape.points, strict=True)
            centre = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
            if all(distance(centre, point) > ONE_CROSS_MM for point in points):
                drills.append(Drill(centre, layer, shape.width_mm))
    return drills


def _crosses(by_layer: dict[str, list[Shape]], drawn: Sequence[Drill]) -> list[Drill]:
    """Drill holes that are drawn as crosses or lines alone: one where the middles of lines lie together."""
    found: list[Drill] = []
    for path in paths_on(by_layer, "13"):
        xs, ys = zip(*path.points, strict=True)
        middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        small = max(max(xs) - min(xs), max(ys) - min(ys)) <= LARGEST_CROSS_MM
        if path.kind != "CIRCLE" and small and all(distance(middle, d.point) > ONE_CROSS_MM for d in (*drawn, *found)):
            found.append(Drill(middle, "13"))
    return found


def _texts(by_layer: dict[str, list[Shape]]) -> list[Shape]:
    return [s for layer in sorted(LABEL_LAYERS) for s in by_layer.get(layer, ()) if s.kind == "TEXT" and _readable(s)]


def _readable(shape: Shape) -> bool:
    return bool(shape.text) and not is_system_text(shape.text)


def _label(shape: Shape) -> Label:
    return Label(shape.points[0], shape.text, shape.angle_deg or 0.0, shape.layer)


def _rules(by_layer: dict[str, list[Shape]]) -> list[tuple[Point, int]]:
    """Grade rule labels, "# n" at their points; a point that is labelled on several layers counts once."""
    rules: dict[Point, int] = {}
    for shapes in by_layer.values():
        for shape in shapes:
            match = RULE_LABEL.fullmatch(shape.text) if shape.kind == "TEXT" else None
            if match:
                rules.setdefault(shape.points[0], int(match.group(1)))
    return list(rules.items())


def _tell_of_unknown_layers(by_layer: dict[str, list[Shape]], tell: Teller) -> None:
    unknown = Counter({name: len(shapes) for name, shapes in by_layer.items() if name not in KNOWN_LAYERS})
    points = sum(1 for layer in ("8", "11") for shape in by_layer.get(layer, ()) if shape.kind == "POINT")
    if points:
        tell("points-not-used", f"{points} points on the layers of inner lines and cut-outs (8, 11) are not used")
    if unknown:
        listed = ", ".join(f"{layer} ({count})" for layer, count in sorted(unknown.items()))
        tell("layer-ignored", f"layers without a meaning here are not used: {listed}")
