"""Arcs and splines of G-code, as the chords that the controllers make of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from cutkit.machine.gcode_words import Refused
from cutkit.model import Point

ARC_TOLERANCE_MM = 0.002
"""How far a chord may lie off its arc: Grbl's ``$12``."""
SPLINE_STEPS = 64
_FULL_TURN_SLACK = 5e-7


def centre_by_radius(here: Sequence[float], target: Sequence[float], radius: float, clockwise: bool) -> Point:
    """The centre of an arc given by its radius, negative for the long way round; Refused where there is none."""
    dx, dy = target[0] - here[0], target[1] - here[1]
    if dx == 0 and dy == 0:
        raise Refused(33, "an arc by radius to where it starts")
    room = 4 * radius * radius - dx * dx - dy * dy
    if room < 0:
        raise Refused(34, f"radius {abs(radius):g} mm does not reach")
    height = -math.sqrt(room) / math.hypot(dx, dy)
    if not clockwise:
        height = -height
    if radius < 0:
        height = -height
    return here[0] + 0.5 * (dx - dy * height), here[1] + 0.5 * (dy + dx * height)


def centre_by_offset(here: Sequence[float], target: Sequence[float], offset: Sequence[float]) -> Point:
    """The centre of an arc given from its start; Refused where the end is not as far from it as the start."""
    centre = (here[0] + offset[0], here[1] + offset[1])
    radius, end_radius = math.hypot(*offset), math.dist(centre, target[:2])
    apart = abs(end_radius - radius)
    if apart > 0.5 or (apart > 0.005 and apart > 0.001 * radius):
        raise Refused(33, f"the arc's end is {end_radius:.4f} mm from its centre, its start {radius:.4f} mm")
    return centre


def arc_points(here: list[float], target: list[float], centre: Point, clockwise: bool) -> Iterator[list[float]]:
    """The ends of the chords of an arc in the plane of the table; the other axes go along evenly."""
    start = math.atan2(here[1] - centre[1], here[0] - centre[0])
    sweep = math.atan2(target[1] - centre[1], target[0] - centre[0]) - start
    if clockwise:
        sweep -= math.tau if sweep > 0 else 0.0
        sweep -= math.tau if sweep >= -_FULL_TURN_SLACK else 0.0
    else:
        sweep += math.tau if sweep < 0 else 0.0
        sweep += math.tau if sweep <= _FULL_TURN_SLACK else 0.0
    radius = math.dist(here[:2], centre)
    reach = math.sqrt(max(ARC_TOLERANCE_MM * (2 * radius - ARC_TOLERANCE_MM), 1e-12))
    count = max(1, math.floor(abs(0.5 * sweep * radius) / reach))
    for k in range(1, count):
        angle = start + sweep * k / count
        rest = [a + (b - a) * k / count for a, b in zip(here[2:], target[2:], strict=True)]
        yield [centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle), *rest]
    yield target


def spline_points(here: list[float], target: list[float], leave: Point, arrive: Point) -> Iterator[list[float]]:
    """The ends of the chords of G5's cubic spline; ``leave`` and ``arrive`` are its control points, from either end."""
    first = (here[0] + leave[0], here[1] + leave[1])
    second = (target[0] + arrive[0], target[1] + arrive[1])
    for k in range(1, SPLINE_STEPS):
        t = k / SPLINE_STEPS
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        controls = (here, first, second, target)
        x, y = (sum(w * c[axis] for w, c in zip(weights, controls, strict=True)) for axis in (0, 1))
        yield [x, y, *here[2:]]
    yield target
