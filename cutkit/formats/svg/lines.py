"""Lines of pictures that know lines alone: grids, hatches, crosses, rings, and trees between points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, cos, dist, floor, pi, sin

import shapely
from shapely.geometry import MultiLineString
from shapely.geometry.base import BaseGeometry

from cutkit.model import Point, Repeat, cos_sin_deg

Line = tuple[Point, ...]
_MOST_HATCHES = 60


def cross_lines(centre: Point, arm_mm: float) -> list[Line]:
    """An upright cross."""
    x, y = centre
    return [((x - arm_mm, y), (x + arm_mm, y)), ((x, y - arm_mm), (x, y + arm_mm))]


def ring_line(centre: Point, radius_mm: float, corners: int = 12) -> Line:
    """A circle as a closed line, for what knows lines alone."""
    x, y = centre
    turns = [2 * pi * k / corners for k in range(corners + 1)]
    return tuple((x + radius_mm * cos(turn), y + radius_mm * sin(turn)) for turn in turns)


def grid_lines(repeat: Repeat, edges: tuple[float, float, float, float], clear_mm: float) -> list[Line]:
    """The lines at which the repeat begins, within ``edges`` (x0, y0, x1, y1); where they lie closer than ``clear_mm``,
    only every second, fifth, tenth ... of them."""
    x0, y0, x1, y1 = edges
    c, s = cos_sin_deg(repeat.angle_deg)
    corners = [(x - repeat.offset_x_mm, y - repeat.offset_y_mm) for x in (x0, x1) for y in (y0, y1)]
    along = [c * x + s * y for x, y in corners]
    across = [c * y - s * x for x, y in corners]
    lines: list[tuple[Point, Point]] = []
    for at in _steps(along, repeat.x_mm, clear_mm):
        lines.append(((at, min(across) - 1.0), (at, max(across) + 1.0)))
    for at in _steps(across, repeat.y_mm, clear_mm):
        lines.append(((min(along) - 1.0, at), (max(along) + 1.0, at)))

    def on_cloth(point: Point) -> Point:
        u, v = point
        return c * u - s * v + repeat.offset_x_mm, s * u + c * v + repeat.offset_y_mm

    drawn = MultiLineString([[on_cloth(a), on_cloth(b)] for a, b in lines])
    parts = shapely.get_parts(shapely.clip_by_rect(drawn, x0, y0, x1, y1))
    return [line_of(part) for part in parts if part.geom_type == "LineString"]


def line_of(geometry: BaseGeometry) -> Line:
    """The points of a line or a ring."""
    return tuple((float(x), float(y)) for x, y in shapely.get_coordinates(geometry))


def thinned(step_mm: float, clear_mm: float) -> int:
    """Every how many steps a line is drawn so that lines are ``clear_mm`` apart: 1, 2, 5, 10, 20 ..."""
    every, factors = 1, (2.0, 2.5, 2.0)
    turn = 0
    while every * step_mm < clear_mm:
        every = round(every * factors[turn % 3])
        turn += 1
    return every


def _steps(places: Sequence[float], step_mm: float | None, clear_mm: float) -> Iterator[float]:
    """The multiples of a step between the least and the largest of ``places``, thinned out."""
    if not step_mm:
        return
    step = step_mm * thinned(step_mm, clear_mm)
    for k in range(ceil(min(places) / step - 1e-9), floor(max(places) / step + 1e-9) + 1):
        yield k * step


def diamond_line(centre: Point, arm_mm: float) -> Line:
    """The corners of a small diamond."""
    x, y = centre
    return (x - arm_mm, y), (x, y - arm_mm), (x + arm_mm, y), (x, y + arm_mm)


def hatch_lines(corners: Line, step_mm: float, *, falling: int = 0) -> list[Line]:
    """Lines at 45 degrees within a box (its corners from the lower left one on), rising or falling."""
    (x0, y0), (x1, y1) = corners[0], corners[2]
    width, height = x1 - x0, y1 - y0
    step = max(step_mm * 2**0.5, (width + height) / _MOST_HATCHES)
    lines: list[Line] = []
    for k in range(1, ceil((width + height) / step - 1e-6)):
        at = k * step
        a, b = (max(at - height, 0.0), min(at, height)), (min(at, width), max(at - width, 0.0))
        if falling:
            lines.append(((x0 + a[0], y0 + a[1]), (x0 + b[0], y0 + b[1])))
        else:
            lines.append(((x0 + a[0], y1 - a[1]), (x0 + b[0], y1 - b[1])))
    return lines


def shortest_tree(points: Iterable[Point]) -> list[Line]:
    """The shortest lines that join all points (Prim's algorithm, from the first of them)."""
    first, *left = points
    nearest = dict.fromkeys(range(len(left)), first)
    lines: list[Line] = []
    while nearest:
        index = min(nearest, key=lambda i: dist(nearest[i], left[i]))
        joined = left[index]
        lines.append((nearest.pop(index), joined))
        for other, point in nearest.items():
            if dist(joined, left[other]) < dist(point, left[other]):
                nearest[other] = joined
    return lines
