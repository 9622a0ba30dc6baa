"""Lines and curves of a draft: polylines as n x 2 arrays in millimetres, y up the body, x away from its centre.

Curves are cubic Beziers, flattened so that no chord is more than a tolerance off the curve.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from numpy.typing import NDArray

Point = NDArray[np.float64]
Path = NDArray[np.float64]

TOLERANCE_MM = 0.1
"""How far a chord may be off its curve, unless ``flattening`` says otherwise."""

_tolerance_mm = ContextVar("tolerance_mm", default=TOLERANCE_MM)

NEAR_MM = 0.3
"""No shorter chord is left where a path is cut: its direction would be rounding noise to an allowance."""


def pt(x: float, y: float) -> Point:
    """A point."""
    return np.array([x, y], dtype=np.float64)


def direction(angle_deg: float) -> Point:
    """The unit vector at an angle, counter-clockwise from +x."""
    return pt(math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg)))


def unit(vector: Point) -> Point:
    """The vector at length one."""
    return vector / math.hypot(vector[0], vector[1])


def line(*points: Point) -> Path:
    """The polyline through the points."""
    return np.array(points, dtype=np.float64)


@contextmanager
def flattening(tolerance_mm: float) -> Iterator[None]:
    """Curves drafted inside the ``with`` block are flattened to this tolerance."""
    token = _tolerance_mm.set(tolerance_mm)
    try:
        yield
    finally:
        _tolerance_mm.reset(token)


def bezier(p0: Point, p1: Point, p2: Point, p3: Point) -> Path:
    """A cubic Bezier as a polyline; the number of chords follows from a bound on the second derivative."""
    bend = max(math.hypot(*(p0 - 2 * p1 + p2)), math.hypot(*(p1 - 2 * p2 + p3)))
    chords = max(2, math.ceil(math.sqrt(0.75 * bend / _tolerance_mm.get())))
    t = np.linspace(0.0, 1.0, chords + 1)[:, None]
    s = 1.0 - t
    path = s**3 * p0 + 3 * s**2 * t * p1 + 3 * s * t**2 * p2 + t**3 * p3
    path[0], path[-1] = p0, p3
    return path


def curve(start: Point, leave: Point, end: Point, arrive: Point, pull: tuple[float, float] = (0.4, 0.4)) -> Path:
    """A curve that leaves ``start`` along ``leave`` and runs into ``end`` along ``arrive``.

    ``pull`` gives the two handles as shares of the chord: more pull, a fuller curve at that end.
    """
    chord = math.hypot(*(end - start))
    return bezier(start, start + unit(leave) * chord * pull[0], end - unit(arrive) * chord * pull[1], end)


def join(*paths: Path) -> Path:
    """The paths end to end, the shared points once. ValueError where they do not meet."""
    parts = [paths[0]]
    for path in paths[1:]:
        if math.hypot(*(path[0] - parts[-1][-1])) > 1e-6:
            raise ValueError(f"paths do not meet: {parts[-1][-1]} and {path[0]}")
        parts.append(path[1:])
    return np.concatenate(parts)


def stations(path: Path) -> NDArray[np.float64]:
    """The distance of every vertex from the start, along the path."""
    steps = np.sqrt(((path[1:] - path[:-1]) ** 2).sum(axis=1))
    return np.concatenate([[0.0], np.cumsum(steps)])


def length(path: Path) -> float:
    """The length of the path."""
    return float(stations(path)[-1])


def at(path: Path, distance: float) -> Point:
    """The point at a distance along the path. ValueError beyond its ends."""
    s = stations(path)
    if not -1e-6 <= distance <= s[-1] + 1e-6:
        raise ValueError(f"{distance:.3f} mm lies beyond a path of {s[-1]:.3f} mm")
    return pt(float(np.interp(distance, s, path[:, 0])), float(np.interp(distance, s, path[:, 1])))


def split(path: Path, distance: float) -> tuple[Path, Path]:
    """The path before and after a distance along it; vertices nearer than ``NEAR_MM`` to the cut give way to it."""
    s = stations(path)
    here = at(path, distance)[None, :]
    before, after = s < distance - NEAR_MM, s > distance + NEAR_MM
    before[0] = after[-1] = True
    return np.concatenate([path[before], here]), np.concatenate([here, path[after]])


def with_vertex(path: Path, distance: float) -> Path:
    """The path with a vertex at a distance along it (none is added where one is)."""
    s = stations(path)
    if np.abs(s - distance).min() <= 1e-6:
        return path
    return np.insert(path, int(np.searchsorted(s, distance)), at(path, distance), axis=0)


def back(path: Path) -> Path:
    """The path walked the other way."""
    return path[::-1].copy()


def closed(path: Path) -> Path:
    """The path with its first point again at the end."""
    return join(path, line(path[-1], path[0]))


def arc(start: Point, heading_deg: float, size: float, turn_deg: float) -> Path:
    """A circular arc of a given length that sets out at a heading and turns by an angle, left if positive."""
    middle = heading_deg + turn_deg / 2
    half = math.radians(turn_deg) / 2
    end = start + direction(middle) * size * math.sin(half) / half
    chords = max(2, math.ceil(abs(half) * 2 / 0.06))
    radius = size / (2 * half)
    centre = start + direction(heading_deg + 90) * radius
    spokes = [direction(heading_deg - 90 + turn_deg * i / chords) * radius for i in range(chords + 1)]
    path = centre + np.array(spokes)
    path[0], path[-1] = start, end
    return path


def moved(path: Path, dx: float, dy: float) -> Path:
    """The path shifted."""
    return path + pt(dx, dy)


def mirrored(path: Path, start: Point, end: Point) -> Path:
    """The mirror image about the line through two points, walked in the same order."""
    along = unit(end - start)
    foot = start + ((path - start) @ along)[:, None] * along
    return 2 * foot - path


def flipped(path: Path) -> Path:
    """The mirror image about the y axis, walked backwards, so that an outline stays counter-clockwise."""
    return (path * pt(-1.0, 1.0))[::-1].copy()


def turned(path: Path, angle_deg: float) -> Path:
    """The path turned counter-clockwise about the origin."""
    c, s = direction(angle_deg)
    return path @ np.array([[c, s], [-s, c]])


def crossings(a: Path, b: Path) -> list[tuple[float, float, Point]]:
    """Where two polylines cross: distance along each, and the point; parallel overlaps do not count."""
    found = []
    sa, sb = stations(a), stations(b)
    for i in range(len(a) - 1):
        da = a[i + 1] - a[i]
        for j in range(len(b) - 1):
            db = b[j + 1] - b[j]
            det = da[0] * db[1] - da[1] * db[0]
            if abs(det) < 1e-9:
                continue
            gap = b[j] - a[i]
            t = (gap[0] * db[1] - gap[1] * db[0]) / det
            u = (gap[0] * da[1] - gap[1] * da[0]) / det
            if -1e-9 <= t <= 1 + 1e-9 and -1e-9 <= u <= 1 + 1e-9:
                where = a[i] + t * da
                found.append((float(sa[i] + t * math.hypot(*da)), float(sb[j] + u * math.hypot(*db)), where))
    return found


def nearest(path: Path, where: Point) -> tuple[float, float]:
    """The distance along the path of the place nearest to a point, and how far off the point is."""
    steps = path[1:] - path[:-1]
    share = np.clip(((where - path[:-1]) * steps).sum(axis=1) / (steps**2).sum(axis=1), 0.0, 1.0)
    gaps = np.sqrt(((path[:-1] + share[:, None] * steps - where) ** 2).sum(axis=1))
    best = int(gaps.argmin())
    return float(stations(path)[best] + share[best] * math.hypot(*steps[best])), float(gaps[best])


def cut_by(path: Path, start: Point, end: Point) -> float:
    """The distance along the path where it first crosses the segment. ValueError where it does not."""
    found = crossings(path, line(start, end))
    if not found:
        raise ValueError("the path does not reach the line that should cut it")
    return min(found, key=lambda hit: hit[0])[0]


def solve(error: Callable[[float], float], low: float, high: float) -> float:
    """Where an error that changes sign once between two values is zero, by bisection."""
    sign = error(low)
    if sign * error(high) > 0:
        raise ValueError(f"no solution between {low} and {high}")
    for _ in range(60):
        middle = 0.5 * (low + high)
        if sign * error(middle) > 0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def area(path: Path) -> float:
    """The area inside a closed path, positive counter-clockwise."""
    x, y = path[:, 0], path[:, 1]
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
