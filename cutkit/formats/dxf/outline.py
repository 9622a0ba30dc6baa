"""The outline of a piece from the shapes on its boundary layer: one ring, and what else was found there.

Layer 1 is the line to cut. Layer 84 is a copy of it for quality checks and stands in where layer 1 has no closed line;
the sew line (14) stands in where there is neither. Ends up to ``GAP_MM`` apart are joined and reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as ShapelyPoint

from cutkit.errors import InputError
from cutkit.formats.dxf.container import EXPORT_AGAIN
from cutkit.formats.dxf.layers import Role
from cutkit.formats.dxf.shapes import Shape
from cutkit.geometry import Chain, distance, join_chains, mend, outer_rings, signed_area, without_repeats
from cutkit.model import Point

T = TypeVar("T")
GAP_MM = 2.0
"""Ends of an outline up to this far apart are joined; further apart the outline is open, and refused."""
LEAST_AREA_MM2 = 1.0
COPY_DIFFERS = 0.005
"""A copy of the outline whose area differs by more than this share is worth a word."""
WIDEST_ALLOWANCE_MM = 40.0
"""A closed line inside a piece, nowhere further than this from its outline all round, may be its sew line."""
USUAL_ALLOWANCE_MM = 20.0
"""On the outline's own layer only one this near may be: a facing is a ring, and its inside a cut-out."""
MOST_BRANCHING = 2000
"""More lines than these, as of a drawing of everything, are joined end to end only."""
COPY_MM = 0.5
"""A closed line that runs this near along another all the way is a copy of it."""
LOST_SHARE = 0.05
"""An outline that loses more than this share of its area when it is mended is refused."""


@dataclass(slots=True)
class Loop:
    """A closed line: its ring, how many points each joined path had, and the line of the file where it begins.

    ``colour``, ``role``, ``name`` and ``order`` are those of the path where it begins.
    """

    ring: list[Point]
    parts: tuple[int, ...]
    line: int
    layer: str
    colour: int | None = None
    role: Role | None = None
    name: str = ""
    order: int = 0


@dataclass(slots=True)
class Loops:
    """What the paths of a layer make: closed lines, largest first, and what stays open. ``said``: code and message."""

    closed: list[Loop] = field(default_factory=list)
    open: list[tuple[Chain, int]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Outlines:
    """The outline of a block; ``inner`` are closed lines of the same layer inside it, ``others`` ones beside it.

    ``sew`` are those inside that run along it as a sew line does.
    """

    outline: Loop
    inner: list[Loop] = field(default_factory=list)
    sew: list[Loop] = field(default_factory=list)
    others: list[Loop] = field(default_factory=list)
    leftover: list[list[Point]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)


def loops_of(paths: Sequence[Shape], *, gap_mm: float = GAP_MM) -> Loops:
    """The closed and open lines that paths make, joined end to end in whatever order and direction they come."""
    loops = Loops()
    pieces: list[Shape] = []
    drawn = [path for path in paths if path.is_path]
    once = _once(drawn, lambda path: path.points, lambda path: _key(path.points, closed=path.closed))
    twice = len(drawn) - len(once)
    for path in once:
        ring = without_repeats(path.points, closed=True)
        ends_meet = len(path.points) > 3 and distance(path.points[0], path.points[-1]) <= 1e-3
        if (path.closed or ends_meet) and len(ring) > 2:
            loops.closed.append(_loop(ring, (len(ring),), path.line, path))
        else:
            pieces.append(path)
    pieces = _without_branches(pieces, _doubled(drawn, once), loops)
    parts = tuple(len(p.points) for p in pieces)
    by_end = {end: p for p in reversed(pieces) for end in (p.points[0], p.points[-1])}
    for chain in join_chains([p.points for p in pieces], gap_mm=gap_mm):
        ends = [by_end[end] for end in (chain.points[0], chain.points[-1]) if end in by_end]
        first = min(ends, key=lambda path: path.order, default=pieces[0])
        line = first.line
        if not chain.closed:
            loops.open.append((chain, line))
            continue
        loops.closed.append(_loop(list(chain.points), parts, line, first))
        for place, gap in chain.gaps:
            loops.said.append(("outline-gap", f"a gap of {gap:.2f} mm at {_at(place)} is bridged"))
    closed = [loop for loop in loops.closed if _has_area(loop.ring)]
    loops.closed = _once(closed, lambda loop: loop.ring, lambda loop: _key(loop.ring, closed=True))
    twice += len(closed) - len(loops.closed)
    if twice:
        loops.said.append(("line-twice", f"lines drawn twice at one place ({twice}) are used once"))
    loops.closed.sort(key=lambda loop: -abs(signed_area(loop.ring)))
    return loops


def _loop(ring: list[Point], parts: tuple[int, ...], line: int, first: Shape) -> Loop:
    return Loop(ring, parts, line, first.layer, first.colour, first.role, first.text, first.order)


def _doubled(drawn: Sequence[Shape], once: Sequence[Shape]) -> set[int]:
    """The ids of those shapes that were drawn more than once at one place."""
    if len(drawn) == len(once):
        return set()
    count = Counter(_key(path.points, closed=path.closed) for path in drawn)
    return {id(path) for path in once if count[_key(path.points, closed=path.closed)] > 1}


def _without_branches(paths: Sequence[Shape], doubled: set[int], loops: Loops) -> list[Shape]:
    """The open paths without those that meet three or more at a point: of these the outermost line is closed.

    Joined end to end they would be whatever outline comes of their order in the file. Where lines within were drawn
    twice, they are edges of pieces that lie side by side: every face is then a closed line.
    """
    if len(paths) > MOST_BRANCHING:
        return list(paths)
    rings, used, places = outer_rings([path.points for path in paths], [id(path) in doubled for path in paths])
    if not rings:
        return list(paths)
    branching = [paths[k] for k in used]
    for ring in rings:
        outline = LineString([*ring, ring[0]])
        first = next((p for p in branching if outline.distance(ShapelyPoint(p.points[0])) <= 1e-3), branching[0])
        loops.closed.append(_loop(ring, (), first.line, first))
    edges = shapely.union_all([LineString([*ring, ring[0]]).buffer(0.01) for ring in rings])
    within = [path for path in branching if not edges.covers(LineString(path.points))]
    loops.open += [(Chain(tuple(path.points), closed=False), path.line) for path in within]
    loops.said.append(
        (
            "outline-branches",
            f"three or more lines meet at {_at(places[0])}: what all of them enclose is the outline,"
            f" {len(within)} lines within it are drawn",
        )
    )
    taken = set(used)
    return [path for k, path in enumerate(paths) if k not in taken]


def _once(things: Sequence[T], points: Callable[[T], Sequence[Point]], key: Callable[[T], object]) -> list[T]:
    """The things in their order, of those with one key only the first. Keys are made where boxes agree."""
    boxes = [_box(points(thing)) for thing in things]
    count = Counter(boxes)
    first: dict[object, T] = {}
    for k, (thing, box) in enumerate(zip(things, boxes, strict=True)):
        first.setdefault(key(thing) if count[box] > 1 else k, thing)
    return list(first.values())


def _box(points: Sequence[Point]) -> tuple[float, float, float, float]:
    xs, ys = zip(*points, strict=True)
    return round(min(xs), 3) + 0.0, round(min(ys), 3) + 0.0, round(max(xs), 3) + 0.0, round(max(ys), 3) + 0.0


def _key(points: Sequence[Point], *, closed: bool) -> tuple[Point, ...]:
    """The same for a line and for its copy, whatever its direction and, of a closed one, wherever it begins."""
    grid = [(round(x, 3) + 0.0, round(y, 3) + 0.0) for x, y in points]
    if len(grid) > 3 and grid[0] == grid[-1]:
        closed = True
        grid.pop()
    if closed:
        start = grid.index(min(grid))
        grid = grid[start:] + grid[:start]
        return min(tuple(grid), (grid[0], *grid[:0:-1]))
    return min(tuple(grid), tuple(grid[::-1]))


def _has_area(ring: Sequence[Point]) -> bool:
    """True of a ring that encloses something; the two halves of a figure of eight count, though their areas cancel."""
    if abs(signed_area(ring)) >= LEAST_AREA_MM2:
        return True
    mended = mend(ring)
    return mended is not None and mended.polygon.area >= LEAST_AREA_MM2


def find_outlines(by_layer: dict[str, list[Shape]], where: str) -> Outlines | None:
    """The outline of a block and what else its boundary layer holds; None for a block without any boundary.

    The copy on layer 84 stands in for a damaged line on layer 1, the sew line only where there is neither. InputError
    for a boundary that does not close, with the layer, the line and the gap, or that has no area.
    """
    opened: tuple[str, Loops] | None = None
    drawn: list[Shape] = []
    for layer in ("1", "84", "14"):
        if layer == "14" and opened is not None:
            break  # a sew line in place of a damaged cut line would take the seam allowances off: never
        paths = [shape for shape in by_layer.get(layer, ()) if shape.is_path]
        if layer == "14" and paths and (named := _outlines_round(by_layer, paths)) is not None:
            return named
        loops = loops_of(paths)
        if layer != "14":
            _close_on_fold(loops, by_layer.get("6", ()))
        if loops.closed and not _is_run_round(loops):
            return _outlines(loops, layer, by_layer, opened is not None)
        if loops.open and opened is None:
            opened = (layer, loops)
        drawn += paths
    if opened is None and drawn:
        raise _no_area(drawn, where)
    if opened is None:
        return None
    layer, loops = opened
    chain, line = max(loops.open, key=lambda item: len(item[0].points))
    gap = distance(chain.points[0], chain.points[-1])
    raise InputError(
        f"the outline does not close: layer {layer}, from {_at(chain.points[0])} to {_at(chain.points[-1])} "
        f"{gap:.1f} mm are missing",
        where=f"{where}, line {line}" if line else where,
        hint=f"Close the outline in the pattern CAD; gaps up to {GAP_MM:g} mm are bridged. {EXPORT_AGAIN}",
    )


def _close_on_fold(loops: Loops, mirror_lines: Sequence[Shape]) -> None:
    """Close open lines that begin and end on a mirror line: some CADs draw a half piece without its edge there."""
    ends = [path.points[k] for path in mirror_lines if path.is_path for k in (0, -1)]
    if len(ends) != 2 or distance(*ends) <= GAP_MM:
        return
    fold = LineString(ends)
    for chain, line in list(loops.open):
        a, b = chain.points[0], chain.points[-1]
        reaches = [fold.distance(ShapelyPoint(*point)) for point in (a, b)]
        if len(chain.points) < 3 or distance(a, b) <= GAP_MM or max(reaches) > GAP_MM:
            continue
        if loops.closed and not _is_run_round(Loops(loops.closed, [(chain, line)])):
            continue
        loops.open.remove((chain, line))
        loops.closed.insert(0, Loop(list(chain.points), (len(chain.points),), line, "1"))
        for place, gap in chain.gaps:
            loops.said.append(("outline-gap", f"a gap of {gap:.2f} mm at {_at(place)} is bridged"))
        loops.said.append(("outline-closed-on-fold", "its outline is open along the mirror line (6), which closes it"))


def _outlines_round(by_layer: dict[str, list[Shape]], sew: Sequence[Shape]) -> Outlines | None:
    """The outlines on a layer without a number, where these run round the sew lines of a block without layer 1."""
    inner = loops_of(sew).closed
    best: tuple[float, str, Loops] | None = None
    for layer, shapes in by_layer.items():
        loops = Loops() if layer.isdigit() else loops_of([shape for shape in shapes if shape.is_path])
        if loops.closed and (best is None or abs(signed_area(loops.closed[0].ring)) > best[0]):
            best = abs(signed_area(loops.closed[0].ring)), layer, loops
    if best is None or (inner and best[0] < abs(signed_area(inner[0].ring))):
        return None
    result = _outlines(best[2], "1", by_layer, False)
    result.said.append(("outline-layer-assumed", f"the lines on layer {best[1]} are taken for the outlines (layer 1)"))
    by_layer.pop(best[1])
    return result


def _is_run_round(loops: Loops) -> bool:
    """Whether an open line runs round the largest closed one: then it is the outline, and does not close."""
    if not loops.closed:
        return False
    largest = mend(loops.closed[0].ring)
    if largest is None:
        return False
    inside = largest.polygon.representative_point()
    for chain, _ in loops.open:
        around = mend(chain.points) if len(chain.points) > 3 else None
        if around and around.polygon.area > largest.polygon.area and around.polygon.contains(inside):
            return True
    return False


def _no_area(paths: Sequence[Shape], where: str) -> InputError:
    xs, ys = zip(*(point for path in paths for point in path.points), strict=True)
    size = f"{max(xs) - min(xs):.3g} x {max(ys) - min(ys):.3g} mm"
    return InputError(
        f"the outline on layer {paths[0].layer} has no area: all of it is {size}",
        where=f"{where}, line {paths[0].line}" if paths[0].line else where,
        hint=f"Is the file's unit (--units) right? If it is, the outline is damaged. {EXPORT_AGAIN}",
    )


def _outlines(loops: Loops, layer: str, by_layer: dict[str, list[Shape]], was_open: bool) -> Outlines:
    result = Outlines(loops.closed[0], said=list(loops.said))
    if layer != "1":
        why = "does not close" if was_open else "is missing"
        what = "its copy on layer 84" if layer == "84" else "the sew line (14), which has no seam allowance,"
        code = "outline-from-copy" if layer == "84" else "outline-from-sew-line"
        result.said.append((code, f"the outline on layer 1 {why}: {what} is cut instead"))
    mended = mend(result.outline.ring)
    shell = mended.polygon if mended else Polygon(result.outline.ring)
    has_sew_line = any(shape.is_path for shape in by_layer.get("14", ()))
    copies = 0
    for loop in loops.closed[1:]:
        other = mend(loop.ring)
        if other is not None and is_copy(other.polygon, shell):
            copies += 1
        elif not shell.contains(ShapelyPoint(*loop.ring[0])):
            result.others.append(loop)
        elif other is not None and not has_sew_line and follows(other.polygon, shell, USUAL_ALLOWANCE_MM):
            result.sew.append(loop)
        else:
            result.inner.append(loop)
    if copies:
        result.said.append(("outline-copy", f"{copies} copies of the outline on its own layer are not used"))
    if result.sew:
        message = (
            f"{len(result.sew)} closed lines on the outline's layer run along it inside: drawn as sew lines, not cut"
        )
        result.said.append(("sew-line-on-outline-layer", message))
    result.leftover = [list(chain.points) for chain, _ in loops.open]
    if layer == "1":
        _compare_with_copy(result, by_layer.get("84", ()))
    return result


def is_copy(one: Polygon, other: Polygon) -> bool:
    """Whether two outlines are the same line, but for ``COPY_MM``."""
    if max(abs(a - b) for a, b in zip(one.bounds, other.bounds, strict=True)) > COPY_MM:
        return False
    lines = [polygon.exterior.simplify(COPY_MM / 10) for polygon in (one, other)]
    if max(len(line.coords) for line in lines) > MOST_BRANCHING:
        return False
    return bool(lines[0].hausdorff_distance(lines[1]) <= COPY_MM)


def follows(inner: Polygon, outer: Polygon, widest_mm: float) -> bool:
    """Whether an inner line runs along the outer one, as a sew line does: near it most of the way (not in darts)."""
    reaches = [abs(a - b) for a, b in zip(inner.bounds, outer.bounds, strict=True)]
    if max(reaches) > widest_mm or inner.area < 0.3 * outer.area:
        return False
    along = shapely.segmentize(inner.exterior, 10.0)
    apart = shapely.distance(shapely.points(along.coords), outer.exterior)
    return bool((apart <= widest_mm).mean() >= 0.6)


def _compare_with_copy(result: Outlines, copies: Sequence[Shape]) -> None:
    closed = loops_of(copies).closed if copies else []
    if not closed:
        return
    area, copy = abs(signed_area(result.outline.ring)), abs(signed_area(closed[0].ring))
    if abs(copy - area) > COPY_DIFFERS * area:
        share = 100 * (copy / area - 1)
        result.said.append(
            ("copy-differs", f"layer 84, a copy of the outline, differs by {share:+.1f} % in area; unused")
        )


def valid_ring(ring: list[Point], where: str) -> tuple[list[Point], str | None]:
    """The ring as a simple polygon, and what was mended; InputError where the mend would lose too much."""
    mended = mend(ring)
    if mended is None:
        raise InputError("the outline has no area", where=where, hint=EXPORT_AGAIN)
    if not mended.faults:
        return ring, None
    area = mended.polygon.area
    places = ", ".join(_at(p) for p in mended.faults[:3])
    if mended.lost_mm2 > LOST_SHARE * area:
        raise InputError(
            f"the outline crosses itself at {places}: {mended.lost_mm2 / 100:.1f} cm² of it would be lost",
            where=where,
            hint="Mend the outline in the pattern CAD (is it a figure of eight?) and export it again.",
        )
    lost = f"; loops of {mended.lost_mm2 / 100:.2f} cm² are left out" if mended.lost_mm2 > 1 else ""
    filled = sum(hole.area for hole in mended.enclosed)
    lost += f"; {filled / 100:.2f} cm² that it runs round count as the piece" if filled > 1 else ""
    points = without_repeats(mended.polygon.exterior.coords, closed=True)
    return points, f"the outline crosses or touches itself at {places} and is mended{lost}"


def _at(point: Point) -> str:
    return f"({point[0]:.1f}, {point[1]:.1f})"
