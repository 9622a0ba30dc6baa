"""Helpers on outlines and lines: clean, join, mend, unfold, turn. Millimetres and degrees; nothing here reads a file.

A *ring* is a list of points without the first one repeated at the end. Functions that repair something return what
they did, so that their caller can say it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from cutkit.model import Point, cos_sin_deg

Line = tuple[Point, Point]
Affine = tuple[float, float, float, float, float, float]
SAME_MM = 1e-3
"""Points closer than this are one point: far below what any cutter can do, far above rounding in a file."""
MOST_CROSSINGS = 5000
"""A line that crosses itself more often is no outline, and takes minutes to be untangled."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Paths joined end to end. ``gaps`` are the places where ends did not meet, with the distance bridged in mm."""

    points: tuple[Point, ...]
    closed: bool
    gaps: tuple[tuple[Point, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Mended:
    """A valid polygon made of a ring that crossed or touched itself.

    ``faults`` are the places, ``lost_mm2`` the area of what is not in ``polygon``; both are empty for a good ring.
    ``enclosed`` are cut-outs that the ring ran round without crossing itself, by a slit or a point that it touches;
    they are filled in ``polygon``.
    """

    polygon: Polygon
    faults: tuple[Point, ...] = ()
    lost_mm2: float = 0.0
    enclosed: tuple[Polygon, ...] = ()


def distance(a: Point, b: Point) -> float:
    """The distance of two points."""
    return math.hypot(a[0] - b[0], a[1] - b[1])


def signed_area(ring: Sequence[Point]) -> float:
    """The area of a ring by the shoelace rule: positive where it runs counter-clockwise."""
    if len(ring) < 3:
        return 0.0
    xy = np.asarray(ring, dtype=float)
    xy = xy - xy[0]
    nxt = np.roll(xy, -1, axis=0)
    return float(np.sum(xy[:, 0] * nxt[:, 1] - nxt[:, 0] * xy[:, 1]) / 2)


def angle_of(a: Point, b: Point) -> float:
    """The direction from ``a`` to ``b``, 0 <= angle < 360."""
    return math.degrees(math.atan2(b[1] - a[1], b[0] - a[0])) % 360.0


def without_repeats(points: Iterable[Point], *, closed: bool = False, same_mm: float = SAME_MM) -> list[Point]:
    """The points without neighbours closer than ``same_mm``; of a closed path also without the repeated first one."""
    kept: list[Point] = []
    for point in points:
        if not kept or distance(kept[-1], point) > same_mm:
            kept.append(point)
    while closed and len(kept) > 1 and distance(kept[0], kept[-1]) <= same_mm:
        kept.pop()
    return kept


# --- joining -----------------------------------------------------------------------------------------------------


class _Ends:
    """The free ends of paths on a grid, so that the nearest end to a point is found at once."""

    def __init__(self, paths: Sequence[Sequence[Point]], cell: float) -> None:
        self.paths, self.cell = paths, cell
        self.grid: dict[tuple[int, int], set[tuple[int, bool]]] = defaultdict(set)
        self.free = dict.fromkeys(range(len(paths)))
        for index, path in enumerate(paths):
            self.grid[self._key(path[0])].add((index, True))
            self.grid[self._key(path[-1])].add((index, False))

    def _key(self, point: Point) -> tuple[int, int]:
        return math.floor(point[0] / self.cell), math.floor(point[1] / self.cell)

    def take(self, index: int) -> list[Point]:
        del self.free[index]
        path = self.paths[index]
        self.grid[self._key(path[0])].discard((index, True))
        self.grid[self._key(path[-1])].discard((index, False))
        return list(path)

    def nearest(self, point: Point, reach: float, after: int) -> tuple[float, int, bool] | None:
        """(distance, path, at its start?) of the nearest end; of equals the next one after ``after``."""
        column, row = self._key(point)
        best: tuple[float, int, int, bool] | None = None
        for x in (column - 1, column, column + 1):
            for y in (row - 1, row, row + 1):
                for index, at_start in self.grid.get((x, y), ()):
                    path = self.paths[index]
                    gap = distance(point, path[0] if at_start else path[-1])
                    if gap > reach:
                        continue
                    rank = (0.0 if gap <= SAME_MM else gap, (index - after) % (len(self.paths) + 1), index, at_start)
                    best = min(best, rank) if best else rank
        return (best[0], best[2], best[3]) if best else None


def join_chains(paths: Sequence[Sequence[Point]], *, gap_mm: float) -> list[Chain]:
    """Paths joined end to end, in whatever order and direction they are given, over gaps of at most ``gap_mm``.

    Ends that meet are joined first; where several do, the path next in order goes on. A path whose ends meet is closed.
    """
    lines = [path for path in map(without_repeats, paths) if len(path) > 1]
    ends = _Ends(lines, max(gap_mm, SAME_MM))
    chains: list[Chain] = []
    while ends.free:
        chains.append(_grow(ends, next(iter(ends.free)), gap_mm))
    return chains


def _grow(ends: _Ends, first: int, gap_mm: float) -> Chain:
    points = ends.take(first)
    gaps: list[tuple[Point, float]] = []
    last = first
    for reach in (SAME_MM, gap_mm):
        for _ in range(2):  # forward, then from the other end
            while not _closes(points, reach):
                found = ends.nearest(points[-1], reach, last)
                if found is None:
                    break
                gap, last, at_start = found
                if gap > SAME_MM:
                    gaps.append((points[-1], gap))
                more = ends.take(last)
                more = more if at_start else more[::-1]
                points += more[1:] if gap <= SAME_MM else more
            points.reverse()
            if _closes(points, reach):
                break
    closed = _closes(points, gap_mm)
    if closed and distance(points[0], points[-1]) > SAME_MM:
        gaps.append((points[-1], distance(points[0], points[-1])))
    return Chain(tuple(without_repeats(points, closed=closed)), closed, tuple(gaps))


def _closes(points: Sequence[Point], reach: float) -> bool:
    return len(points) > 3 and distance(points[0], points[-1]) <= reach


def outer_rings(
    paths: Sequence[Sequence[Point]], doubled: Sequence[bool]
) -> tuple[list[list[Point]], list[int], list[Point]]:
    """The outermost closed lines of paths of which three or more ends meet somewhere, and of all joined to them.

    Where one of these paths within is ``doubled``, or two lie on one another, it parts what lies on its two sides. Also
    the indices of the paths, and the places where so many meet. Empty where no ends do, or enclose nothing.
    """
    if len(paths) < 3:
        return [], [], []
    ends: dict[Point, list[int]] = defaultdict(list)
    for k, path in enumerate(paths):
        if distance(path[0], path[-1]) > SAME_MM:  # lines without length are in many files
            for x, y in (path[0], path[-1]):
                ends[round(x, 3) + 0.0, round(y, 3) + 0.0].append(k)
    places = [place for place, those in ends.items() if len(those) > 2]
    if not places:
        return [], [], []
    used: dict[int, None] = {}
    waiting = [k for place in places for k in ends[place]]
    while waiting:
        k = waiting.pop()
        if k not in used:
            used[k] = None
            for x, y in (paths[k][0], paths[k][-1]):
                waiting += ends[round(x, 3) + 0.0, round(y, 3) + 0.0]
    lines = shapely.set_precision([LineString(paths[k]) for k in used if len(paths[k]) > 1], SAME_MM, mode="pointwise")
    faces = shapely.polygonize([shapely.node(shapely.union_all(lines))]).geoms
    walls = [LineString(paths[k]).buffer(SAME_MM) for k in used if doubled[k]]
    walls += [common.buffer(SAME_MM) for common in _overlaps(lines)]
    outer = [part.exterior for part in polygons_of(_joined(list(faces), walls))]
    rings = [without_repeats(ring.coords, closed=True) for ring in outer]
    return rings, sorted(used) if rings else [], places


def _overlaps(lines: Sequence[LineString]) -> list[BaseGeometry]:
    """Where lines run along one another."""
    pairs = shapely.STRtree(lines).query(lines, predicate="intersects").T
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    shapes = np.asarray(lines, dtype=object)
    common = shapely.intersection(shapes[pairs[:, 0]], shapes[pairs[:, 1]])
    return [part for part in common.tolist() if part.length > SAME_MM]


def _joined(faces: list[Polygon], walls: list[Polygon]) -> BaseGeometry:
    """The union of faces; of those with a wall between them each by itself."""
    if not walls:
        return shapely.union_all(faces)
    wall = shapely.union_all(walls)
    groups: list[list[int]] = []
    for k, face in enumerate(faces):
        open_to = [group for group in groups if any(_share_an_edge(face, faces[other], wall) for other in group)]
        groups = [group for group in groups if group not in open_to] + [[k, *(n for group in open_to for n in group)]]
    return shapely.geometrycollections([shapely.union_all([faces[k] for k in group]) for group in groups])


def _share_an_edge(one: Polygon, other: Polygon, wall: BaseGeometry) -> bool:
    """Whether two faces touch along a line that is not all wall."""
    shared = one.exterior.intersection(other.exterior)
    return bool(shared.length > SAME_MM and shared.difference(wall).length > SAME_MM)


# --- mending -----------------------------------------------------------------------------------------------------


def mend(ring: Sequence[Point]) -> Mended | None:
    """The polygon of a ring. Where the ring crosses or touches itself: its largest simple part, and what was done.

    Spikes and slits without width vanish (no area is lost); loops count as part of the piece where they run round the
    same way as it does. None where nothing with an area is left, or where it crosses itself so often that it is none.
    """
    if len(ring) < 3:
        return None
    polygon = Polygon(ring)
    if polygon.is_valid and polygon.area > 0:
        return Mended(polygon)
    if len(ring) > 1000 and _crossings(ring) > MOST_CROSSINGS:
        return None
    parts = polygons_of(shapely.make_valid(polygon, method="structure", keep_collapsed=False))
    if not parts:
        return None
    largest = max(parts, key=lambda part: part.area)
    body = Polygon(largest.exterior)  # what the loops enclose is cloth of the piece
    lost = sum(part.area for part in parts if part is not largest)
    return Mended(body, tuple(_fault_points(ring)), lost, _enclosed(ring))


def _crossings(ring: Sequence[Point]) -> int:
    """How many pairs of edges of a ring cross."""
    edges = shapely.linestrings(np.stack([ring, np.roll(ring, -1, axis=0)], axis=1))
    return len(shapely.STRtree(edges).query(edges, predicate="crosses").T) // 2


def _enclosed(ring: Sequence[Point]) -> tuple[Polygon, ...]:
    """The parts of the plane that a ring encloses and yet does not run round: cut-outs."""
    faces = shapely.polygonize([shapely.node(LineString([*ring, ring[0]]))]).geoms
    return tuple(face for face in faces if _windings(ring, face) == 0)


def _windings(ring: Sequence[Point], part: Polygon) -> int:
    """How often a ring runs round a part of the plane that it does not cross, counter-clockwise."""
    (x, y), *_ = part.representative_point().coords
    xy = np.asarray(ring, dtype=float) - (x, y)
    nxt = np.roll(xy, -1, axis=0)
    left = xy[:, 0] * nxt[:, 1] - nxt[:, 0] * xy[:, 1] > 0
    up, down = (xy[:, 1] <= 0) & (nxt[:, 1] > 0), (xy[:, 1] > 0) & (nxt[:, 1] <= 0)
    return int(np.sum(up & left)) - int(np.sum(down & ~left))


def polygons_of(shape: BaseGeometry) -> list[Polygon]:
    if isinstance(shape, Polygon):
        return [] if shape.is_empty else [shape]
    return [part for child in getattr(shape, "geoms", ()) for part in polygons_of(child)]


def _fault_points(ring: Sequence[Point]) -> list[Point]:
    """Where a ring crosses or touches itself, or runs back on itself."""
    line = LineString([*ring, ring[0]])
    noded = shapely.node(line)
    corners = {(round(x, 6), round(y, 6)) for x, y in ring}
    degree: dict[Point, int] = defaultdict(int)
    for part in shapely.get_parts(noded):
        for x, y in (part.coords[0], part.coords[-1]):
            degree[(round(x, 6), round(y, 6))] += 1
    places = [p for p, count in degree.items() if count > 2 or (count == 1) or p not in corners]
    return sorted(places)[:8] or [_spike(ring)]


def _spike(ring: Sequence[Point]) -> Point:
    """The point of a ring where it turns back the most."""
    xy = np.asarray(ring, dtype=float)
    before, after = xy - np.roll(xy, 1, axis=0), np.roll(xy, -1, axis=0) - xy
    norms = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosines = np.sum(before * after, axis=1) / np.where(norms > 0, norms, 1.0)
    x, y = xy[int(np.argmin(cosines))]
    return float(x), float(y)


# --- unfolding ---------------------------------------------------------------------------------------------------


def mirror_matrix(line: Line) -> Affine:
    """The affine map that mirrors about a line."""
    (x0, y0), (x1, y1) = line
    dx, dy = x1 - x0, y1 - y0
    n = dx * dx + dy * dy
    a, b = (dx * dx - dy * dy) / n, 2 * dx * dy / n
    return a, b, b, -a, x0 - a * x0 - b * y0, y0 - b * x0 + a * y0


def side_distances(points: Sequence[Point], line: Line) -> np.ndarray:
    """The distances of points from a line, positive to its left."""
    (x0, y0), (x1, y1) = line
    dx, dy = x1 - x0, y1 - y0
    xy = np.asarray(points, dtype=float)
    result: np.ndarray = (dx * (xy[:, 1] - y0) - dy * (xy[:, 0] - x0)) / math.hypot(dx, dy)
    return result


def fold_line_of(ring: Sequence[Point], line: Line) -> Line | None:
    """The line to unfold a half piece about: the mirror line itself, or the outline's own edge close beside it.

    None where the ring lies on both sides of the line (the piece is whole) or has no edge along it.
    """
    sides = side_distances(ring, line)
    n = len(ring)
    if sides.min() >= -ON_FOLD_MM or sides.max() <= ON_FOLD_MM:
        near = np.abs(sides) <= ON_FOLD_MM
        edges = [i for i in range(n) if near[i] and near[(i + 1) % n]]
        if sum(distance(ring[i], ring[(i + 1) % n]) for i in edges) >= 0.5 * distance(*line):
            return line
    sliver = min(max(sides.max(), 0.0), max(-sides.min(), 0.0))
    if sliver > 0.1 * (sides.max() - sides.min()):
        return None  # the line runs through the piece
    return _edge_beside(ring, line, sides)


def _edge_beside(ring: Sequence[Point], line: Line, sides: np.ndarray) -> Line | None:
    """The longest edge that runs along a line within ``BESIDE_FOLD_MM`` and has the whole ring on one side of it."""
    n = len(ring)
    wanted = angle_of(*line)
    best: Line | None = None
    for i in range(n):
        edge = (ring[i], ring[(i + 1) % n])
        if max(abs(sides[i]), abs(sides[(i + 1) % n])) > BESIDE_FOLD_MM or distance(*edge) < 0.5 * distance(*line):
            continue
        turn = abs((angle_of(*edge) - wanted + 90.0) % 180.0 - 90.0)
        of_ring = side_distances(ring, edge)
        one_sided = of_ring.min() >= -ON_FOLD_MM or of_ring.max() <= ON_FOLD_MM
        if turn <= BESIDE_FOLD_DEG and one_sided and (best is None or distance(*edge) > distance(*best)):
            best = edge
    return best


BESIDE_FOLD_MM = 5.0
BESIDE_FOLD_DEG = 3.0
ON_FOLD_MM = 0.5
"""How far an outline may run off its mirror line and still be taken to lie on it."""


def unfold(ring: Sequence[Point], line: Line, *, on_line_mm: float = ON_FOLD_MM) -> list[Point]:
    """The whole ring of a half piece: the half and its mirror image about ``line``, in one run.

    The stretch of the ring that lies on the line (within ``on_line_mm``) vanishes; its two ends are put on the line
    exactly. ValueError where the ring does not meet the line in one stretch.
    """
    sides = side_distances(ring, line)
    near = np.abs(sides) <= on_line_mm
    n = len(ring)
    leaving = [i for i in range(n) if near[i] and not near[(i + 1) % n]]
    coming = [i for i in range(n) if near[i] and not near[i - 1]]
    if len(leaving) != 1 or len(coming) != 1:
        raise ValueError("the outline does not lie on its mirror line in one stretch")
    start, end = leaving[0], coming[0]
    free = [ring[(start + k) % n] for k in range((end - start) % n + 1)]
    half = [_onto(free[0], line), *free[1:-1], _onto(free[-1], line)]
    mirrored = mirror_points(half[1:-1], line)
    return half + mirrored[::-1]


def unfold_area(polygon: Polygon, line: Line) -> Polygon | None:
    """The union of a polygon and its mirror image, where ``unfold`` cannot go round in one run; None if it is two."""
    other = transform(polygon, mirror_matrix(line))
    union = shapely.union_all([polygon, other], grid_size=SAME_MM)
    return union if isinstance(union, Polygon) else None


def mirror_points(points: Iterable[Point], line: Line) -> list[Point]:
    """Points mirrored about a line."""
    return move_points(points, mirror_matrix(line))


def _along(point: Point, line: Line) -> float:
    (x0, y0), (x1, y1) = line
    return (point[0] - x0) * (x1 - x0) + (point[1] - y0) * (y1 - y0)


def _onto(point: Point, line: Line) -> Point:
    (x0, y0), (x1, y1) = line
    t = _along(point, line) / ((x1 - x0) ** 2 + (y1 - y0) ** 2)
    return x0 + t * (x1 - x0), y0 + t * (y1 - y0)


# --- moving ------------------------------------------------------------------------------------------------------


def turn_matrix(angle_deg: float) -> Affine:
    """The affine map that turns about the origin, exact at quarter turns."""
    c, s = cos_sin_deg(angle_deg)
    return c, -s, s, c, 0.0, 0.0


def move_points(points: Iterable[Point], matrix: Affine) -> list[Point]:
    """Points under the affine map (a, b, d, e, x, y): x' = a x + b y + x, y' = d x + e y + y."""
    a, b, d, e, x, y = matrix
    return [(a * px + b * py + x, d * px + e * py + y) for px, py in points]


def transform(polygon: Polygon, matrix: Affine) -> Polygon:
    """A polygon under an affine map; its rings keep their points and their order."""
    shell = move_points(polygon.exterior.coords[:-1], matrix)
    return Polygon(shell, [move_points(hole.coords[:-1], matrix) for hole in polygon.interiors])


def after(first: Affine, then: Affine) -> Affine:
    """The affine map that does ``first``, then ``then``."""
    a, b, d, e, x, y = first
    A, B, D, E, X, Y = then
    return A * a + B * d, A * b + B * e, D * a + E * d, D * b + E * e, A * x + B * y + X, D * x + E * y + Y


def size_after_turn(polygon: Polygon, angle_deg: float) -> tuple[float, float]:
    """Width and height of the box round a polygon turned by ``angle_deg``."""
    x0, y0, x1, y1 = transform(Polygon(polygon.exterior), turn_matrix(angle_deg)).bounds
    return x1 - x0, y1 - y0


# --- places on an outline ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a ring: on the edge that starts at point ``edge``, ``share`` (0..1) of the way along it."""

    edge: int
    share: float
    point: Point
    distance_mm: float


def nearest_place(ring: Sequence[Point], point: Point) -> Place:
    """The place on a ring that is nearest to a point."""
    xy = np.asarray(ring, dtype=float)
    step = np.roll(xy, -1, axis=0) - xy
    square = np.einsum("ij,ij->i", step, step)
    away = np.asarray(point) - xy
    share = np.clip(np.einsum("ij,ij->i", away, step) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    gap = np.hypot(*(away - share[:, None] * step).T)
    edge = int(np.argmin(gap))
    x, y = xy[edge] + share[edge] * step[edge]
    return Place(edge, float(share[edge]), (float(x), float(y)), float(gap[edge]))


def point_at(ring: Sequence[Point], edge: int, share: float) -> Point:
    """The point ``share`` of the way along an edge of a ring."""
    (x0, y0), (x1, y1) = ring[edge], ring[(edge + 1) % len(ring)]
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def inward_angle(ring: Sequence[Point], place: Place) -> float:
    """The direction into the piece, square to the outline at a place; at a corner it halves the two edges' angles."""
    n = len(ring)
    turn = 1.0 if signed_area(ring) > 0 else -1.0
    edges = [place.edge]
    if distance(place.point, ring[place.edge]) <= 10 * SAME_MM:
        edges.append((place.edge - 1) % n)
    elif distance(place.point, ring[(place.edge + 1) % n]) <= 10 * SAME_MM:
        edges.append((place.edge + 1) % n)
    x = y = 0.0
    for edge in edges:
        (x0, y0), (x1, y1) = ring[edge], ring[(edge + 1) % n]
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        x -= turn * (y1 - y0) / length
        y += turn * (x1 - x0) / length
    return math.degrees(math.atan2(y, x)) % 360.0


def union_with_holes(shell: Polygon, holes: Sequence[Sequence[Point]]) -> tuple[Polygon, list[int]]:
    """A polygon with cut-outs, and the indices of those that could not be taken off.

    A cut-out is taken where it lies inside the piece and apart from the others.
    """
    taken: list[Polygon] = []
    left: list[int] = []
    for index, ring in enumerate(holes):
        hole = mend(ring)
        if hole is None or not shell.contains_properly(hole.polygon) or any(hole.polygon.intersects(t) for t in taken):
            left.append(index)
        else:
            taken.append(hole.polygon)
    return Polygon(shell.exterior, [t.exterior for t in taken]), left
